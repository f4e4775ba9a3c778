"""Fetch one file: resumed where the connection broke, length and hash checked, whole or not at all.

What has arrived lies beside the place as ``.NAME.unfinished``, with what the server said of its version in
``.NAME.unfinished.version``. It goes on from there only where the server says that the file is still the same
one, or where a hash will tell in the end.
"""

import hashlib
import http.client
import os
import re
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from reidkit.core.errors import WeightsError
from reidkit.core.types import ReportProgress

WAITS = (1.0, 2.0, 4.0)
"""Seconds before each further attempt."""

TIMEOUT = 30
BLOCK = 1 << 18
BUSY = (408, 425, 429, 500, 502, 503, 504)
BROKEN = (
    urllib.error.URLError,
    http.client.HTTPException,
    TimeoutError,
    ConnectionError,
    ssl.SSLError,
)


@dataclass(frozen=True, slots=True)
class _Part:
    """What has arrived of a file."""

    path: Path
    version_path: Path

    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def version(self, url: str) -> str:
        """Return the ETag or date of what has arrived; empty where unknown or of another address."""
        if not self.version_path.exists():
            return ""
        lines = self.version_path.read_text(encoding="utf-8").splitlines()
        return lines[1] if len(lines) == 2 and lines[0] == url else ""

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
        self.version_path.unlink(missing_ok=True)


def is_offline() -> bool:
    """Say whether the environment forbids connections: ``REIDKIT_OFFLINE`` or ``HF_HUB_OFFLINE``."""
    given = (os.environ.get(name, "") for name in ("REIDKIT_OFFLINE", "HF_HUB_OFFLINE"))
    return any(value.lower() in ("1", "true", "yes", "on") for value in given)


def download(
    url: str,
    path: Path,
    *,
    sha256: str = "",
    offline: bool = False,
    report: ReportProgress | None = None,
) -> Path:
    """Fetch a file, unless it is there already.

    What arrived stays when the connection breaks or the program is stopped, and the next call goes on from
    there. Two programs that fetch one file at once are not kept apart; where the hash is known it finds out.

    Args:
        url: Address of the file.
        path: Where it is wanted; its folder is made.
        sha256: Hash in hexadecimal digits, or the first of them; empty where none is known.
        offline: Whether to open no connection; `is_offline` forbids it too.
        report: Called with (bytes there, bytes in all).

    Returns:
        ``path``.

    Raises:
        WeightsError: there is no connection, the server refuses, or what it gave is not the file.
    """
    if path.exists():
        if sha256 and not _hash(path).startswith(sha256.lower()):
            raise WeightsError(
                f"File {path} is not the one of {url}, got sha256 {_hash(path)}. Expected {sha256}. Remove "
                f"it to fetch it again."
            )
        return path
    if offline or is_offline():
        raise WeightsError(
            f"{url} was not fetched, since connections are forbidden (--offline, REIDKIT_OFFLINE or "
            f"HF_HUB_OFFLINE). Expected the file at {path}. Put it there yourself, or allow connections."
        )
    part = _Part(
        path.with_name(f".{path.name}.unfinished"), path.with_name(f".{path.name}.unfinished.version")
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _fetch_whole(url, part, sha256, path, report)
        part.path.replace(path)
        part.remove()
    except OSError as error:
        raise WeightsError(
            f"{path} cannot be written ({error.strerror or error}). Expected a folder with enough room. "
            f"Choose another with the variable REIDKIT_CACHE."
        ) from error
    return path


def _fetch_whole(url: str, part: _Part, sha256: str, path: Path, report: ReportProgress | None) -> None:
    """Fetch until the part is whole and has the right hash; a resumed one that has not starts once more."""
    reason = ""
    for wait in (0.0, *WAITS):
        time.sleep(wait)
        was_there = part.size()
        try:
            _transfer(url, part, sha256, report)
        except ConnectionError as error:
            reason = str(error)
            continue
        found = _hash(part.path)
        if not sha256 or found.startswith(sha256.lower()):
            return
        part.remove()
        reason = f"its sha256 is {found} instead of {sha256}"
        if not was_there:
            raise WeightsError(
                f"{url} is not the file that was expected: {reason}. Expected an unchanged file. Nothing was "
                f"kept; try again, or fetch it elsewhere and put it at {path}."
            )
    host = urlsplit(url).netloc
    raise WeightsError(
        f"{url} cannot be fetched: {reason}. Expected a connection to {host}. {part.size()} bytes are kept "
        f"and the next attempt goes on from there; or put the file at {path} yourself."
    )


def _transfer(url: str, part: _Part, sha256: str, report: ReportProgress | None) -> None:
    """Bring what is missing of the part, in one connection.

    Raises:
        ConnectionError: less arrived than the server announced, or nothing.
        WeightsError: another attempt would be no better.
    """
    version = part.version(url)
    if not version and not sha256:
        part.remove()  # nothing would tell whether the rest belongs to it
    try:
        with urllib.request.urlopen(_request(url, part.size(), version), timeout=TIMEOUT) as response:
            _check_answer(url, response)
            start, total = _extent(response, part)
            kept = response.headers.get("ETag") or response.headers.get("Last-Modified") or ""
            kept = "" if kept.startswith("W/") else kept  # a weak tag promises no equal bytes
            part.version_path.write_text(f"{url}\n{kept}\n", encoding="utf-8")
            _write(response, part, start, total, report)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416:
            part.remove()  # there are more bytes than the file has
        if error.code in BUSY or error.code == 416:
            raise ConnectionError(f"the server answered {error.code} {error.reason}") from error
        raise WeightsError(
            f"{url} cannot be fetched: the server answered {error.code} {error.reason}. Expected the file. "
            f"It may have moved; look for it at its source and put it into the cache yourself."
        ) from error
    except BROKEN as error:
        raise ConnectionError(str(getattr(error, "reason", error)) or type(error).__name__) from error
    if total is not None and part.size() != total:
        raise ConnectionError(f"the connection broke after {part.size()} of {total} bytes")


def _request(url: str, start: int, version: str) -> urllib.request.Request:
    headers = {"User-Agent": "reidkit", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
        if version:
            headers["If-Range"] = version
    return urllib.request.Request(url, headers=headers)


def _check_answer(url: str, response: Any) -> None:  # noqa: ANN401 - urllib's
    if urlsplit(url).scheme == "https" and urlsplit(response.url).scheme != "https":
        raise WeightsError(
            f"{url} leads to an address without encryption, got {response.url}. Expected https. Fetch it by "
            f"hand from a source that you trust."
        )
    if response.headers.get_content_type() == "text/html":
        raise _web_page(url)


def _web_page(url: str) -> WeightsError:
    return WeightsError(
        f"{url} is a web page, not a file of weights. Expected the file. Open the page in a browser: it may "
        f"ask for a confirmation."
    )


def _extent(response: Any, part: _Part) -> tuple[int, int | None]:  # noqa: ANN401 - urllib's
    """Return from which byte on the answer is, and how many the file has; None where the server is silent."""
    length = response.headers.get("Content-Length")
    if response.status != 206:
        return 0, int(length) if length is not None else None
    match = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", response.headers.get("Content-Range", ""))
    if match is None or int(match[1]) != part.size():
        part.remove()
        raise ConnectionError("the server sent another range than was asked for")
    return int(match[1]), int(match[2])


def _write(
    response: Any,  # noqa: ANN401 - urllib's
    part: _Part,
    start: int,
    total: int | None,
    report: ReportProgress | None,
) -> None:
    there = start
    with part.path.open("ab" if start else "wb") as stream:
        while block := _read(response):
            if not there and block.lstrip()[:1] == b"<":
                stream.close()
                part.remove()
                raise _web_page(response.url)
            stream.write(block)
            there += len(block)
            if report is not None:
                report(there, total or there)
        stream.flush()
        os.fsync(stream.fileno())


def _read(response: Any) -> bytes:  # noqa: ANN401 - urllib's
    try:
        block: bytes = response.read(BLOCK)
    except (OSError, http.client.HTTPException) as error:
        raise ConnectionError(f"the connection broke ({error})") from error
    return block


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
