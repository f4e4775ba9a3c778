"""Data, input, sampler and augmentation of a FastReID configuration."""

from typing import Any

from reidkit.compat.fastreid_configs.reading import Config
from reidkit.core.catalog import near_name
from reidkit.core.errors import RecipeError
from reidkit.data.readers import BENCHMARKS

READERS: dict[str, tuple[str, dict[str, Any]]] = {
    "Market1501": ("market1501", {}),
    "DukeMTMC": ("dukemtmcreid", {}),
    "MSMT17": ("msmt17", {}),
    "CUHK03": ("cuhk03", {"version": "labeled", "protocol": "new"}),
    "VeRi": ("veri776", {}),
    "VehicleID": ("vehicleid", {}),
    "SmallVehicleID": ("vehicleid", {"size": "small"}),
    "MediumVehicleID": ("vehicleid", {"size": "medium"}),
    "LargeVehicleID": ("vehicleid", {"size": "large"}),
    "VeRiWild": ("veriwild", {}),
    "SmallVeRiWild": ("veriwild", {"size": "small"}),
    "MediumVeRiWild": ("veriwild", {"size": "medium"}),
    "LargeVeRiWild": ("veriwild", {"size": "large"}),
    "AirportALERT": ("airportalert", {}),
    "iLIDS": ("ilids_train", {}),
    "PKU": ("pku", {}),
    "PRAI": ("prai", {}),
    "PRID": ("prid_train", {}),
    "GRID": ("grid_train", {}),
    "SAIVT": ("saivt", {}),
    "SenseReID": ("sensereid", {}),
    "SYSU_mm": ("sysu_mm", {}),
    "Thermalworld": ("thermalworld", {}),
    "PeS3D": ("pes3d", {}),
    "CAVIARa": ("caviara", {}),
    "VIPeR": ("viper_train", {}),
    "LPW": ("lpw", {}),
    "Shinpuhkan": ("shinpuhkan", {}),
    "WildTrackCrop": ("wildtrackcrop", {}),
    "cuhkSYSU": ("cuhksysu", {}),
    "PartialREID": ("partial_reid", {}),
    "PartialiLIDS": ("partial_ilids", {}),
    "OccludedREID": ("occluded_reid", {}),
    "CUB": ("cub200", {}),
    "Cars196": ("cars196", {}),
    "SOP": ("sop", {}),
    "InShop": ("inshop", {}),
}
"""Reader and options of each data set of FastReID that has one here."""


def data_section(config: Config) -> dict[str, Any]:
    """Return the section ``data``.

    Raises:
        RecipeError: a data set that has no reader here.
    """
    sources = [_source(config, name) for name in config["DATASETS.NAMES"]]
    targets = [_source(config, name) for name in config["DATASETS.TESTS"]]
    combines = config["DATASETS.COMBINEALL"]
    if len(sources) == 1 and sources == targets and not combines:
        return sources[0]
    section: dict[str, Any] = {"sources": sources, "targets": targets}
    return section | ({"combine_all": True} if combines else {})


def count_images(config: Config) -> int | None:
    """Return how many images the sources train on, as published; None where nobody published it."""
    counts = []
    for name in config["DATASETS.NAMES"]:
        row = BENCHMARKS.get(READERS[name][0])
        if row is None or "train" not in row.counts:
            return None
        counts.append(row.counts["train"].images)
    return sum(counts)


def input_section(config: Config) -> dict[str, Any]:
    """Return the section ``input``; training and test take the size of the test."""
    height, width = config["INPUT.SIZE_TEST"]
    if list(config["INPUT.SIZE_TRAIN"]) != [height, width]:
        raise config.fail("INPUT.SIZE_TRAIN", f"the size of INPUT.SIZE_TEST, {[height, width]}")
    return {
        "height": height,
        "width": width,
        "mean": [round(value / 255, 6) for value in config["MODEL.PIXEL_MEAN"]],
        "std": [round(value / 255, 6) for value in config["MODEL.PIXEL_STD"]],
        "interpolation": "bicubic",
    }


def sampling_section(config: Config) -> dict[str, Any]:
    """Return the section ``sampling``.

    Raises:
        RecipeError: an unknown sampler, or a batch that cannot be divided.
    """
    batch, images = config["SOLVER.IMS_PER_BATCH"], config["DATALOADER.NUM_INSTANCE"]
    name = config["DATALOADER.SAMPLER_TRAIN"]
    if name == "TrainingSampler":
        return {"name": "shuffled", "arguments": {"batch_size": batch}}
    names = {
        "NaiveIdentitySampler": "identity",
        "BalancedIdentitySampler": "camera_diverse",
        "ImbalancedDatasetSampler": "identity_balanced",
    }
    if name not in names:
        raise config.fail("DATALOADER.SAMPLER_TRAIN", f"one of TrainingSampler, {', '.join(names)}")
    if batch % images:
        raise config.fail("SOLVER.IMS_PER_BATCH", f"a multiple of DATALOADER.NUM_INSTANCE, {images}")
    counts = {"identities_per_batch": batch // images, "images_per_identity": images}
    return {"name": names[name], "arguments": counts}


def augmentation_section(config: Config) -> list[dict[str, Any]]:
    """Return the section ``augmentation``, in the order of FastReID."""
    steps: list[dict[str, Any]] = []
    if config.section("INPUT.AUTOAUG"):
        steps.append(_step("auto_augment", probability=config["INPUT.AUTOAUG.PROB"]))
    if config.section("INPUT.CROP"):
        config.read.add("INPUT.CROP.SIZE")  # the input has one size
        area, stretch = list(config["INPUT.CROP.SCALE"]), list(config["INPUT.CROP.RATIO"])
        steps.append(_step("random_resized_crop", probability=1.0, area=area, stretch=stretch))
    if config.section("INPUT.FLIP"):
        chance = config["INPUT.FLIP.PROB"]
        steps.append(_step("flip") if chance == 0.5 else _step("flip", probability=chance))
    if config.section("INPUT.PADDING"):
        if config["INPUT.PADDING.MODE"] != "constant":
            raise config.fail("INPUT.PADDING.MODE", "constant")
        steps.append(_step("pad_crop", padding=config["INPUT.PADDING.SIZE"]))
    steps += _colours_and_shapes(config)
    if config.section("INPUT.REA"):
        chance = config["INPUT.REA.PROB"]
        area = [0.02, 0.33]
        steps.append(_step("random_erasing", probability=chance, area=area, aspect=[0.3, 3.3], fill="mean"))
    if config.section("INPUT.RPT"):
        steps.append(_step("random_patch", probability=config["INPUT.RPT.PROB"]))
    return steps


def _colours_and_shapes(config: Config) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = []
    if config.section("INPUT.CJ"):
        names = {
            "probability": "PROB",
            "brightness": "BRIGHTNESS",
            "contrast": "CONTRAST",
            "saturation": "SATURATION",
            "hue": "HUE",
        }
        values = {ours: config[f"INPUT.CJ.{theirs}"] for ours, theirs in names.items()}
        steps.append(_step("colour_jitter", **values))
    if config.section("INPUT.AFFINE"):
        steps.append(
            _step("random_affine", probability=1.0, degrees=10.0, scale=[0.9, 1.1], shear_degrees=0.1)
        )
    if config.section("INPUT.AUGMIX"):
        steps.append(
            _step("augmix", probability=config["INPUT.AUGMIX.PROB"], severity=1, width=3, depth=1, alpha=0.1)
        )
    return steps


def _source(config: Config, name: str) -> dict[str, Any]:
    if name not in READERS:
        raise RecipeError(
            f"Configuration {config.path} names data set '{name}', which has no reader here."
            f"{near_name(name, READERS)} Expected one of: {', '.join(READERS)}."
        )
    reader, options = READERS[name]
    return {"reader": reader} | ({"options": options} if options else {})


def _step(name: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - of many kinds
    return {"name": name} | ({"arguments": arguments} if arguments else {})
