"""What people wear: draw one plausible person, or change single small things about one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from reidkit.synthetic.person.garments import UPPER_CUTS
from reidkit.synthetic.person.identity import Identity
from reidkit.synthetic.person.palette import CLOTH, DRAB, colour_distance
from reidkit.synthetic.person.patterns import LOGOS
from reidkit.synthetic.person.pose import Body
from reidkit.synthetic.seeding import Random

NONE = "none"

_UPPERS = {
    "t_shirt": 20, "shirt": 13, "sweater": 11, "hoodie": 13, "jacket": 11, "open_jacket": 9, "puffer": 7,
    "vest": 4, "coat": 7, "open_coat": 4, "dress": 6, "tank_top": 4,
}  # fmt: skip
_LOWERS = {
    "jeans": 28, "trousers": 26, "wide_trousers": 9, "leggings": 10, "shorts": 12, "skirt": 8,
    "long_skirt": 5,
}  # fmt: skip
_UPPER_PATTERNS = {
    "plain": 52, "bands": 11, "pinstripes": 6, "checks": 10, "dots": 5, "blocks": 9, "raglan": 5,
    "camouflage": 4,
}  # fmt: skip
_LOWER_PATTERNS: dict[str, dict[str, float]] = {
    "trousers": {"plain": 70, "side_stripe": 22, "checks": 8},
    "leggings": {"plain": 75, "side_stripe": 25},
    "shorts": {"plain": 65, "side_stripe": 25, "checks": 10},
    "skirt": {"plain": 62, "checks": 18, "dots": 12, "bands": 8},
    "long_skirt": {"plain": 65, "dots": 15, "bands": 20},
}
_SHOES = {"sneakers": 45, "high_tops": 12, "boots": 20, "flats": 23}
_BAGS = {"none": 46, "backpack": 20, "shoulder_bag": 12, "handbag": 9, "tote": 9, "suitcase": 4}
_HATS = {"none": 70, "cap": 13, "beanie": 11, "brimmed": 6}
_HAIR_STYLES = {
    "bald": 6, "short": 26, "side_part": 14, "curly": 9, "afro": 6, "bob": 12, "long": 14, "ponytail": 8,
    "bun": 5,
}  # fmt: skip
_HAIR_COLOURS = {"black": 30, "brown": 28, "chestnut": 10, "blond": 14, "red": 6, "grey": 8, "white": 4}
_SKINS = {"pale": 18, "light": 28, "olive": 18, "tan": 14, "brown": 12, "dark": 10}
_LOGO_PLACES = {"chest": 45, "left_chest": 20, "belly": 10, "back": 25}
_SLEEVES: dict[str, dict[str, float]] = {
    "t_shirt": {"short": 85, "half": 15},
    "tank_top": {"none": 1},
    "shirt": {"long": 55, "half": 25, "short": 20},
    "dress": {"none": 30, "short": 40, "long": 30},
}
_WITH_LOGO = ("t_shirt", "tank_top", "sweater", "hoodie", "jacket")
_WITH_PATTERN = ("t_shirt", "tank_top", "shirt", "sweater", "hoodie", "jacket", "dress", "coat")
_LONG_HAIR = ("bob", "long", "ponytail")
_BARE_LEGS = ("shorts", "skirt", NONE)


def pick(random: Random, weights: Mapping[str, float]) -> str:
    """Return a key with a probability proportional to its weight."""
    values = np.array(list(weights.values()), float)
    return list(weights)[int(np.searchsorted(np.cumsum(values / values.sum()), random.random() * 0.999999))]


def _one_of(random: Random, values: Sequence[str]) -> str:
    return values[int(random.integers(len(values)))]


def _colour(random: Random, drab: float, *apart_from: str, distance: float = 0.2) -> str:
    """Return a cloth colour that looks clearly different from the given ones."""
    for _ in range(40):
        name = _one_of(random, DRAB if random.random() < drab else tuple(CLOTH))
        if all(
            other == NONE or colour_distance(CLOTH[name], CLOTH[other]) > distance for other in apart_from
        ):
            return name
    # Nothing drab is far enough away; the farthest colour always is.
    return max(
        CLOTH, key=lambda key: min(colour_distance(CLOTH[key], CLOTH[o]) for o in apart_from if o != NONE)
    )


def draw_body(random: Random) -> Body:
    """Return the proportions of a random adult."""
    tall, wide, legs, shoulders, hips = random.standard_normal(5).clip(-2.2, 2.2)
    frame = random.random() < 0.5
    return Body(
        height_metres=round(float((1.76 if frame else 1.65) + 0.065 * tall), 3),
        build=round(float(np.clip(1.0 + 0.11 * wide + 0.05 * (wide > 1), 0.84, 1.38)), 3),
        leg_ratio=round(float(0.52 + 0.010 * legs), 4),
        shoulder_ratio=round(float((1.05 if frame else 0.94) + 0.035 * shoulders), 3),
        hip_ratio=round(float((0.97 if frame else 1.06) + 0.035 * hips), 3),
    )


def draw_identity(random: Random, drab: float = 0.6) -> Identity:
    """Return a random person.

    Args:
        random: Source of all choices.
        drab: Probability that a garment has a drab colour.
    """
    upper = pick(random, _UPPERS)
    lower = NONE if upper == "dress" else pick(random, _LOWERS)
    hat = pick(random, _HATS)
    upper_colour = _colour(random, drab)
    person = Identity(
        body=draw_body(random),
        skin=pick(random, _SKINS),
        hair_style=pick(random, _HAIR_STYLES),
        hair_colour=pick(random, _HAIR_COLOURS),
        beard=pick(random, {"none": 78, "stubble": 9, "full": 13}),
        glasses=pick(random, {"none": 76, "clear": 15, "dark": 9}),
        hat=hat,
        hat_colour=_colour(random, drab) if hat != NONE else NONE,
        scarf_colour=_colour(random, 0.3, upper_colour)
        if upper in ("coat", "open_coat", "jacket", "puffer", "open_jacket") and random.random() < 0.2
        else NONE,
        upper=upper,
        upper_colour=upper_colour,
        upper_pattern=NONE,
        upper_second_colour=NONE,
        sleeve=pick(random, _SLEEVES.get(upper, {"long": 1})),
        inner_colour=NONE,
        logo=NONE,
        logo_colour=NONE,
        logo_place=NONE,
        lower=lower,
        lower_colour=NONE,
        lower_pattern=NONE,
        lower_second_colour=NONE,
        legwear=NONE,
        shoes=pick(random, _SHOES),
        shoes_colour=_colour(random, 0.75),
        bag=NONE,
        bag_colour=NONE,
        bag_side=NONE,
    )
    person = _draw_upper(random, person, drab)
    person = _draw_lower(random, person, drab)
    return settle(_draw_bag(random, person, pick(random, _BAGS), drab))


def _draw_upper(random: Random, person: Identity, drab: float) -> Identity:
    cut = UPPER_CUTS[person.upper]
    patterned = person.upper in _WITH_PATTERN
    pattern = pick(random, _UPPER_PATTERNS) if patterned else "plain"
    if person.upper in ("coat", "dress") and pattern in ("raglan", "blocks", "camouflage"):
        pattern = "plain"
    second = _colour(random, drab * 0.7, person.upper_colour, distance=0.28) if pattern != "plain" else NONE
    shows_inner = bool(cut.opening) or cut.collar == "lapel" or cut.is_sleeveless
    inner = _colour(random, drab, person.upper_colour) if shows_inner else NONE
    person = replace(person, upper_pattern=pattern, upper_second_colour=second, inner_colour=inner)
    if person.upper in _WITH_LOGO and pattern in ("plain", "raglan") and random.random() < 0.5:
        person = _draw_logo(random, person)
    return person


def _draw_logo(random: Random, person: Identity) -> Identity:
    place = pick(random, _LOGO_PLACES)
    if person.upper in ("jacket", "hoodie") and place in ("chest", "belly") and person.upper == "jacket":
        place = "back"
    return replace(
        person,
        logo=_one_of(random, LOGOS),
        logo_colour=_colour(random, 0.2, person.upper_colour, distance=0.35),
        logo_place=place,
    )


def _draw_lower(random: Random, person: Identity, drab: float) -> Identity:
    lower = person.lower
    if lower == NONE:
        return replace(person, legwear=pick(random, {"bare": 60, "black": 30, "white": 10}))
    colour = (
        pick(random, {"denim": 45, "navy": 20, "black": 15, "sky": 10, "grey": 10})
        if lower == "jeans"
        else _colour(random, max(drab, 0.6) if lower != "skirt" else drab)
    )
    pattern = pick(random, _LOWER_PATTERNS.get(lower, {"plain": 1}))
    second = _colour(random, 0.3, colour, distance=0.35) if pattern != "plain" else NONE
    legwear = pick(random, {"bare": 60, "black": 30, "white": 10}) if lower == "skirt" else "bare"
    return replace(
        person,
        lower_colour=colour,
        lower_pattern=pattern,
        lower_second_colour=second,
        legwear=legwear if lower in _BARE_LEGS else NONE,
    )


def _draw_bag(random: Random, person: Identity, bag: str, drab: float) -> Identity:
    if bag == NONE:
        return replace(person, bag=NONE, bag_colour=NONE, bag_side=NONE)
    side = NONE if bag == "backpack" else _one_of(random, ("left", "right"))
    colour = _colour(random, drab * 0.8, person.upper_colour, distance=0.15)
    return replace(person, bag=bag, bag_colour=colour, bag_side=side)


def settle(person: Identity) -> Identity:
    """Return the person with ``"none"`` in every field that does not show."""
    is_bald, is_long = person.hair_style == "bald", person.hair_style in _LONG_HAIR
    covers_hair = person.hat != NONE and not is_bald and not is_long
    has_beard = not (is_long or person.upper == "dress" or "skirt" in person.lower)
    has_logo = not (person.bag == "backpack" and person.logo_place == "back")
    return replace(
        person,
        hair_style="short" if covers_hair else person.hair_style,
        hair_colour=NONE if is_bald else person.hair_colour,
        beard=person.beard if has_beard else NONE,
        logo=person.logo if has_logo else NONE,
        logo_colour=person.logo_colour if has_logo else NONE,
        logo_place=person.logo_place if has_logo else NONE,
    )


def _change_shoes(random: Random, person: Identity) -> Identity:
    shoes = pick(random, _SHOES)
    return replace(person, shoes=shoes, shoes_colour=_colour(random, 0.5, person.shoes_colour, distance=0.3))


def _change_bag(random: Random, person: Identity) -> Identity:
    bag = pick(random, {key: weight for key, weight in _BAGS.items() if key != person.bag})
    return _draw_bag(random, person, bag, 0.3)


def _change_hat(random: Random, person: Identity) -> Identity:
    hat = pick(random, {key: 1 for key in _HATS if key != person.hat})
    return replace(person, hat=hat, hat_colour=_colour(random, 0.3) if hat != NONE else NONE)


def _change_hair(random: Random, person: Identity) -> Identity:
    style = pick(random, {key: weight for key, weight in _HAIR_STYLES.items() if key != person.hair_style})
    colour = pick(random, {key: weight for key, weight in _HAIR_COLOURS.items() if key != person.hair_colour})
    return replace(person, hair_style=style, hair_colour=colour)


def _change_logo(random: Random, person: Identity) -> Identity:
    return _draw_logo(random, person) if person.upper in _WITH_LOGO else person


def _change_pattern(random: Random, person: Identity) -> Identity:
    if person.upper_second_colour != NONE:
        second = _colour(random, 0.2, person.upper_colour, person.upper_second_colour, distance=0.3)
        return replace(person, upper_second_colour=second)
    if person.lower_second_colour != NONE:
        second = _colour(random, 0.2, person.lower_colour, person.lower_second_colour, distance=0.3)
        return replace(person, lower_second_colour=second)
    return person


def _change_sleeve(random: Random, person: Identity) -> Identity:
    others = {key: w for key, w in _SLEEVES.get(person.upper, {}).items() if key != person.sleeve}
    return replace(person, sleeve=pick(random, others)) if others else person


def _change_inner(random: Random, person: Identity) -> Identity:
    if person.inner_colour == NONE:
        return person
    inner = _colour(random, 0.3, person.upper_colour, person.inner_colour, distance=0.25)
    return replace(person, inner_colour=inner)


def _change_scarf(random: Random, person: Identity) -> Identity:
    if person.upper not in ("coat", "open_coat", "jacket", "puffer", "open_jacket"):
        return person
    worn = () if person.scarf_colour == NONE else (person.scarf_colour,)
    return replace(person, scarf_colour=_colour(random, 0.2, person.upper_colour, *worn, distance=0.25))


SMALL_CHANGES: dict[str, Callable[[Random, Identity], Identity]] = {
    "shoes": _change_shoes,
    "bag": _change_bag,
    "hat": _change_hat,
    "hair": _change_hair,
    "logo": _change_logo,
    "pattern": _change_pattern,
    "sleeve": _change_sleeve,
    "inner": _change_inner,
    "scarf": _change_scarf,
}
"""The small things in which impostors differ: each takes a person and returns a changed one, or the same."""
