"""Draw a rank list as one picture: the query, then the nearest gallery images, right or wrong."""

import re
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from reidkit.core.errors import EvaluationError, ShapeError
from reidkit.core.files import replace_file
from reidkit.core.types import Sample
from reidkit.vis.lettering import Lettering
from reidkit.vis.pictures import common_aspect, fit, read_strip

if TYPE_CHECKING:  # RankList brings torch, which no picture needs
    from reidkit.metrics.rank_lists import RankList

Colour = tuple[int, int, int]

RIGHT: Colour = (26, 127, 55)
WRONG: Colour = (200, 30, 40)
NEUTRAL: Colour = (110, 118, 129)
PAPER: Colour = (255, 255, 255)
INK: Colour = (28, 33, 40)
MUTED: Colour = (89, 99, 110)
EMPTY: Colour = (208, 213, 219)
MAT: Colour = (240, 242, 244)

UNREADABLE = "cannot be read"
_LONGEST_NAME_PART = 40


@dataclass(frozen=True)
class _Tile:
    """What one place of the picture shows; the query has no rank and is neither right nor wrong."""

    picture: Image.Image | None
    lines: tuple[tuple[str, str], ...]
    num_frames: int
    is_match: bool | None = None

    @property
    def colour(self) -> Colour:
        if self.is_match is None:
            return NEUTRAL
        return RIGHT if self.is_match else WRONG


@dataclass(frozen=True)
class _Layout:
    """Sizes in pixels, all from the longer side of a tile; a tile is the picture inside its frame."""

    tile_size: int
    aspect: float
    letters: Lettering

    @cached_property
    def width(self) -> int:
        picture = round(self.tile_size * min(1, self.aspect))
        return max(picture, self.letters.width("distance 00.000"))

    @cached_property
    def height(self) -> int:
        return round(self.tile_size / max(1, self.aspect))

    @property
    def frame(self) -> int:
        return max(3, self.tile_size // 42)

    @property
    def gap(self) -> int:
        return max(8, self.tile_size // 14)

    @property
    def step(self) -> int:
        return self.width + 2 * self.frame + self.gap

    def size(self, num_tiles: int, num_lines: int) -> tuple[int, int]:
        """Return (width, height) of the whole picture."""
        # The gap after the query is doubled, and there is one before the first tile.
        width = self.gap * 2 + num_tiles * self.step
        height = 3 * self.gap + 2 * self.frame + self.height + num_lines * self.letters.line
        return width, height

    def origin(self, place: int) -> tuple[int, int]:
        """Return (left, top) of the outer edge of a frame; place 0 is the query."""
        return self.gap + place * self.step + (self.gap if place else 0), self.gap


def draw_rank_list(
    rank_list: "RankList",
    query: Sample,
    gallery: Sequence[Sample],
    *,
    tile_size: int = 256,
    font_file: Path | None = None,
) -> Image.Image:
    """Draw the query and its nearest gallery images side by side.

    The query has a grey frame. A right image has a green frame and a tick, a wrong one a red frame and a
    cross. Below each: its rank, identity, camera and distance; what is too long is cut in its middle. A
    tracklet shows up to four frames, evenly spread, and how many it has. What cannot be read becomes a grey
    tile.

    Args:
        rank_list: What was found for the query.
        query: The sample looked for.
        gallery: All gallery samples, in the order of their descriptors.
        tile_size: Longer side of one image, in pixels.
        font_file: As for `reidkit.vis.lettering.Lettering`.

    Raises:
        ShapeError: the list points beyond the gallery.
        EvaluationError: an image called right has another identity, so the samples are out of order.
    """
    check_rank_list(rank_list, query, gallery)
    found = [gallery[row] for row in rank_list.gallery.tolist()]
    tiles = [_Tile(read_strip(query), _caption("query", query, None), len(query.frames))]
    for place, sample in enumerate(found):
        lines = _caption(f"rank {place + 1}", sample, float(rank_list.distances[place]))
        is_match = bool(rank_list.is_match[place])
        tiles.append(_Tile(read_strip(sample), lines, len(sample.frames), is_match))
    letters = Lettering(max(11, round(tile_size / 15)), font_file)
    layout = _Layout(tile_size, common_aspect([tile.picture for tile in tiles]), letters)
    canvas = Image.new("RGB", layout.size(len(tiles), len(tiles[0].lines)), PAPER)
    for place, tile in enumerate(tiles):
        _draw_tile(canvas, layout, layout.origin(place), tile)
    return canvas


def write_rank_lists(
    rank_lists: Sequence["RankList"],
    queries: Sequence[Sample],
    gallery: Sequence[Sample],
    folder: Path,
    *,
    tile_size: int = 256,
    font_file: Path | None = None,
) -> list[Path]:
    """Draw each rank list into a JPEG file of its own, named by query number, identity and file.

    No two lists share a name, not even two of one query. Files of an earlier call are replaced.

    Args:
        rank_lists: What was found.
        queries: All queries, in the order of their descriptors.
        gallery: All gallery samples, in the order of their descriptors.
        folder: Where to write; made if it is not there.
        tile_size: Longer side of one image, in pixels.
        font_file: As for `draw_rank_list`.

    Returns:
        One path per list, in the same order.

    Raises:
        ShapeError: a list points beyond the queries or the gallery.
        EvaluationError: an image called right has another identity, so the samples are out of order.
    """
    paths: list[Path] = []
    seen: Counter[str] = Counter()
    for rank_list in rank_lists:
        query = query_of(rank_list, queries)
        picture = draw_rank_list(rank_list, query, gallery, tile_size=tile_size, font_file=font_file)
        stem = _file_stem(rank_list.query, query)
        seen[stem] += 1
        path = folder / (f"{stem}.jpg" if seen[stem] == 1 else f"{stem}_list{seen[stem]}.jpg")
        with replace_file(path) as unfinished:
            # Without colour subsampling, which would smear the letters and the frames.
            picture.save(unfinished, "JPEG", quality=90, subsampling=0)
        paths.append(path)
    return paths


def query_of(rank_list: "RankList", queries: Sequence[Sample]) -> Sample:
    """Return the query of a rank list.

    Raises:
        ShapeError: the list belongs to a query that is not there.
    """
    if not 0 <= rank_list.query < len(queries):
        raise ShapeError(
            f"Rank list belongs to no query, got number {rank_list.query}. Expected 0 to {len(queries) - 1}. "
            f"Give all queries, in the order of their descriptors."
        )
    return queries[rank_list.query]


def check_rank_list(rank_list: "RankList", query: Sample, gallery: Sequence[Sample]) -> None:
    """Refuse samples that are not those the list was made from: a picture of the wrong one misleads.

    Raises:
        ShapeError: the list points beyond the gallery.
        EvaluationError: an image called right has another identity.
    """
    for row, is_match in zip(rank_list.gallery.tolist(), rank_list.is_match.tolist(), strict=True):
        if not 0 <= row < len(gallery):
            raise ShapeError(
                f"Rank list of query {rank_list.query} points beyond the gallery, got row {row}. "
                f"Expected 0 to {len(gallery) - 1}. Give the whole gallery, in the order of its descriptors."
            )
        if is_match and gallery[row].identity != query.identity:
            raise EvaluationError(
                f"Rank list of query {rank_list.query} does not fit the samples, got a right image (gallery "
                f"row {row}) of identity '{gallery[row].identity}' for a query of '{query.identity}'. "
                f"Expected one identity. Give queries and gallery in the order of their descriptors."
            )


def text_of(value: Hashable | None) -> str:
    """Return an identity or a camera as one line of text; None is unknown."""
    return "unknown" if value is None else " ".join(str(value).split())


def _caption(head: str, sample: Sample, distance: float | None) -> tuple[tuple[str, str], ...]:
    """Return (word, value) per line below a tile; only the value may be cut."""
    last = ("", "") if distance is None else ("distance ", f"{distance:.3f}")
    return (
        (head, ""),
        ("identity ", text_of(sample.identity)),
        ("camera ", text_of(sample.camera)),
        last,
    )


def _file_stem(number: int, query: Sample) -> str:
    """The number alone keeps the names apart; the rest is for people, in what every file system takes."""
    stem = query.path.stem if query.frames else ""
    parts = [re.sub(r"[^A-Za-z0-9._-]+", "-", part).strip(".-") for part in (str(query.identity), stem)]
    return "_".join([f"{number:05d}", *(part[:_LONGEST_NAME_PART] for part in parts if part)])


def _draw_tile(canvas: Image.Image, layout: _Layout, origin: tuple[int, int], tile: _Tile) -> None:
    left, top = origin
    frame, width, height, letters = layout.frame, layout.width, layout.height, layout.letters
    pen = ImageDraw.Draw(canvas)
    outer = (left, top, left + width + 2 * frame - 1, top + height + 2 * frame - 1)
    pen.rectangle(outer, fill=tile.colour)
    inner = (left + frame, top + frame, left + frame + width - 1, top + frame + height - 1)
    pen.rectangle(inner, fill=EMPTY if tile.picture is None else MAT)
    middle = left + frame + width // 2
    if tile.picture is None:
        # In two lines, so that a narrow tile shows the words whole.
        for number, word in enumerate(UNREADABLE.split(" ", 1)):
            at = (middle, top + frame + height // 2 + round((number - 0.5) * letters.line))
            pen.text(at, letters.shorten(word, width), fill=INK, font=letters.font, anchor="mm")
    else:
        picture = fit(tile.picture, width, height)
        canvas.paste(picture, (middle - picture.width // 2, top + frame + (height - picture.height) // 2))
    if tile.num_frames > 1:
        _draw_badge(pen, layout, inner, f"x{tile.num_frames}")
    if tile.is_match is not None:
        _draw_sign(canvas, layout, origin, tile.is_match)
    for number, (word, value) in enumerate(tile.lines):
        # Two pixels less, since the soft edges of letters reach beyond their measured length.
        room = width + 2 * frame - 2 - letters.width(word)
        text = word + letters.shorten(value, room)
        at = (left, top + height + 2 * frame + layout.gap // 2 + number * letters.line)
        pen.text(at, text, fill=MUTED if number else INK, font=letters.font)


def _draw_badge(pen: ImageDraw.ImageDraw, layout: _Layout, inner: tuple[int, ...], text: str) -> None:
    """Write the number of frames into the lower right corner of a picture."""
    right, bottom, letters = inner[2], inner[3], layout.letters
    length = letters.width(text) + layout.gap // 2
    pen.rectangle((right - length, bottom - letters.line, right, bottom), fill=INK)
    at = (right - length // 2, bottom - letters.line // 2)
    pen.text(at, text, fill=PAPER, font=letters.font, anchor="mm")


def _draw_sign(canvas: Image.Image, layout: _Layout, origin: tuple[int, int], is_match: bool) -> None:
    """Put a tick or a cross onto the upper left corner of a frame: colour alone is not seen by all."""
    smooth = 4  # drawn larger and scaled down, since Pillow's lines have hard edges
    side = layout.letters.line + layout.frame
    large = side * smooth
    sign = Image.new("RGBA", (large, large), (0, 0, 0, 0))
    pen = ImageDraw.Draw(sign)
    pen.ellipse((0, 0, large - 1, large - 1), fill=PAPER)
    pen.ellipse((smooth, smooth, large - 1 - smooth, large - 1 - smooth), fill=RIGHT if is_match else WRONG)
    tick = [[(0.27, 0.52), (0.44, 0.69), (0.74, 0.34)]]
    cross = [[(0.31, 0.31), (0.69, 0.69)], [(0.69, 0.31), (0.31, 0.69)]]
    for stroke in tick if is_match else cross:
        points = [(x * large, y * large) for x, y in stroke]
        pen.line(points, fill=PAPER, width=large // 9, joint="curve")
    sign = sign.resize((side, side), Image.Resampling.LANCZOS)
    at = (origin[0] - layout.frame, origin[1] - layout.frame)
    canvas.paste(sign, at, sign)
