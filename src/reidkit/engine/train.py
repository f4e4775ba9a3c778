"""Train a model by a recipe: from a recipe to a trained, judged and kept model."""

import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from reidkit.core.errors import TrainingError
from reidkit.core.files import write_json
from reidkit.core.types import DatasetSplits
from reidkit.data.dataset import TrainingImages, identity_labels
from reidkit.data.loaders import TrainingBatch, TrainingLoader, training_loader
from reidkit.data.sampling import shard
from reidkit.engine.averaging import AveragedWeights
from reidkit.engine.calibration import calibrate_on
from reidkit.engine.checkpointing import CheckpointFiles, RunCheckpoints
from reidkit.engine.disk_space import check_space, needed_bytes
from reidkit.engine.distillation import save_peers
from reidkit.engine.epoch_record import EpochRecord
from reidkit.engine.evaluate import evaluate
from reidkit.engine.evaluation import Evaluation
from reidkit.engine.history import Row
from reidkit.engine.lightning_parts import TensorBoardLogger, Trainer
from reidkit.engine.module import TrainingModule
from reidkit.engine.processes import ALONE, Processes, find_processes
from reidkit.engine.progress import TrainingProgress
from reidkit.engine.provenance import (
    describe_data,
    describe_environment,
    identity_fingerprint,
    library_versions,
)
from reidkit.engine.recipe import Recipe
from reidkit.engine.run_data import RunData, read_data, recipe_protocol
from reidkit.engine.run_folder import RunFolder, check_same_run, remove_unfinished, start_run
from reidkit.engine.stopping import RunStopped, StopRequest
from reidkit.engine.synchronized_norm import synchronize_norms
from reidkit.engine.teachers import fingerprint_files
from reidkit.engine.trainer_settings import placement, quiet_lightning
from reidkit.models.checkpoint import ModelCard, save_model, start_from
from reidkit.models.model import ReidModel
from reidkit.models.zoo import build_model


@dataclass(frozen=True)
class TrainingResult:
    """What a run leaves behind.

    Args:
        folder: Its files.
        recipe: That it ran by.
        splits: What it learned from, and what it was judged on in training.
        evaluation: Of the model that was kept.
        by_target: The same on every target, by name; the first one is ``evaluation``.
        history: One row per epoch.
        card: Of the model that was kept.
    """

    folder: RunFolder
    recipe: Recipe
    splits: DatasetSplits
    evaluation: Evaluation
    by_target: dict[str, Evaluation]
    history: list[Row]
    card: ModelCard


def build_recipe_model(recipe: Recipe, splits: DatasetSplits) -> ReidModel:
    """Build the model of a recipe as it is before training; equal seeds give equal weights.

    Raises:
        WeightsError: the weights to start from are missing, or are of another network.
    """
    torch.manual_seed(recipe.seed)
    num_identities = len(identity_labels(splits.train)) if recipe.needs_classifier else None
    model = build_model(
        recipe.model.name,
        num_identities=num_identities,
        image_size=(recipe.input.height, recipe.input.width),
        arguments=recipe.model.arguments_for(splits.train, splits.name),
        has_frame_attention=recipe.sampling.temporal == "attention",
    )
    if recipe.model.start_from is not None:
        start_from(model, recipe.model.start_from)
    return model


def train(
    recipe: Recipe,
    out: Path,
    *,
    resume: bool = False,
    overwrite: bool = False,
    console: Console | None = None,
    on_epoch: Callable[[Row], None] | None = None,
) -> TrainingResult:
    """Train by a recipe and leave ``model.safetensors``, ``scores.json``, checkpoints and logs in a folder.

    Where torchrun has started several processes, they train together, and the first one writes.

    Args:
        recipe: The run.
        out: Run folder.
        resume: Go on with the run in ``out``; exactly, as if it had never stopped. Where it has not
            finished an epoch, it starts again.
        overwrite: Replace a run that is in ``out``.
        console: Where to show progress; None is quiet.
        on_epoch: Called with each row of the history; what it raises ends the run.

    Raises:
        RecipeError: no data named, or another recipe than the run to go on with.
        DatasetError: the data cannot be trained on or evaluated.
        TrainingError: the folder is in use, not writable or without space, or the run had to stop.
        RunStopped: SIGTERM or Ctrl-C; what it needs to go on is kept.
    """
    processes = find_processes()
    console = console if console and processes.is_first else Console(quiet=True)
    stop = StopRequest(out, is_alone=processes.is_alone)
    try:
        with stop.heard(), processes.connected(recipe.training.device):
            return _run(recipe, RunFolder(out), resume, overwrite, console, processes, stop, on_epoch)
    except RunStopped as stopped:
        console.print(stopped.message, highlight=False, markup=False, soft_wrap=True)
        raise


def _run(
    recipe: Recipe,
    folder: RunFolder,
    resume: bool,
    overwrite: bool,
    console: Console,
    processes: Processes,
    stop: StopRequest,
    on_epoch: Callable[[Row], None] | None,
) -> TrainingResult:
    parts = processes.together(lambda: _prepare(recipe, folder, console, processes))
    run_data, data, module, loader = parts.run_data, parts.data, parts.module, parts.loader
    splits, model = run_data.splits, module.model
    # Only now: what cannot be trained leaves no folder behind, and replaces none.
    _check_same_data(processes.gather_objects(data["fingerprint"]))
    if processes.is_first:
        processes.together(lambda: _open_folder(recipe, folder, resume, overwrite, parts))
    else:
        processes.together(lambda: None)
    processes.together(lambda: _check_shared(folder))
    averaging = _averaging(recipe, module, loader)
    progress: TrainingProgress | None = None

    def report(done: int, total: int) -> None:
        stop.check()
        if progress:
            progress.evaluation_report(done, total)

    def judge(name: str = next(iter(run_data.targets))) -> Evaluation:
        target = run_data.targets[name]
        processes.share_first(dict(model.named_buffers()))  # statistics of batch norms that do not share
        return evaluate(
            model,
            target,
            module.preprocessing,
            recipe_protocol(recipe, target),
            device=module.device,
            batch_size=recipe.evaluation.batch_size,
            num_workers=choose_num_workers(recipe, processes),
            unreadable=recipe.data.unreadable,
            after=recipe.evaluation.after,
            data_set=name,
            processes=processes,
            report=report,
        )

    def judge_epoch() -> Evaluation:
        with averaging.in_place() if averaging else nullcontext():
            return judge()

    every = recipe.evaluation.every_epochs
    record = EpochRecord(folder.history, judge_epoch, every, processes, on_epoch)
    progress = TrainingProgress(console, record)
    files = CheckpointFiles()
    checkpoints = RunCheckpoints(folder, record, stop, files, processes)
    with quiet_lightning():
        trainer = Trainer(
            **placement(recipe, module, processes, files),
            precision=recipe.training.precision,
            max_epochs=recipe.training.epochs,
            gradient_clip_val=recipe.training.gradient_clip_norm,
            accumulate_grad_batches=recipe.training.accumulate_batches,
            callbacks=[*([averaging] if averaging else []), record, progress, checkpoints],
            logger=TensorBoardLogger(folder.path, name="tensorboard", version=""),
            log_every_n_steps=min(50, len(loader)),
            enable_progress_bar=False,
            enable_model_summary=False,
            default_root_dir=folder.path,
        )
        begun = folder.last_checkpoint if resume and folder.last_checkpoint.is_file() else None
        trainer.fit(module, loader, ckpt_path=begun, weights_only=True)
    if processes.any(stop.is_wanted):
        raise stop.stopped()
    stop.is_deferred = False
    checkpoints.finish_epoch()
    evaluation = record.evaluation
    if recipe.training.keep == "best":
        _take_best_weights(module, averaging, folder)
        evaluation = None
    if averaging:
        averaging.put()
    evaluation = evaluation or judge()
    first, *others = run_data.targets
    by_target = {first: evaluation, **{name: judge(name) for name in others}}
    arguments = recipe.model.arguments_for(splits.train, splits.name)
    card = _write_result(folder, recipe, model, arguments, by_target, data, is_first=processes.is_first)
    if module.distillation and processes.is_first:
        save_peers(folder, recipe, module.distillation, card, splits)
    return TrainingResult(folder, recipe, splits, evaluation, by_target, record.rows, card)


@dataclass(frozen=True)
class _Parts:
    """What a run is made of, before anything is written."""

    run_data: RunData
    data: dict[str, Any]
    teachers: dict[str, str]
    module: TrainingModule
    loader: TrainingLoader


def _prepare(recipe: Recipe, folder: RunFolder, console: Console, processes: Processes) -> _Parts:
    run_data = read_data(recipe, console, is_examined=processes.is_first)
    splits = run_data.splits
    teachers = fingerprint_files(recipe.distillation.teachers)
    model = build_recipe_model(recipe, splits)
    loader = make_loader(recipe, splits, processes)
    module = TrainingModule(
        recipe,
        model,
        splits.train,
        steps_per_epoch=len(loader),
        failed_batch_path=folder.failed_batch,
        data_set=splits.name,
        processes=processes,
    )
    if recipe.training.synchronize_norms and not processes.is_alone:
        synchronize_norms(module, processes)
    data = describe_data(splits)
    if recipe.training.keep_classifier:
        data["identities"] = identity_fingerprint(identity_labels(splits.train))
    return _Parts(run_data, data, teachers, module, loader)


def _check_same_data(fingerprints: list[str]) -> None:
    if len(set(fingerprints)) > 1:
        raise TrainingError(
            f"Data differ between processes, got fingerprints {', '.join(fingerprints)}. Expected the same "
            f"on every machine. Copy the data set again."
        )


def _open_folder(recipe: Recipe, folder: RunFolder, resume: bool, overwrite: bool, parts: _Parts) -> None:
    if resume:
        check_same_run(folder, recipe, parts.data, parts.teachers)
        remove_unfinished(folder)
    else:
        start_run(folder, recipe, overwrite=overwrite)
    num_existing = sum(path.is_file() for path in (folder.last_checkpoint, folder.best_checkpoint))
    is_averaged = recipe.training.weights != "trained"
    needed = needed_bytes(parts.module, is_averaged=is_averaged, num_existing=num_existing)
    check_space(folder.path, needed)
    if not folder.environment.is_file():
        content = {**describe_environment(), "data": parts.data, "teachers": parts.teachers}
        write_json(folder.environment, content)


def _check_shared(folder: RunFolder) -> None:
    if not folder.recipe.is_file():
        raise TrainingError(
            f"Run folder {folder.path} is not the same for all processes, got none on this machine. Expected "
            f"a folder on a file system that all machines share. Choose one with --out."
        )


def choose_num_workers(recipe: Recipe, processes: Processes = ALONE) -> int:
    """Return how many workers decode images: as the recipe says, or what suits the machine."""
    if recipe.training.num_workers is not None:
        return recipe.training.num_workers
    is_accelerated = recipe.training.device != "cpu" and (
        torch.cuda.is_available() or torch.backends.mps.is_available()
    )
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    count //= processes.local_count
    # On a CPU the network itself takes all cores, and one process keeps ahead of it.
    return max(1, min(8, count)) if is_accelerated else max(0, min(1, count - 1))


def make_loader(recipe: Recipe, splits: DatasetSplits, processes: Processes = ALONE) -> TrainingLoader:
    """Return the training batches of a recipe, or the part of each that one of several processes takes."""
    labels = identity_labels(splits.train)
    dataset = TrainingImages(
        splits.train,
        labels,
        recipe.input.preprocessing(),
        recipe.build_augmentation(),
        frames_per_tracklet=recipe.sampling.frames_per_tracklet,
        frame_sampling=recipe.sampling.frame_sampling,
        same_augmentation=recipe.sampling.same_augmentation,
        unreadable=recipe.data.unreadable,
    )
    sampler = recipe.sampling.build_sampler(splits.train, labels, recipe.seed)
    if not processes.is_alone:
        sampler = shard(sampler, processes.rank, processes.count)
    return training_loader(
        dataset, sampler, num_workers=choose_num_workers(recipe, processes), pin_memory=True
    )


def _averaging(recipe: Recipe, module: TrainingModule, loader: TrainingLoader) -> AveragedWeights | None:
    if recipe.training.weights == "trained":
        return None

    def batches() -> Iterator[tuple[Any, ...]]:
        for batch in loader:
            yield module.model_input(TrainingBatch(*(item.to(module.device) for item in batch)))

    return AveragedWeights(
        module.model,
        recipe.training.weights,
        decay=recipe.training.ema_decay,
        from_epoch=recipe.training.swa_from_epoch,
        batches=batches,
    )


def _take_best_weights(module: TrainingModule, averaging: AveragedWeights | None, folder: RunFolder) -> None:
    checkpoint = torch.load(folder.best_checkpoint, map_location="cpu", weights_only=True)
    module.load_state_dict(checkpoint["state_dict"])
    if averaging:
        averaging.load_state_dict(checkpoint["callbacks"][averaging.state_key])


def _write_result(
    folder: RunFolder,
    recipe: Recipe,
    model: ReidModel,
    arguments: dict[str, Any],
    by_target: dict[str, Evaluation],
    data: dict[str, Any],
    *,
    is_first: bool,
) -> ModelCard:
    first, *others = by_target
    evaluation = by_target[first]
    card = ModelCard(
        architecture=recipe.model.name,
        arguments=arguments,
        num_identities=data["splits"]["train"]["identities"] if recipe.training.keep_classifier else None,
        preprocessing=recipe.input.preprocessing(),
        descriptor_dim=model.descriptor_dim,
        has_frame_attention=model.frame_attention is not None,
        distance=evaluation.scores.protocol.distance,
        normalization=evaluation.scores.protocol.normalization,
        scores=evaluation.scores.summary(),
        thresholds=tuple(evaluation.thresholds),
        calibration=calibrate_on(evaluation, data=str(data["name"])),
        recipe=recipe.model_dump(mode="json"),
        training_data={key: value for key, value in data.items() if key != "root"},
        versions=library_versions(),
    )
    if not is_first:
        return card
    write_json(folder.scores, {"name": recipe.name, "target": first, "data": data, **evaluation.as_json()})
    for name in others:
        content = {"name": recipe.name, "target": name, "data": data, **by_target[name].as_json()}
        write_json(folder.scores_on(name), content)
    save_model(folder.model, model, card)
    return card
