"""Named colours of clothes, skin and hair, and how far apart two of them look."""

Colour = tuple[int, int, int]

CLOTH: dict[str, Colour] = {
    "black": (26, 26, 29),
    "charcoal": (62, 64, 69),
    "grey": (124, 126, 130),
    "silver": (182, 184, 187),
    "white": (232, 231, 226),
    "beige": (203, 184, 152),
    "khaki": (146, 128, 92),
    "brown": (96, 66, 44),
    "navy": (30, 40, 76),
    "blue": (42, 86, 168),
    "denim": (72, 98, 138),
    "sky": (136, 178, 216),
    "teal": (28, 122, 124),
    "green": (38, 122, 62),
    "olive": (88, 92, 50),
    "mint": (158, 208, 178),
    "yellow": (228, 192, 56),
    "orange": (222, 118, 42),
    "red": (186, 36, 40),
    "burgundy": (104, 26, 44),
    "pink": (228, 152, 170),
    "purple": (104, 60, 136),
}

SKIN: dict[str, Colour] = {
    "pale": (240, 205, 184),
    "light": (226, 182, 154),
    "olive": (202, 156, 120),
    "tan": (172, 122, 88),
    "brown": (128, 84, 58),
    "dark": (84, 56, 42),
}

HAIR: dict[str, Colour] = {
    "black": (28, 24, 24),
    "brown": (74, 50, 34),
    "chestnut": (116, 66, 38),
    "blond": (202, 166, 98),
    "red": (158, 74, 38),
    "grey": (156, 154, 152),
    "white": (220, 218, 214),
}

# Colours that most people wear, drawn more often where the wardrobe is drab.
DRAB = ("black", "charcoal", "grey", "navy", "brown", "beige", "white", "denim", "khaki", "olive")


def colour_distance(first: Colour, second: Colour) -> float:
    """Return how far apart two colours look, about 0 to 1, with the "redmean" weights."""
    red = (first[0] + second[0]) / 2
    squares = [(a - b) ** 2 for a, b in zip(first, second, strict=True)]
    weighted = (2 + red / 256) * squares[0] + 4 * squares[1] + (2 + (255 - red) / 256) * squares[2]
    return float(weighted**0.5 / 765)
