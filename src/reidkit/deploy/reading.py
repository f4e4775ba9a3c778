"""Decode images by threads, some batches ahead of the network."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Source = TypeVar("Source")
Read = TypeVar("Read")

BATCHES_AHEAD = 2
"""Batches that are decoded while one is computed: enough to keep the network busy, and a bound on memory."""


def read_ahead(batches: Iterable[list[Source]], read: Callable[[Source], Read]) -> Iterator[list[Read]]:
    """Apply a function to each item of each batch, by threads, and yield the results batch by batch.

    Args:
        batches: Consumed two batches ahead of what is yielded.
        read: Called in threads; what it raises is raised here, when its batch is due.
    """
    with ThreadPoolExecutor() as pool:
        ahead: deque[list[Future[Read]]] = deque()
        try:
            for batch in batches:
                ahead.append([pool.submit(read, one) for one in batch])
                if len(ahead) > BATCHES_AHEAD:
                    yield [one.result() for one in ahead.popleft()]
            while ahead:
                yield [one.result() for one in ahead.popleft()]
        finally:
            for waiting in ahead:
                for one in waiting:
                    one.cancel()
