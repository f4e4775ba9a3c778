from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from reidkit.core.errors import EvaluationError, ShapeError
from reidkit.core.types import Sample
from reidkit.vis.rank_list import (
    EMPTY,
    INK,
    NEUTRAL,
    PAPER,
    RIGHT,
    WRONG,
    draw_rank_list,
    text_of,
    write_rank_lists,
)
from tests.vis.scenes import COLOURS, draw_image, make_list, make_samples

SIZE = 128
MIDDLE = 8 + SIZE // 2


def pixels(picture: Image.Image) -> NDArray[np.uint8]:
    return np.asarray(picture)


def runs(picture: Image.Image, row: int) -> list[tuple[int, ...]]:
    """Return the colours along one row of pixels, equal neighbours once."""
    return [colour for colour, _ in groupby(tuple(map(int, pixel)) for pixel in pixels(picture)[row])]


def has_colour(part: NDArray[np.uint8], colour: tuple[int, int, int]) -> bool:
    return bool((part == colour).all(axis=-1).any())


def tile_edges(picture: Image.Image) -> list[tuple[int, int]]:
    """Return (left, right) of every tile, right exclusive, from the paper between the frames."""
    inked = (pixels(picture)[MIDDLE] != PAPER).any(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inked, [False]]).astype(int)))
    return [(int(left), int(right)) for left, right in edges.reshape(-1, 2)]


def test_frames_stand_around_the_images_in_order(tmp_path: Path) -> None:
    query = Sample((draw_image(tmp_path / "q.png", COLOURS[0]),), "anna", "c1")
    gallery = make_samples(tmp_path, ["ben", "carl", "anna", "dora"])
    picture = draw_rank_list(make_list([False, True, False], rows=[3, 2, 0]), query, gallery, tile_size=SIZE)
    expected = [PAPER]
    for frame, image in ((NEUTRAL, 0), (WRONG, 3), (RIGHT, 2), (WRONG, 0)):
        expected += [frame, COLOURS[image], frame, PAPER]
    # Tiles wider than a 1:2 image show the mat beside it.
    mat = (240, 242, 244)
    assert [colour for colour in runs(picture, MIDDLE) if colour != mat] == expected


def test_right_and_wrong_differ_without_colour(tmp_path: Path) -> None:
    query, other = make_samples(tmp_path, ["anna", "anna"])
    right = pixels(draw_rank_list(make_list([True]), query, [other]))
    wrong = pixels(draw_rank_list(make_list([False]), query, [other]))
    assert ((right == PAPER).all(axis=-1) != (wrong == PAPER).all(axis=-1)).sum() > 20


def test_long_labels_stay_below_their_tile(tmp_path: Path) -> None:
    query = Sample((draw_image(tmp_path / "q.png", COLOURS[0]),), "x" * 300, "Straße\n中文 " * 40)
    sample = Sample(query.frames, "x" * 300, "W" * 300)
    picture = draw_rank_list(make_list([True, True]), query, [sample, sample], tile_size=SIZE)
    edges = tile_edges(picture)
    assert len(edges) == 3
    below = pixels(picture)[SIZE + 20 :]
    gaps = np.ones(picture.width, bool)
    for left, right in edges:
        assert has_colour(below[:, left:right], INK)
        gaps[left:right] = False
    assert gaps.any()
    assert (below[:, gaps] == PAPER).all()


@pytest.mark.parametrize("size", [32, 64, 400])
@pytest.mark.parametrize("shape", [(20, 90), (90, 20)])
def test_picture_is_drawn_at_any_size_and_shape(tmp_path: Path, size: int, shape: tuple[int, int]) -> None:
    sample = Sample((draw_image(tmp_path / "a.png", COLOURS[0], shape),), "anna")
    picture = draw_rank_list(make_list([True]), sample, [sample], tile_size=size)
    assert has_colour(pixels(picture), COLOURS[0])
    assert has_colour(pixels(picture), RIGHT)


def test_empty_list_shows_the_query_alone(tmp_path: Path) -> None:
    (query,) = make_samples(tmp_path, ["anna"])
    assert len(tile_edges(draw_rank_list(make_list([]), query, [], tile_size=SIZE))) == 1


@pytest.mark.parametrize("frames", [("missing.jpg",), ("text.jpg",), ()])
def test_unreadable_image_becomes_a_grey_tile_with_words(tmp_path: Path, frames: tuple[str, ...]) -> None:
    (tmp_path / "text.jpg").write_text("no image")
    query = Sample((draw_image(tmp_path / "q.png", COLOURS[0]),), "anna")
    broken = Sample(tuple(tmp_path / frame for frame in frames), "anna")
    picture = draw_rank_list(make_list([True]), query, [broken], tile_size=SIZE)
    left, right = tile_edges(picture)[1]
    tile = pixels(picture)[MIDDLE - 40 : MIDDLE + 40, left + 4 : right - 4]
    assert has_colour(tile, EMPTY)
    assert has_colour(tile, INK)
    assert not has_colour(pixels(picture)[MIDDLE - 40 : MIDDLE + 40, : left - 4], EMPTY)


def test_tracklet_shows_its_frames_and_a_badge(tmp_path: Path) -> None:
    first, second = draw_image(tmp_path / "1.png", COLOURS[1]), draw_image(tmp_path / "2.png", COLOURS[2])
    image, tracklet = Sample((first,), "anna"), Sample((first, second) * 6, "anna")
    picture = draw_rank_list(make_list([True, True]), image, [image, tracklet], tile_size=SIZE)
    (_, _), (left, right), (next_left, next_right) = tile_edges(picture)
    corner = slice(MIDDLE + SIZE // 2 - 14, MIDDLE + SIZE // 2)
    assert not has_colour(pixels(picture)[corner, left:right], INK)
    assert has_colour(pixels(picture)[corner, next_left:next_right], INK)
    assert has_colour(pixels(picture)[MIDDLE : MIDDLE + 1, next_left:next_right], COLOURS[1])
    assert has_colour(pixels(picture)[MIDDLE : MIDDLE + 1, next_left:next_right], COLOURS[2])
    assert not has_colour(pixels(picture)[MIDDLE : MIDDLE + 1, left:right], COLOURS[2])


def test_font_of_the_user_is_used(tmp_path: Path) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    font = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    query = Sample((draw_image(tmp_path / "q.png", COLOURS[0]),), "Жанна")
    plain = draw_rank_list(make_list([]), query, [])
    drawn = draw_rank_list(make_list([]), query, [], font_file=font)
    assert plain.tobytes() != drawn.tobytes()


def test_names_never_collide(tmp_path: Path) -> None:
    identities = ["a/b", "a:b", "../../etc", "", ".", "same", "same", "SAME", "é" * 500, "x" * 500]
    path = draw_image(tmp_path / ("long" * 50 + ".png"), COLOURS[0])
    queries = [Sample((path,), identity) for identity in identities]
    lists = [make_list([], query=number) for number in range(len(queries))] + [make_list([], query=5)]
    folder = tmp_path / "pictures"
    paths = write_rank_lists(lists, queries, [], folder, tile_size=32)
    assert len({str(path).lower() for path in paths}) == len(lists) == 11
    assert sorted(paths) == sorted(folder.iterdir())
    assert all(len(path.name) < 150 and path.name.isascii() for path in paths)
    assert paths[5].name.startswith("00005_same_long")


def test_written_file_is_a_jpeg_of_the_drawing(tmp_path: Path) -> None:
    query, other = make_samples(tmp_path, ["anna", "anna"])
    drawn = draw_rank_list(make_list([True]), query, [other])
    (path,) = write_rank_lists([make_list([True])], [query], [other], tmp_path / "lists")
    with Image.open(path) as written:
        assert (written.format, written.size) == ("JPEG", drawn.size)
        difference = np.abs(pixels(written).astype(int) - pixels(drawn).astype(int))
    assert difference.mean() < 2


def test_failed_writing_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    query, other = make_samples(tmp_path, ["anna", "anna"])
    (path,) = write_rank_lists([make_list([True])], [query], [other], tmp_path / "lists")
    before = path.read_bytes()

    def fill_the_disk(_image: Image.Image, target: Path, *_: object, **__: object) -> None:
        target.write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(Image.Image, "save", fill_the_disk)
    with pytest.raises(OSError, match="No space left"):
        write_rank_lists([make_list([True])], [query], [other], tmp_path / "lists")
    assert [file.read_bytes() for file in (tmp_path / "lists").iterdir()] == [before]


def test_list_of_other_samples_is_refused(tmp_path: Path) -> None:
    query, other = make_samples(tmp_path, ["anna", "ben"])
    with pytest.raises(
        EvaluationError, match=r"query 0 does not fit the samples.*'ben' for a query of 'anna'"
    ):
        draw_rank_list(make_list([True]), query, [other])
    with pytest.raises(ShapeError, match=r"points beyond the gallery, got row 1\. Expected 0 to 0"):
        draw_rank_list(make_list([False, False]), query, [other])
    with pytest.raises(ShapeError, match=r"belongs to no query, got number 3\. Expected 0 to 0"):
        write_rank_lists([make_list([], query=3)], [query], [other], tmp_path / "lists")


def test_text_of_a_label_is_one_line() -> None:
    assert [text_of(label) for label in (None, 3, "a\n b\t", ("x", 1))] == ["unknown", "3", "a b", "('x', 1)"]
