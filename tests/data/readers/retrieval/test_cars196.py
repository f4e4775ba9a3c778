import numpy as np
import pytest
import scipy.io

from reidkit.core.errors import DatasetError
from reidkit.core.types import SplitCounts
from reidkit.data.readers.retrieval.cars196 import read_cars196
from tests.data.readers.retrieval.trees import CARS, RETRIEVAL, plant_cars_annotations


@pytest.fixture
def cars(tmp_path, jpeg):
    return RETRIEVAL["cars196"].write(tmp_path / "cars196", jpeg)


def test_cars_learns_from_the_first_98_classes_and_searches_the_others_leave_one_out(cars):
    splits = read_cars196(cars)
    assert [(s.path.name, s.identity) for s in splits.train] == [("000001.jpg", 1), ("000002.jpg", 98)]
    assert [(s.path.name, s.identity) for s in splits.query] == [("008055.jpg", 99), ("016185.jpg", 196)]
    assert splits.gallery == splits.query
    assert all(s.box is None for s in splits.train)


def test_cars_published_counts_add_up_to_all_images(cars):
    counts = read_cars196(cars).published_counts
    assert counts["train"] == SplitCounts(98, 8054)
    assert counts["query"] == counts["gallery"] == SplitCounts(98, 8131)
    assert counts["train"].images + counts["query"].images == 16185


def test_cars_annotations_may_lie_in_the_devkit(cars):
    (cars / "cars_annos.mat").unlink()
    plant_cars_annotations(cars, name="devkit/cars_annos.mat")
    assert len(read_cars196(cars).train) == 2


def test_cars_absent_image_is_named(cars):
    plant_cars_annotations(cars, (*CARS, ("car_ims/000003.jpg", 3)))
    with pytest.raises(
        DatasetError, match=r"got cars_annos.mat with 5 images of which 1 do not exist: .*000003\.jpg"
    ):
        read_cars196(cars)


def test_cars_page_of_html_is_called_one(cars):
    (cars / "cars_annos.mat").write_text("<html>404</html>")
    with pytest.raises(DatasetError, match="MATLAB file of Cars-196 is an HTML page"):
        read_cars196(cars)


def test_cars_annotations_of_another_form_are_refused(cars):
    scipy.io.savemat(cars / "cars_annos.mat", {"annotations": {"fname": "1.jpg", "class": 1}})
    with pytest.raises(DatasetError, match="Expected a struct with relative_im_path, class"):
        read_cars196(cars)
    scipy.io.savemat(
        cars / "cars_annos.mat", {"annotations": {"relative_im_path": "1.jpg", "class": np.ones(2)}}
    )
    with pytest.raises(DatasetError, match="Annotations of Cars-196 have another form"):
        read_cars196(cars)
