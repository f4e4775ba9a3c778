"""Trees of the readers of this family."""

from pathlib import Path

from tests.data.readers.trees import Tree


def write_partitions(root: Path, learned: list[list[int]]) -> None:
    """Write GRID's partitions as MATLAB does: a row of cells, each with a struct of three rows."""
    import numpy as np
    from scipy.io import savemat

    def cells(partitions: list[list[int]]) -> np.ndarray:
        row = np.empty((1, len(partitions)), object)
        for number, people in enumerate(partitions):
            row[0, number] = {
                "probeImIdx": np.array([2.0 * person for person in people]),
                "galleryImIdx": np.array([2.0 * person - 1 for person in people]),
                "personIdx": np.array(people, float),
            }
        return row

    root.mkdir(parents=True, exist_ok=True)
    savemat(
        root / "features_and_partitions.mat",
        {"ftrset": np.zeros((3, 4)), "trainIdxAll": cells(learned), "testIdxAll": cells(learned)},
        oned_as="row",
    )


CLASSIC = {
    "viper": Tree(
        images=tuple(
            f"cam_{camera}/{name}.bmp"
            for camera, names in (
                ("a", ("000_45", "001_45", "002_90", "873_0")),
                ("b", ("000_90", "001_135", "002_180", "873_90")),
            )
            for name in names
        ),
        sizes=(4, 2, 2),
    ),
    "grid": Tree(
        images=(
            *("probe/0001_1_25004_107_32_106_221.jpeg", "probe/0002_1_25008_169_19_94_224.jpeg"),
            *("gallery/0001_2_25023_116_134_128_330.jpeg", "gallery/0002_2_25029_74_88_101_242.jpeg"),
            *("gallery/0000_1_25698_125_93_99_252.jpeg", "gallery/0000_8_26002_80_11_91_240.jpeg"),
        ),
        sizes=(2, 1, 3),
        plant=lambda root: write_partitions(root, [[1 + number % 2] for number in range(10)]),
    ),
    "cuhk01": Tree(
        images=tuple(f"campus/{person:04d}00{image}.png" for person in (1, 2, 971) for image in (1, 2, 3, 4)),
        sizes=(4, 4, 4),
    ),
    "prid450s": Tree(
        images=tuple(f"cam_{camera}/img_{person:04d}.png" for camera in "ab" for person in (1, 2, 3, 450)),
        sizes=(4, 2, 2),
    ),
    "prid2011": Tree(
        images=tuple(
            f"single_shot/cam_{camera}/person_{person:04d}.png"
            for camera, people in (("a", (1, 2, 3, 200, 385)), ("b", (1, 2, 3, 200, 385, 749)))
            for person in people
        ),
        sizes=(4, 2, 4),
    ),
    "ilids": Tree(
        images=tuple(
            f"Persons/{person:04d}{image:03d}.jpg"
            for person, count in ((1, 2), (2, 2), (3, 2), (119, 2))
            for image in range(1, count + 1)
        ),
        sizes=(4, 2, 2),
        has_cameras=False,
        protocol="no-camera",
    ),
}
