"""The pipeline: every part by its name, in every combination."""

import itertools

import pytest
import torch
from torch import Tensor, nn

from reidkit.core.errors import CatalogError, RecipeError
from reidkit.engine.recipe import Recipe
from reidkit.engine.recipe_files import check_recipe
from reidkit.models.backbones.catalog import BACKBONES
from reidkit.models.complexity import measure_complexity
from reidkit.models.heads import HEADS
from reidkit.models.pooling import AGGREGATIONS
from reidkit.models.zoo import build_model

# The smallest of each kind.
ARGUMENTS: dict[str, dict[str, object]] = {
    "resnet": {"depth": 18},
    "resnext": {"depth": 50},
    "resnest": {},
    "osnet": {"width": 0.25},
    "regnet": {"size": "y_002"},
    "efficientnet": {},
    "repvgg": {},
    "mobilenet_v2": {"width": 0.25},
    "mobilenet_v3": {"size": "small"},
    "shufflenet_v2": {"width": 0.5},
    "vit": {"width": 32, "depth": 2, "num_heads": 2, "output": "patches"},
    "timm": {"name": "resnet10t"},
    "densenet": {},
    "timm_whole": {"name": "resnet10t"},
}
# Each backbone meets each aggregation and each head, and one backbone all of both.
ROTATION = itertools.cycle(HEADS)
COMBINATIONS = [
    *((backbone, aggregation, next(ROTATION)) for backbone in BACKBONES for aggregation in AGGREGATIONS),
    *itertools.product(["mobilenet_v2"], AGGREGATIONS, HEADS),
]


def test_catalogs_are_covered():
    assert set(ARGUMENTS) == set(BACKBONES)
    assert (len(BACKBONES), len(AGGREGATIONS), len(HEADS)) == (14, 6, 3)
    assert len(COMBINATIONS) == 14 * 6 + 6 * 3
    assert {(one, two) for one, _, two in COMBINATIONS} == set(itertools.product(BACKBONES, HEADS))


@pytest.mark.parametrize(("backbone", "aggregation", "head"), COMBINATIONS)
def test_every_combination_gives_descriptors_and_logits(backbone: str, aggregation: str, head: str):
    with torch.device("meta"):
        model = build_model(
            "pipeline",
            num_identities=5,
            image_size=(64, 32),
            arguments={
                "backbone": backbone,
                "backbone_arguments": ARGUMENTS[backbone],
                "aggregation": aggregation,
                "head": head,
            },
        )
        images = torch.empty(4, 3, 64, 32)
        outputs = model.training_outputs(images)
        assert model(images).shape == (4, model.descriptor_dim)
        assert outputs.logits[0].shape == (4, 5)
        assert len(outputs.features) == 1
        assert model.descriptor_dim == (512 if head == "reduction" else model.backbone.num_channels)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_every_backbone_trains_each_of_its_parameters(backbone: str):
    torch.manual_seed(0)
    arguments = {"backbone": backbone, "backbone_arguments": ARGUMENTS[backbone], "aggregation": "attention"}
    model = build_model("pipeline", num_identities=3, image_size=(64, 32), arguments=arguments)
    model.train()
    with torch.no_grad():  # some scales start at 0, behind which no gradient passes
        for item in model.parameters():
            item += 0.02 * torch.randn_like(item) * item.requires_grad
    outputs = model.training_outputs(torch.randn(6, 3, 64, 32))
    nn.functional.cross_entropy(outputs.logits[0], torch.arange(6) % 3).backward()
    without = [
        name
        for name, item in model.named_parameters()
        if item.requires_grad and (item.grad is None or not item.grad.isfinite().all())
    ]
    assert without == []


def test_attention_costs_a_square_of_the_channels():
    base, attention, shared = (
        measure_complexity(
            build_model(
                "pipeline",
                arguments={
                    "backbone": "osnet",
                    "backbone_arguments": {"width": 0.25},
                    "aggregation": aggregation,
                    "aggregation_arguments": arguments,
                },
            )
        )
        for aggregation, arguments in (
            ("average", {}),
            ("attention", {}),
            ("attention", {"is_per_channel": False}),
        )
    )
    assert attention.parameters - base.parameters == 128 * 128
    assert shared.parameters - base.parameters == 128


def recipe(**arguments: object) -> Recipe:
    return check_recipe(
        {
            "name": "pipeline",
            "model": {"name": "pipeline", "arguments": arguments},
            "sampling": {"arguments": {"identities_per_batch": 4, "images_per_identity": 2}},
            "losses": [{"name": "cross_entropy"}],
        },
        source="test.yaml",
    )


def test_recipes_name_the_parts():
    arguments = recipe(
        backbone="resnet",
        backbone_arguments={"depth": 50, "non_local": [0, 2, 3, 0], "instance_norm": "a"},
        aggregation="gem",
        aggregation_arguments={"power": 4.0},
        head="bnneck",
        head_arguments={"metric_features": "after_neck"},
    ).model.arguments
    assert arguments["backbone_arguments"]["depth"] == 50


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"backbone": "resnett"}, "Unknown backbone 'resnett'. Did you mean 'resnet'? Known: "),
        ({"aggregation": "gemm"}, "Unknown aggregation 'gemm'. Did you mean 'gem'? Known: attention, "),
        ({"head": "bneck"}, "Unknown head 'bneck'. Did you mean 'bnneck'? Known: bnneck, linear, reduction"),
        (
            {"backbone_arguments": {"dept": 50}},
            "Backbone 'resnet' has no argument 'dept'. Did you mean 'depth'?",
        ),
        ({"head_arguments": {"neck": "none"}}, "Head 'bnneck' has no argument 'neck'."),
        (
            {"aggregation": "gem", "aggregation_arguments": {"powr": 2}},
            "Aggregation 'gem' has no argument 'powr'. Did you mean 'power'? It takes: power, is_learned",
        ),
        ({"backbone": "timm"}, "Backbone 'timm' needs the argument 'name'."),
        (
            {"backbone": "regnet", "backbone_arguments": {"size": "y_08"}},
            "RegNet size is unknown, got 'y_08'.",
        ),
        ({"backbone_argument": {}}, "no argument 'backbone_argument'. Did you mean 'backbone_arguments'?"),
    ],
)
def test_recipes_refuse_unknown_parts_with_near_names(arguments: dict[str, object], expected: str):
    with pytest.raises(RecipeError, match="has 1 fault") as error:
        recipe(**arguments)
    assert expected in str(error.value)


def test_backbones_without_pretrained_weights_are_refused():
    with pytest.raises(
        CatalogError, match=r"^Backbone 'osnet' has no pretrained weights, got is_pretrained true"
    ):
        build_model("pipeline", arguments={"backbone": "osnet", "is_pretrained": True})


class Plain(nn.Module):
    """A backbone of somebody's own."""

    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, width, 3, stride=4)
        self.num_channels = width

    def forward(self, images: Tensor) -> Tensor:
        """Return the map."""
        return self.layer(images)


def test_own_parts_are_found_by_their_paths():
    model = build_model(
        "pipeline",
        arguments={"backbone": "tests.models.test_pipeline:Plain", "backbone_arguments": {"width": 6}},
    )
    assert model.descriptor_dim == 6


def test_own_backbone_must_say_how_many_channels_it_gives():
    with pytest.raises(CatalogError, match=r"^Backbone 'torch\.nn:Identity' does not say how many channels"):
        build_model("pipeline", arguments={"backbone": "torch.nn:Identity"})
