"""The page in Chromium: search, correct, look."""

from pathlib import Path

import pytest
from PIL import Image

from reidkit.gallery.judgements import JudgementTable
from reidkit.gallery.records import Template
from tests.browser.conftest import DESKTOP, PHONE, Open, Page, Serve, Served, playwright
from tests.serve.conftest import id_of

expect = playwright.expect

GIVE = """async ([name, address, kind]) => {
  const content = await (await fetch(address)).blob();
  const transfer = new DataTransfer();
  transfer.items.add(new File([content], name, { type: "image/png" }));
  const event = kind === "paste"
    ? new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true })
    : new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true });
  document.body.dispatchEvent(event);
}"""


@pytest.fixture
def served(serve: Serve) -> Served:
    return serve()


def choose(page: Page, image: Path) -> None:
    page.set_input_files("#file", image)
    expect(page.locator("#hits li").first).to_be_visible()


def test_an_image_is_searched_for_and_ranked(served: Served, open_page: Open):
    page = open_page(served.address)
    expect(page.locator("#about")).to_have_text("6 pictures of 3 individuals")
    photo = served.place.people[3]
    choose(page, photo)
    name = photo.parent.name
    expect(page.locator(".said")).to_have_text(f"The same as {name}")
    expect(page.locator("#verdict")).to_contain_text(
        "distance 0.000; probability of the same 99 %, if 50 % of"
    )
    expect(page.locator("#hits li")).to_have_count(6)
    first = page.locator("#hits li").first
    for text in (name, "99 %", "0.000", "camera 2", "31 Jan 2026, 12:03", "same"):
        expect(first).to_contain_text(text)
    expect(page.locator("#hits img").first).to_have_js_property("naturalHeight", 64)
    page.locator("#filters summary").click()
    page.get_by_label("Each individual once").check()
    expect(page.locator("#hits li")).to_have_count(3)


@pytest.mark.parametrize("kind", ["paste", "drop"])
def test_images_are_pasted_and_dropped(served: Served, open_page: Open, kind: str):
    page = open_page(served.address)
    page.evaluate(GIVE, ["a.png", "/v1/picture?template_id=t4&height=64", kind])
    expect(page.locator("#hits h3").first).to_have_text(served.place.people[4].parent.name)


def test_a_part_of_a_frame_is_picked_by_mouse_and_by_keyboard(
    served: Served, open_page: Open, tmp_path: Path
):
    frame = Image.new("RGB", (160, 128), "gray")
    frame.paste(Image.open(served.place.people[2]), (64, 32))
    frame.save(tmp_path / "frame.png")
    page = open_page(served.address)
    choose(page, tmp_path / "frame.png")
    shown = page.locator("#picture").bounding_box()
    scale = shown["width"] / 160
    page.mouse.move(shown["x"] + 64 * scale, shown["y"] + 32 * scale)
    page.mouse.down()
    page.mouse.move(shown["x"] + 96 * scale, shown["y"] + 96 * scale, steps=3)
    page.mouse.up()
    expect(page.locator("#hits .numbers").first).to_contain_text("0.000")
    expect(page.locator("#hits h3").first).to_have_text(served.place.people[2].parent.name)
    page.get_by_role("button", name="Whole image").click()
    expect(page.locator("#hits .numbers").first).not_to_contain_text("0.000")

    page.locator("#stage").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#box")).to_be_visible()
    left = page.locator("#box").evaluate("box => box.style.left")
    assert left == "26.875%"  # 43 of 160: a quarter, and a step of 3
    with page.expect_response("**/v1/search") as response:
        page.keyboard.press("Enter")
    assert response.value.ok
    page.keyboard.press("Escape")
    expect(page.locator("#box")).to_be_hidden()


def test_filters_narrow_the_search_and_faults_are_said(served: Served, open_page: Open):
    page = open_page(served.address)
    choose(page, served.place.people[0])
    page.locator("#filters summary").click()
    page.get_by_label("2", exact=True).check()
    page.get_by_label("Until").fill("2026-01-31T12:03")
    page.get_by_role("button", name="Search again").click()
    expect(page.locator("#hits li")).to_have_count(2)
    expect(page.locator("#filter-count")).to_have_text("(2 set)")
    page.get_by_label("Condition").fill("colour = 'red'")
    page.get_by_role("button", name="Search again").click()
    expect(page.locator("#toast")).to_contain_text("filter is not understood")


def test_pairs_are_judged_with_keys(served: Served, open_page: Open):
    page = open_page(served.address)
    choose(page, served.place.people[0])
    first, second = page.locator("#hits li").nth(0), page.locator("#hits li").nth(1)
    first.focus()
    page.keyboard.press("s")
    expect(first.get_by_role("button", name="Same")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("ArrowRight")
    expect(second).to_be_focused()
    page.keyboard.press("d")
    expect(second.get_by_role("button", name="Different")).to_have_attribute("aria-pressed", "true")
    query = id_of(served.place.people[0].read_bytes())
    said = JudgementTable(served.place.gallery.store).of([query])
    assert [judgement.is_same for judgement in said] == [True, False]
    page.keyboard.press("Enter")
    expect(page.locator("#timeline h2")).to_be_visible()


def test_an_image_is_kept(served: Served, open_page: Open, tmp_path: Path):
    Image.new("RGB", (32, 64), "red").save(tmp_path / "red.png")
    page = open_page(served.address)
    choose(page, tmp_path / "red.png")
    page.get_by_label("Who it is").fill("<b>Zoë</b>")
    page.locator("#keep").get_by_label("Camera").fill("9")
    page.get_by_role("button", name="Add to the gallery").click()
    expect(page.locator(".said")).to_have_text("The same as <b>Zoë</b>")
    expect(page.locator("#about")).to_have_text("7 pictures of 4 individuals")
    (template,) = served.place.gallery.templates("camera = '9'")
    assert template.identity == "<b>Zoë</b>"
    expect(page.locator("#hits img").first).to_have_js_property("naturalWidth", 32)


def test_identities_are_merged_split_and_cleaned(served: Served, open_page: Open):
    names = sorted({path.parent.name for path in served.place.people})
    page = open_page(served.address)
    page.get_by_role("link", name="Individuals").click()
    expect(page.locator("#people li")).to_have_count(3)
    for number in (0, 1):
        page.locator("#people li").nth(number).focus()
        page.keyboard.press(" ")
    page.locator("#merge").get_by_role("textbox").fill("both")
    page.get_by_role("button", name="Merge").click()
    expect(page.locator("#people h3")).to_have_text([names[2], "both"])

    page.get_by_role("link", name="both").click()
    expect(page.locator("#timeline .card")).to_have_count(4)
    expect(page.locator(".mark")).to_have_count(4)
    page.locator("#timeline .card input").nth(3).check()
    page.get_by_placeholder("somebody else").fill("alone")
    page.get_by_role("button", name="Split off").click()
    expect(page.locator("#timeline .card")).to_have_count(3)
    page.locator("#timeline .card input").nth(0).check()
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Keep").click()
    page.get_by_role("button", name="Remove").click()
    page.locator("#confirm").get_by_role("button", name="Remove").click()
    expect(page.locator("#timeline .card")).to_have_count(2)
    held = {(item.template_id, item.identity) for item in served.place.gallery.templates()}
    assert held == {("t1", "both"), ("t2", "both"), ("t3", "alone"), ("t4", names[2]), ("t5", names[2])}
    page.go_back()
    expect(page.locator("#people li")).to_have_count(3)


def test_similar_ones_of_a_template_lead_to_a_merge(served: Served, open_page: Open):
    names = sorted({path.parent.name for path in served.place.people})
    page = open_page(f"{served.address}#individual/{names[0]}")
    page.locator("#timeline .similar").first.click()
    other = page.locator("#hits li", has_not=page.get_by_role("link", name=names[0])).first
    merged = other.locator("h3").inner_text()
    other.get_by_role("button", name="Same").click()
    page.locator("#toast").get_by_role("button", name="Merge").click()
    expect(page.locator("#toast")).to_have_text(f"{merged} is now {names[0]}.")
    assert served.place.gallery.stats().identities == 2


def test_reports_are_shown(serve: Serve, open_page: Open, tmp_path: Path):
    (tmp_path / "runs" / "first").mkdir(parents=True)
    (tmp_path / "runs" / "first" / "report.html").write_text("<h1>How good it is</h1><script>boom()</script>")
    (tmp_path / "runs" / "first" / "scores.json").write_text('{"summary": {"mean_ap": 0.5, "rank_1": 0.75}}')
    page = open_page(serve(reports=(tmp_path / "runs",)).address)
    page.get_by_role("link", name="Reports").click()
    expect(page.locator("#report-list li")).to_contain_text("mAP 50.0 %, Rank-1 75.0 %")
    page.get_by_role("link", name="first").click()
    expect(page.frame_locator("#report-page").get_by_role("heading")).to_have_text("How good it is")


def test_the_token_is_asked_for_or_taken_from_the_address(serve: Serve, open_page: Open):
    served = serve(token="open sesame")
    page = open_page(served.address)
    field = page.get_by_label("Token")
    field.fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#toast")).to_have_text("That is not the token of this service.")
    field.fill("open sesame")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#about")).to_have_text("6 pictures of 3 individuals")
    other = open_page(f"{served.address}#token=open%20sesame")
    expect(other.locator("#about")).to_have_text("6 pictures of 3 individuals")
    assert "sesame" not in other.url


def test_names_are_text_and_never_run(served: Served, open_page: Open):
    evil = "<img src=x onerror=document.title='owned'>/../#"
    rows = served.place.gallery.descriptors(["t0"])
    served.place.gallery.add([Template(evil, "evil", notes=evil)], rows)
    page = open_page(served.address)
    choose(page, served.place.people[0])
    expect(page.get_by_role("link", name=evil)).to_be_visible()
    page.get_by_role("link", name=evil).click()
    expect(page.locator("#timeline h2")).to_have_text(evil)
    expect(page.locator("#timeline .card")).to_have_count(1)
    assert page.title() == "reidkit"


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_nothing_sticks_out_and_buttons_are_large_enough(
    served: Served, open_page: Open, size: tuple[int, int]
):
    page = open_page(served.address, size)
    choose(page, served.place.people[0])
    page.locator("#filters summary").click()
    name = served.place.people[0].parent.name
    for view in ("#search", "#individuals", f"#individual/{name}", "#reports"):
        page.evaluate("(view) => (location.hash = view)", view)
        expect(page.locator("main > section:visible li").first).to_be_visible()
        if view == f"#individual/{name}":
            page.locator("#timeline .card input").first.check()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
        small = page.evaluate(
            """() => [...document.querySelectorAll("button:not(.mark), nav a, summary")]
              .map((item) => [item.innerText, item.getBoundingClientRect()])
              .filter(([, box]) => box.height > 0 && (box.height < 32 || box.width < 32))
              .map(([text]) => text)"""
        )
        assert small == [], view
    if size == PHONE:  # what was found comes before what may be done with the image
        page.evaluate("location.hash = '#search'")
        expect(page.locator("#search")).to_be_visible()
        assert page.locator("#verdict").bounding_box()["y"] < page.locator("#keep").bounding_box()["y"]


def test_the_page_is_walked_with_the_keyboard_alone(served: Served, open_page: Open):
    page = open_page(served.address)
    expect(page.locator("#about")).not_to_be_empty()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the content")).to_be_focused()
    names = []
    for _ in range(5):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.innerText || document.activeElement.id"))
    assert [name.strip() for name in names] == ["Search", "Individuals", "Reports", "file", "Filter"]
