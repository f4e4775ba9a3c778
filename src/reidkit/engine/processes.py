"""The processes that train together, and what they tell each other."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed
from torch.nn import functional as F

from reidkit.core.errors import ReidkitError, TrainingError
from reidkit.engine.stopping import RunStopped

T = TypeVar("T")

PATIENCE = timedelta(hours=3)
"""How long a process waits for the others: they also wait while the first one examines a data set."""

VARIABLES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
"""What torchrun tells each of its processes."""


@dataclass(frozen=True)
class Processes:
    """Those that train one model together, each on its part of every batch; one alone by default.

    What they tell each other they tell in turn: a call of `any`, `gather` and so on returns once all of them
    have made it.

    Args:
        rank: Number of this process among all, from 0. The first one writes files and speaks.
        count: How many there are.
        local_rank: Number of this process on its machine, and of the GPU that it uses.
        local_count: How many there are on this machine.
    """

    rank: int = 0
    count: int = 1
    local_rank: int = 0
    local_count: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process writes files and speaks."""
        return self.rank == 0

    @property
    def is_alone(self) -> bool:
        """Whether there are no others."""
        return self.count == 1

    @property
    def num_machines(self) -> int:
        """On how many machines they run."""
        return self.count // self.local_count

    @contextmanager
    def connected(self, device: str) -> Iterator[None]:
        """Let the processes reach each other within the block.

        Args:
            device: "auto", "cpu" or "cuda", as a recipe names it.

        Raises:
            TrainingError: they cannot run there.
        """
        if self.is_alone or distributed.is_initialized():
            yield
            return
        uses_cuda = device == "cuda" or (device == "auto" and torch.cuda.is_available())
        if device == "mps":
            raise TrainingError(
                f"Several processes cannot train on mps, got {self.count}. Expected cuda or cpu."
            )
        if uses_cuda and self.local_count > torch.cuda.device_count():
            raise TrainingError(
                f"Processes are too many, got {self.local_count} on a machine with "
                f"{torch.cuda.device_count()} GPUs. Expected at most one per GPU. Lower --nproc-per-node."
            )
        if uses_cuda:
            torch.cuda.set_device(self.local_rank)
        distributed.init_process_group(
            "cpu:gloo,cuda:nccl" if uses_cuda else "gloo",
            rank=self.rank,
            world_size=self.count,
            timeout=PATIENCE,
        )
        try:
            yield
        finally:
            distributed.destroy_process_group()

    def any(self, is_so: bool) -> bool:
        """Return whether it is so in any process."""
        if self.is_alone:
            return is_so
        flag = torch.tensor(int(is_so))
        distributed.all_reduce(flag, distributed.ReduceOp.MAX)
        return bool(flag)

    def gather(self, own: Tensor) -> Tensor:
        """Return the rows of all processes, one after the other; all have equally many.

        The gradient is that of a mean over processes. Each has the same objective of all rows, and sends back
        the gradient of its own rows alone; the mean over R processes, which follows, would be an R-th of the
        gradient of the objective. So it is multiplied by R here. Parameters that the objective itself owns
        have their whole gradient in every process, and the mean of equal ones leaves it as it is.
        """
        if self.is_alone:
            return own
        rows: Tensor = _GatheredRows.apply(own, self.rank, self.count)
        return rows

    def sum(self, own: Tensor) -> Tensor:
        """Return the sum over processes; its gradient is the sum of what they send back."""
        if self.is_alone:
            return own
        total: Tensor = _Sum.apply(own)
        return total

    def gather_uneven(self, own: Tensor) -> list[Tensor]:
        """Return the matrix of each process, in order; they may differ in size and have no gradient."""
        if self.is_alone:
            return [own]
        sizes = self.gather_objects(tuple(own.shape))
        rows, columns = (max(size[axis] for size in sizes) for axis in (0, 1))
        padded = F.pad(own, (0, columns - own.shape[1], 0, rows - own.shape[0]))
        parts = [torch.empty_like(padded) for _ in range(self.count)]
        distributed.all_gather(parts, padded)
        return [part[: size[0]] for part, size in zip(parts, sizes, strict=True)]

    def gather_objects(self, own: T) -> list[T]:
        """Return something small of each process, in order."""
        if self.is_alone:
            return [own]
        everyone: list[Any] = [None] * self.count
        distributed.all_gather_object(everyone, own)
        return everyone

    def together(self, action: Callable[[], T]) -> T:
        """Return what an action returns here, if it succeeds in every process.

        Raises:
            ReidkitError: it has failed in one; all raise the same, and the first one tells the person.
            RunStopped: one was asked to stop.
        """
        if self.is_alone:
            return action()
        failure: ReidkitError | RunStopped | None = None
        result: T | None = None
        try:
            result = action()
        except (ReidkitError, RunStopped) as error:
            failure = error
        failures = [item for item in self.gather_objects(failure) if item is not None]
        if not failures:
            return result  # type: ignore[return-value]
        if isinstance(failures[0], ReidkitError):
            failures[0].is_told_elsewhere = not self.is_first
        raise failures[0]

    def share_first(self, tensors: Mapping[str, Tensor]) -> None:
        """Give all processes the values that the first one has, in place."""
        if self.is_alone:
            return
        for tensor in tensors.values():
            distributed.broadcast(tensor, 0)


ALONE = Processes()


def find_processes(environment: Mapping[str, str] = os.environ) -> Processes:
    """Return what torchrun has started; one process alone where it has not.

    Args:
        environment: Variables of the process.

    Raises:
        TrainingError: some of the variables are missing.
    """
    if int(environment.get("WORLD_SIZE", "1")) == 1:
        return ALONE
    missing = [name for name in VARIABLES if name not in environment]
    if missing:
        raise TrainingError(
            f"Environment variable {missing[0]} is missing, got WORLD_SIZE {environment['WORLD_SIZE']}. "
            f"Expected {', '.join(VARIABLES)}. Start the processes by torchrun."
        )
    return Processes(*(int(environment[name]) for name in VARIABLES))


class _GatheredRows(torch.autograd.Function):
    """See `Processes.gather`."""

    @staticmethod
    def forward(context: Any, own: Tensor, rank: int, count: int) -> Tensor:  # noqa: ANN401
        context.rank, context.count = rank, count
        parts = [torch.empty_like(own) for _ in range(count)]
        distributed.all_gather(parts, own.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:  # noqa: ANN401
        own = gradients[0].chunk(context.count)[context.rank]
        return own * context.count, None, None


class _Sum(torch.autograd.Function):
    """See `Processes.sum`."""

    @staticmethod
    def forward(context: Any, own: Tensor) -> Tensor:  # noqa: ANN401
        del context
        return _summed(own)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> Tensor:  # noqa: ANN401
        del context
        return _summed(gradients[0])


def _summed(own: Tensor) -> Tensor:
    total = own.clone(memory_format=torch.contiguous_format)
    distributed.all_reduce(total)
    return total
