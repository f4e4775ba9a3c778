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
    report: ReportProgress | None = None,
    **options: Any,  # noqa: ANN401 - those of `extract`
) -> Extraction:
    """Embed samples as `extract` does, each different sample once in one of the processes.

    Args:
        embed: The same in every process.
        samples: What to embed, the same in every process.
        preprocessing: How pixels become input.
        processes: Those that share the work; all get the whole result.
        report: Called with (frames done, frames in all) about all processes.
        **options: Of `extract`.

    Raises:
        CatalogError: an option that is not there.
        ImageError: a damaged image in any process, under "error".
    """
    if processes.is_alone:
        return extract(embed, samples, preprocessing, report=report, **options)
    unique, rows = without_repeats(samples)

    def report_all(done: int, total: int) -> None:
        if report is not None:
            report(done * processes.count, total * processes.count)  # the others are about as far

    own = processes.together(
        lambda: extract(
            embed, unique[processes.rank :: processes.count], preprocessing, report=report_all, **options
        )
    )
    parts = processes.gather_uneven(own.descriptors)
    descriptors = torch.empty(len(unique), parts[0].shape[1])
    for rank, part in enumerate(parts):
        descriptors[rank :: processes.count] = part
    failures = [failure for found in processes.gather_objects(own.failures) for failure in found]
    return Extraction(descriptors[rows], tuple(failures))
