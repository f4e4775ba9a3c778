import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from reidkit.core.types import DatasetSplits, Protocol, Sample, SplitCounts
from reidkit.data.doctor import examine
from reidkit.vis import check_page
from reidkit.vis.check_page import write_check_page
from tests.data.photos import photo, write_photo

KEEP = Protocol("no-camera", same_camera="keep")
VOID = {"meta", "img", "br"}


class Reader(HTMLParser):
    """Collects the text of each section, and holds that every element is closed in its turn."""

    def __init__(self):
        super().__init__()
        self.open, self.images, self.links, self.ids, self.text = [], [], [], [], {}
        self.section = "head"

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "section":
            self.section = attributes["id"]
        if tag == "img":
            self.images.append((self.section, attributes))
        if tag == "a":
            self.links.append(attributes["href"])
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text[self.section] = " ".join(f"{self.text.get(self.section, '')} {data}".split())


def read(path):
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    assert not reader.open
    return reader


def sample(path, identity, camera=None):
    return Sample((path,), identity, camera)


@pytest.fixture
def splits(tmp_path):
    """A data set with one fault of each kind that has a picture."""
    root = tmp_path / "zoo"
    ann = [sample(write_photo(root / f"ann{n}.png", n), "ann", 1 + n % 2) for n in range(5)]
    bob = [sample(write_photo(root / "bob.png", 10), "bob", 2)]
    test = [sample(write_photo(root / f"cid{n}.png", 20 + n), "cid", 1 + n) for n in range(2)]
    photo(0).save(root / "again.jpg", quality=70)
    photo(10).save(root / "eve.png")
    photo(4).save(root / "copy.png")
    Image.new("RGB", (40, 60)).save(root / "black<i>.png")
    write_photo(root / "tiny.png", 30, width=5, height=6)
    (root / "cut.jpg").write_bytes((root / "again.jpg").read_bytes()[:700])
    more = [
        sample(root / "eve.png", "<eve>", 1),
        sample(root / "copy.png", "ann", 1),
        sample(root / "black<i>.png", "bob", 1),
        sample(root / "tiny.png", "bob", 1),
        sample(root / "cut.jpg", "bob", 2),
    ]
    return DatasetSplits(
        "zoo & co",
        root,
        (*ann, *bob, *more),
        (test[0],),
        (test[1], sample(root / "again.jpg", "ann", 3)),
        "no-camera",
        published_counts={"train": SplitCounts(3, 12, 2), "gallery": SplitCounts(2, 2)},
    )


@pytest.fixture
def page(splits, tmp_path):
    write_check_page(tmp_path / "check.html", examine(splits, KEEP, decode="all"), splits)
    return read(tmp_path / "check.html")


def test_page_needs_nothing_from_outside_and_runs_nothing(page, splits, tmp_path):
    text = (tmp_path / "check.html").read_text()
    assert not re.search(r"https?:|<script|<link|url\(|@import| on\w+=", text)
    assert "Content-Security-Policy" in text
    assert "default-src 'none'" in text
    assert all(attributes["src"].startswith("data:image/jpeg;base64,") for _, attributes in page.images)
    assert all(attributes["alt"] for _, attributes in page.images)
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_findings_are_listed_with_level_and_code(page, splits):
    report = examine(splits, KEEP, decode="all")
    for finding in report.findings:
        assert f"{finding.level} {' '.join(finding.message.split())} {finding.code}" in page.text["findings"]
    assert "1 error, 6 warnings" in page.text["head"]
    assert "zoo & co" in page.text["head"]


def test_counts_stand_beside_the_published_ones(page):
    assert "train 3 (3) 11 (12) differs 2 (2)" in page.text["counts"]
    assert "query 1 1 1" in page.text["counts"]
    assert "gallery 2 (2) 2 (2) 2" in page.text["counts"]


def test_histogram_is_there(page):
    assert "train Images Identities Bar 1 1 2 0 3 0 4 1 5 0 6 1" in page.text["histogram"]
    assert "query Images Identities Bar 1 1" in page.text["histogram"]


def test_damaged_files_are_named(page):
    assert "1 file cannot be used." in page.text["damaged"]
    assert "cut.jpg" in page.text["damaged"]
    assert "is damaged" in page.text["damaged"]


def test_duplicates_stand_side_by_side(page):
    text = page.text["duplicates"]
    shown = [Path(attributes["title"]).name for section, attributes in page.images if section == "duplicates"]
    assert shown == ["again.jpg", "ann0.png", "bob.png", "eve.png", "copy.png", "ann4.png"]
    assert (
        "gallery identity ann camera 3 again.jpg train identity ann camera 1 ann0.png nearly equal:" in text
    )
    assert "identity bob camera 2 bob.png train identity <eve> camera 1 eve.png equal pixels" in text
    assert "Copies within a split" in text


def test_pair_of_two_kinds_is_shown_once(splits, tmp_path):
    renamed = replace(splits, gallery=(splits.gallery[0], replace(splits.gallery[1], identity="zed")))
    write_check_page(tmp_path / "check.html", examine(renamed, KEEP, decode="all"), renamed)
    page = read(tmp_path / "check.html")
    shown = [Path(attributes["title"]).name for section, attributes in page.images if section == "duplicates"]
    assert shown.count("again.jpg") == 1
    assert (
        "2 pairs One of the two labels is wrong, or one file is. 1 pair shown above already."
        in (page.text["duplicates"])
    )


def test_odd_pictures_are_shown_with_their_size(page):
    assert "Tiny 1 picture" in page.text["odd"]
    assert "5 x 6 train identity bob camera 1 tiny.png" in page.text["odd"]
    assert "40 x 60 train identity bob camera 1 black<i>.png" in page.text["odd"]


def test_small_and_large_identities_are_shown(page):
    text = page.text["identities"]
    assert text.index("Fewest images") < text.index("<eve> 1 image") < text.index("ann 6 images")
    assert "cannot be read" in text  # the damaged image of bob


def test_more_than_can_be_shown_is_counted(splits, tmp_path, monkeypatch):
    for name in ("MOST_PAIRS", "MOST_ODD", "MOST_DAMAGED", "MOST_IMAGES", "MOST_IDENTITIES"):
        monkeypatch.setattr(check_page, name, 1)
    root = splits.root
    for number in range(2):
        photo(number + 1).save(root / f"again{number}.png")
        (root / f"empty{number}.png").write_bytes(b"")
        write_photo(root / f"tiny{number}.png", 40 + number, width=4, height=9)
    names = [f"{kind}{number}.png" for kind in ("again", "empty", "tiny") for number in range(2)]
    many = replace(splits, gallery=(*splits.gallery, *(sample(root / name, "ann", 1) for name in names)))
    write_check_page(tmp_path / "check.html", examine(many, KEEP, decode="all"), many)
    page = read(tmp_path / "check.html")
    assert "3 pairs" in page.text["duplicates"]
    assert "Of the others the first 1; --json names all." in page.text["duplicates"]
    assert "3 files cannot be used; the first 1 are named here." in page.text["damaged"]
    assert "Tiny 3 pictures Too few pixels to recognise anybody. The first 1 are shown" in page.text["odd"]
    assert "ann 6 images, 1 of them" in page.text["identities"]


def test_clean_data_have_a_short_page(tmp_path):
    train = tuple(sample(write_photo(tmp_path / f"{n}.png", n), f"p{n // 2}", n % 2) for n in range(6))
    clean = DatasetSplits("clean", tmp_path, train, (), (), "no-camera")
    write_check_page(tmp_path / "check.html", examine(clean, KEEP, decode="all"), clean)
    page = read(tmp_path / "check.html")
    assert not {"damaged", "duplicates", "odd"} & set(page.text)
    assert "no counts were published" in page.text["counts"]


def test_data_without_an_image_have_a_page(tmp_path):
    empty = DatasetSplits("empty", tmp_path, (), (), (), "no-camera")
    write_check_page(tmp_path / "check.html", examine(empty, KEEP), empty)
    assert "error" in read(tmp_path / "check.html").text["findings"]


def test_evaluation_alone_shows_the_gallery(splits, tmp_path):
    tested = replace(splits, train=())
    write_check_page(tmp_path / "check.html", examine(tested, KEEP), tested)
    assert "From the gallery split" in read(tmp_path / "check.html").text["identities"]


def test_same_findings_give_the_same_bytes(splits, tmp_path):
    for name in ("one.html", "two.html"):
        write_check_page(tmp_path / name, examine(splits, KEEP, decode="all"), splits)
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_file_names_of_any_bytes_are_shown(tmp_path):
    path = tmp_path / "caf\udce9.png"
    write_photo(path, 1)
    splits = DatasetSplits(
        "odd",
        tmp_path,
        (sample(path, "a\udce9"), sample(tmp_path / "gone\udce9.png", "b")),
        (),
        (),
        "no-camera",
    )
    write_check_page(tmp_path / "check.html", examine(splits, KEEP, decode="all"), splits)
    assert r"gone\udce9.png" in read(tmp_path / "check.html").text["damaged"]
