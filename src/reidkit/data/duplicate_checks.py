"""What the same picture in several files means for scores and training."""

from collections.abc import Callable, Iterator, Sequence

from reidkit.data.duplicates import Duplicate, Kind
from reidkit.data.file_checks import FileCheck
from reidkit.data.findings import Finding
from reidkit.data.wording import printable, quantity


def check_duplicates(duplicates: Sequence[Duplicate], files: FileCheck) -> Iterator[Finding]:
    """Yield one finding for each kind of duplicate that there is."""
    basis = "" if files.tried == files.total else f", among the {files.tried} of {files.total} files read"
    for kind, describe in _DESCRIBE.items():
        found = [duplicate for duplicate in duplicates if duplicate.kind == kind]
        if found:
            yield describe(found, basis)


def _across_splits(found: list[Duplicate], basis: str) -> Finding:
    copies = sum(duplicate.is_identical for duplicate in found)
    renamed = sum(duplicate.first.identity != duplicate.second.identity for duplicate in found)
    named_otherwise = f", {renamed} under another identity" if renamed else ""
    return Finding(
        "warning",
        "near-duplicates-across-splits",
        f"{quantity(len(found), 'query or gallery image')} can be seen in train too, in another file{basis}: "
        f"{copies} equal to the last pixel, {len(found) - copies} nearly{named_otherwise} "
        f"(e.g. {_example(found[0])}). Expected none: what was learned by heart measures nothing. "
        f"Remove them from one side.",
    )


def _two_identities(found: list[Duplicate], basis: str) -> Finding:
    first, second = found[0].first.identity, found[0].second.identity
    return Finding(
        "warning",
        "near-duplicates-of-two-identities",
        f"{quantity(len(found), 'pair')} of files show one picture under two identities{basis} "
        f"(e.g. {_example(found[0])}, identities {first!r} and {second!r}). Expected one identity for each "
        f"picture. Correct the labels, or remove one of the files.",
    )


def _query_in_gallery(found: list[Duplicate], basis: str) -> Finding:
    return Finding(
        "warning",
        "query-copies-in-gallery",
        f"{quantity(len(found), 'query', 'queries')} lie in the gallery once more, as another file of equal "
        f"pixels that counts as a match{basis} (e.g. {_example(found[0])}). Expected none: such a query is "
        f"always answered right. Remove the copies.",
    )


def _within_split(found: list[Duplicate], basis: str) -> Finding:
    return Finding(
        "note",
        "identical-images",
        f"{quantity(len(found), 'file is', 'files are')} equal to another one of the same split, to the last "
        f"pixel{basis} "
        f"(e.g. {_example(found[0])}).",
    )


_DESCRIBE: dict[Kind, Callable[[list[Duplicate], str], Finding]] = {
    "across-splits": _across_splits,
    "two-identities": _two_identities,
    "query-in-gallery": _query_in_gallery,
    "within-split": _within_split,
}


def _example(duplicate: Duplicate) -> str:
    return f"{printable(duplicate.first.path)} and {printable(duplicate.second.path)}"
