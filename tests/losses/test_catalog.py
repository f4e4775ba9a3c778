import re
from pathlib import Path

import reidkit.losses
from reidkit.losses.catalog import LOSSES
from reidkit.losses.transfers import TRANSFERS


def test_every_loss_module_is_in_the_catalog():
    modules = {path.stem for path in Path(reidkit.losses.__file__).parent.glob("*.py")}
    modules -= {"__init__", "catalog", "transfers", "pairs", "paired"}
    assert len(modules) >= 2
    rows = [*LOSSES.values(), *TRANSFERS.values()]
    assert {loss.__module__.rpartition(".")[2] for loss in rows} == modules


def test_every_key_is_the_class_name_in_lower_snake():
    assert len(LOSSES) >= 2
    for key, loss in LOSSES.items():
        assert re.sub(r"(?<!^)(?=[A-Z])", "_", loss.__name__).lower() == key


def test_every_loss_names_shape_and_reference():
    for loss in LOSSES.values():
        assert "Shape:" in loss.__doc__
        assert "Reference:" in loss.__doc__
