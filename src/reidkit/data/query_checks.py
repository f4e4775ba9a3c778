"""Which queries can be scored: before any training, and with the cause where one cannot."""

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

from reidkit.core.types import Box, Protocol, Sample
from reidkit.data.findings import Finding
from reidkit.data.wording import label_examples, quantity

JUNK = "-1"
"""Identity of detections too poor to judge, in Market-1501 and what follows it."""

_Key = tuple[object, Box | None]


@dataclass(frozen=True)
class QueryMatches:
    """The queries without any gallery image to be found, by cause; each query is in at most one.

    Args:
        total: How many queries there are.
        absent: Whose identity is not in the gallery, or unknown.
        alone: Whose identity is in the gallery only by the query itself.
        same_camera: Whose other gallery images all come from the query's own camera, and are left out.
    """

    total: int
    absent: tuple[Sample, ...]
    alone: tuple[Sample, ...]
    same_camera: tuple[Sample, ...]

    @property
    def unmatched(self) -> int:
        """How many queries cannot be scored."""
        return len(self.absent) + len(self.alone) + len(self.same_camera)


def find_unmatched(query: Sequence[Sample], gallery: Sequence[Sample], protocol: Protocol) -> QueryMatches:
    """Sort out the queries that cannot be scored, in time proportional to queries + gallery.

    A gallery entry matches if it has the identity of the query and is another picture: one with the same
    frames and box as the query never matches, nor does one of an identity that the protocol calls junk. With
    ``same_camera="drop"`` an entry from the query's camera does not match either; an unknown camera equals
    no camera.
    """
    gallery = [sample for sample in gallery if str(sample.identity) not in protocol.junk_identities]
    of_identity = Counter(sample.identity for sample in gallery)
    of_picture = Counter((sample.identity, _picture(sample)) for sample in gallery)
    of_camera = Counter((sample.identity, sample.camera) for sample in gallery)
    of_both = Counter((sample.identity, sample.camera, _picture(sample)) for sample in gallery)
    absent, alone, same_camera = [], [], []
    for sample in query:
        identity, camera, picture = sample.identity, sample.camera, _picture(sample)
        others = of_identity[identity] - of_picture[identity, picture]
        if identity is None or not of_identity[identity]:
            absent.append(sample)
        elif not others:
            alone.append(sample)
        elif protocol.same_camera == "keep" or camera is None:
            continue
        elif others == of_camera[identity, camera] - of_both[identity, camera, picture]:
            same_camera.append(sample)
    return QueryMatches(len(query), tuple(absent), tuple(alone), tuple(same_camera))


def check_queries(
    query: Sequence[Sample], gallery: Sequence[Sample], protocol: Protocol, support: Sequence[Sample] = ()
) -> Iterator[Finding]:
    """Yield findings about queries without a match, and about cameras; both splits hold samples."""
    yield from _check_junk(gallery, protocol)
    yield from _check_pooling(query, gallery, protocol, support)
    matches = find_unmatched(query, gallery, protocol)
    cameras = {sample.camera for sample in (*query, *gallery)} - {None}
    drops = protocol.same_camera == "drop"
    if matches.unmatched == matches.total:
        yield Finding("error", "no-valid-query", _explain_none(matches, cameras, gallery, protocol))
    elif matches.unmatched:
        yield Finding(
            "warning",
            "unmatched-queries",
            f"{matches.unmatched} of {matches.total} queries cannot be scored and count in no mean. "
            f"{_causes(matches)}.",
        )
    if drops and len(cameras) == 1 and matches.unmatched < matches.total:
        yield Finding(
            "warning",
            "one-camera",
            f"All queries and gallery images of known camera come from one ({label_examples(cameras)}), and "
            f"the cross-camera rule of protocol '{protocol.name}' leaves their matches out. Use a protocol "
            f"with same_camera='keep', such as 'no-camera' (in a recipe: evaluation.protocol=no-camera), or "
            f"give every camera.",
        )
    if drops and not cameras:
        yield Finding(
            "note",
            "unknown-cameras",
            f"Cameras are unknown: protocol '{protocol.name}' leaves out no image but the query itself.",
        )


def _check_junk(gallery: Sequence[Sample], protocol: Protocol) -> Iterator[Finding]:
    """Say what becomes of gallery images that are too poor to judge."""
    passed_over = sum(str(sample.identity) in protocol.junk_identities for sample in gallery)
    if passed_over:
        yield Finding(
            "note",
            "junk",
            f"{quantity(passed_over, 'gallery image')} of identity {', '.join(protocol.junk_identities)} "
            f"{'is' if passed_over == 1 else 'are'} junk: protocol '{protocol.name}' takes them for neither "
            f"right nor wrong.",
        )
    junk = sum(str(sample.identity) == JUNK for sample in gallery)
    if junk and JUNK not in protocol.junk_identities:
        yield Finding(
            "warning",
            "junk-in-gallery",
            f"{quantity(junk, 'gallery image')} of identity {JUNK}, which usually means junk, "
            f"{'counts as a wrong answer' if junk == 1 else 'count as wrong answers'} under protocol "
            f"'{protocol.name}'. Leave them out of the gallery, or judge by 'market1501-trapezoid', which "
            f"passes over them.",
        )


def _check_pooling(
    query: Sequence[Sample], gallery: Sequence[Sample], protocol: Protocol, support: Sequence[Sample]
) -> Iterator[Finding]:
    """Say where a protocol that joins images finds none to join."""
    if protocol.pooling == "track" and not any("track" in sample.attributes for sample in gallery):
        yield Finding(
            "error",
            "no-tracks",
            f"No gallery image belongs to a track, and protocol '{protocol.name}' searches for tracks. Give "
            f"the attribute 'track' (for VeRi-776: test_track.txt beside the images), or choose another "
            f"protocol.",
        )
    sides = {"query": () if support else query, "gallery": gallery}
    joined = sides.get(protocol.pooling, ())
    if joined and len({(sample.identity, sample.camera) for sample in joined}) == len(joined):
        yield Finding(
            "note",
            "nothing-to-pool",
            f"The {protocol.pooling} has one image of each identity and camera, so that protocol "
            f"'{protocol.name}' has none of the split to average.",
        )


def _explain_none(
    matches: QueryMatches, cameras: set[Hashable], gallery: Sequence[Sample], protocol: Protocol
) -> str:
    text = f"0 of {matches.total} queries can be scored. {_causes(matches)}."
    if matches.same_camera:
        return (
            f"{text} Your data has {quantity(len(cameras), 'camera')}. Use a protocol with "
            f"same_camera='keep', such as 'no-camera', instead of '{protocol.name}' (in a recipe: "
            f"evaluation.protocol=no-camera), or give camera ids."
        )
    if len(matches.absent) == matches.total:
        known = label_examples(dict.fromkeys(sample.identity for sample in gallery))
        return f"{text} The gallery has {known}. Name each identity alike in query and gallery."
    return f"{text} Every identity needs two different images to be tested."


def _causes(matches: QueryMatches) -> str:
    causes = []
    if matches.absent:
        causes.append(
            f"{len(matches.absent)} have an identity that is not in the gallery "
            f"(e.g. {label_examples([matches.absent[0].identity])})"
        )
    if matches.alone:
        causes.append(
            f"{len(matches.alone)} are the only gallery image of their identity themselves "
            f"(e.g. {label_examples([matches.alone[0].identity])})"
        )
    if matches.same_camera:
        causes.append(
            f"{len(matches.same_camera)} have gallery images only from the query's own camera "
            f"(e.g. {label_examples([matches.same_camera[0].camera])}), which the cross-camera rule removes"
        )
    return "; ".join(causes)


def _picture(sample: Sample) -> _Key:
    return sample.frames, sample.box
