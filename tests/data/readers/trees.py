"""Small trees with the real file names of a data set, for the contract that every reader keeps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Tree:
    """What to write, and how many samples a reader finds in it.

    Args:
        images: Names of images below the root.
        sizes: Samples of train, query, gallery.
        texts: Text files below the root; blank lines are put behind each, as people's files have them.
        plant: Writes what else is needed (``.mat`` files) below the root.
        options: For the reader.
        has_cameras: Whether every sample has a camera.
        protocol: Of the splits.
    """

    images: tuple[str, ...]
    sizes: tuple[int, int, int]
    texts: Mapping[str, str] = field(default_factory=dict)
    plant: Callable[[Path], None] | None = None
    options: Mapping[str, object] = field(default_factory=dict)
    has_cameras: bool = True
    protocol: str = "market1501"

    def write(self, root: Path, image: bytes) -> Path:
        """Write the tree, with the clutter of operating systems beside the data."""
        for name in (*self.images, "Thumbs.db", ".DS_Store", "__MACOSX/._x.jpg"):
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(image)
        for folder in {(root / name).parent for name in self.images}:
            (folder / "._clutter.jpg").write_bytes(image)
            (folder / "Thumbs.db").write_bytes(b"")
        for name, text in self.texts.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text.rstrip("\n") + "\n\n\n")
        if self.plant is not None:
            self.plant(root)
        return root


OWN = {
    "folder": Tree(
        images=(
            *("train/0002/0002_c1s1_000451_03.jpg", "train/0007/0007_c12_02.jpg"),
            *("query/0001/c3_0001.jpg", "gallery/0001/0001_c1_1.PNG", "gallery/0009/0009_c1.webp"),
        ),
        sizes=(2, 1, 2),
    ),
    "manifest": Tree(
        images=("images/1.jpg", "images/2.jpg", "images/3.png"),
        sizes=(1, 1, 1),
        texts={
            "manifest.csv": (
                "path,identity,camera,split\n"
                "images/1.jpg,1,1,train\nimages/2.jpg,2,1,query\nimages/3.png,2,2,gallery\n"
            )
        },
    ),
}
