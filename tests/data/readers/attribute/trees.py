"""Trees of the readers of people with attributes."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import scipy.io

from tests.data.readers.trees import Tree


def cells(texts: Sequence[str]) -> np.ndarray:
    """Return a MATLAB column of texts."""
    column = np.empty((len(texts), 1), object)
    column[:, 0] = texts
    return column


def plant_pa100k(root: Path, **changes: object) -> None:
    content = {
        "attributes": cells(["Female", "Age18-60", "Skirt&Dress"]),
        "train_images_name": cells(["000002.jpg", "000001.jpg"]),
        "train_label": np.array([[1, 0, 1], [0, 1, 0]], np.uint8),
        "val_images_name": cells(["080001.jpg"]),
        "val_label": np.array([[0, 0, 0]], np.uint8),
        "test_images_name": cells(["090001.jpg", "100000.jpg"]),
        "test_label": np.array([[1, 1, 0], [0, 1, 1]], np.uint8),
        **changes,
    }
    (root / "annotation").mkdir(parents=True, exist_ok=True)
    scipy.io.savemat(root / "annotation" / "annotation.mat", content)


def identity_struct(identities: Sequence[str], **attributes: Sequence[int]) -> dict[str, object]:
    """Return one split as the authors keep it: a row per attribute, and one of identities."""
    row = np.empty((1, len(identities)), object)
    row[0] = list(identities)
    values = {name: np.array([numbers], np.uint8) for name, numbers in attributes.items()}
    return {**values, "image_index": row}


def plant_identity_table(path: Path, variable: str, splits: Mapping[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    scipy.io.savemat(path, {variable: splits})


def plant_market(root: Path) -> None:
    splits = {
        "test": identity_struct(["0001"], age=[3], hat=[2], upred=[1]),
        "train": identity_struct(["0002", "0007"], upred=[2, 1], age=[2, 4], hat=[1, 1]),
    }
    plant_identity_table(root / "attribute" / "market_attribute.mat", "market_attribute", splits)


def plant_duke(root: Path) -> None:
    splits = {
        "train": identity_struct(["0001", "0008"], top=[0, 2], boots=[1, 2]),
        "test": identity_struct(["0002", "0003"], boots=[1, 1], top=[1, 2]),
    }
    plant_identity_table(root / "duke_attribute.mat", "duke_attribute", splits)


ATTRIBUTE = {
    "pa100k": Tree(
        images=tuple(
            f"data/release_data/release_data/{name}.jpg"
            for name in ("000001", "000002", "080001", "090001", "100000")
        ),
        sizes=(2, 2, 2),
        plant=plant_pa100k,
        has_cameras=False,
        protocol="no-camera",
    ),
    "market1501_attribute": Tree(
        images=(
            *("bounding_box_train/0002_c1s1_000451_03.jpg", "bounding_box_train/0007_c3s3_077419_03.jpg"),
            *("query/0001_c1s1_001051_00.jpg", "bounding_box_test/0001_c2s1_000301_00.jpg"),
            *("bounding_box_test/0000_c1s1_000151_01.jpg", "bounding_box_test/-1_c1s1_000401_03.jpg"),
        ),
        sizes=(2, 1, 2),
        plant=plant_market,
    ),
    "dukemtmc_attribute": Tree(
        images=(
            *("bounding_box_train/0001_c2_f0046182.jpg", "bounding_box_train/0008_c6_f0023514.jpg"),
            *("query/0002_c1_f0044158.jpg", "bounding_box_test/0002_c2_f0045702.jpg"),
            "bounding_box_test/0003_c8_f0053158.jpg",
        ),
        sizes=(2, 1, 2),
        plant=plant_duke,
    ),
}
