"""Look into a pickle without running it: which functions and classes it would call."""

import pickletools
import zipfile
from pathlib import Path

MOST_BYTES = 64 * 2**20
"""Of a pickle without a zip around it; tensors follow behind, and are not looked at."""


def pickle_globals(path: Path) -> list[str]:
    """Return the functions and classes that a file of PyTorch names, as ``module.name``, sorted.

    Nothing of the file is executed. What cannot be parsed ends the list.

    Args:
        path: A file of ``torch.save``, of the zip format or of the one before torch 1.6.
    """
    found: set[str] = set()
    for content in _pickles(path):
        found |= _globals_of(content)
    return sorted(found)


def _pickles(path: Path) -> list[bytes]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return [archive.read(name) for name in archive.namelist() if name.endswith("data.pkl")]
    with path.open("rb") as stream:
        return [stream.read(MOST_BYTES)]


def _globals_of(content: bytes) -> set[str]:
    found: set[str] = set()
    while content:
        texts: list[str] = []
        end = 0
        try:
            for operation, argument, position in pickletools.genops(content):
                end = (position or 0) + 1
                if operation.name in ("GLOBAL", "INST"):
                    found.add(str(argument).replace(" ", "."))
                elif operation.name == "STACK_GLOBAL" and len(texts) >= 2:
                    found.add(".".join(texts[-2:]))
                elif isinstance(argument, str):
                    texts.append(argument)
        except (ValueError, IndexError, UnicodeDecodeError):
            return found
        content = content[end:]  # the old format holds several pickles, one after the other
    return found
