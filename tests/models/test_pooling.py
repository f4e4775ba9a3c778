import numpy as np
import torch

from reidkit.models.pooling import AverageAggregation


def test_average_aggregation_is_the_mean_over_positions():
    maps = np.random.default_rng(0).standard_normal((2, 5, 4, 3))
    actual = AverageAggregation()(torch.from_numpy(maps))
    expected = [[sum(maps[b, c].ravel()) / 12 for c in range(5)] for b in range(2)]
    np.testing.assert_allclose(actual.numpy(), expected, rtol=1e-12)


def test_average_aggregation_has_no_weights():
    assert AverageAggregation().state_dict() == {}
