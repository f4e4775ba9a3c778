"""Descriptors computed by several processes, each of some samples, and known to all of them."""

from collections.abc import Sequence
from typing import Any

import torch

from reidkit.core.types import Preprocessing, ReportProgress, Sample
from reidkit.engine.extract import Embed, Extraction, extract, without_repeats
from reidkit.engine.processes import ALONE, Processes


def extract_together(
    embed: Embed,
    samples: Sequence[Sample],
    preprocessing: Preprocessing,
    *,
    processes: Processes = ALONE,
    cameras: Sequence[str | None] | None = None,
    report: ReportProgress | None = None,
    **options: Any,  # noqa: ANN401 - those of `extract`
) -> Extraction:
    """Embed samples as `extract` does, each different sample once in one of the processes.

    Args:
        embed: The same in every process.
        samples: What to embed, the same in every process.
        preprocessing: How pixels become input.
        processes: Those that share the work; all get the whole result.
        cameras: What ``embed`` is told about each sample, as in `extract`.
        report: Called with (frames done, frames in all) about all processes.
        **options: Of `extract`.

    Raises:
        CatalogError: an option that is not there.
        ImageError: a damaged image in any process, under "error".
    """
    if processes.is_alone:
        return extract(embed, samples, preprocessing, cameras=cameras, report=report, **options)
    unique, rows, labels = without_repeats(samples, cameras)
    part = slice(processes.rank, None, processes.count)

    def report_all(done: int, total: int) -> None:
        if report is not None:
            report(done * processes.count, total * processes.count)  # the others are about as far

    own = processes.together(
        lambda: extract(
            embed,
            unique[part],
            preprocessing,
            cameras=None if labels is None else labels[part],
            report=report_all,
            **options,
        )
    )
    parts = processes.gather_uneven(own.descriptors)
    descriptors = torch.empty(len(unique), parts[0].shape[1])
    for rank, found in enumerate(parts):
        descriptors[rank :: processes.count] = found
    failures = [failure for some in processes.gather_objects(own.failures) for failure in some]
    return Extraction(descriptors[rows], tuple(failures))
