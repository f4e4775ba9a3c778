"""What every request passes before it is read: name of the host, origin, size, patience, room."""

import asyncio
import time
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reidkit.serve.metrics import ServiceMetrics
from reidkit.serve.problems import Problem
from reidkit.serve.settings import ServiceSettings

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob: data:; frame-ancestors 'self'",
}


class Guard:
    """Refuses what must not reach the service, counts what does, and sends the same headers with each answer.

    Args:
        app: To protect.
        settings: With the bounds.
        metrics: To count in.
    """

    def __init__(self, app: ASGIApp, settings: ServiceSettings, metrics: ServiceMetrics) -> None:
        self.app = app
        self.settings = settings
        self.metrics = metrics
        self._num_receiving = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or answer it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start = time.perf_counter()
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._pass_on(scope, receive, send_with_headers)
        except Problem as problem:
            await problem.response()(scope, receive, send_with_headers)
        finally:
            self.metrics.observe(scope, status, time.perf_counter() - start)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        self._check_names(headers)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self.settings.max_bytes:
            raise self._too_large()
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self.app(scope, receive, send)
            return
        if self._num_receiving >= self.settings.max_waiting:
            raise Problem(
                429,
                f"{self._num_receiving} requests are under way already. Try again in a second.",
                {"Retry-After": "1"},
            )
        self._num_receiving += 1
        try:
            await self.app(scope, self._bounded(receive), send)
        finally:
            self._num_receiving -= 1

    def _check_names(self, headers: Headers) -> None:
        host = headers.get("host", "")
        if self.settings.hosts and _name_of(host) not in self.settings.hosts:
            # A page elsewhere may give its own name our address; it cannot give itself our name.
            raise Problem(421, f"This service does not answer as '{host}'. Open it by its own address.")
        origin = headers.get("origin")
        if origin and urlsplit(origin).netloc != host:
            raise Problem(403, f"Requests from pages of '{origin}' are refused.")

    def _bounded(self, receive: Receive) -> Receive:
        deadline = time.monotonic() + self.settings.timeout_seconds
        total = 0
        is_whole = False

        async def receive_bounded() -> MutableMapping[str, Any]:
            nonlocal total, is_whole
            if is_whole:  # what comes now is the end of the connection, which may take its time
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), max(deadline - time.monotonic(), 0.001))
            except TimeoutError:
                raise Problem(
                    408, f"The request was not there within {self.settings.timeout_seconds:g} s."
                ) from None
            total += len(message.get("body", b""))
            is_whole = not message.get("more_body", False)
            if total > self.settings.max_bytes:
                raise self._too_large()
            return message

        return receive_bounded

    def _too_large(self) -> Problem:
        return Problem(
            413,
            f"The request is too large. Expected at most {self.settings.max_bytes} bytes. Send fewer or "
            f"smaller images.",
        )


def _name_of(host: str) -> str:
    """Return a host without its port."""
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host
