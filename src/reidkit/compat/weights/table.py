"""The published weights that are known here, one row each. None of them comes with reidkit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from reidkit.compat.weights.torchvision_files import FILES, FOLDER
from reidkit.core.catalog import near_name
from reidkit.core.errors import CatalogError

Kind = Literal["address", "by hand", "timm hub"]

TIMM = "timm/"
"""What names of timm begin with: ``timm/`` and any of its names, with or without a tag."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights that somebody publishes.

    Args:
        name: ``source/file``.
        kind: "address" is fetched from its url; "by hand" has a page that a person has to open; "timm hub"
            is fetched by timm.
        url: Of the file, or of the page.
        file_name: How the file is called.
        architecture: What it is a network of.
        trained_on: Data that it was trained on.
        licence: Of the weights, as far as their publisher states one.
        terms: Of the data that they were trained on.
        source: Who publishes them.
        sha256: Hash of the file, or its first digits; empty where its publisher states none.
        hints: What the tensors do not tell; see `reidkit.compat.checkpoints.convert.convert_checkpoint`.
    """

    name: str
    kind: Kind
    url: str
    file_name: str
    architecture: str
    trained_on: str
    licence: str
    terms: str
    source: str
    sha256: str = ""
    hints: Mapping[str, Any] = field(default_factory=dict)


TERMS = {
    "Market-1501": "Research use only; pictures of people who did not agree to it.",
    "DukeMTMC-reID": "Withdrawn by its authors in 2019; pictures of people who did not agree to it.",
    "MSMT17": "Research use only, under an agreement to be signed; pictures of people.",
    "VeRi-776": "Research use only, on request.",
    "VehicleID": "Research use only, under an agreement to be signed.",
    "VERI-Wild": "Research use only, on request.",
    "ImageNet-1k": "Non-commercial research and education.",
}

_FASTREID = "https://github.com/JDAI-CV/fast-reid/releases/download/v0.1.1"
_BACKBONES = {
    "R50": "ResNet-50",
    "R50-ibn": "ResNet-50-IBN-a",
    "S50": "ResNeSt-50",
    "R101-ibn": "ResNet-101-IBN-a",
}
# What the recipe that made the file says, and its tensors do not.
_RECIPES: dict[str, tuple[str, dict[str, Any]]] = {
    "bot": ("BoT", {"aggregation": "average", "image_size": (256, 128)}),
    "agw": ("AGW", {"aggregation": "gem", "image_size": (256, 128)}),
    "sbs": ("SBS", {"aggregation": "gem", "image_size": (384, 128)}),
    "mgn": ("MGN", {"image_size": (384, 128)}),
}


def _fastreid(stem: str, architecture: str, trained_on: str, hints: dict[str, Any]) -> Weights:
    return Weights(
        name=f"fastreid/{stem}",
        kind="address",
        url=f"{_FASTREID}/{stem}.pth",
        file_name=f"{stem}.pth",
        architecture=architecture,
        trained_on=trained_on,
        licence="Apache-2.0",
        terms=TERMS[trained_on],
        source="FastReID, release v0.1.1",
        hints={"source": "fastreid", "last_stride": 1, **hints},
    )


def _torchvision(name: str, stem: str) -> Weights:
    return Weights(
        name=f"torchvision/{name}",
        kind="address",
        url=f"{FOLDER}/{stem}.pth",
        file_name=f"{stem}.pth",
        architecture=name,
        trained_on="ImageNet-1k",
        licence="BSD-3-Clause",
        terms=TERMS["ImageNet-1k"],
        source="torchvision",
        sha256=stem.rpartition("-")[2],
        hints={"source": "plain", "architecture": f"torchvision/{name}"},
    )


def _torchreid(name: str, drive: str) -> Weights:
    return Weights(
        name=f"torchreid/{name}",
        kind="by hand",
        url=f"https://drive.google.com/file/d/{drive}/view",
        file_name=f"{name}_imagenet.pth",
        architecture=name,
        trained_on="ImageNet-1k",
        licence="MIT",
        terms=TERMS["ImageNet-1k"],
        source="Torchreid",
        hints={"source": "torchreid", "architecture": name},
    )


ROWS: tuple[Weights, ...] = (
    *(
        _fastreid(f"{short}_{recipe}_{backbone}", f"{label} of {network}", trained_on, hints)
        for short, trained_on in (("market", "Market-1501"), ("duke", "DukeMTMC-reID"), ("msmt", "MSMT17"))
        for recipe, (label, hints) in _RECIPES.items()
        for backbone, network in _BACKBONES.items()
        if recipe != "mgn" or backbone == "R50-ibn"
    ),
    _fastreid(
        "veri_sbs_R50-ibn",
        "SBS of ResNet-50-IBN-a",
        "VeRi-776",
        {"aggregation": "gem", "image_size": (256, 256)},
    ),
    _fastreid(
        "vehicleid_bot_R50-ibn",
        "BoT of ResNet-50-IBN-a",
        "VehicleID",
        {"aggregation": "gem", "image_size": (256, 256)},
    ),
    _fastreid(
        "veriwild_bot_R50-ibn",
        "BoT of ResNet-50-IBN-a",
        "VERI-Wild",
        {"aggregation": "gem", "image_size": (256, 256)},
    ),
    *(_torchvision(name, stem) for name, stem in FILES.items()),
    _torchreid("osnet_x1_0", "1LaG1EJpHrxdAxKnSCJ_i0u-nbxSAeiFY"),
    _torchreid("osnet_x0_75", "1uwA9fElHOk3ZogwbeY5GkLI6QPTX70Hq"),
    _torchreid("osnet_x0_5", "16DGLbZukvVYgINws8u8deSaOqjybZ83i"),
    _torchreid("osnet_x0_25", "1rb8UN5ZzPKRc_xvtHlyDh-cSz88YX9hs"),
    _torchreid("osnet_ibn_x1_0", "1sr90V6irlYYDd4_4ISU2iruoRG8J__6l"),
    _torchreid("osnet_ain_x1_0", "1-CaioD9NaqbHK_kzSMW8VE4_3KcsRjEo"),
    _torchreid("osnet_ain_x0_75", "1apy0hpsMypqstfencdH-jKIUEFOW4xoM"),
    _torchreid("osnet_ain_x0_5", "1KusKvEYyKGDTUBVRxRiz55G31wkihB6l"),
    _torchreid("osnet_ain_x0_25", "1SxQt2AvmEcgWNhaRb2xC4rP6ZwVDP0Wt"),
)

WEIGHTS: dict[str, Weights] = {row.name: row for row in ROWS}


def find_weights(name: str) -> Weights:
    """Return the row of a name; for ``timm/NAME`` one made of what timm says of its tag.

    Raises:
        CatalogError: the name is unknown.
        MissingExtraError: timm is asked for and not installed.
    """
    if name.startswith(TIMM):
        return _of_timm(name)
    if name not in WEIGHTS:
        raise CatalogError(
            f"Unknown weights '{name}'.{near_name(name, WEIGHTS)} See: reidkit weights list; or timm/NAME "
            f"for any name of timm."
        )
    return WEIGHTS[name]


def _of_timm(name: str) -> Weights:
    from reidkit.core.extras import import_extra

    timm = import_extra("timm", extra="train", purpose=f"The weights '{name}'")
    known = name.removeprefix(TIMM)
    try:
        tag = timm.get_pretrained_cfg(known)
    except RuntimeError:  # it knows the network, and not the tag
        tag = None
    if tag is None or not tag.has_weights:
        raise CatalogError(f"Unknown weights '{name}': timm has none. See timm.list_pretrained().")
    hub = tag.hf_hub_id or ""
    page = f"https://huggingface.co/{hub.rstrip('/')}" + (f"{known}" if hub.endswith("/") else "")
    return Weights(
        name=name,
        kind="timm hub",
        url=page if hub else tag.url,
        file_name="",
        architecture=known,
        trained_on="see the page of the model",
        licence=tag.license or "not stated; see the page of the model",
        terms="See the page of the model.",
        source="timm",
    )
