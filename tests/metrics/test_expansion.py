"""Query expansion against its definitions, written as loops."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from reidkit.core.errors import CatalogError, EvaluationError, ShapeError
from reidkit.core.types import Protocol
from reidkit.metrics.expansion import (
    EXPANSIONS,
    alpha_expansion,
    augment_database,
    average_expansion,
    expand,
    transductive_expansion,
)
from reidkit.metrics.labels import Labels
from reidkit.metrics.ranking import rank_gallery
from tests.metrics.reranking.test_graph import draw


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
@pytest.mark.parametrize("m", [1, 4, 99])
def test_average_is_equation_7(distance: str, m: int):
    query, gallery, _ = draw(0)
    new, same = average_expansion(query, gallery, distance=distance, m=m)
    assert same is gallery
    for number, row in enumerate(query):
        far = (
            1 - F.cosine_similarity(row[None], gallery)
            if distance == "cosine"
            else (gallery - row).norm(dim=1)
        )
        near = gallery[far.argsort()[:m]]
        torch.testing.assert_close(new[number], (row + near.sum(0)) / (len(near) + 1))


def test_alpha_adds_neighbours_by_their_cosine():
    query, gallery, _ = draw(1)
    new, unit = alpha_expansion(query, gallery, m=3, alpha=2.5)
    torch.testing.assert_close(unit, F.normalize(gallery, dim=1))
    for number, row in enumerate(F.normalize(query, dim=1)):
        cosines = unit @ row
        near = cosines.argsort(descending=True)[:3]
        total = row + sum(cosines[place].clamp_min(0) ** 2.5 * unit[place] for place in near.tolist())
        torch.testing.assert_close(new[number], total / total.norm())


def test_transductive_takes_all_images_for_neighbours_of_all():
    query, gallery, _ = draw(2)
    rows = torch.cat([query, gallery])
    for _ in range(2):
        unit = F.normalize(rows, dim=1)
        values, near = (unit @ unit.T).topk(4)
        rows = (rows[near] * (values.clamp_min(0) ** 3)[..., None]).mean(1)
    new = torch.cat(transductive_expansion(query, gallery, k=4, alpha=3, rounds=2))
    torch.testing.assert_close(new, rows)


def test_augmentation_changes_the_gallery_without_the_queries():
    query, gallery, _ = draw(3)
    unit, new = augment_database(query, gallery, k=3, alpha=1)
    torch.testing.assert_close(unit, F.normalize(query, dim=1))
    rows = F.normalize(gallery, dim=1)
    values, near = (rows @ rows.T).topk(3)
    expected = F.normalize((rows[near] * values.clamp_min(0)[..., None]).sum(1), dim=1)
    torch.testing.assert_close(new, expected)
    torch.testing.assert_close(augment_database(query[:1], gallery, k=3, alpha=1)[1], new)


@pytest.mark.parametrize("name", EXPANSIONS)
def test_every_expansion_betters_clustered_descriptors(name: str):
    query, gallery, identities = draw(3, 30, 150)
    labels = Labels(identities[:30]), Labels(identities[30:])
    protocol = Protocol(name="own", same_camera="keep")
    plain = rank_gallery(query, gallery, *labels, protocol).mean_ap
    better = rank_gallery(*expand(name, query, gallery, "cosine"), *labels, protocol).mean_ap
    assert better > plain


def test_bad_input_is_refused():
    query, gallery, _ = draw(0)
    with pytest.raises(CatalogError, match=r"got 0 images and power 0\. Expected at least 1 image"):
        average_expansion(query, gallery, m=0)
    with pytest.raises(CatalogError, match=r"got 5 images and power -1"):
        alpha_expansion(query, gallery, alpha=-1)
    with pytest.raises(CatalogError, match=r"^Number of rounds is too small, got 0"):
        transductive_expansion(query, gallery, rounds=0)
    with pytest.raises(CatalogError, match=r"^Unknown expansion 'alfa'\. Did you mean 'alpha'"):
        expand("alfa", query, gallery, "cosine")
    with pytest.raises(ShapeError, match=r"^Query and gallery descriptors differ"):
        augment_database(query.float(), gallery)
    with pytest.raises(EvaluationError, match=r"^Query descriptors are not finite in 6 of 6 rows"):
        alpha_expansion(query * np.nan, gallery)
