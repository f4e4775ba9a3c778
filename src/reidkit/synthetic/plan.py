"""Which pictures a benchmark holds: part by part, before anything is drawn."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from reidkit.synthetic.camera import Camera, draw_camera
from reidkit.synthetic.difficulty import Difficulty
from reidkit.synthetic.person.identity import Identity
from reidkit.synthetic.person.people import Crowd, Population
from reidkit.synthetic.seeding import Stream, random_for
from reidkit.synthetic.walk import Moment, Walk, draw_walk, moment_of

Cut = Literal["upper", "lower", "left", "right"]

ALL_PARTS = ("images", "tracklets", "occluded", "partial", "second_city")
"""The parts of the synthetic benchmark, in the order in which they are drawn."""

FRAMES_PER_TRACKLET = 8

_SECONDS_BETWEEN_PICTURES = 1.7
_SECONDS_BETWEEN_FRAMES = 0.14
_DISTRACTOR_CAMERAS = 2
_DISTRACTOR_PICTURES = 2
_FIRST_SECOND_CITY_CAMERA = 101
_CUTS: tuple[Cut, ...] = ("upper", "lower", "left", "right")


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture to draw.

    Args:
        path: Where it goes, relative to the folder of the benchmark, with forward slashes.
        part: One of ``ALL_PARTS``.
        split: train, query or gallery.
        label: Identity as the folders name it.
        person: (crowd, position) of who it is.
        camera: (city, number).
        index: Number of the picture within its walk; it picks the random numbers.
        moment: Where and how the person walks.
        is_occluded: None leaves it to chance.
        cut: Which half to keep; None keeps all.
        tracklet: Name of the tracklet; empty for single pictures.
    """

    path: str
    part: str
    split: str
    label: str
    person: tuple[Crowd, int]
    camera: tuple[int, int]
    index: int
    moment: Moment
    is_occluded: bool | None = None
    cut: Cut | None = None
    tracklet: str = ""

    def random_keys(self) -> tuple[int, ...]:
        """Return the numbers that pick the random numbers of this picture alone."""
        return (ALL_PARTS.index(self.part), int(self.person[0]), self.person[1], *self.camera, self.index)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything to draw.

    Args:
        shots: In the order of the manifests.
        people: Who appears, by crowd and position.
        cameras: All cameras, by city and number.
    """

    shots: tuple[Shot, ...]
    people: dict[tuple[Crowd, int], Identity]
    cameras: dict[tuple[int, int], Camera]


@dataclass(frozen=True, slots=True)
class Order:
    """What to draw, as the caller of `synthesize` orders it.

    Args:
        identities: People of the main part, half of them for training.
        cameras: Cameras of the first city.
        images_per_camera: Pictures of each person by each camera of the main part.
        seed: Seed of all choices.
        size: (height, width) of the pictures in pixels.
        difficulty: How hard it is.
        parts: Some of ``ALL_PARTS``, in their order.
    """

    identities: int
    cameras: int
    images_per_camera: int
    seed: int
    size: tuple[int, int]
    difficulty: Difficulty
    parts: tuple[str, ...]


def plan_benchmark(order: Order) -> Plan:
    """Return everything to draw; who and what appears depends on nothing but the order."""
    planner = _Planner(order)
    writers = {
        "images": planner.plan_images,
        "tracklets": planner.plan_tracklets,
        "occluded": planner.plan_occluded,
        "partial": planner.plan_partial,
        "second_city": planner.plan_second_city,
    }
    shots = tuple(shot for part in order.parts for shot in writers[part]())
    return Plan(shots, planner.people, planner.cameras)


class _Planner:
    """Draws people, cameras and walks, and turns them into shots."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.cameras = {
            (0, number): draw_camera(order.seed, number, difficulty=order.difficulty)
            for number in range(1, order.cameras + 1)
        }
        self.people: dict[tuple[Crowd, int], Identity] = {}
        population = Population(order.seed, order.difficulty)
        # Training and test people in turn, so that more people do not change the first ones.
        for position in range((order.identities + 1) // 2):
            self.people[Crowd.TRAIN, position] = population.draw(Crowd.TRAIN, position)
            if 2 * position + 1 < order.identities:
                self.people[Crowd.TEST, position] = population.draw(Crowd.TEST, position)
        self._population = population

    def _count(self, crowd: Crowd) -> int:
        return sum(1 for key in self.people if key[0] is crowd)

    def _walk(self, part: str, person: tuple[Crowd, int], camera: tuple[int, int], lap: int = 0) -> Walk:
        keys = (ALL_PARTS.index(part), int(person[0]), person[1], *camera, lap)
        random = random_for(self.order.seed, Stream.WALK, *keys)
        return draw_walk(random, self.people[person], self.cameras[camera])

    def _moment(self, part: str, person: tuple[Crowd, int], camera: tuple[int, int], index: int) -> Moment:
        """Return the moment of a single picture: some time after the one before, and turned a little."""
        keys = (ALL_PARTS.index(part), int(person[0]), person[1], *camera, index)
        gauss = random_for(self.order.seed, Stream.MOMENT, *keys).standard_normal(2).clip(-2.5, 2.5)
        seconds = max(0.0, _SECONDS_BETWEEN_PICTURES * (index + 0.25 * float(gauss[0])))
        jitter = self.order.difficulty.view_jitter_degrees * float(gauss[1])
        return moment_of(self._walk(part, person, camera), seconds, jitter)

    def _shot(
        self,
        part: str,
        split: str,
        person: tuple[Crowd, int],
        camera: tuple[int, int],
        index: int,
        *,
        is_occluded: bool | None = None,
        cut: Cut | None = None,
    ) -> Shot:
        label, name = _label(person), _name(person)
        folder = split if part == "images" else f"{part}/{split}"
        path = f"{folder}/{label}/{name}_c{camera[1]}_{index:02d}.jpg"
        moment = self._moment(part, person, camera, index)
        return Shot(path, part, split, label, person, camera, index, moment, is_occluded, cut)

    def plan_images(self) -> Iterator[Shot]:
        """Plan the main part: train, query, gallery and distractors."""
        yield from self._plan_city("images", Crowd.TRAIN, Crowd.TEST, 0, self.order.images_per_camera)
        for position in range(round(self.order.difficulty.distractors * self._count(Crowd.TEST))):
            person = (Crowd.DISTRACTORS, position)
            self.people[person] = self._population.draw(*person)
            numbers = {1 + (position + step) % self.order.cameras for step in range(_DISTRACTOR_CAMERAS)}
            for number in sorted(numbers):
                for index in range(_DISTRACTOR_PICTURES):
                    yield self._shot("images", "gallery", person, (0, number), index)

    def _plan_city(self, part: str, train: Crowd, test: Crowd, city: int, pictures: int) -> Iterator[Shot]:
        numbers = [key for key in self.cameras if key[0] == city]
        for position in range(self._count(train)):
            for camera in numbers:
                for index in range(pictures):
                    yield self._shot(part, "train", (train, position), camera, index)
        for split, first, last in (("query", 0, 1), ("gallery", 1, pictures)):
            for position in range(self._count(test)):
                for camera in numbers:
                    for index in range(first, last):
                        yield self._shot(part, split, (test, position), camera, index)

    def plan_tracklets(self) -> Iterator[Shot]:
        """Plan short films: one per person and camera to train on, two to search."""
        count = max(2, self.order.identities // 16)
        for split, crowd, lap in (
            ("train", Crowd.TRAIN, 0),
            ("query", Crowd.TEST, 0),
            ("gallery", Crowd.TEST, 1),
        ):
            for position in range(min(count, self._count(crowd))):
                for number in range(1, self.order.cameras + 1):
                    yield from self._tracklet(split, (crowd, position), (0, number), lap)

    def _tracklet(
        self, split: str, person: tuple[Crowd, int], camera: tuple[int, int], lap: int
    ) -> Iterator[Shot]:
        walk = self._walk("tracklets", person, camera, lap)
        name = f"{_name(person)}_c{camera[1]}_t{lap}"
        folder = f"tracklets/{split}/{_label(person)}/{name}"
        for frame in range(FRAMES_PER_TRACKLET):
            moment = moment_of(walk, frame * _SECONDS_BETWEEN_FRAMES)
            index = lap * FRAMES_PER_TRACKLET + frame
            path = f"{folder}/f{frame:03d}.jpg"
            label = _label(person)
            yield Shot(path, "tracklets", split, label, person, camera, index, moment, tracklet=name)

    def plan_occluded(self) -> Iterator[Shot]:
        """Plan queries behind something, against a gallery of whole bodies."""
        yield from self._plan_holistic("occluded")

    def plan_partial(self) -> Iterator[Shot]:
        """Plan queries of which one half is left, against a gallery of whole bodies."""
        yield from self._plan_holistic("partial")

    def _plan_holistic(self, part: str) -> Iterator[Shot]:
        cameras = self.order.cameras
        for position in range(self._count(Crowd.TEST)):
            for number in sorted({1 + position % cameras, 1 + (position + cameras // 2) % cameras}):
                cut = _CUTS[(position + number) % len(_CUTS)] if part == "partial" else None
                yield self._shot(
                    part, "query", (Crowd.TEST, position), (0, number), 0, is_occluded=cut is None, cut=cut
                )
        for position in range(self._count(Crowd.TEST)):
            for number in range(1, cameras + 1):
                yield self._shot(part, "gallery", (Crowd.TEST, position), (0, number), 1, is_occluded=False)

    def plan_second_city(self) -> Iterator[Shot]:
        """Plan a smaller benchmark of other people before other cameras."""
        count = max(2, self.order.identities // 8)
        # Strangers to the first city, so that they are the same whichever other parts are drawn.
        population = Population(self.order.seed, self.order.difficulty)
        for crowd in (Crowd.SECOND_TRAIN, Crowd.SECOND_TEST):
            for position in range(count):
                self.people[crowd, position] = population.draw(crowd, position)
        for step in range(max(2, self.order.cameras - 2)):
            number = _FIRST_SECOND_CITY_CAMERA + step
            self.cameras[1, number] = draw_camera(
                self.order.seed, number, city=1, difficulty=self.order.difficulty
            )
        yield from self._plan_city("second_city", Crowd.SECOND_TRAIN, Crowd.SECOND_TEST, 1, 3)


def _name(person: tuple[Crowd, int]) -> str:
    """Return the name of a person in file names."""
    crowd, position = person
    if crowd is Crowd.DISTRACTORS:
        return f"d{position:04d}"
    number = 2 * position + int(crowd in (Crowd.TEST, Crowd.SECOND_TEST))
    return f"s{number:04d}" if crowd in (Crowd.SECOND_TRAIN, Crowd.SECOND_TEST) else f"{number:04d}"


def _label(person: tuple[Crowd, int]) -> str:
    """Return the identity as folders and manifests name it: distractors share one."""
    return "distractors" if person[0] is Crowd.DISTRACTORS else _name(person)
