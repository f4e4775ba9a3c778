"""A recipe that trains in seconds."""

from pathlib import Path
from typing import Any

from reidkit.engine.recipe import Recipe
from reidkit.engine.recipe_files import check_recipe


def small_recipe(root: Path | None, **changes: Any) -> Recipe:
    """Return a recipe on small images; ``changes`` replace keys, as in ``training={"epochs": 1}``."""
    content: dict[str, Any] = {
        "name": "small",
        "data": {"root": str(root) if root else None},
        "input": {"height": 64, "width": 32},
        "model": {"name": "osnet_x0_25"},
        "sampling": {"arguments": {"identities_per_batch": 4, "images_per_identity": 2}},
        "augmentation": [{"name": "flip"}, {"name": "random_erasing"}],
        "losses": [
            {"name": "cross_entropy", "arguments": {"label_smoothing": 0.1}},
            {"name": "batch_hard_triplet"},
        ],
        "optim": {"name": "adam", "learning_rate": 1e-3},
        "schedule": {"name": "cosine", "warmup_epochs": 1},
        "training": {"epochs": 2, "device": "cpu", "num_workers": 0},
        "evaluation": {"every_epochs": 1},
    }
    for section, value in changes.items():
        if isinstance(value, dict) and isinstance(content.get(section), dict):
            content[section] = {**content[section], **value}
        else:
            content[section] = value
    return check_recipe(content, source="small")
