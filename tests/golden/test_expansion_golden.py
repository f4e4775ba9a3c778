"""Query expansion against FastReID 1.3, whose outputs are stored beside this file."""

import numpy as np
import pytest
import torch

from reidkit.metrics.expansion import transductive_expansion
from tests.golden.test_ranking_golden import load

CASES = load("fastreid/expansion.npz")


def test_stored_cases_are_all_there():
    assert [int(case["qe_times"]) for case in CASES.values()] == [1, 2]


@pytest.mark.parametrize("name", CASES)
def test_transductive_expansion_equals_fastreid(name: str):
    case = CASES[name]
    query, gallery = transductive_expansion(
        torch.from_numpy(case["query"]),
        torch.from_numpy(case["gallery"]),
        k=int(case["qe_k"]),
        alpha=float(case["alpha"]),
        rounds=int(case["qe_times"]),
    )
    np.testing.assert_allclose(query, case["query_out"], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(gallery, case["gallery_out"], rtol=1e-5, atol=1e-6)
