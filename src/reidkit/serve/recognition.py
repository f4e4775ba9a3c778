"""Routes that look at images: embed, compare, search."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, File, Form, Query, Request, UploadFile

from reidkit.gallery.records import Answer
from reidkit.serve.problems import Problem, responses
from reidkit.serve.service import Service, service_of
from reidkit.serve.uploads import parse_box, read_uploads
from reidkit.serve.wire import (
    AnswerBody,
    ComparisonBody,
    EmbeddingBody,
    HitBody,
    Name,
    Where,
    template_body,
)

router = APIRouter(
    prefix="/v1", tags=["recognition"], responses=responses(400, 401, 403, 408, 413, 422, 429, 503)
)

Image = Annotated[UploadFile, File(description="JPEG, PNG, WebP, BMP or GIF.")]
Images = Annotated[list[UploadFile], File(description="JPEG, PNG, WebP, BMP or GIF, one or several.")]
Box = Annotated[
    str | None, Form(max_length=100, description="Part that counts: left,top,right,bottom in pixels.")
]
WhereQuery = Annotated[
    Where | None, Query(description="Only these templates, such as camera != '3'; a condition in SQL.")
]


@router.post("/embed")
async def embed(request: Request, images: Images) -> EmbeddingBody:
    """Return one descriptor per image; of unit length where the distance is cosine."""
    service = service_of(request)
    rows = await service.embed(await read_uploads(images, service.settings))
    return EmbeddingBody(model=service.gallery.about.model, descriptors=rows.tolist())


@router.post("/compare")
async def compare(request: Request, first: Image, second: Image) -> ComparisonBody:
    """Say how far apart two images are, and whether they show the same individual."""
    service = service_of(request)
    uploads = await read_uploads([first, second], service.settings)
    compared = await service.compare(*uploads)
    return ComparisonBody(
        distance=compared.distance,
        verdict=compared.verdict,
        probability=compared.decision.probability if compared.decision else None,
        false_accept_rate=compared.threshold.false_accept_rate if compared.threshold else None,
    )


@router.post("/search")
async def search(
    request: Request,
    images: Images,
    box: Box = None,
    top: Annotated[int, Form(ge=1, le=1000)] = 20,
    where: Annotated[Where | None, Form()] = None,
) -> list[AnswerBody]:
    """Say who is on each image: the nearest templates, and whether that is the same individual."""
    service = service_of(request)
    uploads = await read_uploads(images, service.settings, parse_box(box))
    rows = await service.embed(uploads)
    answers = await service.search(rows, top, where)
    ids = [upload.template_id for upload in uploads]
    return await _answer_bodies(service, ids, answers)


@router.get("/similar", responses=responses(404))
async def similar(
    request: Request,
    template_id: Annotated[Name, Query()],
    top: Annotated[int, Query(ge=1, le=1000)] = 20,
    where: WhereQuery = None,
) -> AnswerBody:
    """Return the templates nearest to one of the gallery, itself left out."""
    service = service_of(request)
    if not await service.with_gallery(lambda gallery: gallery.find([template_id])):
        raise Problem(404, f"There is no template '{template_id}'.")
    row = await service.with_gallery(lambda gallery: gallery.descriptors([template_id]))
    quoted = template_id.replace("'", "''")
    others = f"template_id != '{quoted}'"
    answers = await service.search(row, top, f"({where}) and {others}" if where else others)
    return (await _answer_bodies(service, [template_id], answers))[0]


async def _answer_bodies(
    service: Service, query_ids: Sequence[str], answers: Sequence[Answer]
) -> list[AnswerBody]:
    judgements = await service.with_gallery(lambda _: service.judgements.of(query_ids))
    said = {frozenset((item.first, item.second)): item.is_same for item in judgements}
    bodies = []
    for query_id, answer in zip(query_ids, answers, strict=True):
        hits = [
            HitBody(
                rank=hit.rank,
                distance=hit.distance,
                probability=hit.probability,
                verdict=hit.verdict,
                template=template_body(
                    hit.template, service.settings.find_picture(hit.template.source) is not None
                ),
                judged_same=said.get(frozenset((query_id, hit.template.template_id))),
            )
            for hit in answer.hits
        ]
        bodies.append(
            AnswerBody(
                query_id=query_id,
                decision=answer.decision,
                identity=answer.identity,
                probability=answer.probability,
                hits=hits,
            )
        )
    return bodies
