"""Write a file whole or not at all: beside its place first, then renamed into it."""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def replace_file(path: Path) -> Iterator[Path]:
    """Yield a path beside ``path`` to write to; it takes the place of ``path`` when the block ends.

    Whoever is killed in the block leaves the old file as it was. An error removes the unfinished file.
    Parent folders are made. The suffix is kept, since writers choose their format by it.
    """
    if path.is_symlink():  # the file behind the link is meant, not the link
        path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name of its own for each writer; short, since file systems limit its length.
    unfinished = path.with_name(f".{path.stem[:80]}.{secrets.token_hex(4)}.unfinished{path.suffix}")
    try:
        yield unfinished
        with unfinished.open("rb") as stream:
            os.fsync(stream.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text whole or not at all."""
    with replace_file(path) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


def write_json(path: Path, content: Any) -> None:  # noqa: ANN401 - JSON is whatever json.dumps takes
    """Write indented JSON whole or not at all; NaN and infinity are refused, they are not JSON."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
