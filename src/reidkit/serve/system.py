"""Routes about the service itself: health, metrics, what it holds."""

from fastapi import APIRouter, Depends, Request, Response

from reidkit.gallery.gallery import Gallery
from reidkit.serve.access import require_token
from reidkit.serve.metrics import CONTENT_TYPE
from reidkit.serve.problems import responses
from reidkit.serve.service import service_of
from reidkit.serve.wire import About, Health

router = APIRouter(tags=["system"])


@router.get("/health")
async def health(request: Request) -> Health:
    """Say that the service runs; needs no token."""
    return Health(version=request.app.version, needs_token=service_of(request).settings.token is not None)


@router.get(
    "/metrics",
    dependencies=[Depends(require_token)],
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **responses(401)},
)
async def metrics(request: Request) -> Response:
    """Return counts and times for Prometheus."""
    return Response(service_of(request).metrics.text(), media_type=CONTENT_TYPE)


@router.get("/v1/about", dependencies=[Depends(require_token)], responses=responses(401, 429, 503))
async def about(request: Request) -> About:
    """Describe the model and the gallery of this service."""
    service = service_of(request)

    def work(gallery: Gallery) -> About:
        found = gallery.identities()
        calibration = gallery.about.calibration
        return About(
            model=gallery.about.model,
            descriptor_dim=gallery.about.descriptor_dim,
            distance=gallery.about.distance,
            prior=calibration.prior if calibration else None,
            templates=sum(item.num_templates for item in found),
            identities=len(found),
            cameras=sorted({camera for item in found for camera in item.cameras}),
            keeps_uploads=service.settings.uploads is not None,
            version=gallery.store.version,
        )

    return await service.with_gallery(work)
