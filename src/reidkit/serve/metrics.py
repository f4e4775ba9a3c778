"""Counts and times of a service in the form that Prometheus reads."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import Scope

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class ServiceMetrics:
    """The metrics of one service, in a registry of its own, so that two services can live in a process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "reidkit_requests",
            "Requests by route and status.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "reidkit_request_seconds",
            "Time from request to answer.",
            ("route",),
            buckets=SECONDS,
            registry=self._registry,
        )
        self.images = Counter("reidkit_images_embedded", "Images embedded.", registry=self._registry)
        self.decisions = Counter(
            "reidkit_decisions", "Answers to searches.", ("decision",), registry=self._registry
        )

    def watch(self, name: str, about: str, value: Callable[[], float]) -> None:
        """Report the value of a function at each reading."""
        Gauge(f"reidkit_{name}", about, registry=self._registry).set_function(value)

    def observe(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one request."""
        # The pattern, not the path: whoever asks for a thousand paths must not make a thousand series.
        route = getattr(scope.get("route"), "path", "other")
        method = scope["method"] if route != "other" else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """Return all metrics."""
        return generate_latest(self._registry)
