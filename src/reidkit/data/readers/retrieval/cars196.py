"""Cars-196: cars of 196 makes and models, of which the second half is searched for."""

from pathlib import Path

from reidkit.core.errors import DatasetError
from reidkit.core.types import DatasetSplits, Sample, SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.finding import Layout, find_root
from reidkit.data.readers.lists import check_listed_images
from reidkit.data.readers.matlab import read_matlab
from reidkit.data.readers.matlab_values import cell_values, require_fields
from reidkit.data.readers.retrieval.class_halves import divide_classes

_TEST = SplitCounts(identities=98, images=8131)

CARS196 = Benchmark(
    name="cars196",
    title="Cars-196",
    kind="vehicle",
    reference=(
        "Krause, Stark, Deng, Fei-Fei, 3D Object Representations for Fine-Grained Categorization, "
        "ICCV Workshops 2013"
    ),
    how_to_obtain=(
        "How to obtain it: get car_ims.tgz and cars_annos.mat of the Stanford Cars Dataset (the page of its "
        "authors is gone; copies are kept elsewhere), put both into one folder, unpack the first, and give "
        "the folder; reidkit downloads no data sets."
    ),
    terms="For research only.",
    counts={"train": SplitCounts(identities=98, images=8054), "query": _TEST, "gallery": _TEST},
    protocol="no-camera",
)

_ANNOTATIONS = ("cars_annos.mat", "devkit/cars_annos.mat")
_LAYOUT = Layout(
    title=CARS196.title,
    alternatives=tuple(("car_ims/", name) for name in _ANNOTATIONS),
    name_hint="car",
    how_to_obtain=CARS196.how_to_obtain,
)
_LAST_TRAIN_CLASS = 98


def read_cars196(root: Path) -> DatasetSplits:
    """Read the Stanford Cars images and annotations in place, divided as deep metric learning does.

    The identity is the class (make, model and year), 1 to 196, as in the annotations. Classes 1 to 98 are
    learned from. The others are judged leave-one-out: every image is searched among all the others. Images
    are read whole, without the boxes of the annotations; their own division into train and test images,
    which share the classes, is not used. Cameras are unknown.

    Args:
        root: The folder that holds ``car_ims/`` and ``cars_annos.mat``, which may also lie in ``devkit/``;
            or ``car_ims/`` itself; or a folder up to two levels above.

    Raises:
        DatasetError: the files are not found, the annotations are damaged or of another form, an image of
            theirs does not exist, or one half of the classes has no image.
        MissingExtraError: SciPy is not installed.
    """
    folder, notes = find_root(_LAYOUT, root)
    path = next(folder / name for name in _ANNOTATIONS if (folder / name).is_file())
    classes: dict[int, list[Sample]] = {}
    for image, number in sorted(_read_annotations(folder, path)):
        classes.setdefault(number, []).append(Sample((image,), number))
    check_listed_images(CARS196.title, path, [sample.path for own in classes.values() for sample in own])
    train, test = divide_classes(CARS196.title, folder, classes, _LAST_TRAIN_CLASS)
    return CARS196.splits(folder, train=train, query=test, gallery=test, notes=notes)


def _read_annotations(folder: Path, path: Path) -> list[tuple[Path, int]]:
    """Return each image with the number of its class."""
    table = read_matlab(CARS196.title, path, ["annotations"])["annotations"]
    require_fields(CARS196.title, path, table, ["relative_im_path", "class"])
    try:
        names = [str(name) for name in cell_values(table["relative_im_path"])]
        numbers = [int(number) for number in cell_values(table["class"])]
    except (TypeError, ValueError) as error:
        raise DatasetError(
            f"Annotations of Cars-196 have another form, got {path} ({error}). Expected one path and one "
            f"class number per image. Take the file of the original archive."
        ) from error
    return [(folder / name, number) for name, number in zip(names, numbers, strict=True)]
