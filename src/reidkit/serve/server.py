"""Run the service: one process, one model, until it is told to stop."""

import secrets
import signal
from dataclasses import replace

import uvicorn
from fastapi import FastAPI

from reidkit.serve.settings import LOOPBACK, ServiceSettings

GRACE_SECONDS = 30
MAX_CONNECTIONS = 1000


def settle_access(settings: ServiceSettings, host: str) -> ServiceSettings:
    """Return settings that do not leave a service open to a network.

    On this machine alone no token is needed, but the service then answers under names of this machine only,
    so that no page elsewhere reaches it through a name of its own. Anywhere else a token is made where none
    is set.
    """
    if host in LOOPBACK:
        return settings if settings.token or settings.hosts else replace(settings, hosts=LOOPBACK)
    return settings if settings.token else replace(settings, token=secrets.token_urlsafe(24))


def address_of(settings: ServiceSettings, host: str, port: int) -> str:
    """Return what to open in a browser; the token is behind the '#', which browsers send to nobody."""
    name = "localhost" if host in (*LOOPBACK, "0.0.0.0", "::") else host
    return f"http://{name}:{port}/" + (f"#token={settings.token}" if settings.token else "")


def run_server(app: FastAPI, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM; what was asked before is answered first."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_keep_alive=20,
        timeout_graceful_shutdown=GRACE_SECONDS,
        server_header=False,
    )
    # uvicorn raises the signal again after a graceful stop, which then was no failure.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    uvicorn.Server(config).run()
