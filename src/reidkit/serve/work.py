"""Blocking work in one thread, one piece after the other: only so much may wait, and only so long."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from reidkit.serve.problems import Problem

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Work:
    """A queue with one worker, since neither a model nor a gallery is shared between threads.

    Args:
        name: Of what it does, in messages and metrics.
        max_waiting: Pieces that may wait or run at one time.
        timeout_seconds: From asking to having.
    """

    def __init__(self, name: str, max_waiting: int, timeout_seconds: float) -> None:
        self.name = name
        self.max_waiting = max_waiting
        self.timeout_seconds = timeout_seconds
        self._open: set[Future[Any]] = set()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=f"reidkit-{name}")

    @property
    def num_waiting(self) -> int:
        """Pieces that wait or run."""
        return len(self._open)

    async def run(
        self, work: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Do a piece of work and return what it gives.

        Raises:
            Problem: 429 where too much waits already, 503 where it took too long. What had begun then goes
                on to its end, and counts until then.
        """
        if len(self._open) >= self.max_waiting:
            raise Problem(
                429,
                f"{len(self._open)} requests wait for the {self.name} already. Try again in a second.",
                {"Retry-After": "1"},
            )
        future = self._pool.submit(work, *args, **kwargs)
        self._open.add(future)
        # It may end after its request was answered, so it is the work that counts, not the request.
        future.add_done_callback(self._open.discard)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), self.timeout_seconds)
        except TimeoutError:
            raise Problem(
                503,
                f"The {self.name} did not answer within {self.timeout_seconds:g} s. What it had begun may "
                f"still be done. Try again later.",
                {"Retry-After": "5"},
            ) from None

    def close(self) -> None:
        """Finish what has begun."""
        self._pool.shutdown(wait=True, cancel_futures=True)
