"""Train a model by a recipe: from a recipe to a trained, judged and kept model."""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from reidkit.core.files import write_json
from reidkit.core.types import DatasetSplits
from reidkit.data.dataset import TrainingImages, identity_labels
from reidkit.data.loaders import TrainingBatch, TrainingLoader, training_loader
from reidkit.engine.averaging import AveragedWeights
from reidkit.engine.checkpointing import RunCheckpoints
from reidkit.engine.epoch_record import EpochRecord, Row
from reidkit.engine.evaluate import Evaluation, evaluate
from reidkit.engine.lightning_parts import TensorBoardLogger, Trainer
from reidkit.engine.module import TrainingModule
from reidkit.engine.progress import TrainingProgress
from reidkit.engine.provenance import describe_data, describe_environment, library_versions
from reidkit.engine.recipe import Recipe
from reidkit.engine.run_data import read_data, recipe_protocol
from reidkit.engine.run_folder import RunFolder, check_same_run, start_run
from reidkit.metrics.calibration import calibrate
from reidkit.models.checkpoint import ModelCard, save_model
from reidkit.models.model import ReidModel
from reidkit.models.zoo import build_model

ACCELERATORS = {"auto": "auto", "cpu": "cpu", "cuda": "gpu", "mps": "mps"}


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
    """Build the model of a recipe as it is before training; equal seeds give equal weights."""
    torch.manual_seed(recipe.seed)
    num_identities = len(identity_labels(splits.train)) if recipe.objective().needs_classifier else None
    return build_model(
        recipe.model.name,
        num_identities=num_identities,
        image_size=(recipe.input.height, recipe.input.width),
        arguments=recipe.model.arguments_for(splits.train, splits.name),
        has_frame_attention=recipe.sampling.temporal == "attention",
    )


def train(
    recipe: Recipe,
    out: Path,
    *,
    resume: bool = False,
    overwrite: bool = False,
    console: Console | None = None,
) -> TrainingResult:
    """Train by a recipe and leave ``model.safetensors``, ``scores.json``, checkpoints and logs in a folder.

    Args:
        recipe: The run.
        out: Run folder.
        resume: Go on with the run in ``out``; exactly, as if it had never stopped. Where it has not
            finished an epoch, it starts again.
        overwrite: Replace a run that is in ``out``.
        console: Where to show progress; None is quiet.

    Raises:
        RecipeError: no data named, or another recipe than the run to go on with.
        DatasetError: the data cannot be trained on or evaluated.
        TrainingError: the folder is in use or not writable, or the run had to stop.
    """
    console = console or Console(quiet=True)
    folder = RunFolder(out)
    run_data = read_data(recipe, console)
    splits = run_data.splits
    data = describe_data(splits)
    model = build_recipe_model(recipe, splits)
    loader = make_loader(recipe, splits)
    module = TrainingModule(
        recipe,
        model,
        splits.train,
        steps_per_epoch=len(loader),
        failed_batch_path=folder.failed_batch,
        data_set=splits.name,
    )
    # Only now: what cannot be trained leaves no folder behind, and replaces none.
    if resume:
        check_same_run(folder, recipe, data)
    else:
        start_run(folder, recipe, overwrite=overwrite)
    if not folder.environment.is_file():
        write_json(folder.environment, {**describe_environment(), "data": data})

    progress: TrainingProgress | None = None
    averaging = _averaging(recipe, module, loader)

    def judge(name: str = next(iter(run_data.targets))) -> Evaluation:
        target = run_data.targets[name]
        return evaluate(
            model,
            target,
            module.preprocessing,
            recipe_protocol(recipe, target),
            device=module.device,
            batch_size=recipe.evaluation.batch_size,
            num_workers=choose_num_workers(recipe),
            unreadable=recipe.data.unreadable,
            after=recipe.evaluation.after,
            data_set=name,
            report=progress.evaluation_report if progress else None,
        )

    def judge_epoch() -> Evaluation:
        with averaging.in_place() if averaging else nullcontext():
            return judge()

    record = EpochRecord(folder.history, judge_epoch, recipe.evaluation.every_epochs)
    progress = TrainingProgress(console, record)
    checkpoints = RunCheckpoints(folder, record)
    with _quiet_lightning():
        trainer = Trainer(
            accelerator=ACCELERATORS[recipe.training.device],
            devices=1,
            precision=recipe.training.precision,
            max_epochs=recipe.training.epochs,
            gradient_clip_val=recipe.training.gradient_clip_norm,
            accumulate_grad_batches=recipe.training.accumulate_batches,
            callbacks=[*([averaging] if averaging else []), record, progress, checkpoints],
            logger=TensorBoardLogger(out, name="tensorboard", version=""),
            log_every_n_steps=min(50, len(loader)),
            enable_progress_bar=False,
            enable_model_summary=False,
            default_root_dir=out,
        )
        begun = folder.last_checkpoint if resume and folder.last_checkpoint.is_file() else None
        trainer.fit(module, loader, ckpt_path=begun, weights_only=True)
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
    card = _write_result(folder, recipe, model, arguments, by_target, data)
    return TrainingResult(folder, recipe, splits, evaluation, by_target, record.rows, card)


def choose_num_workers(recipe: Recipe) -> int:
    """Return how many processes decode images: as the recipe says, or what suits the machine."""
    if recipe.training.num_workers is not None:
        return recipe.training.num_workers
    is_accelerated = recipe.training.device != "cpu" and (
        torch.cuda.is_available() or torch.backends.mps.is_available()
    )
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    # On a CPU the network itself takes all cores, and one process keeps ahead of it.
    return min(8, count) if is_accelerated else min(1, count - 1)


def make_loader(recipe: Recipe, splits: DatasetSplits) -> TrainingLoader:
    """Return the training batches of a recipe."""
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
    return training_loader(dataset, sampler, num_workers=choose_num_workers(recipe), pin_memory=True)


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
) -> ModelCard:
    first, *others = by_target
    evaluation = by_target[first]
    card = ModelCard(
        architecture=recipe.model.name,
        arguments=arguments,
        preprocessing=recipe.input.preprocessing(),
        descriptor_dim=model.descriptor_dim,
        has_frame_attention=model.frame_attention is not None,
        distance=evaluation.scores.protocol.distance,
        scores=evaluation.scores.summary(),
        thresholds=tuple(evaluation.thresholds),
        calibration=calibrate(evaluation.pairs, data=str(data["name"])) if evaluation.curve else None,
        recipe=recipe.model_dump(mode="json"),
        training_data={key: value for key, value in data.items() if key != "root"},
        versions=library_versions(),
    )
    write_json(folder.scores, {"name": recipe.name, "target": first, "data": data, **evaluation.as_json()})
    for name in others:
        content = {"name": recipe.name, "target": name, "data": data, **by_target[name].as_json()}
        write_json(folder.scores_on(name), content)
    save_model(folder.model, model, card)
    return card


@contextmanager
def _quiet_lightning() -> Iterator[None]:
    """Silence what lightning says about itself; what it warns of is either chosen or shown by us."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="lightning")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
