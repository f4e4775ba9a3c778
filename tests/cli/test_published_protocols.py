"""Protocols that join images, from the files of their data sets to the report."""

import json
from pathlib import Path

from tests.cli.conftest import Command
from tests.cli.test_splits import draw


def test_veri_is_searched_for_tracks(reidkit: Command, run_folder: Path):
    names = [f"{identity:04d}_c{camera:03d}_{frame:08d}_0.jpg" for identity in (1, 2, 3)
             for camera in (1, 2) for frame in (0, 1)]  # fmt: skip
    for number, name in enumerate(names):
        draw(Path("veri/image_test", name), int(name[:4]), number)
        draw(Path("veri/image_train", name.replace("000", "010", 1)), 10 + int(name[:4]), number)
    for number, name in enumerate(names[::2]):
        draw(Path("veri/image_query", name), int(name[:4]), 100 + number)
    tracks = [" ".join(names[start : start + 2]) for start in range(0, len(names), 2)]
    Path("veri/test_track.txt").write_text("\n".join(tracks) + "\n")
    result = reidkit(
        "evaluate", run_folder, "veri776=veri", "--protocol", "veri-image-to-track", "--out", "judged"
    )
    assert result.code == 0, result.err
    assert "gallery of tracks by their nearest image; 6 queries, 6 gallery images" in result.out
    content = json.loads(Path("judged/scores.json").read_text())
    assert content["summary"]["num_gallery"] == 6
    assert content["summary"]["protocol"]["pooling"] == "track"
    assert content["queries"][0]["num_matches"] == 1  # the vehicle's one track of the other camera
    assert Path("judged/report.html").is_file()
    assert list(Path("judged/rank_lists").rglob("*.jpg"))
    Path("veri/test_track.txt").unlink()
    refused = reidkit("evaluate", run_folder, "veri776=veri", "--protocol", "veri-image-to-track")
    assert refused.code == 2
    assert "No gallery image belongs to a track" in refused.out + refused.err


def test_market_multi_query_takes_the_hand_drawn_boxes(reidkit: Command, run_folder: Path):
    for identity in (1, 2, 3):
        for camera in (1, 2):
            stem = f"{identity:04d}_c{camera}s1_"
            draw(Path("market/query", f"{stem}000001_00.jpg"), identity, camera)
            draw(Path("market/bounding_box_test", f"{stem}000002_01.jpg"), identity, 10 + camera)
            draw(Path("market/bounding_box_train", f"1{stem[1:]}000003_01.jpg"), 10 + identity, camera)
            for number in range(3):
                draw(
                    Path("market/gt_bbox", f"{stem}00010{number}_00.jpg"), identity, 20 + 10 * camera + number
                )
    scores = {}
    for protocol in ("market1501", "multi-query"):
        result = reidkit(
            "evaluate", run_folder, "market1501=market", "--protocol", protocol, "--out", protocol
        )
        assert result.code == 0, result.err
        scores[protocol] = json.loads(Path(protocol, "scores.json").read_text())
    assert "query pooled by identity and camera" in result.out
    assert "nothing-to-pool" not in result.out
    assert (
        scores["multi-query"]["summary"]["num_queries"] == scores["market1501"]["summary"]["num_queries"] == 6
    )
    assert scores["multi-query"]["verification"] != scores["market1501"]["verification"]
