from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reidkit.core.errors import CatalogError, DatasetError, EvaluationError, ImageError
from reidkit.core.types import DatasetSplits, Preprocessing, Sample
from reidkit.data.readers import read_dataset
from reidkit.engine.evaluate import choose_protocol, evaluate, evaluate_splits
from reidkit.engine.extract import extract
from reidkit.engine.post_processing import PostProcessing
from reidkit.metrics.labels import labels_of
from reidkit.metrics.protocols import PROTOCOLS
from reidkit.metrics.rank_lists import rank_lists
from reidkit.metrics.ranking import rank_distances
from tests.conftest import draw_dataset

PREPROCESSING = Preprocessing(height=64, width=32)


def mean_colour(images: torch.Tensor) -> torch.Tensor:
    """A descriptor that hand arithmetic can follow: the mean of each channel, in each quarter."""
    return torch.nn.functional.adaptive_avg_pool2d(images, (4, 2)).flatten(1)


@pytest.fixture(scope="module")
def splits(dataset_root: Path) -> DatasetSplits:
    return read_dataset("folder", dataset_root)


def test_extract_gives_one_row_per_sample_in_order(splits: DatasetSplits):
    whole = extract(mean_colour, splits.gallery, PREPROCESSING, batch_size=4)
    assert whole.descriptors.shape == (len(splits.gallery), 24)
    assert whole.failures == ()
    for row in (0, 7, len(splits.gallery) - 1):
        alone = extract(mean_colour, [splits.gallery[row]], PREPROCESSING)
        torch.testing.assert_close(whole.descriptors[row], alone.descriptors[0])


def test_extract_does_not_depend_on_batch_size_or_workers(splits: DatasetSplits):
    one = extract(mean_colour, splits.query, PREPROCESSING, batch_size=1)
    many = extract(mean_colour, splits.query, PREPROCESSING, batch_size=100, num_workers=1)
    torch.testing.assert_close(one.descriptors, many.descriptors)


def test_extract_embeds_equal_samples_once(splits: DatasetSplits):
    seen = []

    def embed(images: torch.Tensor) -> torch.Tensor:
        seen.append(len(images))
        return mean_colour(images)

    first, second = splits.query[:2]
    descriptors = extract(embed, [first, second, first, first], PREPROCESSING).descriptors
    assert sum(seen) == 2
    torch.testing.assert_close(descriptors[0], descriptors[3])
    assert not torch.allclose(descriptors[0], descriptors[1])


def test_extract_averages_the_frames_of_a_tracklet(splits: DatasetSplits):
    first, second = splits.query[:2]
    tracklet = Sample(frames=(first.path, second.path), identity="x")
    descriptors = extract(mean_colour, [first, second, tracklet], PREPROCESSING, batch_size=3).descriptors
    torch.testing.assert_close(descriptors[2], (descriptors[0] + descriptors[1]) / 2)


def test_extract_flip_is_the_mean_of_image_and_mirror_image(splits: DatasetSplits):
    sample = splits.query[0]
    flipped = extract(mean_colour, [sample], PREPROCESSING, flip=True).descriptors[0].reshape(3, 4, 2)
    plain = extract(mean_colour, [sample], PREPROCESSING).descriptors[0].reshape(3, 4, 2)
    torch.testing.assert_close(flipped, (plain + plain.flip(2)) / 2)


def test_extract_reports_its_progress(splits: DatasetSplits):
    calls: list[tuple[int, int]] = []
    extract(mean_colour, splits.query, PREPROCESSING, batch_size=4, report=lambda *call: calls.append(call))
    assert calls[-1] == (len(splits.query), len(splits.query))
    assert [done for done, _ in calls] == sorted({done for done, _ in calls})


def test_evaluate_puts_a_module_back_into_its_mode(splits: DatasetSplits):
    class Watch(torch.nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            assert not self.training
            return mean_colour(images)

    module = Watch().train()
    evaluate(module, splits, PREPROCESSING, PROTOCOLS["market1501"])
    assert module.training


def test_evaluate_of_a_good_descriptor_is_good_and_of_a_constant_one_is_chance(splits: DatasetSplits):
    good = evaluate(mean_colour, splits, PREPROCESSING, PROTOCOLS["market1501"])
    assert good.scores.mean_ap > 0.9  # patterns differ much more than cameras do
    constant = evaluate(
        lambda images: torch.ones(len(images), 3), splits, PREPROCESSING, PROTOCOLS["market1501"]
    )
    assert constant.scores.mean_ap < 0.5


@pytest.mark.parametrize(
    "after",
    [PostProcessing(rerank="k_reciprocal", rerank_arguments={"k1": 4}), PostProcessing(expand="average")],
)
def test_post_processing_changes_scores_and_protocol_and_no_pairs(
    splits: DatasetSplits, after: PostProcessing
):
    def weak(images: torch.Tensor) -> torch.Tensor:
        return images.mean((2, 3))

    plain = evaluate(weak, splits, PREPROCESSING, PROTOCOLS["market1501"])
    judged = evaluate(weak, splits, PREPROCESSING, PROTOCOLS["market1501"], after=after)
    assert plain.blocks is None
    assert judged.blocks is not None
    assert len(judged.scores.protocol.post_processing) == 1
    assert judged.scores.average_precision.tolist() != plain.scores.average_precision.tolist()
    assert judged.pairs.genuine.tolist() == plain.pairs.genuine.tolist()
    labels = labels_of(judged.queries), labels_of(judged.gallery)
    lists = rank_lists(
        [0], judged.query_descriptors, judged.gallery_descriptors, *labels, judged.scores.protocol,
        blocks=judged.blocks,
    )  # fmt: skip
    assert lists[0].is_match.argmax() + 1 == judged.scores.first_match_rank[0]


def test_evaluation_as_json_has_all_parts(splits: DatasetSplits):
    evaluation = evaluate(mean_colour, splits, PREPROCESSING, PROTOCOLS["market1501"])
    content = evaluation.as_json()
    assert set(content) == {
        "format_version", "summary", "cmc", "precision_at", "recall_at", "intervals", "thresholds", "verification", "open_set", "warnings",
        "camera_pairs", "domains", "unreadable", "queries",
    }  # fmt: skip
    assert len(content["queries"]) == len(splits.query)
    assert len(content["camera_pairs"]) == 6  # three cameras, each to the two others
    assert content["summary"]["protocol"]["name"] == "market1501"


def test_evaluate_leave_one_out_never_matches_an_image_with_itself(dataset_root: Path):
    splits = read_dataset("folder", dataset_root)
    both = replace(splits, query=splits.gallery, gallery=splits.gallery, protocol="no-camera")

    def by_identity_but_noisy(images: torch.Tensor) -> torch.Tensor:
        return torch.eye(len(images))  # every image is only like itself

    evaluation = evaluate(
        by_identity_but_noisy, both, PREPROCESSING, PROTOCOLS["no-camera"], batch_size=len(both.gallery)
    )
    assert evaluation.scores.rank(1) < 1


def test_evaluate_without_queries_says_what_there_is(splits: DatasetSplits):
    with pytest.raises(DatasetError, match="got 0 query and 15 gallery images"):
        evaluate(mean_colour, replace(splits, query=()), PREPROCESSING, PROTOCOLS["market1501"])


def test_evaluate_refuses_nan_of_a_model(splits: DatasetSplits):
    with pytest.raises(EvaluationError, match="Query descriptors are not finite in 15 of 15 rows"):
        evaluate(
            lambda images: mean_colour(images) * torch.nan, splits, PREPROCESSING, PROTOCOLS["market1501"]
        )


def test_damaged_image_stops_or_is_left_out_as_the_policy_says(tmp_path: Path):
    root = draw_dataset(tmp_path / "data")
    damaged = root / "gallery" / "0008" / "0008_c1_01.png"
    damaged.write_bytes(damaged.read_bytes()[:100])
    splits = read_dataset("folder", root)
    with pytest.raises(ImageError, match=r"0008_c1_01\.png"):
        evaluate(mean_colour, splits, PREPROCESSING, PROTOCOLS["market1501"])
    evaluation = evaluate(mean_colour, splits, PREPROCESSING, PROTOCOLS["market1501"], unreadable="skip")
    assert [failure.path for failure in evaluation.failures] == [damaged]
    assert damaged not in [sample.path for sample in evaluation.gallery]
    assert evaluation.scores.num_gallery == len(splits.gallery) - 1
    assert list(evaluation.as_json()["unreadable"]) == [str(damaged)]


def test_choose_protocol_takes_the_data_sets_own_and_the_users_changes(splits: DatasetSplits):
    assert choose_protocol(splits) == PROTOCOLS["market1501"]
    changed = choose_protocol(splits, name="no-camera", distance="euclidean", flip=True)
    assert (changed.name, changed.distance, changed.flip) == ("no-camera", "euclidean", True)
    with pytest.raises(CatalogError, match=r"Unknown protocol 'market'\. Did you mean 'market1501'"):
        choose_protocol(splits, name="market")


def test_colour_is_read_as_rgb(tmp_path: Path):
    path = tmp_path / "red.png"
    Image.fromarray(np.full((8, 8, 3), (255, 0, 0), np.uint8)).save(path)
    plain = Preprocessing(height=8, width=8, mean=(0, 0, 0), std=(1, 1, 1))
    descriptors = extract(lambda images: images.mean((2, 3)), [Sample((path,), 0)], plain).descriptors
    assert descriptors.tolist() == [[1.0, 0.0, 0.0]]


def test_multi_query_takes_the_mean_over_the_further_images_of_each_query(splits: DatasetSplits):
    support = tuple(splits.gallery[:6])
    judged = evaluate(
        mean_colour, replace(splits, query_support=support), PREPROCESSING, PROTOCOLS["multi-query"]
    )
    assert len(judged.queries) == len(splits.query)  # one row per query, as in the original
    for number, query in enumerate(judged.queries):
        own = [s for s in support if (s.identity, s.camera) == (query.identity, query.camera)]
        rows = extract(mean_colour, own or [query], PREPROCESSING).descriptors
        mean = (rows / rows.norm(dim=1, keepdim=True)).mean(0)
        torch.testing.assert_close(judged.query_descriptors[number], mean / mean.norm())
    # Other protocols do not look at them.
    plain = evaluate(mean_colour, replace(splits, query_support=support), PREPROCESSING)
    assert torch.equal(
        plain.query_descriptors, evaluate(mean_colour, splits, PREPROCESSING).query_descriptors
    )


def test_image_to_track_judges_tracks_by_their_nearest_image(splits: DatasetSplits):
    tracked = tuple(
        replace(sample, attributes={"track": f"{sample.identity}-{sample.camera}"})
        for sample in (*splits.gallery, *splits.train)
    )
    data = replace(splits, gallery=tracked)
    judged = evaluate(mean_colour, data, PREPROCESSING, PROTOCOLS["veri-image-to-track"])
    tracks = list(dict.fromkeys(sample.attributes["track"] for sample in tracked))
    assert judged.scores.num_gallery == len(judged.gallery) == len(tracks) < len(tracked)
    images = evaluate(mean_colour, data, PREPROCESSING, PROTOCOLS["veri"])
    query, gallery = (
        rows / rows.norm(dim=1, keepdim=True)
        for rows in (images.query_descriptors, images.gallery_descriptors)
    )
    distances = 1 - query @ gallery.T
    nearest = torch.stack(
        [
            distances[:, [row for row, s in enumerate(tracked) if s.attributes["track"] == track]].amin(1)
            for track in tracks
        ],
        dim=1,
    )
    expected = rank_distances(
        nearest.numpy(),
        labels_of(judged.queries),
        labels_of(judged.gallery),
        PROTOCOLS["veri-image-to-track"],
    )
    assert judged.scores.first_match_rank.tolist() == expected.first_match_rank.tolist()
    assert judged.scores.mean_ap == pytest.approx(expected.mean_ap, abs=1e-6)
    assert judged.pairs.genuine.sum() > 0  # measured on the means of the tracks


def test_splits_share_their_images_and_score_as_alone(splits: DatasetSplits):
    seen = []

    def embed(images: torch.Tensor) -> torch.Tensor:
        seen.append(len(images))
        return mean_colour(images)

    parts = [replace(splits, query=splits.query[start:], split=start, num_splits=3) for start in range(3)]
    judged = list(evaluate_splits(embed, parts, PREPROCESSING))
    assert sum(seen) == len(splits.query) + len(splits.gallery)
    for part, evaluation in zip(parts, judged, strict=True):
        alone = evaluate(mean_colour, part, PREPROCESSING)
        assert evaluation.as_json() == alone.as_json()
        assert evaluation.scores.protocol.num_splits == 3
    with pytest.raises(DatasetError, match=r"^Splits to evaluate are missing, got 0\."):
        next(evaluate_splits(embed, [], PREPROCESSING))


def test_scores_by_domain_follow_the_attribute_of_the_queries(splits: DatasetSplits):
    queries = tuple(
        replace(query, attributes={"domain": "north" if row % 2 else "south"})
        for row, query in enumerate(splits.query)
    )
    judged = evaluate(mean_colour, replace(splits, query=queries), PREPROCESSING)
    stored = judged.as_json()["domains"]
    assert [row["domain"] for row in stored] == ["south", "north"]
    assert sum(row["num_valid"] for row in stored) == judged.scores.num_valid
