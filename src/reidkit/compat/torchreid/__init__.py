"""Torchreid's interface over the parts of reidkit: a script moves here by changing its import.

``from reidkit.compat import torchreid`` in place of ``import torchreid``. Names, arguments and defaults are
those of Torchreid 1.4; what the original gets wrong is done right, and the docstring says so.

Reference:
    Zhou, Xiang, "Torchreid: A Library for Deep Learning Person Re-Identification in Pytorch", 2019,
    arXiv:1910.10093, listings 1 and 2.
"""

from reidkit.compat.torchreid import data, engine, losses, metrics, models, optim, utils

__version__ = "1.4.0"
"""The version of Torchreid whose interface this is."""

__all__ = ["data", "engine", "losses", "metrics", "models", "optim", "utils"]
