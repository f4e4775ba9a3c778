"""``reidkit evaluate --features``: judge descriptors of models that reidkit knows nothing of."""

from pathlib import Path
from typing import TYPE_CHECKING

from reidkit.core.types import DistanceName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from reidkit.engine.post_processing import PostProcessing

HOW_TO_JUDGE_FEATURES = (
    "two files, queries and gallery, and of the options only --protocol, --distance, --normalize, --expand, "
    "--rerank, --out and --table: the others need the model"
)


def judge_features(
    query_path: Path,
    gallery_path: Path,
    protocol: str | None,
    distance: DistanceName | None,
    normalize: bool,
    after: "PostProcessing",
    out: Path | None,
    console: "Console",
    tables: "Sequence[str]",
) -> None:
    """Rank the descriptors of one file for those of another, print the scores, and write the report."""
    import torch

    from reidkit.cli.evaluate import show_evaluations
    from reidkit.cli.reporting import write_evaluation
    from reidkit.core.progress import progress_bar
    from reidkit.core.types import DatasetSplits
    from reidkit.data.feature_file import read_feature_file
    from reidkit.engine.evaluate import choose_protocol
    from reidkit.engine.evaluation import judge_descriptors

    query, gallery = read_feature_file(query_path, "query"), read_feature_file(gallery_path, "gallery")
    has_cameras = any(sample.camera is not None for sample in query.samples)
    splits = DatasetSplits(
        name=query_path.stem if query_path == gallery_path else f"{query_path.stem} in {gallery_path.stem}",
        root=query_path.absolute().parent,
        train=(),
        query=query.samples,
        gallery=gallery.samples,
        protocol="market1501" if has_cameras else "no-camera",
    )
    rules = choose_protocol(
        splits, name=protocol, distance=distance, normalization="unit" if normalize else None
    )
    junk = sum(str(sample.identity) == "-1" for sample in gallery.samples)
    if junk and "-1" not in rules.junk_identities:
        console.print(
            f"note: {junk} gallery rows have the identity -1, which protocol {rules.name} counts as wrong "
            f"answers. Market-1501 calls them junk: --protocol market1501-trapezoid.",
            soft_wrap=True,
        )
    size = after.describe_size(len(splits.query), len(splits.gallery), query.descriptors.shape[1])
    if size:
        console.print(size, soft_wrap=True)
    # float32 and float64 meet in float64.
    numbers = torch.promote_types(*(torch.from_numpy(file.descriptors).dtype for file in (query, gallery)))
    with progress_bar(console, "ranking") as on_progress:
        evaluation = judge_descriptors(
            splits.query,
            torch.from_numpy(query.descriptors).to(numbers),
            splits.gallery,
            torch.from_numpy(gallery.descriptors).to(numbers),
            rules,
            after=after,
            report=on_progress,
        )
    show_evaluations({splits.name: evaluation}, str(query_path), console)
    if out is not None:
        write_evaluation(out, str(query_path), splits, evaluation, None, tables)
        console.print(f"wrote {out}", soft_wrap=True)
