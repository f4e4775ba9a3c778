"""Fill a template of this folder and write the page: one HTML file that needs nothing else."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reidkit.core.extras import import_extra
from reidkit.core.files import write_text
from reidkit.vis.words import count, format_percent


def write_page(path: Path, template: str, content: Mapping[str, Any]) -> None:
    """Write a page as one HTML file; all text in it is escaped.

    Args:
        path: Of the HTML file; replaced whole, or left as it was.
        template: File name in this folder. It may use ``count(number, thing)`` and the filter ``percent``.
        content: What the template names.

    Raises:
        MissingExtraError: jinja2 is not installed.
    """
    jinja2 = import_extra("jinja2", extra="report", purpose="The page")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = format_percent
    environment.globals["count"] = count
    html: str = environment.get_template(template).render(content)
    # A path may hold bytes that are no text; Python keeps them as halves of letters, which UTF-8 cannot.
    write_text(path, html.encode("utf-8", errors="replace").decode("utf-8"))
