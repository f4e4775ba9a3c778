"""The recipe: one frozen, strict object = one YAML = one run.

Unknown keys, unknown components, wrong types and values out of range are refused before any data is read,
all faults together.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import torch
from pydantic import Field, ValidationInfo, field_validator, model_validator

from reidkit.core.catalog import find
from reidkit.core.errors import CatalogError
from reidkit.core.types import Interpolation, Preprocessing, Sample
from reidkit.data.failures import UnreadablePolicy
from reidkit.data.readers import READERS
from reidkit.data.transforms import TRANSFORMS, SeveralViews, build_augmentation
from reidkit.engine.attribute_table import AttributeTable, attribute_table
from reidkit.engine.component import Component, Section, check_arguments, check_name
from reidkit.engine.distillation_section import DistillationSection
from reidkit.engine.evaluation_section import EvaluationSection
from reidkit.engine.freezing import check_layers
from reidkit.engine.model_section import ModelSection
from reidkit.engine.objective import (
    Objective,
    classifier_faults,
    learns_attributes,
    single_feature_dim,
)
from reidkit.engine.optimisation import LossOptimSection, OptimSection, ScheduleSection
from reidkit.engine.parameter_groups import parameter_groups
from reidkit.engine.published_score import PublishedScore
from reidkit.engine.sampling_section import SamplingSection
from reidkit.engine.stage_maps import stage_ends
from reidkit.engine.training_section import TrainingSection
from reidkit.losses.catalog import LOSSES
from reidkit.models.model import ReidModel
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
    offered = ("num_identities", "feature_dim", "positive_shares")

    weight: float = Field(1.0, gt=0)
    optim: LossOptimSection | None = None

    def build_loss(
        self, num_identities: int, feature_dim: int, positive_shares: Sequence[float]
    ) -> torch.nn.Module:
        """Build the loss; it is told what the data and the model are like if it asks, to own vectors."""
        loss: torch.nn.Module = self.build(
            num_identities=num_identities, feature_dim=feature_dim, positive_shares=positive_shares
        )
        return loss


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
        distillation: Networks to learn from beside the labels.
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
    distillation: DistillationSection = DistillationSection()
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

        def try_network(section: ModelSection) -> ReidModel:
            # Nothing is fetched and nothing drawn for a model that is thrown away.
            given = section.arguments
            arguments = {key: False if key == "is_pretrained" else value for key, value in given.items()}
            with torch.device("meta"):
                model = build_model(section.name, num_identities=2, image_size=size, arguments=arguments)
            consumed = {term.name: find("loss", term.name, LOSSES) for term in self.losses}
            faults.extend(classifier_faults(model, consumed))
            parameter_groups(model, self.optim.rules())
            return model

        def try_model() -> None:
            model = try_network(self.model)
            check_layers(model, self.training.open_layers)
            if self.distillation.consumes("maps"):
                stage_ends(model)

        trials: dict[str, Callable[[], object]] = {
            "model": try_model,
            "distillation": lambda: [try_network(peer) for peer in self.distillation.peers],
            "training": self._check_networks,
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

    def _check_networks(self) -> None:
        """Refuse what does not go with the networks that are trained."""
        if self.training.keep_classifier and not self.objective().needs_classifier:
            raise CatalogError("keep_classifier keeps what no loss trains. Expected a loss of logits.")
        if self.training.open_layers and self.distillation.peers:
            raise CatalogError("open_layers names modules of one model. Expected no distillation.peers.")
        if self.sampling.temporal and self.distillation.peers:
            raise CatalogError("sampling.temporal makes tracklets of one model. Expected no peers.")
        if self.training.compile and self.distillation.consumes("maps"):
            raise CatalogError("compile does not go with a transfer of feature maps. Expected false.")

    def _check_loss_optimizers(self) -> None:
        for term, loss in zip(self.losses, self.objective().losses, strict=True):
            if term.optim is not None and not any(True for _ in loss.parameters()):
                raise CatalogError(f"'{term.name}' learns nothing itself. Expected it without optim.")
            if term.optim is not None and "learning_rate_factor" in term.arguments:
                raise CatalogError(f"'{term.name}' has optim and learning_rate_factor. Expected one of them.")

    def objective(
        self, *, num_identities: int = 2, feature_dim: int = 1, positive_shares: Sequence[float] = (0.5,)
    ) -> Objective:
        """Build the objective; the arguments are for losses that own vectors."""
        given = (num_identities, feature_dim, positive_shares)
        return Objective(
            names=[term.name for term in self.losses],
            losses=[term.build_loss(*given) for term in self.losses],
            weights=[term.weight for term in self.losses],
        )

    def objective_for(
        self, model: ReidModel, num_identities: int, attributes: AttributeTable | None = None
    ) -> Objective:
        """Build the objective that a model is trained by.

        Raises:
            TrainingError: losses that keep vectors of their own, and a model with several branches.
        """
        builders = [find("loss", term.name, LOSSES) for term in self.losses]
        if not any("feature_dim" in inspect.signature(builder).parameters for builder in builders):
            return self.objective(num_identities=num_identities)
        return self.objective(
            num_identities=num_identities,
            feature_dim=single_feature_dim(model, (self.input.height, self.input.width)),
            positive_shares=attributes.positive_shares if attributes else (0.5,),
        )

    def attribute_table(self, samples: Sequence[Sample]) -> AttributeTable | None:
        """Return the attributes of the training samples that a loss learns; None where none does.

        Raises:
            DatasetError: the samples lack them.
        """
        for term in self.losses:
            if learns_attributes(find("loss", term.name, LOSSES)):
                return attribute_table(samples, term.arguments.get("attributes", ()))
        return None

    @property
    def needs_classifier(self) -> bool:
        """Whether a loss, or what is taken over from another network, needs logits."""
        return self.objective().needs_classifier or self.distillation.consumes("logits")

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
