"""Small .mat files of CUHK03, built as the real ones are: HDF5 with references, arrays transposed."""

import h5py
import numpy as np
import scipy.io

VIEWS = 10

# Two pairs of cameras. Pair 1 has three people, pair 2 has one; person 2 of pair 1 lacks images.
PEOPLE = (((1, 2, 6), (1, 7), (1, 6)), ((5, 10),))
NAMES = [
    *("1_001_1_01.png", "1_001_1_02.png", "1_001_2_06.png", "1_002_1_01.png", "1_002_2_07.png"),
    *("1_003_1_01.png", "1_003_2_06.png", "2_001_1_05.png", "2_001_2_10.png"),
]
LABELS = [1, 1, 1, 2, 2, 3, 3, 844, 844]
# Train: person 2 of pair 1 and person 1 of pair 2. Query and gallery: people 1 and 3 of pair 1.
POSITIONS = {"train_idx": [4, 5, 8, 9], "query_idx": [6, 1], "gallery_idx": [7, 2, 3]}
TEST_SETS = [[(1, 1), (2, 1)]] + [[(1, 3), (1, 2)]] * 19
PROTOCOL_FILE = "cuhk03_new_protocol_config_detected.mat"


def pixels(pair, person, number, version="detected"):
    """Return pixels that differ for each image: uint8 of shape (height, width, 3), height 8, width 4 or 5."""
    seed = pair * 100_000 + person * 100 + number + (50 if version == "labeled" else 0)
    return np.random.default_rng(seed).integers(0, 256, (8, 4 + number % 2, 3), np.uint8)


def write_archive(path, people, test_sets, versions=("detected", "labeled")):
    """Write cuhk-03.mat.

    Args:
        path: Where to.
        people: One item per pair of cameras: one item per person: the numbers (from 1) of the images there.
        test_sets: One item per split: (pair, person), from 1.
        versions: Image sets to write.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w", userblock_size=512) as file:
        references = file.create_group("#refs#")

        def store(array):
            return references.create_dataset(str(len(references)), data=array).ref

        for version in versions:
            pairs = np.empty((1, len(people)), h5py.ref_dtype)
            for pair, persons in enumerate(people, 1):
                cell = np.empty((len(persons), VIEWS), h5py.ref_dtype)
                for person, numbers in enumerate(persons, 1):
                    for number in range(1, VIEWS + 1):
                        # MATLAB stores the sizes in place of an empty cell.
                        content = np.zeros(2, np.uint64)
                        if number in numbers:
                            content = pixels(pair, person, number, version).transpose(2, 1, 0)
                        cell[person - 1, number - 1] = store(content)
                pairs[0, pair - 1] = store(cell.T)
            file.create_dataset(version, data=pairs)
        tests = np.empty((1, len(test_sets)), h5py.ref_dtype)
        for split, tested in enumerate(test_sets):
            tests[0, split] = store(np.array(tested, np.float64).T)
        file.create_dataset("testsets", data=tests)
    with path.open("r+b") as stream:
        stream.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64")
    return path


def write_protocol(path, names, labels, **positions):
    """Write cuhk03_new_protocol_config_<version>.mat; positions are counted from 1."""
    path.parent.mkdir(parents=True, exist_ok=True)
    filelist = np.empty((len(names), 1), object)
    filelist[:, 0] = names
    content = {"filelist": filelist, "labels": np.array(labels, np.float64)[:, None]}
    for split, numbers in positions.items():
        content[split] = np.array(numbers, np.uint16)[:, None]
    scipy.io.savemat(path, content)
    return path
