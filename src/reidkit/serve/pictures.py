"""Routes that show things: pictures of templates, evaluation reports, the page itself."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from reidkit.serve.problems import Problem, responses
from reidkit.serve.service import service_of
from reidkit.serve.uploads import thumbnail
from reidkit.serve.wire import Name, ReportBody

router = APIRouter(prefix="/v1", tags=["pictures"], responses=responses(401, 403, 404, 422, 429, 503))
page_router = APIRouter(include_in_schema=False)

REPORT_NAMES = ("report.html", "comparison.html")
REPORT_DEPTH = 3
REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
)
PAGE_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_PAGE = {
    item.name: item.read_bytes()
    for item in files("reidkit.serve").joinpath("page").iterdir()
    if Path(item.name).suffix in PAGE_TYPES
}


@router.get(
    "/picture",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}},
)
async def picture(
    request: Request,
    template_id: Annotated[Name, Query()],
    height: Annotated[int, Query(ge=16, le=2000)] = 256,
) -> Response:
    """Show a template, as JPEG, if its file lies in a registered folder."""
    service = service_of(request)
    found = await service.with_gallery(lambda gallery: gallery.find([template_id]))
    path = service.settings.find_picture(found[0].source) if found else None
    if path is None:
        # Whether there is such a file elsewhere is nobody's business.
        raise Problem(404, f"There is no picture of template '{template_id}'.")
    content = await run_in_threadpool(thumbnail, path, height, service.settings.max_pixels)
    return Response(content, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=600"})


@router.get("/reports")
async def reports(request: Request) -> list[ReportBody]:
    """List evaluation reports in the registered folders, newest first."""
    found = await run_in_threadpool(lambda: dict(_find_reports(service_of(request).settings.reports)))
    bodies = [_report_body(report_id, path, root) for report_id, (path, root) in found.items()]
    return sorted(bodies, key=lambda body: body.written, reverse=True)


@router.get(
    "/report",
    response_class=Response,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
)
async def report(request: Request, report_id: Annotated[Name, Query()]) -> Response:
    """Show a report; it may run nothing and load nothing."""
    found = await run_in_threadpool(lambda: dict(_find_reports(service_of(request).settings.reports)))
    if report_id not in found:
        raise Problem(404, f"There is no report '{report_id}'.")
    content = await run_in_threadpool(found[report_id][0].read_bytes)
    return Response(
        content,
        media_type="text/html; charset=utf-8",
        headers={"Content-Security-Policy": REPORT_POLICY},
    )


@page_router.get("/")
async def index() -> Response:
    """Show the page."""
    return _page_file("index.html")


@page_router.get("/page/{name}")
async def page_file(name: str) -> Response:
    """Return a file of the page; there are no others than those read at the start."""
    return _page_file(name)


def _page_file(name: str) -> Response:
    if name not in _PAGE:
        raise Problem(404, "There is no such file.")
    kind = PAGE_TYPES[Path(name).suffix]
    return Response(_PAGE[name], media_type=kind, headers={"Cache-Control": "no-cache"})


def _find_reports(roots: tuple[Path, ...]) -> Iterator[tuple[str, tuple[Path, Path]]]:
    """Yield reports with an id that tells nothing of where they lie."""
    for root in roots:
        for depth in range(REPORT_DEPTH + 1):
            for name in REPORT_NAMES:
                for path in sorted(root.glob("*/" * depth + name)):
                    if path.resolve().is_relative_to(root.resolve()):
                        yield hashlib.sha256(str(path).encode()).hexdigest()[:16], (path, root)


def _report_body(report_id: str, path: Path, root: Path) -> ReportBody:
    inside = path.parent.relative_to(root)
    name = str(inside) if inside.parts else root.resolve().name
    if path.name != REPORT_NAMES[0]:
        name = f"{name}: {path.stem}"
    summary = _summary(path.with_name("scores.json"))
    return ReportBody(
        report_id=report_id,
        name=name,
        written=datetime.fromtimestamp(path.stat().st_mtime, UTC),
        mean_ap=summary.get("mean_ap"),
        rank_1=summary.get("rank_1"),
    )


def _summary(scores: Path) -> dict[str, Any]:
    """Return the scores of an evaluation in short; nothing where there are none."""
    try:
        content = json.loads(scores.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    found = content.get("summary", {}) if isinstance(content, dict) else {}
    return {
        name: value for name, value in found.items() if name in ("mean_ap", "rank_1") and value is not None
    }
