"""How hard the synthetic benchmark is, as named numbers."""

from dataclasses import dataclass, fields

from reidkit.core.errors import DatasetError


@dataclass(frozen=True, slots=True)
class Difficulty:
    """Every source of difficulty as one number; 0 switches a source off unless said otherwise.

    By the defaults, the recipe ``quickstart`` finds 72 % of the queries first, after minutes on a CPU, and
    colours alone or an untrained network next to none.

    Args:
        impostor_fraction: Share of the people who belong to a group in the same clothes.
        impostor_group_size: People per such group; at least 2.
        impostor_differences: Small things (shoes, bag, hat, logo, ...) in which two members of a group
            differ at least; at least 1.
        impostor_likeness: How far a group shares body proportions, skin and hair too, in [0, 1].
        drab_clothes: Probability that a garment has one of the ten colours that most people wear.
        distractors: Gallery people who are never queried, as a share of the test identities.
        viewpoint_difference: How far the walking directions of the cameras differ; 1 is the full circle.
        viewpoint_spread_degrees: Standard deviation of the walking direction before one camera.
        view_jitter_degrees: Standard deviation of the yaw between pictures of one walk.
        elevation: Factor on how far cameras look down.
        light_change: Spread of exposure, gamma and contrast between cameras.
        light_drift: Spread of the exposure between the pictures of one camera.
        colour_cast: Spread of the white balance between cameras, as the logarithm of a channel's gain.
        saturation_loss: Largest share of the saturation that a camera loses, in [0, 1].
        defocus: Largest blur radius of a camera, in thousandths of the picture's height.
        motion_blur: Largest length of the motion blur, in thousandths of the picture's height.
        resolution_loss: Largest share of the resolution that a camera loses, in [0, 0.9].
        noise: Standard deviation of the sensor noise of the worst camera, as a share of white.
        compression: How coarse the video compression of the worst camera is, in [0, 1].
        box_error: Standard deviation of shift and scale of the box, as a share of the person's height.
        cut_probability: Probability that a box cuts off feet, head or a side.
        occlusion_probability: Probability that something stands before the person.
        passer_by_probability: Probability that somebody else walks behind the person.
    """

    impostor_fraction: float = 0.3
    impostor_group_size: int = 4
    impostor_differences: int = 1
    impostor_likeness: float = 0.4
    drab_clothes: float = 0.6
    distractors: float = 0.5
    viewpoint_difference: float = 1.0
    viewpoint_spread_degrees: float = 25.0
    view_jitter_degrees: float = 9.0
    elevation: float = 1.0
    light_change: float = 0.3
    light_drift: float = 0.12
    colour_cast: float = 0.06
    saturation_loss: float = 0.2
    defocus: float = 4.0
    motion_blur: float = 14.0
    resolution_loss: float = 0.4
    noise: float = 0.02
    compression: float = 0.8
    box_error: float = 0.025
    cut_probability: float = 0.06
    occlusion_probability: float = 0.12
    passer_by_probability: float = 0.2

    def __post_init__(self) -> None:
        """Refuse numbers outside their range.

        Raises:
            DatasetError: a number is negative, not finite, or above its limit.
        """
        for item in fields(self):
            value = getattr(self, item.name)
            low, high = _LIMITS.get(item.name, (0.0, 1000.0))
            if not low <= value <= high:
                raise DatasetError(
                    f"Difficulty number '{item.name}' is out of range, got {value}. "
                    f"Expected {low:g} to {high:g}. Leave it out for its default."
                )


_SHARE = (0.0, 1.0)
_LIMITS: dict[str, tuple[float, float]] = {
    "impostor_fraction": _SHARE,
    "impostor_group_size": (2, 50),
    "impostor_differences": (1, 4),
    "impostor_likeness": _SHARE,
    "drab_clothes": _SHARE,
    "distractors": (0, 100),
    "viewpoint_difference": _SHARE,
    "viewpoint_spread_degrees": (0, 180),
    "view_jitter_degrees": (0, 180),
    "elevation": (0, 2),
    "light_change": (0, 3),
    "light_drift": _SHARE,
    "colour_cast": _SHARE,
    "saturation_loss": _SHARE,
    "defocus": (0, 50),
    "motion_blur": (0, 200),
    "resolution_loss": (0, 0.9),
    "noise": _SHARE,
    "compression": _SHARE,
    "box_error": (0, 0.5),
    "cut_probability": _SHARE,
    "occlusion_probability": _SHARE,
    "passer_by_probability": _SHARE,
}
