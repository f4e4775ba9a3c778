"""The commands of an early deep-person-reid, as recipes and commands of reidkit.

Reference:
    README of deep-person-reid: ``train_imgreid_xent.py`` and its three siblings.
"""

import argparse
import inspect
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from reidkit.compat.checkpoints.torchreid_networks import NETWORKS
from reidkit.compat.torchreid.data.datasets import ROWS
from reidkit.compat.weights.fetch import model_path
from reidkit.compat.weights.table import WEIGHTS
from reidkit.core.catalog import near_name
from reidkit.core.errors import RecipeError, WeightsError
from reidkit.models.zoo import MODELS

SCRIPTS = ("train_imgreid_xent", "train_imgreid_xent_htri", "train_vidreid_xent", "train_vidreid_xent_htri")

DATASETS: dict[str, tuple[str, str]] = {
    **{name: (row.folder, row.reader) for name, row in ROWS.items()},
    "prid450s": ("prid450s", "prid450s"),
}
"""Folder below the root and reader, by the name that the scripts take."""

ARCHITECTURES = {
    "resnet50m": "resnet50mid",
    "seresnet50": "se_resnet50",
    "seresnet101": "se_resnet101",
    "seresnext50": "se_resnext50_32x4d",
    "seresnext101": "se_resnext101_32x4d",
    "resnext101": "resnext101_32x8d",
    "squeezenet": "squeezenet1_0",
    "mobilenetv2": "mobilenetv2_x1_0",
    "inceptionV4ReID": "inceptionv4",
}
"""Early names of networks that are called otherwise today."""

NO_LONGER = {
    "print_freq": "progress is shown as it is made",
    "workers": "chosen by machine; training.num_workers sets it",
    "gpu_devices": "CUDA_VISIBLE_DEVICES chooses among several",
    "use_avai_gpus": "CUDA_VISIBLE_DEVICES chooses among several",
    "start_epoch": "a run that goes on knows its epoch",
    "start_eval": "evaluation.every_epochs says when the model is judged",
    "freeze_bn": "a frozen part keeps its running statistics anyway",
    "use_cython": "nothing is compiled",
}
"""Options that are taken and change nothing, and why."""


@dataclass(frozen=True)
class Plan:
    """What a command of deep-person-reid does here.

    Args:
        save_dir: Folder of the run, or of the evaluation.
        recipe: To train by; None for an evaluation.
        data: Folder of the data.
        reader: Of the data.
        options: Of the reader.
        weights: File of another library, or run folder, that the command starts from or judges.
        fetched: Name of published weights to start from.
        resumes: Whether the run in ``save_dir`` goes on.
        draws_ranks: Whether every query gets a picture of its ranks.
        batch_size: Images per step of the evaluation.
        ignored: Options that change nothing, with the reason.
    """

    save_dir: Path
    recipe: dict[str, Any] | None
    data: Path
    reader: str
    options: dict[str, Any]
    weights: Path | None
    fetched: str | None
    resumes: bool
    draws_ranks: bool
    batch_size: int
    ignored: dict[str, str]

    @property
    def recipe_path(self) -> Path:
        """Where the recipe is written: beside the run folder, which must be empty at first."""
        return self.save_dir.with_name(f"{self.save_dir.name}.recipe.yaml")

    @property
    def model_path(self) -> Path:
        """The model that is judged or started from: converted, unless it is one of reidkit."""
        assert self.weights is not None  # noqa: S101 - asked for only where there are weights
        if self.weights.is_dir() or self.weights.suffix == ".safetensors":
            return self.weights
        return self.save_dir.with_name(f"{self.save_dir.name}.start.safetensors")

    def commands(self) -> list[str]:
        """Return the commands of reidkit that this is."""
        lines: list[list[object]] = []
        if self.weights is not None and self.model_path != self.weights:
            lines.append(["convert", self.weights, "--out", self.model_path])
        if self.fetched is not None:
            lines.append(["weights", "fetch", self.fetched])
        if self.recipe is not None:
            if self.resumes:
                lines.append(["train", "--resume", "--out", self.save_dir])
            else:
                lines.append(["train", self.recipe_path, "--out", self.save_dir])
        else:
            options = [part for key, value in self.options.items() for part in ("--option", f"{key}={value}")]
            lines.append(
                ["evaluate", self.model_path, self.data, "--reader", self.reader, *options]
                + ["--distance", "euclidean", "--batch-size", self.batch_size, "--out", self.save_dir]
            )
        return [shlex.join(["reidkit", *map(str, line)]) for line in lines]


def plan(script: str, arguments: Sequence[str]) -> Plan:
    """Return what a command of deep-person-reid does here.

    Args:
        script: One of `SCRIPTS`.
        arguments: As they stood behind its name.

    Raises:
        RecipeError: an unknown option, data set or network, or options that do not go together.
        WeightsError: ImageNet weights are wanted that nobody publishes.
    """
    given = _parser(script).parse_args(list(arguments))
    is_video = script.startswith("train_vidreid")
    if given.dataset not in DATASETS:
        raise RecipeError(
            f"Unknown data set '{given.dataset}'.{near_name(given.dataset, DATASETS)} Known: "
            f"{', '.join(DATASETS)}."
        )
    folder, reader = DATASETS[given.dataset]
    own = Path(given.root).expanduser() / folder
    data = own if own.is_dir() else Path(given.root).expanduser()
    row = ROWS.get(given.dataset)
    options = row.options(vars(given)) if row is not None else {"split": given.split_id}
    changed = {key: why for key, why in NO_LONGER.items() if getattr(given, key) is not None}
    save_dir = Path(given.save_dir)
    if given.evaluate:
        weights = given.resume or given.load_weights
        if weights is None:
            raise RecipeError("Nothing to evaluate, got no --resume. Expected a checkpoint: --resume FILE.")
        return Plan(
            save_dir, None, data, reader, options, Path(weights), None, False, given.visualize_ranks,
            given.test_batch, changed,
        )  # fmt: skip
    if given.visualize_ranks:
        raise RecipeError("--visualize-ranks goes with --evaluate. Expected both.")
    resumes = given.resume is not None
    if resumes and Path(given.resume).resolve() != save_dir.resolve():
        raise RecipeError(
            f"A run goes on in its own folder, got --resume {given.resume} and --save-dir {save_dir}. "
            f"Expected --resume {save_dir}. To start from the weights of a file: --load-weights FILE."
        )
    weights = None if given.load_weights is None else Path(given.load_weights)
    model, fetched = _model(given, has_weights=weights is not None or resumes)
    recipe = _recipe(given, script, model, data, reader, options, is_video=is_video)
    result = Plan(
        save_dir, recipe, data, reader, options, weights, fetched, resumes, False, given.test_batch, changed
    )
    if weights is not None:
        recipe["model"]["start_from"] = str(result.model_path)
    elif fetched is not None:
        recipe["model"]["start_from"] = str(model_path(fetched))
    return result


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise RecipeError(f"Command line of {self.prog} is wrong: {message}. See {self.prog} --help.")


def _parser(script: str) -> argparse.ArgumentParser:
    is_video, has_triplets = script.startswith("train_vidreid"), script.endswith("htri")
    parser = _Parser(
        prog=f"reidkit compat {script}",
        description="Options of deep-person-reid; what they stand for is printed, and run.",
    )
    add = parser.add_argument
    add("--root", default="data", help="folder of all data sets")
    add("-d", "--dataset", default="mars" if is_video else "market1501")
    add("-a", "--arch", default="resnet50")
    add("--no-pretrained", action="store_true", help="start from random weights")
    add("--height", type=int, default=256)
    add("--width", type=int, default=128)
    add("--split-id", type=int, default=0)
    add("--cuhk03-labeled", action="store_true")
    add("--cuhk03-classic-split", action="store_true")
    add("--use-metric-cuhk03", action="store_true")
    add("--market1501-500k", action="store_true")
    add("--optim", default="adam", choices=("adam", "amsgrad", "sgd", "rmsprop"))
    add("--lr", "--learning-rate", type=float, default=3e-4)
    add("--weight-decay", type=float, default=5e-4)
    add("--max-epoch", type=int, default=500 if is_video else 60)
    add("--stepsize", type=int, nargs="+", default=[300, 400] if is_video else [20, 40])
    add("--gamma", type=float, default=0.1)
    add("--train-batch", type=int, default=32)
    add("--test-batch", type=int, default=5 if is_video else 100)
    add("--label-smooth", action="store_true")
    add("--fixbase-epoch", type=int, default=0)
    add("--seed", type=int, default=1)
    add("--eval-step", type=int, default=-1)
    add("--save-dir", default="log")
    add("--resume", help="with --evaluate a checkpoint; else the folder of a run to go on with")
    add("--load-weights", help="a checkpoint to start from")
    add("--evaluate", action="store_true")
    add("--visualize-ranks", "--vis-ranked-res", action="store_true")
    add("--use-cpu", action="store_true")
    for name in NO_LONGER:
        flag = f"--{name.replace('_', '-')}"
        if name in ("use_avai_gpus", "freeze_bn", "use_cython"):
            add(flag, action="store_true", default=None)
        else:
            add(*(["-j", flag] if name == "workers" else [flag]), default=None)
    if has_triplets:
        add("--margin", type=float, default=0.3)
        add("--num-instances", type=int, default=4)
        add("--htri-only", action="store_true")
        add("--lambda-xent", type=float, default=1.0)
        add("--lambda-htri", type=float, default=1.0)
    if is_video:
        add("--seq-len", type=int, default=15)
        add("--pool", default="avg", choices=("avg", "max"))
    return parser


def _model(given: argparse.Namespace, *, has_weights: bool) -> tuple[dict[str, Any], str | None]:
    """Return the section ``model``, and the published weights to start from where they are no argument."""
    name = ARCHITECTURES.get(given.arch, given.arch)
    if name in NETWORKS and NETWORKS[name].architecture:
        name = NETWORKS[name].architecture
    if name not in MODELS:
        raise RecipeError(f"Unknown network '{given.arch}'.{near_name(name, MODELS)} See: reidkit models.")
    if given.no_pretrained or has_weights:
        return {"name": name}, None
    if "is_pretrained" in inspect.signature(MODELS[name]).parameters:
        return {"name": name, "arguments": {"is_pretrained": True}}, None
    weights = f"torchreid/{name}"
    if weights not in WEIGHTS:
        raise WeightsError(
            f"Network '{given.arch}' has no published ImageNet weights that can be fetched. Expected "
            f"--no-pretrained, or --load-weights FILE."
        )
    return {"name": name}, weights


def _recipe(
    given: argparse.Namespace,
    script: str,
    model: dict[str, Any],
    data: Path,
    reader: str,
    options: dict[str, Any],
    *,
    is_video: bool,
) -> dict[str, Any]:
    has_triplets = script.endswith("htri")
    smoothing = 0.1 if given.label_smooth or has_triplets else 0.0
    losses: list[dict[str, Any]] = [{"name": "cross_entropy", "arguments": {"label_smoothing": smoothing}}]
    sampling: dict[str, Any] = {"name": "shuffled", "arguments": {"batch_size": given.train_batch}}
    if has_triplets:
        triplet = {"name": "batch_hard_triplet", "arguments": {"margin": given.margin}}
        losses = [{**losses[0], "weight": given.lambda_xent}, {**triplet, "weight": given.lambda_htri}]
        losses = losses[1:] if given.htri_only else losses
        if given.train_batch % given.num_instances:
            raise RecipeError(
                f"Batch cannot be divided, got --train-batch {given.train_batch} and --num-instances "
                f"{given.num_instances}. Expected a multiple."
            )
        counts = {
            "identities_per_batch": given.train_batch // given.num_instances,
            "images_per_identity": given.num_instances,
        }
        sampling = {"name": "identity", "arguments": counts}
    # The steps that are never reached change nothing there, and are refused here.
    steps = [step for step in given.stepsize if step < given.max_epoch]
    schedule: dict[str, Any] = {"name": "constant", "by": "epoch"}
    if steps:
        schedule = {
            "name": "multi_step",
            "arguments": {"milestones": steps, "gamma": given.gamma},
            "by": "epoch",
        }
    training: dict[str, Any] = {"epochs": given.max_epoch, "device": "cpu" if given.use_cpu else "auto"}
    if given.fixbase_epoch:
        training |= {"open_layers": ["head.classifier"], "open_layers_epochs": given.fixbase_epoch}
    evaluation: dict[str, Any] = {
        "every_epochs": max(given.eval_step, 0),
        "distance": "euclidean",
        "batch_size": given.test_batch * (given.seq_len if is_video else 1),
    }
    if given.use_metric_cuhk03:
        evaluation["protocol"] = "cuhk03-single-shot"
    if is_video:
        evaluation |= {"frames_per_tracklet": given.seq_len}
        evaluation |= {"temporal": "max"} if given.pool == "max" else {}
    return {
        "name": f"{given.arch}-{given.dataset}-{'xent_htri' if has_triplets else 'xent'}",
        "about": f"The command {script} of deep-person-reid.",
        "seed": given.seed,
        "data": {"reader": reader, "root": str(data)} | ({"options": options} if options else {}),
        "input": {"height": given.height, "width": given.width},
        "model": model,
        "sampling": sampling,
        "augmentation": [{"name": "translation_crop"}, {"name": "flip"}],
        "losses": losses,
        "optim": {"name": given.optim, "learning_rate": given.lr, "weight_decay": given.weight_decay},
        "schedule": schedule,
        "training": training,
        "evaluation": evaluation,
    }
