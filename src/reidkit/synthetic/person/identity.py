"""One drawn person: the record of body, clothes and things carried, and what tells two people apart."""

from dataclasses import dataclass, fields

from reidkit.synthetic.person.palette import CLOTH, HAIR, colour_distance
from reidkit.synthetic.person.pose import Body


@dataclass(frozen=True, slots=True)
class Identity:
    """A person; every field after ``body`` is a label that can be seen in the pictures.

    A field that does not apply holds ``"none"``, so two people differ in a field only where it shows.

    Args:
        body: Proportions.
        skin: Key of `reidkit.synthetic.person.palette.SKIN`.
        hair_style: bald, short, side_part, curly, afro, bob, long, ponytail, bun.
        hair_colour: Key of `reidkit.synthetic.person.palette.HAIR`.
        beard: none, stubble, full.
        glasses: none, clear, dark.
        hat: none, cap, beanie, brimmed.
        hat_colour: Cloth colour.
        scarf_colour: Cloth colour, none without a scarf.
        upper: t_shirt, tank_top, shirt, sweater, hoodie, jacket, open_jacket, puffer, vest, coat,
            open_coat, dress.
        upper_colour: Cloth colour.
        upper_pattern: plain, bands, pinstripes, checks, dots, blocks, camouflage.
        upper_second_colour: Cloth colour of the pattern.
        sleeve: none, short, half, long.
        inner_colour: Cloth colour of what an open garment or a vest shows.
        logo: none, disc, square, triangle, cross, ring, bar, letters, star, heart.
        logo_colour: Cloth colour.
        logo_place: chest, left_chest, belly, back.
        lower: trousers, jeans, wide_trousers, leggings, shorts, skirt, long_skirt; none under a dress.
        lower_colour: Cloth colour.
        lower_pattern: plain, side_stripe, checks, dots, bands.
        lower_second_colour: Cloth colour of the pattern.
        legwear: bare, black, white: what covers legs under shorts, skirts and dresses.
        shoes: sneakers, high_tops, boots, flats.
        shoes_colour: Cloth colour.
        bag: none, backpack, shoulder_bag, handbag, tote, suitcase.
        bag_colour: Cloth colour.
        bag_side: left or right for bags carried on one side.
    """

    body: Body
    skin: str
    hair_style: str
    hair_colour: str
    beard: str
    glasses: str
    hat: str
    hat_colour: str
    scarf_colour: str
    upper: str
    upper_colour: str
    upper_pattern: str
    upper_second_colour: str
    sleeve: str
    inner_colour: str
    logo: str
    logo_colour: str
    logo_place: str
    lower: str
    lower_colour: str
    lower_pattern: str
    lower_second_colour: str
    legwear: str
    shoes: str
    shoes_colour: str
    bag: str
    bag_colour: str
    bag_side: str


ROUND_LABELS = (
    "hair_style",
    "hair_colour",
    "hat",
    "hat_colour",
    "scarf_colour",
    "upper",
    "upper_colour",
    "upper_pattern",
    "upper_second_colour",
    "sleeve",
    "lower",
    "lower_colour",
    "lower_pattern",
    "lower_second_colour",
    "legwear",
    "shoes",
    "shoes_colour",
    "bag",
    "bag_colour",
)
"""Labels that show from more than one side; a logo, glasses or a beard does not."""

# Two colours nearer than this are the same to a person who looks at a small crop.
_SAME_COLOUR = 0.11


def list_attributes(identity: Identity) -> dict[str, str | float]:
    """Return every attribute by name: proportions as numbers first, then the labels as texts.

    Example:
        >>> import numpy as np
        >>> from reidkit.synthetic import draw_identity
        >>> list(list_attributes(draw_identity(np.random.default_rng(0))))[:3]
        ['height_metres', 'build', 'leg_ratio']
    """
    attributes: dict[str, str | float] = {
        item.name: getattr(identity.body, item.name) for item in fields(identity.body)
    }
    return attributes | {
        item.name: getattr(identity, item.name) for item in fields(identity) if item.name != "body"
    }


def visible_differences(first: Identity, second: Identity) -> tuple[str, ...]:
    """Return the labels that tell two people apart from more than one side.

    Two colours count as different only where they are clearly apart.
    """
    return tuple(name for name in ROUND_LABELS if _differs(name, getattr(first, name), getattr(second, name)))


def _differs(name: str, first: str, second: str) -> bool:
    if first == second:
        return False
    table = HAIR if name == "hair_colour" else CLOTH
    if name.endswith("colour") and first in table and second in table:
        return colour_distance(table[first], table[second]) > _SAME_COLOUR
    return True
