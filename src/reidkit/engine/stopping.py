"""A run that is asked to stop ends at a place from which it goes on exactly."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

IMPATIENCE_SECONDS = 1.0
"""A second Ctrl-C after so long stops at once; torchrun passes on the one that the process has seen."""


class RunStopped(SystemExit):
    """A run was asked to stop, and what it needs to go on is kept; ends the program with exit code 0.

    Args:
        message: What happened, and how to go on.
    """

    def __init__(self, message: str) -> None:
        super().__init__(0)
        self.message = message

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[type["RunStopped"], tuple[str]]:
        return type(self), (self.message,)


class StopRequest:
    """Takes SIGTERM and Ctrl-C as a wish to stop.

    Until training begins, and once it has ended, a run stops at once: there is nothing to save. In between
    it goes on to the end of a step, or stops judging. A second Ctrl-C is the usual one.

    Args:
        folder: Of the run.
        is_alone: Whether no other processes take part; where they do, all stop together.
    """

    def __init__(self, folder: Path, *, is_alone: bool = True) -> None:
        self.folder = folder
        self.is_alone = is_alone
        self.is_wanted = False
        self.is_deferred = False
        self._since = 0.0

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Listen within the block; only the main thread of a program can."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        self.listen()
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def listen(self) -> None:
        """Listen from now on; again, where somebody else has begun to."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, self._receive)

    def check(self) -> None:
        """Stop if that is wanted.

        Raises:
            RunStopped: it is.
        """
        if self.is_wanted:
            raise self.stopped()

    def stopped(self, place: str = "") -> RunStopped:
        """Return what ends the run.

        Args:
            place: Where it stopped, such as "step 120 (epoch 3)".
        """
        further = f"Go on with: reidkit train --resume --out {self.folder}"
        if not (self.folder / "recipe.yaml").is_file():
            further = "Nothing was written."
        return RunStopped(f"Stopped{f' at {place}' if place else ''} as asked. {further}")

    def _receive(self, number: int, frame: FrameType | None) -> None:
        del frame
        is_second = self.is_wanted and time.monotonic() > self._since + IMPATIENCE_SECONDS
        if is_second and number == signal.SIGINT and self.is_alone:
            raise KeyboardInterrupt
        if not self.is_wanted:
            self.is_wanted, self._since = True, time.monotonic()
        if not self.is_deferred:
            self.check()
