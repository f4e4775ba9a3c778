"""A web server on this machine that serves one file as badly as it is told to."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class FileServer:
    """What is served, how, and what was asked.

    Args:
        content: Of the file.
        etag: Version that it announces; empty for none.
        breaks: After how many bytes each further answer breaks; None for a whole answer. The last one stays.
        knows_ranges: Whether it sends parts.
        status: Answer instead of the file where it is not 200.
        content_type: That it announces.
        extra_length: Bytes that it announces and never sends.
        asked: Range that each request asked for; empty where it asked for all.
        sent: Bytes sent with each answer.
    """

    content: bytes = b""
    etag: str = '"one"'
    breaks: list[int | None] = field(default_factory=lambda: [None])
    knows_ranges: bool = True
    status: int = 200
    content_type: str = "application/octet-stream"
    extra_length: int = 0
    asked: list[str] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    url: str = ""


class _Handler(BaseHTTPRequestHandler):
    file: FileServer

    def do_GET(self) -> None:
        file = self.file
        wanted = self.headers.get("Range", "")
        file.asked.append(wanted)
        if file.status != 200:
            self.send_error(file.status)
            return
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        same = self.headers.get("If-Range", file.etag) == file.etag
        start = start if file.knows_ranges and same else 0
        if start >= len(file.content) > 0 and start:
            self.send_error(416)
            return
        body = file.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Type", file.content_type)
        self.send_header("Content-Length", str(len(body) + file.extra_length))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(file.content) - 1}/{len(file.content)}")
        if file.etag:
            self.send_header("ETag", file.etag)
        self.end_headers()
        end = file.breaks.pop(0) if len(file.breaks) > 1 else file.breaks[0]
        body = body[:end]
        file.sent.append(len(body))
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


@contextmanager
def serve(file: FileServer) -> Iterator[FileServer]:
    """Serve a file while the block runs; its ``url`` is set."""
    handler = type("Handler", (_Handler,), {"file": file})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    file.url = f"http://127.0.0.1:{server.server_port}/weights.pth"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield file
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
