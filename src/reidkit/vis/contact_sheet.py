"""Draw a contact sheet of a data set: a row per identity, its images ordered by camera.

A wrong reader, a wrong box, mixed identities or cameras are seen at a glance, before hours go into them.
"""

import re
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.core.files import replace_file
from reidkit.core.types import DatasetSplits, Sample
from reidkit.data.readers.dividing import choose
from reidkit.data.wording import quantity
from reidkit.vis.lettering import Lettering
from reidkit.vis.pictures import common_aspect, fit, read_picture
from reidkit.vis.rank_list import EMPTY, INK, MAT, MUTED, NEUTRAL, PAPER, UNREADABLE, text_of

SHEET_SUFFIXES = (".png", ".jpg", ".jpeg")
"""What a sheet can be written as."""

_CAPTION_LINES = 3


@dataclass(frozen=True)
class SheetImage:
    """One image of a row.

    Args:
        sample: Whose first frame is shown.
        split: What it is used for: "train", "query", "gallery", or "test" where query and gallery are one.
    """

    sample: Sample
    split: str


@dataclass(frozen=True)
class SheetRow:
    """One identity.

    Args:
        identity: Who it is.
        images: What is shown, ordered by camera, as many as there is room for.
        num_images: How many samples there are.
        num_cameras: How many known cameras saw it.
    """

    identity: Hashable
    images: tuple[SheetImage, ...]
    num_images: int
    num_cameras: int


def choose_rows(
    splits: DatasetSplits, *, identities: int = 8, images: int = 8, seed: int = 0
) -> tuple[SheetRow, ...]:
    """Choose the identities of a sheet, and which of their images it shows.

    Half of them are learned from and come first, the other half is tested; where one side has fewer, the
    other has more. An identity of both sides has two rows. Each row shows an image of every camera before
    it shows the second of one, so none is missed while there is room.

    Args:
        splits: What a reader returned.
        identities: How many rows.
        images: Most images of a row.
        seed: Which identities.

    Raises:
        CatalogError: ``identities`` or ``images`` is less than 1.
        DatasetError: there is no sample.
    """
    if identities < 1 or images < 1:
        raise CatalogError(
            f"Contact sheet would be empty, got identities={identities} and images={images}. "
            f"Expected 1 or more of both."
        )
    train = _by_identity(SheetImage(sample, "train") for sample in splits.train)
    tested = _by_identity(_tested(splits))
    if not train and not tested:
        raise DatasetError(
            f"Contact sheet has nothing to show, got 0 samples in {splits.root}. Expected at least one."
        )
    num_train = min(len(train), max((identities + 1) // 2, identities - len(tested)))
    num_tested = min(len(tested), identities - num_train)
    return tuple(
        _row(identity, side[identity], images)
        for side, count in ((train, num_train), (tested, num_tested))
        for identity in sorted(choose(side, count, seed=seed), key=_natural)
    )


def draw_contact_sheet(
    rows: Sequence[SheetRow], *, title: str = "", tile_size: int = 160, font_file: Path | None = None
) -> Image.Image:
    """Draw rows of images under each other.

    Beside each row stand its identity, how many images and cameras it has, and how many are not shown;
    below each image its camera, split and file. A query has a dark frame. A tracklet shows its first frame
    and how many it has. What cannot be read becomes a grey tile; the sheet is drawn all the same.

    Args:
        rows: From `choose_rows`.
        title: Line above the rows.
        tile_size: Longer side of one image, in pixels.
        font_file: As for `reidkit.vis.lettering.Lettering`.

    Raises:
        DatasetError: no rows.
    """
    if not rows:
        raise DatasetError("Contact sheet has nothing to show, got 0 rows. Expected at least one.")
    pictures = [[read_picture(image.sample) for image in row.images] for row in rows]
    aspect = common_aspect([picture for row in pictures for picture in row])
    sheet = _Sheet.of(rows, aspect, tile_size, Lettering(max(11, tile_size // 13), font_file))
    canvas = Image.new("RGB", sheet.size(len(rows), max(len(row.images) for row in rows)), PAPER)
    pen = ImageDraw.Draw(canvas)
    letters = sheet.letters
    pen.text(
        (sheet.gap, sheet.gap),
        letters.shorten(title, canvas.width - 2 * sheet.gap),
        fill=INK,
        font=letters.font,
    )
    for number, (row, row_pictures) in enumerate(zip(rows, pictures, strict=True)):
        top = sheet.top(number)
        if number:
            pen.line((sheet.gap, top - sheet.gap, canvas.width - sheet.gap, top - sheet.gap), fill=EMPTY)
        for line, text in enumerate(_heading(row)):
            at = sheet.gap, top + line * letters.line
            text = letters.shorten(text, sheet.heading)
            pen.text(at, text, fill=MUTED if line else INK, font=letters.font)
        for column, (image, picture) in enumerate(zip(row.images, row_pictures, strict=True)):
            _draw_image(canvas, sheet, (sheet.left(column), top), image, picture)
    return canvas


def write_contact_sheet(canvas: Image.Image, path: Path) -> None:
    """Write a sheet whole or not at all, as what the suffix says.

    Raises:
        CatalogError: the suffix is none of `SHEET_SUFFIXES`.
    """
    check_sheet_path(path)
    with replace_file(path) as unfinished:
        if path.suffix.lower() == ".png":
            canvas.save(unfinished, "PNG", optimize=True)
        else:  # without colour subsampling, which would smear the letters
            canvas.save(unfinished, "JPEG", quality=90, subsampling=0)


def check_sheet_path(path: Path) -> None:
    """Refuse a name that no sheet can be written to, before one is drawn.

    Raises:
        CatalogError: the suffix is none of `SHEET_SUFFIXES`.
    """
    if path.suffix.lower() not in SHEET_SUFFIXES:
        raise CatalogError(
            f"Contact sheet cannot be written, got {path}. Expected a name that ends with "
            f"{', '.join(SHEET_SUFFIXES)}."
        )


@dataclass(frozen=True)
class _Sheet:
    """Sizes in pixels; a tile is the picture inside its frame."""

    width: int
    height: int
    frame: int
    gap: int
    heading: int
    letters: Lettering

    @classmethod
    def of(cls, rows: Sequence[SheetRow], aspect: float, tile_size: int, letters: Lettering) -> "_Sheet":
        width = max(round(tile_size * min(1, aspect)), letters.width("camera 00"))
        gap = max(8, tile_size // 16)
        longest = max(letters.width(text) for row in rows for text in _heading(row)[1:])
        return cls(
            width=width,
            height=round(tile_size / max(1, aspect)),
            frame=max(2, tile_size // 64),
            gap=gap,
            heading=max(longest, tile_size // 2),
            letters=letters,
        )

    def left(self, column: int) -> int:
        return 2 * self.gap + self.heading + column * (self.width + 2 * self.frame + self.gap)

    def top(self, row: int) -> int:
        step = self.height + 2 * self.frame + _CAPTION_LINES * self.letters.line + 2 * self.gap
        return 2 * self.gap + self.letters.line + row * step

    def size(self, num_rows: int, num_columns: int) -> tuple[int, int]:
        return self.left(num_columns), self.top(num_rows)


def _draw_image(
    canvas: Image.Image,
    sheet: _Sheet,
    origin: tuple[int, int],
    image: SheetImage,
    picture: Image.Image | None,
) -> None:
    left, top = origin
    frame, width, height, letters = sheet.frame, sheet.width, sheet.height, sheet.letters
    pen = ImageDraw.Draw(canvas)
    right, bottom = left + width + 2 * frame - 1, top + height + 2 * frame - 1
    pen.rectangle((left, top, right, bottom), fill=INK if image.split == "query" else EMPTY)
    inner = (left + frame, top + frame, right - frame, bottom - frame)
    pen.rectangle(inner, fill=EMPTY if picture is None else MAT)
    middle = left + frame + width // 2
    if picture is None:
        text = letters.shorten(UNREADABLE, width)
        pen.text((middle, (top + bottom) // 2), text, fill=INK, font=letters.font, anchor="mm")
    else:
        fitted = fit(picture, width, height)
        canvas.paste(fitted, (middle - fitted.width // 2, top + frame + (height - fitted.height) // 2))
    num_frames = len(image.sample.frames)
    if num_frames > 1:
        badge = f"x{num_frames}"
        length = letters.width(badge) + 6
        pen.rectangle((inner[2] - length, inner[3] - letters.line, inner[2], inner[3]), fill=INK)
        at = (inner[2] - length // 2, inner[3] - letters.line // 2)
        pen.text(at, badge, fill=PAPER, font=letters.font, anchor="mm")
    colour = INK if image.split == "query" else NEUTRAL
    for number, (text, ink) in enumerate(
        (
            (f"camera {text_of(image.sample.camera)}", INK),
            (image.split, colour),
            (image.sample.path.name if num_frames else "", NEUTRAL),
        )
    ):
        at = left, bottom + 3 + number * letters.line
        pen.text(at, letters.shorten(text, width + 2 * frame), fill=ink, font=letters.font)


def _heading(row: SheetRow) -> list[str]:
    hidden = row.num_images - len(row.images)
    noun = "tracklet" if any(len(image.sample.frames) > 1 for image in row.images) else "image"
    lines = [
        text_of(row.identity),
        quantity(row.num_images, noun),
        quantity(row.num_cameras, "camera") if row.num_cameras else "camera unknown",
    ]
    return [*lines, f"{hidden} not shown"] if hidden else lines


def _tested(splits: DatasetSplits) -> Iterable[SheetImage]:
    if splits.query == splits.gallery:
        return [SheetImage(sample, "test") for sample in splits.query]
    query = [SheetImage(sample, "query") for sample in splits.query]
    return [*query, *(SheetImage(sample, "gallery") for sample in splits.gallery)]


def _by_identity(images: Iterable[SheetImage]) -> dict[Hashable, list[SheetImage]]:
    found: dict[Hashable, list[SheetImage]] = {}
    for image in images:
        found.setdefault(image.sample.identity, []).append(image)
    return found


def _row(identity: Hashable, images: Sequence[SheetImage], most: int) -> SheetRow:
    cameras: dict[Hashable, list[SheetImage]] = {}
    for image in images:  # queries come before the gallery, so each camera begins with its query
        cameras.setdefault(image.sample.camera, []).append(image)
    ordered = [cameras[camera] for camera in sorted(cameras, key=_natural)]
    turns = [(turn, place) for place, of_one in enumerate(ordered) for turn in range(len(of_one))]
    kept = sorted((place, turn) for turn, place in sorted(turns)[:most])
    return SheetRow(
        identity=identity,
        images=tuple(ordered[place][turn] for place, turn in kept),
        num_images=len(images),
        num_cameras=len(set(cameras) - {None}),
    )


def _natural(value: Hashable) -> tuple[bool, list[str | int]]:
    """Order texts and numbers as people do: 2 before 10, c2 before c10, the unknown last."""
    parts = re.split(r"([0-9]+)", str(value))
    return value is None, [int(part) if place % 2 else part for place, part in enumerate(parts)]
