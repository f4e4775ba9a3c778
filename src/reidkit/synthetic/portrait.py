"""Draw one person before one camera, without a benchmark around it."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from reidkit.synthetic.camera import Camera
from reidkit.synthetic.difficulty import Difficulty
from reidkit.synthetic.person.identity import Identity
from reidkit.synthetic.person.pose import Pose
from reidkit.synthetic.picture import draw_accidents, draw_picture
from reidkit.synthetic.seeding import Random
from reidkit.synthetic.walk import draw_walk, moment_of


def draw_person(
    identity: Identity,
    camera: Camera,
    random: Random,
    *,
    size: tuple[int, int] = (256, 128),
    yaw_degrees: float | None = None,
    pose: Pose | None = None,
    is_occluded: bool | None = None,
    difficulty: Difficulty | None = None,
) -> NDArray[np.uint8]:
    """Return one picture of a person.

    Args:
        identity: Who it is.
        camera: Who records it.
        random: Source of what is not given: place, noise, errors of the box.
        size: (height, width) in pixels.
        yaw_degrees: 0 faces the camera, 90 walks to the right of the picture, 180 shows the back; None
            takes the walking direction of the camera.
        pose: What the person does; None picks a walking pose.
        is_occluded: Whether something stands before the person; None leaves it to chance.
        difficulty: Probabilities and spreads of what happens to the picture; None takes the defaults.

    Returns:
        (height, width, 3) RGB.

    Example:
        >>> import numpy as np
        >>> from reidkit.synthetic import draw_camera, draw_identity
        >>> random = np.random.default_rng(0)
        >>> draw_person(draw_identity(random), draw_camera(seed=0, number=1), random).shape
        (256, 128, 3)
    """
    moment = moment_of(draw_walk(random, identity, camera), 0.0)
    if yaw_degrees is not None:
        moment = replace(moment, yaw_degrees=float(yaw_degrees) % 360)
    if pose is not None:
        moment = replace(moment, pose=pose)
    accidents = draw_accidents(random, difficulty or Difficulty(), is_occluded=is_occluded)
    return np.asarray(draw_picture(identity, camera, moment, accidents, random, size))
