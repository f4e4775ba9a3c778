"""Trees of the readers of tracklets."""

from pathlib import Path

import h5py
import numpy as np
import scipy.io

from tests.data.readers.trees import Tree


def mars_names(*tracklets: tuple[str, int, int, int]) -> tuple[str, ...]:
    """Return frame names of tracklets (identity as in names, camera, tracklet, number of frames)."""
    return tuple(
        f"{identity}C{camera}T{tracklet:04d}F{frame:03d}.jpg"
        for identity, camera, tracklet, count in tracklets
        for frame in range(1, count + 1)
    )


MARS_TRAIN = mars_names(("0001", 1, 1, 2), ("0001", 2, 1, 3), ("0003", 1, 1, 2))
MARS_TEST = mars_names(
    ("00-1", 1, 1, 2), ("0000", 1, 1, 2), ("0002", 1, 1, 1), ("0002", 2, 1, 2), ("0006", 3, 1, 2)
)


def plant_mars(root: Path) -> None:
    """Write the lists: first and last frame, identity, camera; the third test tracklet is the query."""
    info = root / "info"
    info.mkdir(exist_ok=True)
    train = [[1, 2, 1, 1], [3, 5, 1, 2], [6, 7, 3, 1]]
    test = [[1, 2, -1, 1], [3, 4, 0, 1], [5, 5, 2, 1], [6, 7, 2, 2], [8, 9, 6, 3]]
    scipy.io.savemat(info / "tracks_train_info.mat", {"track_train_info": np.array(train, np.int32)})
    scipy.io.savemat(info / "tracks_test_info.mat", {"track_test_info": np.array(test, np.int32)})
    scipy.io.savemat(info / "query_IDX.mat", {"query_IDX": np.array([[3]], np.uint16)})


def plant_ilidsvid(root: Path) -> None:
    """Write ten splits of four people; doubles, as MATLAB saves them."""
    folder = root / "train-test people splits"
    folder.mkdir()
    splits = np.array([np.roll([1, 2, 3, 4], shift) for shift in range(10)], float)
    scipy.io.savemat(folder / "train_test_splits_ilidsvid.mat", {"ls_set": splits})


def plant_lsvid(root: Path) -> None:
    """Write the queries in a file of MATLAB 7.3, which is HDF5 behind 512 bytes."""
    path = root / "test" / "data" / "info_test.mat"
    path.parent.mkdir(parents=True)
    with h5py.File(path, "w", userblock_size=512) as file:
        file["query"] = np.array([[2.0]])
    with path.open("r+b") as stream:
        stream.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(512))


VIDEO = {
    "dukemtmcvidreid": Tree(
        images=(
            *("train/0001/2197/0001_C6_F0001_X30823.jpg", "train/0001/2197/0001_C6_F0002_X30831.jpg"),
            *("train/0001/0003/0001_C5_F0001_X30823.jpg", "query/0005/0012/0005C2F0002X46985.jpg"),
            *("gallery/0005/0013/0005_C3_F0001_X46985.jpg", "gallery/7140/2193/7140_C2_F0044_X200413.jpg"),
        ),
        sizes=(2, 1, 2),
    ),
    "ilidsvid": Tree(
        images=tuple(
            f"i-LIDS-VID/sequences/cam{camera}/person{person:03d}/cam{camera}_person{person:03d}_{frame:05d}.png"
            for camera in (1, 2)
            for person in (1, 2, 13, 15)
            for frame in (317, 318)
        ),
        sizes=(4, 2, 2),
        plant=plant_ilidsvid,
    ),
    "lsvid": Tree(
        images=(
            *("tracklet_train/0000/0000_0001_01_0001.jpg", "tracklet_train/0000/0000_0001_01_0002.jpg"),
            *("tracklet_train/0000/0000_0010_02_0001.jpg", "tracklet_test/0842/0842_0001_15_0007.jpg"),
            *("tracklet_test/0842/0842_0002_03_0007.jpg", "tracklet_test/0842/0842_0002_03_0008.jpg"),
        ),
        sizes=(2, 1, 1),
        texts={
            "list_sequence/list_seq_train.txt": (
                "tracklet_train/0000/0000_0001_01_ 0\ntracklet_train/0000/0000_0010_02_ 0\n"
            ),
            "list_sequence/list_seq_test.txt": (
                "tracklet_test/0842/0842_0001_15_ 842\ntracklet_test/0842/0842_0002_03_ 842\n"
            ),
        },
        plant=plant_lsvid,
    ),
    "mars": Tree(
        protocol="mars",
        images=(
            *(f"bbox_train/{name[:4]}/{name}" for name in MARS_TRAIN),
            *(f"bbox_test/{name[:4]}/{name}" for name in MARS_TEST),
        ),
        sizes=(3, 1, 3),
        texts={"info/train_name.txt": "\n".join(MARS_TRAIN), "info/test_name.txt": "\n".join(MARS_TEST)},
        plant=plant_mars,
    ),
    "prid2011_video": Tree(
        images=tuple(
            f"prid_2011/multi_shot/cam_{camera}/person_{person:04d}/{frame:04d}.png"
            for camera in "ab"
            for person in (1, 2, 3, 4)
            for frame in range(1, 28)
        ),
        sizes=(4, 2, 2),
    ),
}
