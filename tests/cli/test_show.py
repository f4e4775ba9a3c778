from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import Command
from tests.conftest import draw_dataset


def rows_of(out: str) -> dict[str, list[str]]:
    """Return the cells of the table by the first cell of each row."""
    lines = [line for line in out.splitlines() if line.startswith("│")]
    cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]
    return {first: others for first, *others in cells}


def test_show_has_help(reidkit: Command):
    result = reidkit("data", "show", "--help")
    assert result.code == 0
    assert "Usage: reidkit data show" in result.out


def test_show_counts_each_split(reidkit: Command, dataset_root: Path):
    result = reidkit("data", "show", dataset_root)
    assert result.code == 0, result.err
    # 8 x 3 cameras x 2 images to train on; of the other 5 one image per camera is a query.
    assert rows_of(result.out) == {
        "train": ["8", "48", "", "3"], "query": ["5", "15", "", "3"], "gallery": ["5", "15", "", "3"],
    }  # fmt: skip
    assert "train-query-gallery: identities 8-5-5, images 48-15-15" in result.out
    assert "protocol: market1501" in result.out
    assert "published counts: none known" in result.out
    assert not list(Path().iterdir())


def test_show_puts_the_published_counts_beside_the_found(reidkit: Command, dataset_root: Path):
    image = next(dataset_root.rglob("*.png")).read_bytes()
    for name in (
        *("bounding_box_train/0002_c1s1_000451_03.jpg", "query/0001_c1s1_001051_00.jpg"),
        "bounding_box_test/0001_c2s1_000301_00.jpg",
    ):
        path = Path("Market-1501", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(image)
    result = reidkit("data", "show", "Market-1501", "--reader", "market1501")
    assert result.code == 0, result.err
    assert rows_of(result.out)["train"] == ["1, published 751", "1, published 12936", "", "1, published 6"]
    assert "terms: For academic research only" in result.out
    assert "none known" not in result.out


def test_show_says_where_found_and_published_agree(
    reidkit: Command, dataset_root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    (tmp_path / "my_reader.py").write_text(
        "from dataclasses import replace\n"
        "from reidkit.core.types import SplitCounts\n"
        "from reidkit.data.readers.folder import read_folder\n"
        "def read(root):\n"
        "    return replace(read_folder(root), published_counts={'train': SplitCounts(8, 48, 3)})\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    result = reidkit("data", "show", dataset_root, "--reader", "my_reader:read")
    assert rows_of(result.out)["train"] == ["8 = published", "48 = published", "", "3 = published"]
    assert rows_of(result.out)["query"] == ["5", "15", "", "3"]


def test_show_counts_tracklets_apart_from_their_frames(reidkit: Command, dataset_root: Path):
    images = sorted((dataset_root / "train" / "0000").glob("*.png"))
    rows = [f"{path},1,,{'test' if path in images[:2] else 'train'},t" for path in images]
    Path("m.csv").write_text("\n".join(["path,identity,camera,split,tracklet", *rows]))
    result = reidkit("data", "show", "m.csv", "--reader", "manifest")
    assert rows_of(result.out)["train"] == ["1", "4", "1", "unknown"]
    assert "identities 1-1-1, tracklets 1-1-1" in result.out
    assert "query and gallery are the same images" in result.out


def test_show_draws_a_sheet(reidkit: Command, dataset_root: Path):
    result = reidkit(
        "data", "show", dataset_root, "--out", "sheets/s.png", "--identities", "4", "--images", "3"
    )
    assert result.code == 0, result.err
    assert "wrote sheets/s.png" in result.out
    with Image.open("sheets/s.png") as small:
        assert small.format == "PNG"
        size = small.size
    reidkit("data", "show", dataset_root, "--out", "sheets/s.png", "--identities", "6", "--images", "6")
    with Image.open("sheets/s.png") as large:
        assert large.width > size[0]
        assert large.height > size[1]


def test_show_draws_the_same_bytes_again(reidkit: Command, dataset_root: Path):
    for name in ("a.png", "b.png"):
        reidkit("data", "show", dataset_root, "--out", name)
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()
    reidkit("data", "show", dataset_root, "--out", "c.png", "--seed", "1")
    assert Path("a.png").read_bytes() != Path("c.png").read_bytes()


def test_show_passes_options_to_the_reader(reidkit: Command, dataset_root: Path):
    result = reidkit("data", "show", dataset_root, "--option", "camera_pattern=null")
    assert rows_of(result.out)["train"] == ["8", "48", "", "unknown"]
    assert "protocol: no-camera" in result.out


def test_show_draws_in_spite_of_a_damaged_image(reidkit: Command):
    root = draw_dataset(Path("data"))
    for path in (root / "train").rglob("*.png"):
        path.write_bytes(b"no picture")
    assert reidkit("data", "show", root, "--out", "s.png").code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "nowhere"),
        ([".", "--out", "sheet.pdf"], "Expected a name that ends with .png"),
        ([".", "--reader", "foldr"], "Did you mean 'folder'?"),
        ([".", "--option", "novalue"], "expected key=value"),
        ([".", "--identities", "0"], "Invalid value for '--identities'"),
    ],
)
def test_show_mistake_is_one_message_and_writes_nothing(arguments: list[str], message: str, reidkit: Command):
    result = reidkit("data", "show", *arguments)
    assert result.code == 2
    assert message in " ".join(result.err.replace("│", " ").split())
    assert "Traceback" not in result.err
    assert not list(Path().iterdir())
