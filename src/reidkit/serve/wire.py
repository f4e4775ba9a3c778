"""What goes over the wire: the bodies of requests and answers."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from reidkit.core.thresholds import Verdict
from reidkit.gallery.records import Template

NO_CONTROL = r"^[^\x00-\x1f\x7f]*$"
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_CONTROL)]
Text = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]
Where = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\x00]*$")]


class Strict(BaseModel):
    """A body that knows all of its keys."""

    model_config = ConfigDict(extra="forbid")


class TemplateBody(BaseModel):
    """A template; ``has_picture`` says whether `/v1/picture` shows it."""

    template_id: str
    identity: str
    camera: str | None
    time: datetime | None
    source: str | None
    notes: str | None
    expires_at: datetime | None
    has_picture: bool


class HitBody(BaseModel):
    """A template that was found."""

    rank: int
    distance: float
    probability: float | None
    verdict: Verdict | None
    template: TemplateBody
    judged_same: bool | None = None


class AnswerBody(BaseModel):
    """What the gallery says of one image."""

    query_id: str
    decision: Verdict | None
    identity: str | None
    probability: float | None
    hits: list[HitBody]


class ComparisonBody(BaseModel):
    """How far apart two images are."""

    distance: float
    verdict: Literal["same", "unsure", "different"] | None
    probability: float | None
    false_accept_rate: float | None


class EmbeddingBody(BaseModel):
    """Descriptors, one per image."""

    model: str
    descriptors: list[list[float]]


class IdentityBody(BaseModel):
    """An identity in short."""

    identity: str
    num_templates: int
    cameras: list[str]
    first_seen: datetime | None
    last_seen: datetime | None
    cover: str


class IdentityPage(BaseModel):
    """Some of the identities."""

    total: int
    identities: list[IdentityBody]


class TemplatePage(BaseModel):
    """Some of the templates."""

    total: int
    templates: list[TemplateBody]


class Changed(BaseModel):
    """How many templates a request changed, and the gallery's version after it."""

    changed: int
    version: int
    template_ids: list[str] = Field(default_factory=list)


class Selection(Strict):
    """Which templates are meant: by their ids, or by a filter."""

    template_ids: Annotated[list[Name], Field(max_length=1000)] = Field(default_factory=list)
    where: Where | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "Selection":
        if bool(self.template_ids) == (self.where is not None):
            raise ValueError("expected template_ids or where, and not both")
        return self


class Update(Selection):
    """What becomes of the templates that are meant; what is not named stays."""

    camera: Name | None = None
    time: AwareDatetime | None = None
    source: Text | None = None
    notes: Text | None = None
    expires_at: AwareDatetime | None = None

    def values(self) -> dict[str, str | datetime | None]:
        """Return the columns that were named."""
        named = self.model_fields_set - {"template_ids", "where"}
        return {name: getattr(self, name) for name in sorted(named)}


class Merge(Strict):
    """Identities that are one."""

    identities: Annotated[list[Name], Field(min_length=1, max_length=1000)]
    into: Name


class Split(Strict):
    """Templates that are somebody else."""

    template_ids: Annotated[list[Name], Field(min_length=1, max_length=1000)]
    into: Name


class JudgementBody(Strict):
    """A pair that a person has looked at: the ids of two templates, or of a query and a template."""

    first: Name
    second: Name
    is_same: bool


class JudgedPair(JudgementBody):
    """A judgement with its time."""

    time: datetime


class Token(Strict):
    """What `POST /v1/session` takes."""

    token: Annotated[str, StringConstraints(max_length=1000)]


class Health(BaseModel):
    """What is running."""

    status: Literal["ok"] = "ok"
    version: str
    needs_token: bool


class About(BaseModel):
    """The model and the gallery of this service; probabilities hold where ``prior`` of pairs are the same."""

    model: str
    descriptor_dim: int
    distance: str
    prior: float | None
    templates: int
    identities: int
    cameras: list[str]
    keeps_uploads: bool
    version: int


class ReportBody(BaseModel):
    """An evaluation report that was found."""

    report_id: str
    name: str
    written: datetime
    mean_ap: float | None = None
    rank_1: float | None = None


def template_body(template: Template, has_picture: bool) -> TemplateBody:
    """Return a template as it goes over the wire."""
    return TemplateBody(
        **{name: getattr(template, name) for name in template.__slots__}, has_picture=has_picture
    )
