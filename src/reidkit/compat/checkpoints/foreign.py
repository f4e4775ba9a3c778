"""What a foreign state dict turned out to be, and where each of its tensors goes."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from reidkit.core.types import Preprocessing
from reidkit.models.model import ReidModel

Tensors = Mapping[str, Tensor]


@dataclass(frozen=True)
class ForeignModel:
    """An architecture of ours that a foreign state dict fits, and how its tensors are called here.

    Args:
        source: Whose file it is: "torchreid", "fastreid", ...
        architecture: Key of the model catalog.
        arguments: Arguments of its builder.
        preprocessing: How the foreign code feeds its images.
        renames: (pattern, replacement) pairs for `re.sub`; the first whose pattern matches the whole key
            counts. A key that none matches keeps its name.
        rewrites: Further such pairs, for names made of many parts: after ``renames`` each is applied in
            turn, wherever it matches.
        dropped: Patterns of keys that embedding does not need, such as the classifier.
        reshape: Changes tensors that are stored otherwise there, after renaming; None where none are.
        fit: Brings tensors, by their names here, to the size and the version of a model; None where they fit.
        notes: What a person should know.
    """

    source: str
    architecture: str
    arguments: Mapping[str, Any]
    preprocessing: Preprocessing
    renames: tuple[tuple[str, str], ...] = ()
    rewrites: tuple[tuple[str, str], ...] = ()
    dropped: tuple[str, ...] = ()
    reshape: Callable[[dict[str, Tensor]], dict[str, Tensor]] | None = None
    fit: Callable[[dict[str, Tensor], ReidModel], dict[str, Tensor]] | None = None
    notes: tuple[str, ...] = field(default=())

    def our_key(self, key: str) -> str | None:
        """Return the name of a foreign tensor here; None for one that is left out on purpose."""
        if any(re.fullmatch(pattern, key) for pattern in self.dropped):
            return None
        for pattern, replacement in self.renames:
            match = re.fullmatch(pattern, key)
            if match:
                key = match.expand(replacement)
                break
        for pattern, replacement in self.rewrites:
            key = re.sub(pattern, replacement, key)
        return key

    def rename(self, tensors: Tensors) -> dict[str, Tensor]:
        """Return the tensors by their names here, without those left out."""
        named = {ours: value for key, value in tensors.items() if (ours := self.our_key(key)) is not None}
        return named if self.reshape is None else self.reshape(named)


Recognise = Callable[[Tensors, Mapping[str, Any]], ForeignModel | None]
"""Looks at tensors (wrappers and ``module.`` taken off) and hints of the user, such as ``architecture``;
returns None where the file is not its own."""
