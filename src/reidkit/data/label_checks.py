"""Identities whose names or numbers of images suggest a mistake."""

import re
import statistics
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence

from reidkit.core.types import DatasetSplits, Sample
from reidkit.data.findings import Finding, count_images
from reidkit.data.wording import label_examples, quantity

JUNK_WORDS = frozenset(
    {"-1", "?", "n/a", "nan", "none", "null", "junk", "trash", "background", "distractor", "distractors"}
    | {"unidentified", "unknown", "unlabeled", "unlabelled"}
)
"""Names that data sets give to what is nobody, in small letters."""

CONSPICUOUS_TIMES = 3
"""So many times the images of the middle identity make an identity 0 look like a collection of strangers."""

DOMINANT_SHARE = 0.1
DOMINANT_TIMES = 10
"""An identity with more than a tenth of all training images, and ten times those of the middle one, is one
too many people, or a mistake."""

_FEWEST_OTHERS = 3
_EXAMPLES = 3


def check_labels(splits: DatasetSplits) -> Iterator[Finding]:
    """Yield findings about the names of all identities, and about the weight of those in train."""
    identities = dict.fromkeys(
        sample.identity for samples in splits.by_split().values() for sample in samples
    )
    yield from _check_alike(identities)
    yield from _check_junk(splits.train, identities)
    yield from _check_dominant(splits.train)


def plain_name(identity: Hashable) -> str:
    """Return a name without what people write now so, now otherwise.

    Case, blanks, leading zeros of each number, and the several ways to encode one letter are evened out.

    Example:
        >>> plain_name("P_007 "), plain_name("p_7"), plain_name(7), plain_name("100")
        ('p_7', 'p_7', '7', '100')
    """
    letters = unicodedata.normalize("NFKC", str(identity)).casefold()
    return re.sub(r"(?<!\d)0+(?=\d)", "", "".join(letters.split()))


def _check_alike(identities: dict[Hashable, None]) -> Iterator[Finding]:
    names = defaultdict(list)
    for identity in identities:
        if identity is not None:
            names[plain_name(identity)].append(identity)
    alike = [group for group in names.values() if len(group) > 1]
    if alike:
        shown = "; ".join(label_examples(group) for group in alike[:_EXAMPLES])
        more = f"; and {len(alike) - _EXAMPLES} more groups" if len(alike) > _EXAMPLES else ""
        yield Finding(
            "warning",
            "alike-identities",
            f"{quantity(len(alike), 'group')} of identities differ only by case, blanks, leading zeros or "
            f"encoding (e.g. {shown}{more}). Expected one name for each individual. If they are the same, "
            f"name them alike.",
        )


def _check_junk(train: Sequence[Sample], identities: dict[Hashable, None]) -> Iterator[Finding]:
    counts = count_images(train)
    junk = [identity for identity in counts if str(identity).strip().casefold() in JUNK_WORDS]
    zeros = [identity for identity in counts if re.fullmatch(r"\s*0+\s*", str(identity))]
    # Data sets that count from 0 have an individual of that name.
    counts_from_0 = any(plain_name(identity) == "1" for identity in identities)
    for zero in zeros:
        others = [count for identity, count in counts.items() if identity not in zeros]
        is_heavy = bool(others) and counts[zero] > CONSPICUOUS_TIMES * statistics.median(others)
        if is_heavy:
            junk.append(zero)
        elif not counts_from_0:
            yield Finding(
                "note",
                "identity-zero-in-train",
                f"Train has an identity {zero!r}, and no split an identity 1. Some data sets number "
                f"strangers 0: if this one does, leave them out of train.",
            )
    if junk:
        images = sum(counts[identity] for identity in junk)
        yield Finding(
            "warning",
            "junk-identity-in-train",
            f"Train has {label_examples(junk)} with {quantity(images, 'image')}: named like junk or "
            f"distractors, who are many individuals and no identity. Expected individuals alone. Leave them "
            f"out of train.",
        )


def _check_dominant(train: Sequence[Sample]) -> Iterator[Finding]:
    counts: Counter[Hashable] = count_images(train)
    if len(counts) <= _FEWEST_OTHERS:
        return
    (identity, most), *others = counts.most_common()
    middle = statistics.median(count for _, count in others)
    if most > DOMINANT_SHARE * len(train) and most > DOMINANT_TIMES * middle:
        yield Finding(
            "warning",
            "dominant-identity",
            f"Identity {identity!r} has {most} of {len(train)} training images ({most / len(train):.0%}), "
            f"the middle one of the others {middle:g}. Expected no identity to outweigh the rest. Look "
            f"whether it is one individual.",
        )
