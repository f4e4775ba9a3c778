import numpy as np
import pytest

from reidkit.core.errors import CatalogError, DatasetError
from reidkit.core.types import SplitCounts
from reidkit.data.query_checks import find_unmatched
from reidkit.data.readers.attribute.pa100k import read_pa100k
from reidkit.metrics.protocols import PROTOCOLS
from tests.data.readers.attribute.trees import ATTRIBUTE, cells, plant_pa100k


@pytest.fixture
def pa100k(tmp_path, jpeg):
    return ATTRIBUTE["pa100k"].write(tmp_path / "PA-100K", jpeg)


def facts(samples):
    return [(sample.identity, sample.path.name, dict(sample.attributes)) for sample in samples]


def test_pa100k_each_image_is_its_own_identity_with_the_labels_of_its_row(pa100k):
    splits = read_pa100k(pa100k)
    # The rows of the annotations are in another order than the names.
    assert facts(splits.train) == [
        (1, "000001.jpg", {"Female": 0, "Age18-60": 1, "Skirt&Dress": 0}),
        (2, "000002.jpg", {"Female": 1, "Age18-60": 0, "Skirt&Dress": 1}),
    ]
    assert [identity for identity, _, _ in facts(splits.query)] == [90001, 100000]
    assert splits.gallery == splits.query
    assert splits.published_counts["train"] == SplitCounts(80000, 80000)
    assert splits.published_counts["query"] == SplitCounts(10000, 10000)
    assert splits.notes[-1].startswith("Identities: unknown")


def test_pa100k_validation_images_are_tested_when_asked_for(pa100k):
    splits = read_pa100k(pa100k, tested="validation")
    assert [s.identity for s in splits.query] == [80001]
    with pytest.raises(CatalogError, match=r"tested is unknown, got 'val'. Expected test or validation"):
        read_pa100k(pa100k, tested="val")


@pytest.mark.parametrize("folder", ["data", "release_data", "release_data/release_data", "data/release_data"])
def test_pa100k_is_read_as_people_unpack_it(tmp_path, write_files, folder):
    names = ("000001", "000002", "080001", "090001", "100000")
    write_files(tmp_path / folder, *(f"{name}.jpg" for name in names))
    plant_pa100k(tmp_path)
    (tmp_path / "annotation" / "annotation.mat").rename(tmp_path / "annotation.mat")
    assert read_pa100k(tmp_path).train[0].path == tmp_path / folder / "000001.jpg"


def test_pa100k_absent_image_is_named(pa100k):
    (pa100k / "data/release_data/release_data/090001.jpg").unlink()
    with pytest.raises(DatasetError, match=r"with 4 images of which 1 do not exist: .*090001\.jpg"):
        read_pa100k(pa100k)


@pytest.mark.parametrize(
    "changes",
    [
        {"train_label": np.zeros((3, 3), np.uint8)},
        {"train_label": np.zeros((2, 4), np.uint8)},
        {"test_images_name": cells(["a.jpg", "b.jpg"])},
        {"train_label": cells(["yes", "no"])},
    ],
)
def test_pa100k_annotations_of_another_form_are_refused(pa100k, changes):
    plant_pa100k(pa100k, **changes)
    with pytest.raises(DatasetError, match="Annotations of PA-100K have another form"):
        read_pa100k(pa100k)


def test_pa100k_page_of_html_is_called_one(pa100k):
    (pa100k / "annotation" / "annotation.mat").write_text("<html>quota exceeded</html>")
    with pytest.raises(DatasetError, match="PA-100K is an HTML page"):
        read_pa100k(pa100k)


def test_pa100k_has_no_match_to_be_found(pa100k):
    splits = read_pa100k(pa100k)
    assert len(find_unmatched(splits.query, splits.gallery, PROTOCOLS[splits.protocol]).alone) == 2
