"""The data of a run: read, examined, and mixed where there are several sets."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from reidkit.core.errors import DatasetError, RecipeError
from reidkit.core.progress import progress_bar
from reidkit.core.types import DatasetSplits, Protocol, Sample
from reidkit.data.doctor import Need, examine
from reidkit.data.mixing import mix_sources, unique_names
from reidkit.data.readers import read_dataset
from reidkit.engine.evaluate import choose_protocol
from reidkit.engine.recipe import DataSection, Recipe, SourceSection

DECODE_ALL_UP_TO = 20_000
"""Images of a data set that the doctor tries to read before a run; of a larger one it tries a sample."""


@dataclass(frozen=True)
class RunData:
    """What a run learns from and is judged on.

    Args:
        splits: The training samples of all sources, with query and gallery of the first target.
        targets: What the model is judged on, by name; the first one is that of ``splits``.
    """

    splits: DatasetSplits
    targets: dict[str, DatasetSplits]

    @property
    def adaptation(self) -> tuple[Sample, ...]:
        """Training samples of the targets, each target a domain: what a method may adapt to without labels.

        Their identities are there, but belong to no training label; targets without a train split give none.
        """
        learnable = [splits for splits in self.targets.values() if splits.train]
        return mix_sources(learnable)


def read_data(recipe: Recipe, console: Console, *, is_examined: bool = True) -> RunData:
    """Read the data of a recipe and have the doctor look at each set before anything is trained.

    Args:
        recipe: That names them.
        console: Where the doctor writes.
        is_examined: Whether it looks at all; one of several processes is enough.

    Raises:
        RecipeError: the recipe names no data.
        DatasetError: the data cannot be trained on or evaluated.
    """
    section = recipe.data
    if not section.sources and not section.targets:
        splits = _read(section, section)
        if is_examined:
            _examine(splits, recipe, ("train", "evaluation"), console)
        return RunData(splits, {splits.name: splits})
    chosen = section.sources or (section,)
    sources = [_read(source, section) for source in chosen]
    targets = [_read(target, section) for target in section.targets]
    for source in sources if is_examined else ():
        _examine(source, recipe, _needs(section, is_target=not section.targets), console)
    for target in targets if is_examined else ():
        _examine(target, recipe, ("evaluation",), console)
    judged = targets or sources
    if section.combine_all:
        _check_apart(sources, judged)
    return RunData(_mix(sources, judged[0], section), dict(zip(unique_names(judged), judged, strict=True)))


def recipe_protocol(recipe: Recipe, splits: DatasetSplits) -> Protocol:
    """Return the protocol that a recipe judges a data set by."""
    chosen = recipe.evaluation
    return choose_protocol(
        splits,
        name=chosen.protocol,
        distance=chosen.distance,
        normalization=chosen.normalization,
        flip=chosen.flip,
        scales=chosen.scales,
        view_average=chosen.view_average,
        frames_per_tracklet=chosen.frames_per_tracklet,
        temporal=chosen.temporal or ("attention" if recipe.sampling.temporal == "attention" else None),
    )


def _read(source: SourceSection, section: DataSection) -> DatasetSplits:
    root = source.root if source is section else _join(section.root, source.root)
    if root is None:
        raise RecipeError(
            f"Recipe names no data: data.root is missing. Expected a folder that the reader "
            f"'{source.reader}' reads. Add data.root=FOLDER."
        )
    return read_dataset(source.reader, root, **source.options)


def _join(above: Path | None, root: Path | None) -> Path | None:
    if above is None or root is None:
        return root or above
    return above / root  # an absolute path stays as it is


def _needs(section: DataSection, *, is_target: bool) -> tuple[Need, ...]:
    needs: list[Need] = [] if section.combine_all else ["train"]
    return (*needs, "evaluation") if is_target else tuple(needs)


def _examine(splits: DatasetSplits, recipe: Recipe, needs: Sequence[Need], console: Console) -> None:
    num_images = sum(len(samples) for samples in splits.by_split().values())
    with progress_bar(console, "reading images") as on_progress:
        report = examine(
            splits,
            recipe_protocol(recipe, splits),
            decode="all" if num_images <= DECODE_ALL_UP_TO else "sample",
            needs=needs,
            unreadable=recipe.data.unreadable,
            report=on_progress,
        )
    console.print(report.as_text(levels=("warning", "note")), highlight=False, markup=False, soft_wrap=True)
    report.raise_on_error()


def _check_apart(sources: Sequence[DatasetSplits], targets: Sequence[DatasetSplits]) -> None:
    """Refuse a target among the sources: all of its test images would be learned from."""
    shared = {source.root for source in sources} & {target.root for target in targets}
    if shared:
        raise DatasetError(
            f"Target {', '.join(map(str, sorted(shared)))} is a source as well, got combine_all with it. "
            f"Expected targets that nothing is learned from. Take it out of data.sources or data.targets."
        )


def _mix(sources: Sequence[DatasetSplits], target: DatasetSplits, section: DataSection) -> DatasetSplits:
    """Return one data set that learns from all sources and judges on the first target."""
    terms = dict.fromkeys(f"{source.name}: {source.terms}" for source in sources if source.terms)
    return replace(
        target,
        name="+".join(unique_names(sources)),
        root=Path(os.path.commonpath([str(source.root) for source in (*sources, target)])),
        train=mix_sources(sources, combine_all=section.combine_all),
        published_counts={},
        notes=(),
        terms=" ".join(terms),
    )
