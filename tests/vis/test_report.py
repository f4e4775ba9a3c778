import importlib
import os
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from reidkit.core.errors import EvaluationError, MissingExtraError, ShapeError
from reidkit.core.types import Protocol, Sample
from reidkit.metrics.attribute_scores import AttributeScore
from reidkit.metrics.label_faults import LabelFault
from reidkit.vis.report import ReportContent, choose_queries, write_report
from reidkit.vis.words import GLOSSARY, PROTOCOL_WORDS
from tests.vis.scenes import make_evaluation, make_list, make_samples, make_scores

VOID = {"meta", "link", "img", "br", "hr", "input", "base", "source", "embed"}
EVIL = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>&amp;{{ 7 * 7 }}"


class Page(HTMLParser):
    """Read a page, and refuse tags that are not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []
        assert len(self.tags) > 50

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(attrs) == len(dict(attrs)), f"an attribute of <{tag}> is given twice"
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def plain(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def values(self, attribute: str) -> list[str]:
        return [attributes[attribute] for _, attributes in self.tags if attribute in attributes]


def write(folder: Path, content: ReportContent) -> Page:
    path = folder / "out" / "report.html"
    write_report(path, content)
    assert [file.name for file in path.parent.iterdir()] == ["report.html"]
    return Page(path.read_text(encoding="utf-8"))


@pytest.fixture
def content(tmp_path: Path) -> ReportContent:
    return make_evaluation(tmp_path / "data").content()


def test_page_is_well_formed_and_has_every_section(tmp_path: Path, content: ReportContent) -> None:
    page = write(tmp_path, content)
    assert page.text.startswith('<!DOCTYPE html>\n<html lang="en">')
    sections = [section["id"] for section in page.all("section")]
    assert sections == [
        "scores", "rules", "comparison", "distances", "cameras", "worst", "random", "training", "words",
    ]  # fmt: skip
    headings = [name for name, _ in page.tags if re.fullmatch("h[1-6]", name)]
    assert headings[0] == "h1"
    assert headings.count("h1") == 1
    assert headings.count("h2") == len(sections)


def test_page_loads_nothing(tmp_path: Path, content: ReportContent) -> None:
    page = write(tmp_path, content)
    assert page.values("src")
    assert all(source.startswith("data:image/jpeg;base64,") for source in page.values("src"))
    assert all(target.startswith("#") for target in page.values("href"))
    assert re.findall(r"url\((?!#)", page.text) == []
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert not {"script", "link", "iframe", "object", "embed", "base"} & {name for name, _ in page.tags}
    (policy,) = [meta["content"] for meta in page.all("meta") if "http-equiv" in meta]
    assert policy.startswith("default-src 'none'")


def test_ids_are_unique_and_every_reference_resolves(tmp_path: Path, content: ReportContent) -> None:
    page = write(tmp_path, content)
    ids = page.values("id")
    references = [target[1:] for target in page.values("href")] + page.values("aria-labelledby")
    references += re.findall(r"url\(#([^)]+)\)", page.text)
    assert len(ids) == len(set(ids))
    assert len(references) > 20
    assert set(references) <= set(ids)


def test_scores_counts_and_every_rule_are_told(tmp_path: Path) -> None:
    queries, gallery = make_samples(tmp_path, ["a"] * 4), make_samples(tmp_path, ["a"] * 9)
    scores = make_scores([1, 1, 3, 0], [1.0, 0.5, 0.25, 0.0])
    page = write(tmp_path, ReportContent("T", {}, scores, queries, gallery))
    assert "Rank-1 66.7 % queries with a right image in first place" in page.plain
    assert "mAP 58.3 %" in page.plain
    assert "mINP 50.0 %" in page.plain
    assert (
        "Each of 4 queries was looked for among 9 gallery images. 3 queries can be scored; 1 has no right"
        in page.plain
    )
    assert "protocol market1501" in page.plain
    for title, words in PROTOCOL_WORDS.values():
        assert f"{title}: " in page.plain
        assert any(sentence in page.plain for _, sentence in words.values())
    assert all(word in page.plain and meaning in page.plain for word, meaning in GLOSSARY.items())


def test_rules_follow_the_protocol(tmp_path: Path) -> None:
    (sample,) = make_samples(tmp_path, ["a"])
    protocol = Protocol("mine", same_camera="keep", distance="euclidean", flip=True)
    scores = replace(make_scores([1], [1.0], num_gallery=1), protocol=protocol)
    plain = write(tmp_path, ReportContent("T", {}, scores, (sample,), (sample,))).plain
    for words in (
        "protocol mine",
        "Same camera: counted",
        "Distance: Euclidean",
        "Mirror image: averaged in",
    ):
        assert words in plain
    assert "All of them have a right image there" in plain


def test_thresholds_are_told_in_words(tmp_path: Path, content: ReportContent) -> None:
    assert len(content.thresholds) == 2
    strictest = min(content.thresholds, key=lambda item: item.distance)
    share = f"{100 * strictest.false_accept_rate:.1f} %"
    words = f"at distance {strictest.distance:.3f}, {share} of the pairs of different individuals"
    assert words in write(tmp_path, content).plain


def test_lists_show_right_and_wrong_with_words_and_files(tmp_path: Path, content: ReportContent) -> None:
    page = write(tmp_path, content)
    shown = [*content.worst, *content.random]
    hits = [
        (content.gallery[row], bool(is_match))
        for entry in shown
        for row, is_match in zip(entry.gallery, entry.is_match, strict=True)
    ]
    answers = [
        attributes["class"] for attributes in page.all("li") if attributes.get("class") in {"right", "wrong"}
    ]
    assert answers == ["right" if is_match else "wrong" for _, is_match in hits]
    assert {"right", "wrong"} == set(answers)
    labels = [image["alt"] for image in page.all("img")]
    assert len(labels) == len(hits) + len(shown)
    assert labels[0] == "Query: identity anna, camera c1"
    assert labels[1] == f"Rank 1, {answers[0]}: identity {hits[0][0].identity}, camera {hits[0][0].camera}"
    assert all(str(sample.path) in page.plain for sample, _ in hits)


def test_text_of_the_user_is_escaped_everywhere(tmp_path: Path) -> None:
    evaluation = make_evaluation(tmp_path / "data", [f"{EVIL}{number}" for number in range(3)])
    content = evaluation.content()
    gallery = tuple(
        replace(sample, camera=f"{EVIL}{sample.camera}", frames=(Path(f"/{EVIL}/{number}"),))
        for number, sample in enumerate(content.gallery)
    )
    pairs = [replace(pair, gallery_camera=EVIL, query_camera=EVIL) for pair in content.camera_pairs]
    evil = replace(
        content,
        title=EVIL,
        facts={EVIL: EVIL},
        gallery=gallery,
        camera_pairs=pairs,
        baselines={EVIL: content.scores},
        history=[{"epoch": 1, f"loss/{EVIL}": 1.0}],
    )
    page = write(tmp_path, evil)
    plain = write(tmp_path, content)
    assert "<script" not in page.text
    assert "<img src=x" not in page.text
    assert "{{ 7 * 7 }}" in page.plain
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert {name for name, _ in page.tags} <= {name for name, _ in plain.tags}
    assert EVIL in page.plain


def test_page_without_optional_parts_leaves_them_out(tmp_path: Path) -> None:
    queries, gallery = make_samples(tmp_path, ["a"]), make_samples(tmp_path, ["a"] * 9)
    page = write(tmp_path, ReportContent("T", {}, make_scores([1], [1.0]), queries, gallery))
    sections = [section["id"] for section in page.all("section")]
    assert sections == ["scores", "rules", "comparison", "cameras", "words"]
    assert "No other model was scored on this data." in page.plain
    assert "The cameras of this data are unknown" in page.plain
    assert page.all("img") == []
    assert page.all("svg")


def test_distances_without_thresholds_say_so(tmp_path: Path, content: ReportContent) -> None:
    page = write(tmp_path, replace(content, thresholds=()))
    assert "No threshold could be measured" in page.plain
    assert content.pairs is not None
    nothing = replace(content.pairs, genuine=content.pairs.genuine * 0, impostor=content.pairs.impostor * 0)
    page = write(tmp_path, replace(content, thresholds=(), pairs=nothing))
    assert "distances" not in [section["id"] for section in page.all("section")]


def test_many_cameras_are_listed(tmp_path: Path, content: ReportContent) -> None:
    pairs = [replace(content.camera_pairs[0], query_camera=number) for number in range(30)]
    assert "the weakest of 30 pairs of cameras" in write(tmp_path, replace(content, camera_pairs=pairs)).plain


def test_baseline_of_the_models_own_name_is_kept(tmp_path: Path, content: ReportContent) -> None:
    plain = write(tmp_path, replace(content, baselines={"This model": content.scores})).plain
    assert "This model (baseline)" in plain


def test_unreadable_image_and_tracklet_are_marked(tmp_path: Path) -> None:
    (query,) = make_samples(tmp_path, ["anna"])
    gallery = (Sample((tmp_path / "missing.jpg",), "anna"), Sample(query.frames * 12, "anna"))
    scores = make_scores([1], [1.0], num_gallery=2)
    lists = [make_list([True, True])]
    page = write(tmp_path, ReportContent("T", {}, scores, (query,), gallery, worst=lists))
    assert "cannot be read" in page.plain
    assert "\u00d712 frames" in page.plain
    assert len(page.all("img")) == 2


def test_path_that_is_no_text_is_written(tmp_path: Path) -> None:
    (query,) = make_samples(tmp_path, ["anna"])
    odd = Sample((tmp_path / os.fsdecode(b"\xe9t\xe9-7.jpg"),), "anna")
    scores = make_scores([1], [1.0], num_gallery=1)
    page = write(tmp_path, ReportContent("T", {}, scores, (query,), (odd,), worst=[make_list([True])]))
    assert "?t?-7.jpg" in page.plain


def test_same_content_gives_same_bytes(tmp_path: Path, content: ReportContent) -> None:
    assert write(tmp_path, content).text == write(tmp_path, content).text


def test_forty_lists_of_noisy_photos_stay_small(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    samples = []
    for number in range(60):
        # Half noise, half flat: harder to compress than photos are.
        pixels = random.integers(0, 256, (16, 8, 3)).repeat(16, 0).repeat(16, 1) // 2 + random.integers(
            0, 64, (256, 128, 3)
        )
        path = tmp_path / f"{number}.png"
        Image.fromarray(pixels.astype(np.uint8)).save(path)
        samples.append(Sample((path,), "anna", "c1"))
    lists = [make_list([True] * 10, query=n, rows=random.permutation(60)[:10].tolist()) for n in range(40)]
    scores = make_scores([1] * 60, [1.0] * 60, num_gallery=60)
    write_report(
        tmp_path / "report.html",
        ReportContent("T", {}, scores, tuple(samples), tuple(samples), worst=lists[:20], random=lists[20:]),
    )
    assert 500_000 < (tmp_path / "report.html").stat().st_size < 5_000_000


def test_samples_of_another_evaluation_are_refused(tmp_path: Path, content: ReportContent) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")
    with pytest.raises(ShapeError, match=r"Query samples have a wrong length, got 2\. Expected 3"):
        write_report(path, replace(content, queries=content.queries[:2]))
    with pytest.raises(ShapeError, match=r"Gallery samples have a wrong length, got 8\. Expected 9"):
        write_report(path, replace(content, gallery=content.gallery[1:]))
    mixed_up = (*content.gallery[1:], content.gallery[0])
    with pytest.raises(EvaluationError, match="does not fit the samples"):
        write_report(path, replace(content, gallery=mixed_up))
    with pytest.raises(ShapeError, match="belongs to no query, got number 7"):
        write_report(path, replace(content, worst=[make_list([], query=7)]))
    assert path.read_text() == "old"


def test_report_is_replaced_whole_or_not_at_all(
    tmp_path: Path, content: ReportContent, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out" / "report.html"
    write_report(path, content)
    before = path.read_bytes()

    def fail(_descriptor: int) -> None:
        assert path.read_bytes() == before
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        write_report(path, replace(content, title="Other"))
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("package", ["jinja2", "matplotlib"])
def test_missing_extra_names_the_command(
    tmp_path: Path, content: ReportContent, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    real = importlib.import_module

    def import_module(name: str, parent: str | None = None) -> ModuleType:
        if name.partition(".")[0] == package:
            raise ModuleNotFoundError(f"No module named '{name}'", name=package)
        return real(name, parent)

    monkeypatch.setattr(importlib, "import_module", import_module)
    with pytest.raises(
        MissingExtraError, match=rf"The report needs.*'{package}'.*pip install 'reidkit\[report\]'"
    ):
        write_report(tmp_path / "report.html", content)
    assert not (tmp_path / "report.html").exists()


def test_worst_queries_come_by_precision_then_by_first_rank() -> None:
    scores = make_scores([5, 9, 0, 1, 9, 2], [0.2, 0.2, 0.0, 1.0, 0.2, 0.1])
    worst, others = choose_queries(scores, num_worst=4, num_random=9)
    assert worst == [5, 1, 4, 0]
    assert others == [3]


def test_chosen_queries_are_valid_disjoint_and_repeatable() -> None:
    random = np.random.default_rng(1)
    ranks = random.integers(0, 9, 200)
    scores = make_scores(ranks.tolist(), random.random(200).tolist())
    worst, others = choose_queries(scores, num_worst=20, num_random=20, seed=3)
    assert (len(worst), len(others)) == (20, 20)
    assert not set(worst) & set(others)
    assert all(scores.is_valid[number] for number in [*worst, *others])
    assert all(isinstance(number, int) for number in [*worst, *others])
    assert choose_queries(scores, num_worst=20, num_random=20, seed=3) == (worst, others)
    assert choose_queries(scores, num_worst=20, num_random=20, seed=4)[1] != others
    assert others == sorted(others)


def test_choosing_none_and_too_many() -> None:
    scores = make_scores([1, 0], [1.0, 0.0])
    assert choose_queries(scores, num_worst=0, num_random=0) == ([], [])
    assert choose_queries(scores, num_worst=9, num_random=9) == ([0], [])
    with pytest.raises(EvaluationError, match="Number of queries is negative, got -1 worst and 2 random"):
        choose_queries(scores, num_worst=-1, num_random=2)


def test_attributes_and_label_doubts_are_told(tmp_path: Path, content: ReportContent) -> None:
    row = AttributeScore("hat", EVIL, 7, 0.5, 0.25, 4, 0.75, 0.1)
    unknown = replace(row, value="none", num_wrong=0, alike=None)
    fault = LabelFault(0, 1, 0.1, 2, 0.4, 4, 5)
    doubted = make_samples(tmp_path / "doubted", ["ann", "bob", "cy"])
    told = replace(content, attributes=[row, unknown], doubts=[fault] * 25, doubted=doubted)
    page = write(tmp_path, told)
    assert {"attributes", "doubts"} <= {section["id"] for section in page.all("section")}
    assert f"hat {EVIL} 7 50.0 % 25.0 % 4 75.0 % 10.0 %" in page.plain
    assert "hat none 7 50.0 % 25.0 % 0 - 10.0 %" in page.plain
    assert (
        "25 samples lie among another identity and far from their own; the 20 surest are shown" in page.plain
    )
    assert page.plain.count("4 of its 5 nearest are of the other identity") == 20
    assert "In doubt: identity ann, camera c1" in page.values("alt")


def test_of_many_attributes_the_weakest_are_shown(tmp_path: Path, content: ReportContent) -> None:
    rows = [AttributeScore("size", str(place), 1, 0.5, place / 100, 0, None, 0.0) for place in range(70)]
    page = write(tmp_path, replace(content, attributes=rows[::-1]))
    assert "The 60 rows with the lowest mAP of 70." in page.plain
    assert "size 59 1 " in page.plain
    assert "size 60 1 " not in page.plain
