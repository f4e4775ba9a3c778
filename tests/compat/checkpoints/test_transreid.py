from pathlib import Path

import pytest
import torch

from reidkit.compat.checkpoints.convert import convert_checkpoint
from reidkit.core.errors import WeightsError
from reidkit.models.zoo import build_model

SMALL = {"width": 128, "depth": 3, "num_heads": 2}


def theirs(model: torch.nn.Module, *, has_jigsaw: bool, cameras: int) -> dict[str, torch.Tensor]:
    """Return the weights of one of our models by TransReID's names, with what it leaves behind unused."""
    named = {}
    last = len(model.backbone.network.blocks)
    ends = ("b1.0.", "b1.1.") if has_jigsaw else (f"base.blocks.{last}.", "base.norm.")
    for key, value in model.state_dict().items():
        name = key.replace("backbone.network.", "base.")
        name = name.replace("global_branch.0.", ends[0]).replace("global_branch.1.", ends[1])
        name = name.replace("local_branch.", "b2.")
        if key == "camera_embedding.table":
            name, value = "base.sie_embed", value[:, None]
        for number in range(5):
            end = "" if number == 0 else f"_{number}"
            name = name.replace(f"heads.{number}.neck", f"bottleneck{end}")
            name = name.replace(f"heads.{number}.classifier", f"classifier{end}")
        named[name] = value
    if has_jigsaw:
        for key in [key for key in named if key.startswith("b1.")]:
            copy = key.replace("b1.0.", f"base.blocks.{last}.").replace("b1.1.", "base.norm.")
            named[copy] = torch.zeros_like(named[key])
    named["base.fc.weight"], named["base.fc.bias"] = torch.zeros(1000, 128), torch.zeros(1000)
    return named


@pytest.mark.parametrize("has_jigsaw", [True, False])
@pytest.mark.parametrize("stride", [16, 12])
@pytest.mark.parametrize("cameras", [0, 6])
def test_a_checkpoint_gives_the_same_descriptors(has_jigsaw: bool, stride: int, cameras: int, tmp_path: Path):
    arguments = {
        **SMALL,
        "has_jigsaw": has_jigsaw,
        "patch_stride": stride,
        "cameras": list(range(1, cameras + 1)),
    }
    torch.manual_seed(0)
    model = build_model("transreid", num_identities=9, arguments=arguments).eval()
    torch.save(theirs(model, has_jigsaw=has_jigsaw, cameras=cameras), tmp_path / "transformer_120.pth")
    conversion = convert_checkpoint(tmp_path / "transformer_120.pth", keep_classifier=True)
    assert conversion.foreign.source == "transreid"
    assert conversion.card.preprocessing.mean == (0.5, 0.5, 0.5)
    assert conversion.card.arguments["patch_stride"] == stride
    images = torch.randn(1, 3, 256, 128)
    with torch.no_grad():
        for known in (None, [3]):
            assert torch.equal(conversion.model(images, known), model(images, known))


def test_another_size_resamples_the_positions(tmp_path: Path):
    model = build_model("transreid", num_identities=9, arguments=SMALL | {"has_jigsaw": False})
    torch.save(theirs(model, has_jigsaw=False, cameras=0), tmp_path / "a.pth")
    conversion = convert_checkpoint(tmp_path / "a.pth", image_size=(128, 64))
    assert conversion.resized == ("backbone.network.pos_embed",)
    with torch.no_grad():
        assert conversion.model(torch.zeros(1, 3, 128, 64)).shape == (1, 128)


def test_a_size_that_does_not_fit_is_refused(tmp_path: Path):
    model = build_model("transreid", image_size=(64, 32), num_identities=9, arguments=SMALL)
    torch.save(theirs(model, has_jigsaw=True, cameras=0), tmp_path / "a.pth")
    with pytest.raises(WeightsError, match=r"has 8 patches, which images of .* do not give"):
        convert_checkpoint(tmp_path / "a.pth")
    assert convert_checkpoint(tmp_path / "a.pth", hints={"image_size": (64, 32)}).card.descriptor_dim == 640
