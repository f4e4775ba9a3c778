import pytest

from reidkit.core.errors import DatasetError
from reidkit.core.types import SplitCounts
from reidkit.data.readers.retrieval.inshop import read_inshop
from tests.data.readers.retrieval.trees import RETRIEVAL


@pytest.fixture
def inshop(tmp_path, jpeg):
    return RETRIEVAL["inshop"].write(tmp_path / "In-shop Clothes Retrieval Benchmark", jpeg)


def names(samples):
    return [(sample.identity, sample.path.name) for sample in samples]


def test_inshop_query_and_gallery_are_those_of_the_list(inshop):
    splits = read_inshop(inshop)
    assert names(splits.train) == [(2, "02_1_front.jpg"), (2, "02_2_side.jpg")]
    assert names(splits.query) == [(80, "01_1_front.jpg")]
    assert names(splits.gallery) == [(80, "01_7_additional.jpg")]
    assert splits.protocol == "no-camera"


def test_inshop_published_counts(inshop):
    assert read_inshop(inshop).published_counts == {
        "train": SplitCounts(3997, 25882),
        "query": SplitCounts(3985, 14218),
        "gallery": SplitCounts(3985, 12612),
    }


def test_inshop_images_and_list_may_lie_side_by_side(inshop):
    usual = read_inshop(inshop)
    (inshop / "Eval" / "list_eval_partition.txt").rename(inshop / "list_eval_partition.txt")
    (inshop / "Img" / "img").rename(inshop / "img")
    (inshop / "Img" / "._clutter.jpg").unlink(missing_ok=True)
    splits = read_inshop(inshop)
    assert names(splits.train) == names(usual.train)
    assert splits.train[0].path.is_file()


def test_inshop_images_that_are_not_unpacked_are_missed(inshop):
    (inshop / "Img" / "img").rename(inshop / "Img" / "img_highres")
    with pytest.raises(DatasetError, match=r"with 4 images of which 4 do not exist: .*/Img/img/"):
        read_inshop(inshop)


@pytest.mark.parametrize("split", ["train", "query", "gallery"])
def test_inshop_list_without_a_split_is_refused(inshop, split):
    path = inshop / "Eval" / "list_eval_partition.txt"
    path.write_text(
        "".join(line + "\n" for line in path.read_text().splitlines() if not line.endswith(f" {split}"))
    )
    with pytest.raises(DatasetError, match=f"got no image for {split} in"):
        read_inshop(inshop)
