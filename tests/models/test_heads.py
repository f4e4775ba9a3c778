import numpy as np
import pytest
import torch
from torch import nn

from reidkit.core.errors import CatalogError
from reidkit.models.heads import EmbeddingHead


def draw(rows: int, columns: int) -> torch.Tensor:
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(0))


def test_bnneck_shift_is_frozen_at_zero_and_stays_there():
    head = EmbeddingHead(8, 3, neck="batch_norm")
    optimizer = torch.optim.SGD(head.parameters(), lr=1.0, weight_decay=0.1)
    scale = head.neck.weight.detach().clone()
    loss = nn.functional.cross_entropy(head.training_outputs(draw(6, 8)).logits[0], torch.arange(6) % 3)
    loss.backward()
    optimizer.step()
    assert head.neck.bias.tolist() == [0.0] * 8
    assert not head.neck.bias.requires_grad
    assert not torch.equal(head.neck.weight, scale)


def test_bnneck_classifier_has_no_bias():
    assert EmbeddingHead(8, 3, neck="batch_norm").classifier.bias is None


def test_classifier_without_neck_has_a_bias():
    assert EmbeddingHead(8, 3).classifier.bias.shape == (3,)


def test_bnneck_features_are_before_and_descriptors_behind_the_normalisation():
    head = EmbeddingHead(8, 3, neck="batch_norm").eval()
    with torch.no_grad():
        head.neck.running_mean.copy_(torch.arange(8.0))
        head.neck.running_var.copy_(torch.arange(1.0, 9.0))
        head.neck.weight.fill_(2.0)
        pooled = draw(4, 8)
        descriptors = head(pooled)
        outputs = head.training_outputs(pooled)
    expected = 2 * (pooled.numpy() - np.arange(8)) / np.sqrt(np.arange(1, 9) + 1e-5)
    np.testing.assert_allclose(descriptors.numpy(), expected, rtol=1e-5, atol=1e-6)
    assert torch.equal(outputs.features[0], pooled)
    logits = expected @ head.classifier.weight.detach().numpy().T
    np.testing.assert_allclose(outputs.logits[0].numpy(), logits, rtol=1e-4, atol=1e-5)


def test_bnneck_in_training_centres_the_batch():
    head = EmbeddingHead(8, 3, neck="batch_norm").train()
    descriptors = head(5 + draw(16, 8)).detach()
    torch.testing.assert_close(descriptors.mean(dim=0), torch.zeros(8), rtol=0, atol=1e-5)
    torch.testing.assert_close(descriptors.std(dim=0, correction=0), torch.ones(8), rtol=0, atol=1e-3)


def test_head_without_neck_and_embedding_passes_the_pooled_vector():
    head = EmbeddingHead(8)
    pooled = draw(4, 8)
    assert head.descriptor_dim == 8
    assert torch.equal(head(pooled), pooled)
    outputs = head.training_outputs(pooled)
    assert torch.equal(outputs.features[0], pooled)
    assert outputs.logits == ()


def test_embedding_is_linear_then_norm_then_relu():
    head = EmbeddingHead(8, embedding_dim=5).eval()
    with torch.no_grad():
        head.embedding[1].running_mean.fill_(0.01)
        descriptors = head(draw(6, 8)).numpy()
    weight = head.embedding[0].weight.detach().numpy()
    expected = np.maximum((draw(6, 8).numpy() @ weight.T - 0.01) / np.sqrt(1 + 1e-5), 0)
    assert head.descriptor_dim == 5
    assert (expected == 0).any()
    assert (expected > 0).any()
    np.testing.assert_allclose(descriptors, expected, rtol=1e-4, atol=1e-6)


def test_embedding_and_neck_follow_each_other():
    head = EmbeddingHead(8, 3, embedding_dim=5, neck="batch_norm")
    outputs = head.train().training_outputs(draw(6, 8))
    features = outputs.features[0].detach()
    assert features.shape == (6, 5)
    assert float(features.min()) == 0  # behind the ReLU, before the neck
    assert head.neck.num_features == head.descriptor_dim == 5


def test_head_does_not_change_the_pooled_vector():
    pooled = draw(6, 8)
    head = EmbeddingHead(8, 3, embedding_dim=5, neck="batch_norm")
    head(pooled)
    head.training_outputs(pooled)
    assert torch.equal(pooled, draw(6, 8))


@pytest.mark.parametrize(("neck", "expected"), [("none", 0.01), ("batch_norm", 0.001)])
def test_classifier_starts_small(neck: str, expected: float):
    torch.manual_seed(0)
    weight = EmbeddingHead(256, 512, neck=neck).classifier.weight
    assert float(weight.detach().std()) == pytest.approx(expected, rel=0.02)


def test_unknown_neck_is_refused():
    with pytest.raises(
        CatalogError, match=r"^Head neck is unknown, got 'bn'\. Expected one of: \('none', 'batch"
    ):
        EmbeddingHead(8, neck="bn")


@pytest.mark.parametrize("count", [0, -1])
def test_number_of_identities_below_one_is_refused(count: int):
    # An empty training split must not quietly build a model that cannot be trained.
    with pytest.raises(CatalogError, match=rf"num_identities .*got {count}"):
        EmbeddingHead(8, count)


@pytest.mark.parametrize("dim", [0, -1])
def test_embedding_dimension_below_one_is_refused(dim: int):
    with pytest.raises(CatalogError, match=rf"embedding_dim .*got {dim}"):
        EmbeddingHead(8, embedding_dim=dim)
