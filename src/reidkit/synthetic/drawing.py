"""Draw the planned pictures into a folder, in one process or in several."""

import contextlib
import multiprocessing
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from reidkit.core.errors import DatasetError
from reidkit.core.types import ReportProgress
from reidkit.synthetic.camera import Camera
from reidkit.synthetic.person.identity import Identity
from reidkit.synthetic.picture import Accidents, draw_accidents, draw_picture
from reidkit.synthetic.plan import FRAMES_PER_TRACKLET, Cut, Order, Plan, Shot
from reidkit.synthetic.seeding import Random, Stream, random_for

JPEG_QUALITY = 90

# Fewer pictures than this are drawn sooner than a second process has started.
_WORTH_A_PROCESS = 64


@dataclass(frozen=True, slots=True)
class Errand:
    """What one process draws in one go: all pictures of one person in one part.

    Args:
        root: Folder of the benchmark.
        order: What was ordered.
        identity: Who it is.
        cameras: Cameras by city and number.
        shots: What to draw.
    """

    root: Path
    order: Order
    identity: Identity
    cameras: dict[tuple[int, int], Camera]
    shots: tuple[Shot, ...]


def draw_all(plan: Plan, order: Order, root: Path, *, workers: int, report: ReportProgress | None) -> None:
    """Draw every picture of a plan; the files do not depend on ``workers``.

    Args:
        plan: What to draw.
        order: What was ordered.
        root: An existing folder.
        workers: Number of processes; 1 draws in this one.
        report: Called with the pictures done and in all.

    Raises:
        DatasetError: the processes died.
    """
    for folder in sorted({str(Path(shot.path).parent) for shot in plan.shots}):
        (root / folder).mkdir(parents=True, exist_ok=True)
    errands = _errands(plan, order, root)
    total, done = len(plan.shots), 0
    if workers == 1 or total < _WORTH_A_PROCESS:
        for errand in errands:
            for _ in _run(errand):
                done += 1
                if report is not None:
                    report(done, total)
        return
    # Spawned, not forked: the caller may run threads of torch or Lightning, which a fork would break.
    context = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(min(workers, len(errands)), context, _leave_with_parent) as pool:
            futures = [pool.submit(draw_errand, errand) for errand in errands]
            try:
                for future in as_completed(futures):
                    done += future.result()
                    if report is not None:
                        report(done, total)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    except BrokenProcessPool:
        raise DatasetError(
            f"Drawing stopped because a worker process died, got {done} of {total} pictures. Expected all. "
            f"Call synthesize below 'if __name__ == \"__main__\":', or pass workers=1."
        ) from None


def _errands(plan: Plan, order: Order, root: Path) -> list[Errand]:
    groups: dict[tuple[object, ...], list[Shot]] = {}
    for shot in plan.shots:
        groups.setdefault((shot.part, shot.person), []).append(shot)
    errands = []
    for shots in groups.values():
        cameras = {key: plan.cameras[key] for key in sorted({shot.camera for shot in shots})}
        person = plan.people[shots[0].person]
        errands.append(Errand(root, order, person, cameras, tuple(shots)))
    return errands


def draw_errand(errand: Errand) -> int:
    """Draw the pictures of one errand and return their number."""
    return sum(1 for _ in _run(errand))


def _run(errand: Errand) -> Iterator[None]:
    for shot in errand.shots:
        picture = draw_shot(shot, errand.identity, errand.cameras[shot.camera], errand.order)
        picture.save(errand.root / shot.path, "JPEG", quality=JPEG_QUALITY)
        yield


def draw_shot(shot: Shot, identity: Identity, camera: Camera, order: Order) -> Image.Image:
    """Return the picture of a shot."""
    random = random_for(order.seed, Stream.PICTURE, *shot.random_keys())
    if shot.tracklet:
        accidents = _tracklet_accidents(shot, order, random)
    else:
        accidents = draw_accidents(random, order.difficulty, is_occluded=shot.is_occluded)
    picture = draw_picture(identity, camera, shot.moment, accidents, random, order.size)
    return picture if shot.cut is None else cut_picture(picture, shot.cut, random)


def _tracklet_accidents(shot: Shot, order: Order, random: Random) -> Accidents:
    """Return what happens to a frame: the same as to its whole tracklet, but a tracked box trembles."""
    lap, frame = divmod(shot.index, FRAMES_PER_TRACKLET)
    shared = random_for(order.seed, Stream.TRACKLET, *shot.random_keys()[:-1], lap)
    accidents = draw_accidents(shared, order.difficulty)
    tremble = random.standard_normal(3).clip(-2, 2) * 0.3 * order.difficulty.box_error
    scale, right, down = (float(value) for value in np.array(accidents.box) + tremble)
    # What stands still moves backwards past somebody who walks: about a fifth of the width per frame.
    pace = 0.18 * shot.moment.pose.stride * np.sin(np.radians(shot.moment.yaw_degrees))
    shift = float(pace * (FRAMES_PER_TRACKLET / 2 - frame))
    return replace(accidents, box=(scale, right, down), shift=shift)


def cut_picture(picture: Image.Image, cut: Cut, random: Random) -> Image.Image:
    """Return the upper, lower, left or right part of a picture, about half of it."""
    width, height = picture.size
    share = float(random.uniform(0.45, 0.65))
    box = {
        "upper": (0, 0, width, round(height * share)),
        "lower": (0, height - round(height * share), width, height),
        "left": (0, 0, round(width * share), height),
        "right": (width - round(width * share), 0, width, height),
    }[cut]
    return picture.crop(box)


def count_processors() -> int:
    """Return how many processors this process may use."""
    with contextlib.suppress(AttributeError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _leave_with_parent() -> None:
    """Let a worker end when its parent was killed; the pool alone would leave it waiting for ever."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
