"""Put the service together: routes, guard, errors, OpenAPI."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI

from reidkit.gallery.gallery import Gallery
from reidkit.serve import access, edits, pictures, recognition, system
from reidkit.serve.access import require_token
from reidkit.serve.guard import Guard
from reidkit.serve.problems import ProblemBody, answer_problems
from reidkit.serve.service import Service, ServiceEmbedder
from reidkit.serve.settings import ServiceSettings


def create_app(
    embedder: ServiceEmbedder,
    gallery: Gallery,
    settings: ServiceSettings | None = None,
    *,
    version: str = "0",
) -> FastAPI:
    """Return the service as an ASGI application.

    Args:
        embedder: The model.
        gallery: Of descriptors of this model.
        settings: Bounds and places; None takes the defaults.
        version: Of reidkit, which the service tells.
    """
    settings = settings or ServiceSettings()
    service = Service(embedder, gallery, settings)
    if settings.uploads is not None:
        settings.uploads.mkdir(parents=True, exist_ok=True)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        del app
        yield
        service.close()

    # The usual pages of documentation load their scripts from elsewhere; this service works offline.
    app = FastAPI(
        title="reidkit",
        version=version,
        summary="Find the same individual again: embed, compare, search, and keep a gallery.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.service = service
    answer_problems(app)
    app.add_middleware(Guard, settings=settings, metrics=service.metrics)
    app.include_router(system.router)
    app.include_router(access.router)
    for router in (recognition.router, edits.router, pictures.router):
        app.include_router(router, dependencies=[Depends(require_token)])
    app.include_router(pictures.page_router)
    _name_problems(app)
    return app


def _name_problems(app: FastAPI) -> None:
    """Put the form of our errors into the OpenAPI document, which the routes point at."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        document["components"]["schemas"].setdefault("ProblemBody", ProblemBody.model_json_schema())
        return document

    app.openapi = openapi  # type: ignore[method-assign]
