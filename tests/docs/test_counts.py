"""Numbers in README and changelog are those of the code."""

from pathlib import Path

from reidkit.data.readers import BENCHMARKS
from reidkit.engine.recipe_files import shipped_recipes
from reidkit.engine.recipe_list import recipes_as_markdown
from reidkit.losses.catalog import LOSSES

ROOT = Path(__file__).parents[2]


def test_readme_counts_the_published_data_sets():
    assert f"{len(BENCHMARKS)} published data sets" in (ROOT / "README.md").read_text()


def test_page_of_losses_lists_every_loss():
    page = (ROOT / "docs" / "losses.md").read_text()
    assert len(LOSSES) >= 15
    assert [key for key in LOSSES if f"| `{key}`" not in page] == []


def test_page_of_recipes_lists_every_recipe():
    page = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
    table = page.partition("<!-- reidkit recipes --markdown -->\n")[2]
    assert len(shipped_recipes()) >= 150
    assert table == recipes_as_markdown() + "\n"  # else paste what `reidkit recipes --markdown` prints
