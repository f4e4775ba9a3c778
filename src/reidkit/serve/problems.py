"""Errors as RFC 9457 says them: application/problem+json, one form for all of them."""

from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException as StarletteHTTPException

from reidkit.core.errors import GalleryError, ImageError, ReidkitError

MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: "The request cannot be read",
    401: "A token is needed",
    403: "Not from there",
    404: "Not found",
    405: "Not that way",
    408: "Too slow",
    413: "Too large",
    421: "Not this host",
    422: "The request does not fit",
    429: "Too much at once",
    500: "A fault of the service",
    503: "Not in time",
}


class ProblemBody(BaseModel):
    """What went wrong, and what to do about it."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


class Problem(HTTPException):
    """An answer that is an error.

    Args:
        status: Of HTTP.
        detail: For a person.
        headers: Of the answer.
    """

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, detail, headers)

    def response(self) -> JSONResponse:
        """Return the answer."""
        body = ProblemBody(
            title=TITLES[self.status_code], status=self.status_code, detail=_printable(str(self.detail))
        )
        return JSONResponse(body.model_dump(), self.status_code, self.headers, media_type=MEDIA_TYPE)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return for the OpenAPI document which problems a route may answer with."""
    return {
        status: {
            "description": TITLES[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}},
        }
        for status in statuses
    }


def answer_problems(app: FastAPI) -> None:
    """Make every error of an app a problem."""

    @app.exception_handler(Problem)
    async def of_ours(request: Request, problem: Problem) -> JSONResponse:
        del request
        return problem.response()

    @app.exception_handler(ReidkitError)
    async def of_reidkit(request: Request, error: ReidkitError) -> JSONResponse:
        del request
        status = 422 if isinstance(error, ImageError | GalleryError) else 500
        return Problem(status, str(error)).response()

    @app.exception_handler(RequestValidationError)
    async def of_validation(request: Request, error: RequestValidationError) -> JSONResponse:
        del request
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        return Problem(422, "; ".join(faults)).response()

    @app.exception_handler(StarletteHTTPException)
    async def of_starlette(request: Request, error: StarletteHTTPException) -> JSONResponse:
        del request
        status = error.status_code if error.status_code in TITLES else 400
        return Problem(status, str(error.detail), dict(error.headers or {})).response()

    @app.exception_handler(Exception)
    async def of_anything(request: Request, error: Exception) -> JSONResponse:
        # What it says may be private; the log has it whole.
        del request, error
        return Problem(500, "Something failed that should not. The log of the service says what.").response()


def _printable(text: str) -> str:
    """Return a text that UTF-8 can hold."""
    return text.encode("utf-8", errors="replace").decode("utf-8")
