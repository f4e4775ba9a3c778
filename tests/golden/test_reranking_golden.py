"""Re-ranking against Torchreid 1.4.0 and FastReID 1.3, whose outputs are stored beside this file."""

import numpy as np
import pytest
import torch

from reidkit.metrics.reranking.k_reciprocal import k_reciprocal
from tests.golden.test_ranking_golden import load

TORCHREID = load("torchreid/reranking.npz")
FASTREID = load("fastreid/reranking.npz")
TOLERANCE = 1e-5


def test_stored_cases_are_all_there():
    assert len(TORCHREID) == 5
    assert {str(case["metric"]) for case in TORCHREID.values()} == {"cosine", "euclidean"}
    assert len(FASTREID) == 3
    assert [int(case["k2"]) for case in FASTREID.values()] == [6, 3, 1]


def values(case: dict[str, np.ndarray]) -> dict[str, float]:
    return {
        "k1": int(case["k1"]),
        "k2": int(case["k2"]),
        "distance_weight": float(case["lambda_value"]),
    }


@pytest.mark.parametrize("name", TORCHREID)
def test_classic_variant_equals_torchreid(name: str):
    case = TORCHREID[name]
    query, gallery = torch.from_numpy(case["q"]), torch.from_numpy(case["g"])
    # What Torchreid calls Euclidean is squared.
    distance = "cosine" if str(case["metric"]) == "cosine" else "squared-euclidean"
    found = k_reciprocal(query, gallery, distance=distance, **values(case))
    np.testing.assert_allclose(found.matrix(), case["final_dist"], rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("name", FASTREID)
def test_classic_variant_equals_the_function_that_fastreid_ships(name: str):
    case = FASTREID[name]
    query, gallery = torch.from_numpy(case["query"]), torch.from_numpy(case["gallery"])
    found = k_reciprocal(query, gallery, distance="euclidean", **values(case))
    np.testing.assert_allclose(found.matrix(), case["re_ranking_out"], rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("name", FASTREID)
def test_fastreid_variant_equals_what_fastreid_evaluates(name: str):
    case = FASTREID[name]
    query, gallery = torch.from_numpy(case["query"]), torch.from_numpy(case["gallery"])
    found = k_reciprocal(query, gallery, variant="fastreid", **values(case)).matrix()
    np.testing.assert_allclose(found, case["evaluator_final"], rtol=0, atol=TOLERANCE)
    only = {**values(case), "distance_weight": 0}
    jaccard = k_reciprocal(query, gallery, variant="fastreid", **only).matrix()
    np.testing.assert_allclose(jaccard, case["jaccard_normalized_feats"], rtol=0, atol=TOLERANCE)
    # The two variants are no roundings of each other.
    classic = k_reciprocal(query, gallery, **values(case)).matrix()
    assert np.abs(classic - found).max() > 0.05
