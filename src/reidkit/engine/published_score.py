"""What others reached by the method of a recipe."""

from pydantic import Field

from reidkit.engine.component import Section


class PublishedScore(Section):
    """What somebody reached by the method of a recipe: the aim, not a measurement of ours.

    ``trained_on`` and ``judged_on`` are keys of readers, or names that the source gives. Scores lie in
    [0, 1].
    """

    trained_on: str
    judged_on: str
    rank_1: float | None = Field(None, ge=0, le=1)
    mean_ap: float | None = Field(None, ge=0, le=1)
    mean_inp: float | None = Field(None, ge=0, le=1)
    source: str
