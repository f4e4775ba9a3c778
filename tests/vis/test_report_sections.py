from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from reidkit.core.types import Protocol, Sample
from reidkit.metrics.camera_pairs import CameraPairScore
from reidkit.vis import report_sections
from reidkit.vis.report_sections import (
    MOST_CAMERAS,
    NUM_WEAKEST,
    THUMBNAIL_HEIGHT,
    RankListSection,
    camera_matrices,
    score_rows,
    weakest_camera_pairs,
)
from tests.vis.scenes import draw_image, make_list, make_samples, make_scores


def test_rows_of_scores_are_in_percent_and_note_other_rules() -> None:
    scores = make_scores([1, 2, 0], [1.0, 0.5, 0.0])
    other = replace(scores, protocol=Protocol("mine", same_camera="keep"))
    fewer = make_scores([1], [1.0], num_gallery=1)
    first, same, differs, less = score_rows({"a": scores, "b": scores, "c": other, "d": fewer})
    assert first.values == ("50.0", "100.0", "100.0", "75.0", "50.0")
    assert (first.note, same.note, differs.note) == ("", "", "judged by other rules (mine)")
    assert less.note == "1 query, 1 gallery image"


def test_camera_matrix_is_in_natural_order_with_gaps() -> None:
    pairs = [
        CameraPairScore("c10", "c2", 3, 0.5, 0.25),
        CameraPairScore("c2", "c10", 1, 1.0, 0.806),
        CameraPairScore("c2", "c1", 1, 0.0, 0.1),
    ]
    first, second = camera_matrices(pairs)
    assert (first.title, second.title) == ("Rank-1", "mAP")
    assert first.columns == ("c1", "c2", "c10")
    assert [(name, [cell and cell.text for cell in cells]) for name, cells in first.rows] == [
        ("c2", ["0", None, "100"]),
        ("c10", [None, "50", None]),
    ]
    cell = second.rows[0][1][2]
    assert cell is not None
    assert (cell.text, cell.shade, cell.hint) == ("81", 0.806, "1 query")


def test_cameras_of_any_kind_can_be_ordered() -> None:
    cameras = [3, "3a", ("x", 2), "hall", "3", ""]
    (matrix, _) = camera_matrices([CameraPairScore(camera, 1, 1, 0.5, 0.5) for camera in cameras])
    assert len(matrix.rows) == len(cameras)


def test_too_many_cameras_become_a_list_of_the_weakest_pairs() -> None:
    pairs = [CameraPairScore(n, 0, 2, 0.5, 1 - n / 100) for n in range(MOST_CAMERAS + 1)]
    assert camera_matrices(pairs) == []
    assert camera_matrices([]) == []
    weakest = weakest_camera_pairs(pairs)
    assert len(weakest) == NUM_WEAKEST
    assert weakest[0] == (str(MOST_CAMERAS), "0", "2", "50.0 %", "76.0 %")


def test_ranked_query_carries_samples_by_row_not_by_place(tmp_path: Path) -> None:
    queries = make_samples(tmp_path / "q", ["anna", "ben"], camera=None)
    gallery = make_samples(tmp_path / "g", ["dora", "ben", "carl"], camera="c7")
    section = RankListSection(make_scores([1, 2], [1.0, 0.5]), queries, gallery)
    (ranked,) = section.ranked_queries([make_list([False, True], query=1, rows=[2, 1])])
    assert (ranked.number, ranked.query.identity, ranked.query.camera) == (1, "ben", "unknown")
    assert ranked.summary == "AP 50.0 % · first right image at rank 2 · 1 right image in the gallery"
    assert [(hit.rank, hit.identity, hit.is_match, hit.distance) for hit in ranked.hits] == [
        (1, "carl", False, "0.100"),
        (2, "ben", True, "0.900"),
    ]
    assert [hit.file for hit in ranked.hits] == [str(gallery[2].path), str(gallery[1].path)]


def test_query_without_match_says_so(tmp_path: Path) -> None:
    queries = make_samples(tmp_path, ["anna"])
    (ranked,) = RankListSection(make_scores([0], [0.0]), queries, ()).ranked_queries([make_list([])])
    assert ranked.summary == "No right image in the gallery: not scored."


def test_unreadable_image_has_no_thumbnail(tmp_path: Path) -> None:
    sample = Sample((tmp_path / "missing.jpg",), "anna")
    section = RankListSection(make_scores([1], [1.0]), [sample], [sample])
    (ranked,) = section.ranked_queries([make_list([True])])
    assert ranked.query.image is None
    assert section.aspect() == 0.5


def test_image_of_several_lists_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = draw_image(tmp_path / "a.png", (10, 20, 30), (400, 800))
    samples = [Sample((path,), "anna"), Sample((path,), "ben"), Sample((path,), "ben", box=(0, 0, 400, 400))]
    read: list[Sample] = []

    def read_picture(sample: Sample) -> Image.Image:
        read.append(sample)
        return Image.open(path).convert("RGB")

    monkeypatch.setattr(report_sections, "read_strip", read_picture)
    section = RankListSection(make_scores([1, 1], [1.0, 1.0]), samples[:2], samples)
    ranked = section.ranked_queries(
        [make_list([True, False, False]), make_list([False, True, True], query=1)]
    )
    assert len(read) == 2
    assert {tile.height for entry in ranked for tile in entry.hits} == {THUMBNAIL_HEIGHT}
