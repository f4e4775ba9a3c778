from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reidkit.core.errors import EvaluationError, ShapeError
from reidkit.core.types import Protocol, Sample
from reidkit.metrics.blocks import DescriptorBlocks
from reidkit.metrics.labels import Labels
from reidkit.metrics.ranking import rank_blocks
from reidkit.metrics.tracks import TrackBlocks, tracks_of
from tests.metrics import naive


def images(tracks: list[int | None], labels: list[tuple[str, int]]) -> list[Sample]:
    return [
        Sample((Path(f"{row}.jpg"),), *label, attributes={} if track is None else {"track": track})
        for row, (track, label) in enumerate(zip(tracks, labels, strict=True))
    ]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_ranking_of_tracks_equals_a_loop_over_their_images(data: st.DataObject):
    num_queries = data.draw(st.integers(1, 3))
    tracks = data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=10))
    random = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    # Small whole numbers: distances tie, and are exact.
    query = torch.from_numpy(random.integers(-2, 3, (num_queries, 2)).astype(np.float64))
    gallery = torch.from_numpy(random.integers(-2, 3, (len(tracks), 2)).astype(np.float64))
    protocol = Protocol("own", pooling="track", distance="squared-euclidean")
    unique = list(dict.fromkeys(tracks))
    track_labels = {track: (int(random.integers(2)), int(random.integers(2))) for track in unique}
    query_labels = Labels(
        random.integers(0, 2, num_queries).tolist(), random.integers(0, 2, num_queries).tolist()
    )
    gallery_labels = Labels(*zip(*(track_labels[track] for track in unique), strict=True))
    loop = [
        [
            min(
                float(((query[row] - gallery[image]) ** 2).sum())
                for image in range(len(tracks))
                if tracks[image] == track
            )
            for track in unique
        ]
        for row in range(num_queries)
    ]
    expected = naive.score(loop, query_labels, gallery_labels, protocol)
    blocks = TrackBlocks(DescriptorBlocks(query, gallery, protocol.distance), tracks)
    assert blocks.shape == (num_queries, len(unique))
    if not any(row.num_matches for row in expected):
        with pytest.raises(EvaluationError, match="queries can be scored"):
            rank_blocks(blocks, query_labels, gallery_labels, protocol)
        return
    scores = rank_blocks(blocks, query_labels, gallery_labels, protocol)
    assert scores.first_match_rank.tolist() == [row.first_match_rank for row in expected]
    for actual, row in zip(scores.average_precision, expected, strict=True):
        assert np.isnan(actual) if row.average_precision is None else actual == row.average_precision


def test_join_gives_one_sample_per_track_and_the_mean_of_its_unit_descriptors():
    gallery = images([7, None, 7], [("a", 1), ("b", 1), ("a", 1)])
    descriptors = torch.tensor([[2.0, 0.0], [0.0, 5.0], [0.0, 1.0]])
    blocks = TrackBlocks(
        DescriptorBlocks(descriptors[:1], descriptors, "cosine"), tracks_of(gallery, "veri-image-to-track")
    )
    joined, means = blocks.join(gallery, descriptors)
    assert [(sample.identity, len(sample.frames)) for sample in joined] == [("a", 2), ("b", 1)]
    assert joined[0].frames == (Path("0.jpg"), Path("2.jpg"))
    torch.testing.assert_close(means, torch.tensor([[0.5**0.5, 0.5**0.5], [0.0, 1.0]]))


def test_gallery_without_tracks_is_refused_with_the_way_out():
    with pytest.raises(EvaluationError, match=r"^Protocol 'veri-image-to-track' searches for tracks, got 2 "):
        tracks_of(images([None, None], [("a", 1), ("a", 2)]), "veri-image-to-track")


def test_track_of_two_cameras_is_refused():
    gallery = images([7, 7], [("a", 1), ("a", 2)])
    descriptors = torch.eye(2)
    blocks = TrackBlocks(DescriptorBlocks(descriptors, descriptors, "cosine"), [7, 7])
    with pytest.raises(EvaluationError, match=r"^Track 7 is not of one individual and camera, got 2 kinds"):
        blocks.join(gallery, descriptors)


def test_another_number_of_tracks_is_refused():
    with pytest.raises(ShapeError, match=r"^Tracks have a wrong length, got 1\. Expected 2"):
        TrackBlocks(DescriptorBlocks(torch.eye(2), torch.eye(2), "cosine"), [7])
