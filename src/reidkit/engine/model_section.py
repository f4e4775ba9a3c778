"""The section of a recipe that names the network."""

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import model_validator

from reidkit.core.catalog import find
from reidkit.core.errors import RecipeError
from reidkit.core.side_information import SideInformation, known_labels
from reidkit.core.types import Sample
from reidkit.engine.component import Component
from reidkit.models.zoo import MODELS


class ModelSection(Component):
    """The network.

    ``side_information`` tells a model that can use it the "camera" of each image, its "view", or both: it
    learns a vector for each that occurs in training, and keeps their names as its argument ``cameras``.
    ``start_from`` is a ``model.safetensors`` of the same network: training starts from its weights, those of
    its classifier left out. Null starts from fresh weights, or with ``is_pretrained`` from those of ImageNet.
    """

    kind = "model"
    catalog = MODELS
    given = ("num_identities", "image_size")

    side_information: SideInformation | None = None
    start_from: Path | None = None

    @model_validator(mode="after")
    def _check_side_information(self) -> Self:
        if self.side_information is None:
            return self
        if "cameras" not in inspect.signature(find("model", self.name, MODELS)).parameters:
            raise ValueError(
                f"model '{self.name}' uses no side_information, got '{self.side_information}'. Expected "
                f"null, or a model that does, such as transreid."
            )
        if {"cameras", "side_information"} & set(self.arguments):
            raise ValueError(
                "side_information and the argument cameras are both given. Expected one of them; the names "
                "of the cameras come from the training data."
            )
        return self

    def arguments_for(self, samples: Sequence[Sample], data_set: str) -> dict[str, Any]:
        """Return the arguments with the cameras of the training data, where the model is told them.

        Raises:
            RecipeError: the training data knows none.
        """
        if self.side_information is None:
            return self.arguments
        known = known_labels(samples, self.side_information, data_set)
        if not known:
            raise RecipeError(
                f"model.side_information is '{self.side_information}', and no training image of {data_set} "
                f"has one. Expected some that do. Leave it out."
            )
        return {**self.arguments, "cameras": known, "side_information": self.side_information}
