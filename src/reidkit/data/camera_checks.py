"""Whether cameras look like cameras: not like frame numbers or identities, and shared by the splits."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence

from reidkit.core.types import DatasetSplits, Sample
from reidkit.data.findings import Finding
from reidkit.data.wording import label_examples, quantity

FRAME_LIKE_SHARE = 0.8
"""Distinct cameras per image from which on a "camera" is taken for a number of the image."""

_FEWEST_IMAGES = 10
_FEWEST_IDENTITIES = 3
_Seen = dict[Hashable, Counter[Hashable]]


def check_cameras(splits: DatasetSplits) -> Iterator[Finding]:
    """Yield findings about the cameras; none where no camera is known.

    Where the numbers are no cameras at all, the other findings would only repeat it, and are left out.
    """
    samples = list(
        dict.fromkeys(
            (sample.frames, sample.box, sample.identity, sample.camera)
            for split in splits.by_split().values()
            for sample in split
            if sample.camera is not None
        )
    )
    cameras = {camera for *_, camera in samples}
    if not cameras:
        return
    if len(samples) >= _FEWEST_IMAGES and len(cameras) >= FRAME_LIKE_SHARE * len(samples):
        yield Finding(
            "warning",
            "cameras-like-frames",
            f"{quantity(len(samples), 'image')} come from {quantity(len(cameras), 'camera')} "
            f"(e.g. {label_examples(_in_order(cameras))}). Expected few cameras with many images each: these "
            f"look like frame numbers or names of images. Take the camera from another part of the name.",
        )
        return
    pairs = {(identity, camera) for _, _, identity, camera in samples}
    identities = {identity for identity, _ in pairs}
    if len(pairs) == len(identities) == len(cameras) >= _FEWEST_IDENTITIES and len(samples) > len(pairs):
        yield Finding(
            "warning",
            "cameras-like-identities",
            f"Each of {len(identities)} identities has a camera of its own "
            f"(e.g. {label_examples(_in_order(cameras))}). Expected cameras that see several identities: "
            f"these look like identities. Take the camera from another part of the name.",
        )
        return
    yield from _check_crossing(splits)
    yield from _check_shared(splits)


def _check_crossing(splits: DatasetSplits) -> Iterator[Finding]:
    parts = {"training": splits.train, "tested": (*splits.query, *splits.gallery)}
    seen = {part: _seen_twice(samples) for part, samples in parts.items()}
    stuck = {
        part: found
        for part, found in seen.items()
        if len(found) >= 2
        and all(len(cameras) == 1 for cameras in found.values())
        and len({camera for cameras in found.values() for camera in cameras}) >= 2
    }
    if stuck:
        which = " and ".join(f"{len(found)} {part} identities" for part, found in stuck.items())
        example = next(iter(next(iter(stuck.values())).items()))
        yield Finding(
            "warning",
            "one-camera-per-identity",
            f"Each of the {which} with two or more images was seen by one camera only "
            f"(e.g. {example[0]!r} by {label_examples(example[1])}), though there are several cameras. "
            f"Expected identities that pass several: without them nothing can be learned or measured across "
            f"cameras. Check where the camera stands in the name, or judge by protocol 'no-camera' (in a "
            f"recipe: evaluation.protocol=no-camera).",
        )
    train = seen["training"]
    single = [identity for identity, cameras in train.items() if len(cameras) == 1]
    if "training" not in stuck and single and len(single) < len(train):
        yield Finding(
            "note",
            "single-camera-identities",
            f"{len(single)} of {len(train)} training identities with two or more images were seen by one "
            f"camera only (e.g. {label_examples(single)}), while others were seen by several.",
        )


def _seen_twice(samples: Sequence[Sample]) -> _Seen:
    """Return how often which camera saw each identity of two or more images, all of known camera."""
    seen: _Seen = defaultdict(Counter)
    for sample in dict.fromkeys(samples):
        seen[sample.identity][sample.camera] += 1
    return {
        identity: cameras
        for identity, cameras in seen.items()
        if cameras.total() >= 2 and None not in cameras and identity is not None
    }


def _check_shared(splits: DatasetSplits) -> Iterator[Finding]:
    train = {sample.camera for sample in splits.train} - {None}
    tested = {sample.camera for sample in (*splits.query, *splits.gallery)} - {None}
    if not train or not tested:
        return
    alone = [
        f"{quantity(len(missing), 'camera')} only in {where} ({label_examples(_in_order(missing))})"
        for where, missing in (("train", train - tested), ("query and gallery", tested - train))
        if missing
    ]
    if alone:
        yield Finding(
            "note",
            "cameras-in-one-split",
            f"{'; '.join(alone)}. That is harder for a model, if it is so; a misread file name makes "
            f"such cameras, too.",
        )


def _in_order(cameras: set[Hashable]) -> list[Hashable]:
    def order(camera: Hashable) -> tuple[str, float, str]:
        is_number = isinstance(camera, int | float)
        return type(camera).__name__, camera if is_number else 0, str(camera)  # type: ignore[return-value]

    return sorted(cameras, key=order)
