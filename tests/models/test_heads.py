import numpy as np
import pytest
import torch
from torch import nn

from reidkit.core.errors import CatalogError
from reidkit.models.heads import HEADS, EmbeddingHead


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


def test_linear_embedding_is_one_matrix():
    head = EmbeddingHead(8, embedding_dim=5, embedding_layers="linear").eval()
    expected = draw(6, 8).numpy() @ head.embedding[0].weight.detach().numpy().T
    np.testing.assert_allclose(head(draw(6, 8)).detach().numpy(), expected, rtol=1e-4, atol=1e-6)
    assert list(head.state_dict()) == ["embedding.0.weight"]


@pytest.mark.parametrize("place", ["pooled", "before_neck", "after_neck"])
def test_metric_features_are_taken_where_told(place: str):
    torch.manual_seed(0)
    head = EmbeddingHead(8, 3, embedding_dim=5, neck="batch_norm", metric_features=place).eval()
    pooled = draw(6, 8)
    with torch.no_grad():
        head.neck.running_mean.fill_(0.5)
        embedded = head.embedding(pooled)
        expected = {"pooled": pooled, "before_neck": embedded, "after_neck": head.neck(embedded)}
        outputs = head.training_outputs(pooled)
    assert torch.equal(outputs.features[0], expected[place])
    assert torch.equal(outputs.logits[0], head.classifier(expected["after_neck"]))


def test_descriptor_before_the_neck_leaves_the_neck_to_the_classifier():
    head = EmbeddingHead(8, 3, neck="batch_norm", descriptor="before_neck").eval()
    with torch.no_grad():
        head.neck.running_mean.fill_(0.5)
        assert torch.equal(head(draw(4, 8)), draw(4, 8))
        logits = head.training_outputs(draw(4, 8)).logits[0]
        torch.testing.assert_close(logits, head.classifier(head.neck(draw(4, 8))))


def test_cosine_classifier_gives_cosines():
    torch.manual_seed(0)
    head = EmbeddingHead(8, 3, classifier="cosine")
    features, weight = draw(6, 8).numpy(), head.classifier.weight.detach().numpy()
    logits = head.training_outputs(draw(6, 8)).logits[0].detach().numpy()
    expected = [[a @ b / np.linalg.norm(a) / np.linalg.norm(b) for b in weight] for a in features]
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-6)
    assert head.classifier.bias is None


def test_dropout_is_for_training_only():
    head = EmbeddingHead(64, embedding_dim=32, embedding_layers="linear", dropout=0.5)
    torch.manual_seed(0)
    share = (head.train()(draw(8, 64)) == 0).float().mean()
    assert 0.3 < float(share) < 0.7
    assert not (head.eval()(draw(8, 64)) == 0).any()


@pytest.mark.parametrize(("has_bias", "expected"), [(None, False), (True, True), (False, False)])
def test_classifier_bias_can_be_chosen(has_bias: bool | None, expected: bool):
    head = EmbeddingHead(8, 3, neck="batch_norm", has_classifier_bias=has_bias)
    assert (head.classifier.bias is not None) is expected


def test_reduction_head_is_the_papers():
    head = HEADS["reduction"](8, 3, embedding_dim=5, dropout=0.25)
    kinds = [type(layer) for layer in head.embedding]
    assert kinds == [nn.Linear, nn.BatchNorm1d, nn.ReLU, nn.Dropout]
    assert head.embedding[3].p == 0.25
    assert HEADS["reduction"](2048).descriptor_dim == 512


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"embedding_layers": "mlp"}, r"^Head embedding_layers is unknown, got 'mlp'\. Expected one of: \("),
        ({"metric_features": "neck"}, r"^Head metric_features is unknown, got 'neck'\."),
        ({"descriptor": "pooled"}, r"^Head descriptor is unknown, got 'pooled'\."),
        (
            {"classifier": "arc"},
            r"^Head classifier is unknown, got 'arc'\. Expected one of: \('linear', 'cos",
        ),
        ({"dropout": 1.0}, r"^Head dropout is out of range, got 1\.0\. Expected 0 up to below 1\.$"),
        (
            {"classifier": "cosine", "has_classifier_bias": True},
            r"^Head has_classifier_bias does not fit a cosine classifier, got true\. Expected null or false\.$",
        ),
    ],
)
def test_unknown_choices_of_a_head_are_refused(arguments: dict[str, object], message: str):
    with pytest.raises(CatalogError, match=message):
        EmbeddingHead(8, 3, **arguments)  # type: ignore[arg-type]
