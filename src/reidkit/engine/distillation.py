"""Learn from other networks beside the labels: from trained teachers, and from peers that learn too."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from reidkit.core.errors import TrainingError
from reidkit.core.side_information import side_labels
from reidkit.core.types import DatasetSplits, Sample, TrainingOutputs
from reidkit.data.dataset import identity_labels
from reidkit.data.loaders import TrainingBatch
from reidkit.engine.distillation_section import TransferTerm
from reidkit.engine.network import NetworkOutputs, of_all_processes, run_network, told_cameras
from reidkit.engine.objective import Objective, ObjectiveValue
from reidkit.engine.processes import ALONE, Processes
from reidkit.engine.recipe import Recipe
from reidkit.engine.run_folder import RunFolder
from reidkit.engine.stage_maps import stage_ends
from reidkit.engine.teachers import Teacher, load_teachers
from reidkit.models.checkpoint import ModelCard, save_model
from reidkit.models.model import ReidModel
from reidkit.models.zoo import build_model


@dataclass(frozen=True)
class Peer:
    """A network that learns beside the model, with losses of its own."""

    model: ReidModel
    objective: Objective


def build_distillation(
    recipe: Recipe, model: ReidModel, samples: Sequence[Sample], data_set: str
) -> "Distillation | None":
    """Load the teachers of a recipe and build its peers; equal seeds give equal peers, each unlike the model.

    Args:
        recipe: Of the run; None is returned where it names nobody to learn from.
        model: That learns.
        samples: The training samples.
        data_set: Name of their data set.

    Raises:
        WeightsError: a teacher is no checkpoint.
        TrainingError: a teacher or a model that does not fit.
        CatalogError: stages that do not fit.
    """
    section = recipe.distillation
    if not section.is_used:
        return None
    with_logits = section.consumes("logits")
    teachers = load_teachers(section.teachers, samples, data_set, with_logits=with_logits)
    num_identities, table = len(identity_labels(samples)), recipe.attribute_table(samples)
    peers = []
    for number, peer in enumerate(section.peers, start=1):
        torch.manual_seed(int(np.random.SeedSequence([recipe.seed, number]).generate_state(1, np.uint64)[0]))
        network = build_model(
            peer.name,
            num_identities=num_identities if recipe.needs_classifier else None,
            image_size=(recipe.input.height, recipe.input.width),
            arguments=peer.arguments_for(samples, data_set),
        )
        peers.append(Peer(network, recipe.objective_for(network, num_identities, table)))
    return Distillation(
        section.terms, model, teachers=teachers, peers=peers, samples=samples, data_set=data_set
    )


def save_peers(
    folder: RunFolder, recipe: Recipe, distillation: "Distillation", card: ModelCard, splits: DatasetSplits
) -> None:
    """Write each peer with a card of its own; nobody has judged it yet.

    Args:
        folder: Of the run.
        recipe: Of the run.
        distillation: With the peers.
        card: Of the model that they learned beside.
        splits: The data of the run.
    """
    for number, (peer, section) in enumerate(
        zip(distillation.networks, recipe.distillation.peers, strict=True), start=1
    ):
        own = {
            "architecture": section.name,
            "arguments": section.arguments_for(splits.train, splits.name),
            "descriptor_dim": peer[0].descriptor_dim,
            "scores": None,
            "thresholds": (),
            "calibration": None,
        }
        save_model(folder.peer(number), peer[0], card.model_copy(update=own))


class Distillation(nn.Module):
    """Adds to an objective what is taken over from other networks.

    The model takes over each term from every teacher and every peer, and a peer from every teacher, the
    model and the other peers; a term is the mean over them. No gradient goes to whom one learns from. Peers
    learn by the losses of the recipe too, and all networks take their steps together.

    Args:
        terms: What is taken over.
        model: That learns; it is no part of this module.
        teachers: Trained networks; they are no part of it either, so that no checkpoint keeps them.
        peers: Networks that learn as well.
        samples: The training samples, whose cameras a peer that asks is told.
        data_set: Name of their data set.

    Raises:
        TrainingError: classifiers or stages that do not fit.
        CatalogError: stages that do not fit.

    Reference:
        Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network", 2015, arXiv:1503.02531; Zhang,
        Xiang, Hospedales, Lu, "Deep Mutual Learning", CVPR 2018, equations 6 to 8; He et al., "FastReID: A
        Pytorch Toolbox for General Instance Re-identification", 2020, arXiv:2006.02631, equations 8 to 10.

    Differs:
        Deep mutual learning moves its networks in turn, each after a new look at the others; here all take
        one step together.
    """

    def __init__(
        self,
        terms: Sequence[TransferTerm],
        model: ReidModel,
        *,
        teachers: Sequence[Teacher] = (),
        peers: Sequence[Peer] = (),
        samples: Sequence[Sample] = (),
        data_set: str = "",
    ) -> None:
        super().__init__()
        self.terms = tuple(terms)
        self.teachers = tuple(teachers)
        self.peers = nn.ModuleList(peer.model for peer in peers)
        self.peer_objectives = nn.ModuleList(peer.objective for peer in peers)
        self.side_labels = [side_labels(samples, peer.model.side_information, data_set) for peer in peers]
        learners = [model, *(peer.model for peer in peers)]
        self.ends = stage_ends(model) if self.takes("maps") else ()
        if self.takes("logits"):
            _check_classifiers([*learners, *(teacher.model for teacher in teachers)])
        self.transfers = nn.ModuleList(
            nn.ModuleList(nn.ModuleList(self._build(term)) for term in self.terms) for _ in learners
        )

    @property
    def networks(self) -> list[tuple[ReidModel, Objective]]:
        """The peers, each with its objective."""
        return list(zip(self.peers, self.peer_objectives, strict=True))  # type: ignore[arg-type]

    def takes(self, kind: str) -> bool:
        """Say whether any term takes "logits", "features" or "maps"."""
        return any(term.consumes == kind for term in self.terms)

    def forward(
        self,
        value: ObjectiveValue,
        outputs: NetworkOutputs,
        images: Tensor,
        batch: TrainingBatch,
        attributes: Tensor | None = None,
        processes: Processes = ALONE,
    ) -> ObjectiveValue:
        """Return the objective of all networks, with the terms that they take from each other.

        Args:
            value: The objective of the model alone.
            outputs: What the model says.
            images: Standardised images (B, 3, H, W) that it saw.
            batch: The same as pixels.
            attributes: Of the images (B, A), for losses of attributes.
            processes: Those that train together. Model and attributes speak of all their images, images and
                batch of those of this one.
        """
        given = [
            of_all_processes(teacher(batch.images, batch.indices, with_maps=bool(self.ends)), processes)
            for teacher in self.teachers
        ]
        learning = [outputs] + [
            of_all_processes(run_network(peer, images, told_cameras(peer, labels, batch.indices)), processes)
            for (peer, _), labels in zip(self.networks, self.side_labels, strict=True)
        ]
        identities = processes.gather(batch.labels)
        with torch.autocast(images.device.type, enabled=False):
            total, terms = value.total, dict(value.terms)
            for number, (_, objective) in enumerate(self.networks, start=1):
                alone = objective(learning[number].training, identities, attributes)
                total = total + alone.total
                terms |= {f"peer_{number}/{name}": term for name, term in alone.terms.items()}
            for number, own in enumerate(learning):
                taken = self._take(number, own, given + learning[:number] + learning[number + 1 :])
                for term, mean in zip(self.terms, taken, strict=True):
                    terms[f"peer_{number}/{term.name}" if number else term.name] = mean
                    total = total + term.weight * mean
        return ObjectiveValue(total=total, terms=terms)

    def _take(self, number: int, own: NetworkOutputs, others: Sequence[NetworkOutputs]) -> list[Tensor]:
        """Return each term of one learner, the mean over those it learns from."""
        means = []
        for term, losses in zip(self.terms, cast("Any", self.transfers[number]), strict=True):
            values = [
                transfer(term.consumes, loss, own, other) for loss, other in zip(losses, others, strict=True)
            ]
            means.append(torch.stack(values).mean())
        return means

    def _build(self, term: TransferTerm) -> list[nn.Module]:
        """Build one loss for each network that a learner learns from; those of maps have connectors."""
        if term.consumes != "maps":
            return [term.build_transfer() for _ in range(len(self.teachers) + len(self.peers))]
        built = []
        for teacher in self.teachers:
            ends = stage_ends(teacher.model)
            built.append(
                term.build_transfer(
                    student_channels=[end.channels for end in self.ends],
                    teacher_channels=[end.channels for end in ends],
                    margins=[end.margins() for end in ends],
                )
            )
        return built


def transfer(kind: str, loss: nn.Module, own: NetworkOutputs, other: NetworkOutputs) -> Tensor:
    """Return in float32 what a network takes over from another (scalar), whatever precision they ran in.

    Networks with equally many branches learn branch by branch, by the shares of the branches. Otherwise
    features are put side by side and logits averaged.

    Args:
        kind: "logits", "features" or "maps".
        loss: Of (own, other) values of this kind.
        own: Of the network that learns.
        other: Of the network that it learns from.
    """
    if kind == "maps":
        value: Tensor = loss([item.float() for item in own.maps], [item.float() for item in other.maps])
        return value
    mine, theirs = _branches(kind, own.training), _branches(kind, other.training)
    shares = own.training.branch_weights or (1 / len(mine),) * len(mine)
    if len(mine) != len(theirs):
        mine, theirs, shares = _joined(kind, mine), _joined(kind, theirs), (1.0,)
    parts = [share * loss(one, two) for share, one, two in zip(shares, mine, theirs, strict=True)]
    return torch.stack(parts).sum()


def _branches(kind: str, outputs: TrainingOutputs) -> list[Tensor]:
    branches = outputs.features if kind == "features" else outputs.logits
    if not branches:
        raise TrainingError(
            f"A network gives no {kind}, got none to take over. Expected at least one branch."
        )
    return [branch.float() for branch in branches]


def _joined(kind: str, branches: list[Tensor]) -> list[Tensor]:
    if kind == "features":
        return [torch.cat(branches, dim=1)]
    return [torch.stack(branches).mean(0)]


def _check_classifiers(models: Sequence[nn.Module]) -> None:
    has_cosines = [
        any(getattr(module, "gives_cosines", False) for module in model.modules()) for model in models
    ]
    if len(set(has_cosines)) > 1:
        raise TrainingError(
            f"Classifiers of the networks do not fit, got cosines of {sum(has_cosines)} of {len(models)} "
            f"networks and logits of the others. Expected one kind. Choose equal classifiers, or take over "
            f"features only."
        )
