"""The recipe: one frozen, strict object = one YAML = one run.

Unknown keys, unknown components, wrong types and values out of range are refused before any data is read,
all faults together.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, Self

import torch
from pydantic import Field, ValidationInfo, field_validator, model_validator

from reidkit.core.catalog import find
from reidkit.core.errors import CatalogError
from reidkit.core.types import DistanceName, Interpolation, Preprocessing, Temporal
from reidkit.data.failures import UnreadablePolicy
from reidkit.data.readers import READERS
from reidkit.data.transforms import TRANSFORMS, SeveralViews, build_augmentation
from reidkit.engine.component import Component, Section, check_arguments, check_name
from reidkit.engine.freezing import check_layers
from reidkit.engine.model_section import ModelSection
from reidkit.engine.objective import Objective, classifier_faults
from reidkit.engine.optimisation import LossOptimSection, OptimSection, ScheduleSection
from reidkit.engine.parameter_groups import parameter_groups
from reidkit.engine.post_processing import PostProcessing
from reidkit.engine.sampling_section import SamplingSection
from reidkit.engine.training_section import TrainingSection
from reidkit.losses.catalog import LOSSES
from reidkit.metrics.expansion import EXPANSIONS
from reidkit.metrics.local_matching import LOCAL_MATCHERS
from reidkit.metrics.protocols import PROTOCOLS
from reidkit.metrics.reranking.catalog import RERANKERS
from reidkit.models.timm_backbone import pixel_statistics
from reidkit.models.zoo import build_model


class SourceSection(Section):
    """One of several data sets: a reader, where it reads, and its options.

    ``root`` lies below ``data.root`` where that is given; without, the reader searches ``data.root`` itself.
    The name of a reader alone stands for a section with it.
    """

    reader: str
    root: Path | None = None
    options: dict[str, Any] = Field(default_factory=dict, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _take_a_name(cls, content: Any) -> Any:  # noqa: ANN401 - what a file may hold
        return {"reader": content} if isinstance(content, str) else content

    @field_validator("reader")
    @classmethod
    def _check_reader(cls, reader: str) -> str:
        return check_name("reader", reader, READERS)

    @field_validator("options")
    @classmethod
    def _check_options(cls, options: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        return check_arguments("reader", info.data.get("reader"), READERS, options, given=("root",))


class DataSection(SourceSection):
    """Where the images are.

    ``reader`` is a key of the reader catalog, ``root`` the folder (or manifest) it reads, ``options`` its
    further arguments. ``unreadable`` says what a damaged image does: "error" stops the run before it
    starts, "skip" leaves the image out and reports it.

    ``sources`` takes the place of ``reader`` where several data sets are learned from. ``targets`` are the
    data sets that the model is judged on, by default those it learns from; the first one is judged during
    training too. ``combine_all`` learns from the test identities of the sources as well.
    """

    reader: str = "folder"
    unreadable: UnreadablePolicy = "error"
    sources: tuple[SourceSection, ...] = ()
    targets: tuple[SourceSection, ...] = ()
    combine_all: bool = False

    @model_validator(mode="after")
    def _check_sources(self) -> Self:
        if self.sources and "reader" in self.model_fields_set and self.reader != "folder":
            raise ValueError(
                f"reader '{self.reader}' and sources are both given. Expected one of them; list the reader "
                f"among the sources."
            )
        if self.sources and self.options:
            raise ValueError("options go with reader. Expected them in the sources, each with its own.")
        if self.combine_all and not self.targets:
            raise ValueError(
                "combine_all learns from the test identities too, so others have to judge. Expected targets."
            )
        return self


class InputSection(Section):
    """Size and statistics of the network input; see `Preprocessing`.

    ``mean`` or ``std`` null takes what the weights of a timm backbone were trained with.
    """

    height: int = Field(256, ge=1)
    width: int = Field(128, ge=1)
    mean: tuple[float, float, float] = Preprocessing().mean
    std: tuple[float, float, float] = Preprocessing().std
    interpolation: Interpolation = "bilinear"

    def preprocessing(self) -> Preprocessing:
        """Return the record that training, evaluation and use share."""
        return Preprocessing(self.height, self.width, self.mean, self.std, self.interpolation)


class AugmentationStep(Component):
    """One random change of the training images; the steps run in the order listed."""

    kind = "augmentation"
    catalog = TRANSFORMS
    given = ("preprocessing",)


class LossTerm(Component):
    """One loss and its weight in the objective.

    ``optim`` gives what the loss learns itself, such as class centres, an optimizer of its own; null leaves
    it to that of the model.
    """

    kind = "loss"
    catalog = LOSSES
    offered = ("num_identities", "feature_dim")

    weight: float = Field(1.0, gt=0)
    optim: LossOptimSection | None = None

    def build_loss(self, num_identities: int, feature_dim: int) -> torch.nn.Module:
        """Build the loss; it is told identities and dimension if it asks for them, to own parameters."""
        loss: torch.nn.Module = self.build(num_identities=num_identities, feature_dim=feature_dim)
        return loss


class EvaluationSection(Section):
    """When and how the model is judged.

    ``every_epochs`` 0 evaluates only at the end. ``protocol`` null is the data set's own. ``flip`` takes
    the mean over the image and its mirror image. ``frames_per_tracklet`` null takes all frames of a tracklet,
    a number so many, evenly spread; ``temporal`` is what they become: their "average", the "max" of each
    number, or their average by the "attention" that training learned; null is the last where it was learned,
    else the first. ``expand`` and ``rerank`` name a query
    expansion and a re-ranking that come before the scores, ``local`` what sorts the nearest images again by
    their feature maps; see `PostProcessing`.
    """

    every_epochs: int = Field(10, ge=0)
    protocol: Literal[tuple(PROTOCOLS)] | None = None  # type: ignore[valid-type]
    distance: DistanceName | None = None
    flip: bool = False
    frames_per_tracklet: int | None = Field(None, ge=1)
    temporal: Temporal | None = None
    expand: Literal[tuple(EXPANSIONS)] | None = None  # type: ignore[valid-type]
    expand_arguments: dict[str, Any] = Field(default_factory=dict)
    rerank: Literal[tuple(RERANKERS)] | None = None  # type: ignore[valid-type]
    rerank_arguments: dict[str, Any] = Field(default_factory=dict)
    local: Literal[tuple(LOCAL_MATCHERS)] | None = None  # type: ignore[valid-type]
    local_top: int = Field(100, ge=1)
    local_weight: float = Field(0.5, ge=0, le=1)
    batch_size: int = Field(128, ge=1)

    @property
    def after(self) -> PostProcessing:
        """What comes between the model and the ranking."""
        return PostProcessing(
            self.expand,
            self.rerank,
            self.expand_arguments,
            self.rerank_arguments,
            self.local,
            self.local_top,
            self.local_weight,
        )


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


class Recipe(Section):
    """Everything that decides a run.

    Args:
        name: Of the recipe; the run folder is called after it.
        about: What it does, in a sentence.
        published: What its method reached elsewhere, and who says so.
        seed: Of weights, batches and augmentation; equal seeds give equal runs on one kind of machine.
        data: Where the images are.
        input: Size and statistics of the network input.
        model: The network.
        sampling: How batches are put together.
        augmentation: Random changes of the training images, in order.
        losses: Terms of the objective.
        optim: The optimizer.
        schedule: How the learning rate goes on.
        training: The run itself.
        evaluation: When and how the model is judged.
    """

    name: str = Field(pattern=r"^[\w.-]+$")
    about: str = ""
    published: tuple[PublishedScore, ...] = ()
    seed: int = Field(0, ge=0)
    data: DataSection = DataSection()
    input: InputSection = InputSection()
    model: ModelSection
    sampling: SamplingSection
    augmentation: tuple[AugmentationStep, ...] = ()
    losses: tuple[LossTerm, ...]
    optim: OptimSection = OptimSection()
    schedule: ScheduleSection = ScheduleSection()
    training: TrainingSection = TrainingSection()
    evaluation: EvaluationSection = EvaluationSection()

    @model_validator(mode="before")
    @classmethod
    def _take_statistics_of_the_backbone(cls, content: Any) -> Any:  # noqa: ANN401 - what a file may hold
        given = content.get("input") if isinstance(content, Mapping) else None
        model = content.get("model") if isinstance(content, Mapping) else None
        if not isinstance(given, Mapping) or not isinstance(model, Mapping):
            return content
        unknown = [name for name in ("mean", "std") if name in given and given[name] is None]
        if not unknown:
            return content
        arguments = model.get("arguments") or {}
        nested = arguments.get("backbone_arguments") or {}
        backbone = nested.get("name") if arguments.get("backbone") == "timm" else arguments.get("backbone")
        if model.get("name") not in ("timm", "pipeline") or backbone is None:
            raise ValueError(
                f"input.{unknown[0]}: null takes the statistics of a timm backbone, and the model is "
                f"'{model.get('name')}'. Expected three numbers."
            )
        known = dict(zip(("mean", "std"), pixel_statistics(str(backbone)), strict=True))
        return {**content, "input": {**given, **{name: known[name] for name in unknown}}}

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        """Try every part once, without data, so that a value out of range is found now."""
        faults = _repeated([term.name for term in self.losses])
        if self.evaluation.temporal == "attention" and self.sampling.temporal != "attention":
            faults.append(
                "evaluation.temporal: nothing learns attention. Expected sampling.temporal attention too."
            )
        if not self.losses:
            faults.append("losses: the list is empty. Expected at least one loss.")
        size = (self.input.height, self.input.width)
        # Nothing is fetched and nothing drawn for a model that is thrown away.
        arguments = {
            key: False if key == "is_pretrained" else value for key, value in self.model.arguments.items()
        }

        def try_model() -> None:
            with torch.device("meta"):
                model = build_model(self.model.name, num_identities=2, image_size=size, arguments=arguments)
            consumed = {term.name: find("loss", term.name, LOSSES) for term in self.losses}
            faults.extend(classifier_faults(model, consumed))
            check_layers(model, self.training.open_layers)
            parameter_groups(model, self.optim.rules())

        trials: dict[str, Callable[[], object]] = {
            "model": try_model,
            "losses": self._check_loss_optimizers,
            "schedule": lambda: self.schedule.factor(self.training.epochs),
            "augmentation": self.build_augmentation,
            "evaluation": self.evaluation.after.check,
        }
        for place, trial in trials.items():
            try:
                trial()
            except (CatalogError, TypeError, ValueError) as error:
                faults.append(f"{place}: {error}")
        if faults:
            raise ValueError("\n".join(faults))
        return self

    def _check_loss_optimizers(self) -> None:
        for term, loss in zip(self.losses, self.objective().losses, strict=True):
            if term.optim is not None and not any(True for _ in loss.parameters()):
                raise CatalogError(f"'{term.name}' learns nothing itself. Expected it without optim.")
            if term.optim is not None and "learning_rate_factor" in term.arguments:
                raise CatalogError(f"'{term.name}' has optim and learning_rate_factor. Expected one of them.")

    def objective(self, *, num_identities: int = 2, feature_dim: int = 1) -> Objective:
        """Build the objective; identities and dimension are for losses with parameters for each identity."""
        return Objective(
            names=[term.name for term in self.losses],
            losses=[term.build_loss(num_identities, feature_dim) for term in self.losses],
            weights=[term.weight for term in self.losses],
        )

    def build_augmentation(self) -> Callable[[torch.Tensor, int], torch.Tensor]:
        """Build the augmentation of one training image."""
        steps = [(step.name, step.arguments) for step in self.augmentation]
        augmentation = build_augmentation(steps, self.input.preprocessing())
        return SeveralViews(augmentation, self.sampling.views) if self.sampling.views > 1 else augmentation


def _repeated(names: list[str]) -> list[str]:
    return [
        f"losses: '{name}' is listed twice; merge the two terms."
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
