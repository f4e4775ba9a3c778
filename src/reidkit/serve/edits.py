"""Routes that read and change the gallery."""

from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from pydantic import AwareDatetime

from reidkit.gallery.gallery import Gallery
from reidkit.gallery.records import Template
from reidkit.gallery.store import one_of
from reidkit.serve.problems import responses
from reidkit.serve.recognition import Box, Images, WhereQuery
from reidkit.serve.service import Service, service_of
from reidkit.serve.uploads import Upload, keep_upload, parse_box, read_uploads
from reidkit.serve.wire import (
    Changed,
    IdentityBody,
    IdentityPage,
    JudgedPair,
    JudgementBody,
    Merge,
    Name,
    Selection,
    Split,
    TemplatePage,
    Text,
    Update,
    template_body,
)

router = APIRouter(
    prefix="/v1", tags=["gallery"], responses=responses(400, 401, 403, 408, 413, 422, 429, 503)
)

Limit = Annotated[int, Query(ge=1, le=1000)]
Offset = Annotated[int, Query(ge=0, le=10**9)]


@router.get("/identities")
async def identities(
    request: Request,
    contains: Annotated[str, Query(max_length=200, description="Part of the name.")] = "",
    limit: Limit = 100,
    offset: Offset = 0,
) -> IdentityPage:
    """List identities by name."""
    wanted = contains.casefold()
    found = [
        item
        for item in await service_of(request).with_gallery(Gallery.identities)
        if wanted in item.identity.casefold()
    ]
    return IdentityPage(
        total=len(found),
        identities=[
            IdentityBody(
                identity=item.identity,
                num_templates=item.num_templates,
                cameras=list(item.cameras),
                first_seen=item.first_seen,
                last_seen=item.last_seen,
                cover=item.cover,
            )
            for item in found[offset : offset + limit]
        ],
    )


@router.get("/templates")
async def templates(
    request: Request,
    identity: Annotated[Name | None, Query()] = None,
    where: WhereQuery = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> TemplatePage:
    """List templates, oldest first: by the time they were seen, then by when they were added."""
    service = service_of(request)
    conditions = [f"({where})"] if where else []
    if identity is not None:
        conditions.append(one_of("identity", [identity]))
    found = await service.with_gallery(lambda gallery: gallery.templates(" and ".join(conditions) or None))
    found.sort(key=lambda item: (item.time is None, item.time.timestamp() if item.time else 0))
    return TemplatePage(
        total=len(found),
        templates=[
            template_body(item, service.settings.find_picture(item.source) is not None)
            for item in found[offset : offset + limit]
        ],
    )


@router.post("/templates", status_code=201)
async def add(
    request: Request,
    images: Images,
    identity: Annotated[Name, Form()],
    box: Box = None,
    camera: Annotated[Name | None, Form()] = None,
    time: Annotated[AwareDatetime | None, Form()] = None,
    notes: Annotated[Text | None, Form()] = None,
    expires_at: Annotated[AwareDatetime | None, Form()] = None,
) -> Changed:
    """Keep images of an individual; an image that is there already is replaced."""
    service = service_of(request)
    uploads = await read_uploads(images, service.settings, parse_box(box))
    uploads = list({upload.template_id: upload for upload in uploads}.values())
    rows = await service.embed(uploads)
    sources = await service.with_gallery(lambda _: _keep_uploads(service, uploads))
    kept = [
        Template(
            identity,
            upload.template_id,
            camera=camera,
            time=time,
            source=source,
            notes=notes,
            expires_at=expires_at,
        )
        for upload, source in zip(uploads, sources, strict=True)
    ]
    # The answer is sent after the write is on disk: what is acknowledged is kept.
    changed = await service.with_gallery(lambda gallery: (gallery.add(kept, rows), gallery.store.version))
    return Changed(
        changed=changed[0], version=changed[1], template_ids=[upload.template_id for upload in uploads]
    )


@router.post("/templates/update")
async def update(request: Request, body: Update) -> Changed:
    """Change camera, time, source, notes or expires_at of templates."""
    return await _change(request, lambda gallery: gallery.update(_where(body), **body.values()))


@router.post("/templates/remove")
async def remove(request: Request, body: Selection) -> Changed:
    """Remove templates. Kept uploads stay on disk."""
    return await _change(request, lambda gallery: gallery.remove(_where(body)))


@router.post("/templates/expire")
async def expire(request: Request) -> Changed:
    """Remove the templates whose time has come."""
    return await _change(request, Gallery.expire)


@router.post("/identities/merge")
async def merge(request: Request, body: Merge) -> Changed:
    """Say that several identities are the same individual."""
    return await _change(request, lambda gallery: gallery.merge(body.identities, body.into))


@router.post("/identities/split")
async def split(request: Request, body: Split) -> Changed:
    """Say that some templates are another individual."""
    return await _change(request, lambda gallery: gallery.split(body.template_ids, body.into))


@router.post("/judgements", status_code=201)
async def judge(request: Request, body: JudgementBody) -> JudgedPair:
    """Keep what a person said of a pair; it replaces what was said before. No identity changes by it."""
    service = service_of(request)
    said = await service.with_gallery(
        lambda _: service.judgements.judge(body.first, body.second, is_same=body.is_same)
    )
    return JudgedPair(first=said.first, second=said.second, is_same=said.is_same, time=said.time)


@router.get("/judgements")
async def judgements(request: Request) -> list[JudgedPair]:
    """Return all judged pairs, by time."""
    service = service_of(request)
    found = await service.with_gallery(lambda _: service.judgements.of())
    return [
        JudgedPair(first=item.first, second=item.second, is_same=item.is_same, time=item.time)
        for item in found
    ]


async def _change(request: Request, change: Callable[[Gallery], int]) -> Changed:
    def work(gallery: Gallery) -> Changed:
        return Changed(changed=change(gallery), version=gallery.store.refresh())

    return await service_of(request).with_gallery(work)


def _where(selection: Selection) -> str:
    return selection.where or one_of("template_id", selection.template_ids)


def _keep_uploads(service: Service, uploads: Sequence[Upload]) -> list[str | None]:
    folder = service.settings.uploads
    if folder is None:
        return [None] * len(uploads)
    pixels = service.settings.max_pixels
    return [str(keep_upload(upload, upload.picture(pixels), folder)) for upload in uploads]
