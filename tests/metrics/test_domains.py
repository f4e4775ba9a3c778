import numpy as np
import pytest

from reidkit.core.errors import ShapeError
from reidkit.core.types import Protocol
from reidkit.metrics.domains import domains_json, mean_over, score_domains
from reidkit.metrics.labels import Labels
from reidkit.metrics.ranking import rank_distances
from tests.vis.scenes import make_scores

# Queries a and b of one domain are answered at ranks 1 and 2, c of another at 1, z has no match.
DISTANCES = np.array([[0.0, 1, 2], [0, 1, 2], [1, 2, 0], [0, 1, 2]])
LABELS = Labels(["a", "b", "c", "z"]), Labels(["a", "b", "c"])
DOMAINS = ["city", "city", "zoo", "zoo"]


def test_domains_are_means_over_their_own_queries():
    city, zoo = score_domains(rank_distances(DISTANCES, *LABELS, Protocol("own")), DOMAINS)
    assert (city.domain, city.num_valid, city.num_unmatched) == ("city", 2, 0)
    assert (city.rank_1, city.mean_ap, city.mean_inp) == (0.5, 0.75, 0.75)
    assert (zoo.domain, zoo.num_valid, zoo.num_unmatched, zoo.rank_1) == ("zoo", 1, 1, 1.0)


def test_unmatched_queries_count_as_zero_where_the_protocol_says_so():
    protocol = Protocol("own", unmatched_queries="zero")
    _, zoo = score_domains(rank_distances(DISTANCES, *LABELS, protocol), DOMAINS)
    assert (zoo.rank_1, zoo.mean_ap) == (0.5, 0.5)


def test_domains_add_up_to_the_whole():
    scores = rank_distances(DISTANCES, *LABELS, Protocol("own"))
    rows = score_domains(scores, DOMAINS)
    assert sum(row.mean_ap * row.num_valid for row in rows) / scores.num_valid == pytest.approx(
        scores.mean_ap
    )


def test_one_domain_or_none_makes_no_table():
    scores = rank_distances(DISTANCES, *LABELS, Protocol("own"))
    assert score_domains(scores, [None] * 4) == []
    assert score_domains(scores, ["city"] * 4) == []
    with pytest.raises(ShapeError, match=r"^Domains have a wrong length, got 1\. Expected 4"):
        score_domains(scores, ["city"])


def test_mean_over_data_sets_counts_each_alike():
    many, one = make_scores([1, 1, 1], [1.0, 1.0, 1.0]), make_scores([2], [0.5])
    assert mean_over([many, one]) == {"Rank-1": 0.5, "mAP": 0.75}
    content = domains_json({"many": many, "one": one})
    assert content["mean"]["rank_1"] == 0.5
    assert content["domains"]["one"]["mean_ap"] == 0.5
