"""What all routes share: the model, the gallery, and the threads that work with them."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import numpy as np
from fastapi import Request
from numpy.typing import NDArray
from PIL import Image

from reidkit.deploy.comparison import Comparison
from reidkit.gallery.gallery import Gallery
from reidkit.gallery.judgements import JudgementTable
from reidkit.gallery.records import Answer
from reidkit.serve.metrics import ServiceMetrics
from reidkit.serve.settings import ServiceSettings
from reidkit.serve.uploads import Upload
from reidkit.serve.work import Work

Result = TypeVar("Result")


class ServiceEmbedder(Protocol):
    """What a service needs of a model."""

    @property
    def descriptor_dim(self) -> int:
        """Numbers per descriptor."""

    def embed(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        """Return one descriptor (N, D) per image."""

    def compare(self, first: Image.Image, second: Image.Image) -> Comparison:
        """Say how far apart two images are."""


class Service:
    """One model and one gallery behind HTTP.

    Args:
        embedder: The model.
        gallery: Of descriptors of this model.
        settings: Bounds and places.
    """

    def __init__(self, embedder: ServiceEmbedder, gallery: Gallery, settings: ServiceSettings) -> None:
        self.embedder = embedder
        self.gallery = gallery
        self.settings = settings
        self.judgements = JudgementTable(gallery.store)
        self.metrics = ServiceMetrics()
        bounds = settings.max_waiting, settings.timeout_seconds
        self._model_work = Work("model", *bounds)
        self._gallery_work = Work("gallery", *bounds)
        for work in (self._model_work, self._gallery_work):
            self.metrics.watch(
                f"{work.name}_waiting",
                f"Pieces of work that wait for the {work.name}.",
                lambda work=work: work.num_waiting,  # type: ignore[misc]
            )

    async def embed(self, uploads: Sequence[Upload]) -> NDArray[np.float32]:
        """Decode and embed images; see `Upload.picture` for what is refused."""

        def work() -> NDArray[np.float32]:
            pictures = [upload.picture(self.settings.max_pixels) for upload in uploads]
            return self.embedder.embed(pictures)

        rows = await self._model_work.run(work)
        self.metrics.images.inc(len(uploads))
        return rows

    async def compare(self, first: Upload, second: Upload) -> Comparison:
        """Decode and compare two images."""

        def work() -> Comparison:
            pixels = self.settings.max_pixels
            return self.embedder.compare(first.picture(pixels), second.picture(pixels))

        compared = await self._model_work.run(work)
        self.metrics.images.inc(2)
        return compared

    async def search(self, rows: NDArray[np.float32], top: int, where: str | None) -> list[Answer]:
        """Look for descriptors in the gallery."""
        answers = await self.with_gallery(lambda gallery: gallery.search(rows, top=top, where=where))
        for answer in answers:
            self.metrics.decisions.labels(answer.decision or "none").inc()
        return answers

    async def with_gallery(self, work: Callable[[Gallery], Result]) -> Result:
        """Do something with the gallery, which only one thread may do at a time."""
        return await self._gallery_work.run(work, self.gallery)

    def close(self) -> None:
        """Finish what has begun."""
        self._model_work.close()
        self._gallery_work.close()


def service_of(request: Request) -> Service:
    """Return the service that a request is for."""
    service: Service = request.app.state.service
    return service
