"""Torchreid's running averages and logs."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from reidkit.core.errors import CatalogError


class AverageMeter:
    """The last value of a number, and its average so far."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.val = 0.0
        self.avg = 0.0
        self.sum = 0.0
        self.count = 0

    def update(self, val: float, n: int = 1) -> None:
        """Count a value n times."""
        self.val = float(val)
        self.sum += self.val * n
        self.count += n
        self.avg = self.sum / self.count


class MetricMeter:
    """Averages of several numbers by name.

    Args:
        delimiter: Between them in the text.
    """

    def __init__(self, delimiter: str = "\t") -> None:
        self.meters: dict[str, AverageMeter] = {}
        self.delimiter = delimiter

    def update(self, input_dict: Mapping[str, float] | None) -> None:
        """Count one value of each name.

        Raises:
            CatalogError: not a mapping of names to numbers.
        """
        if input_dict is None:
            return
        if not isinstance(input_dict, Mapping):
            raise CatalogError(
                f"Summary of a batch is of a wrong type, got {type(input_dict).__name__}. Expected a dict of "
                f"numbers by name."
            )
        for name, value in input_dict.items():
            self.meters.setdefault(name, AverageMeter()).update(float(value))

    def __str__(self) -> str:
        """Return each name with its last value and its average."""
        return self.delimiter.join(
            f"{name} {meter.val:.4f} ({meter.avg:.4f})" for name, meter in self.meters.items()
        )


class Logger:
    """Writes to the screen and to a file; put it in the place of ``sys.stdout``.

    Args:
        fpath: The file, which is begun anew; None writes to the screen alone.

    Differs:
        Closing it leaves the screen open, and it answers what a terminal is asked.
    """

    def __init__(self, fpath: str | Path | None = None) -> None:
        self.console = sys.stdout
        self.file: TextIO | None = None
        if fpath is not None:
            Path(fpath).parent.mkdir(parents=True, exist_ok=True)
            self.file = Path(fpath).open("w", encoding="utf-8")  # noqa: SIM115 - closed by close()

    @property
    def encoding(self) -> str:
        """Of the screen."""
        return self.console.encoding

    def isatty(self) -> bool:
        """Return whether the screen is a terminal."""
        return self.console.isatty()

    def fileno(self) -> int:
        """Return the descriptor of the screen."""
        return self.console.fileno()

    def write(self, msg: str) -> int:
        """Write text to both."""
        if self.file is not None:
            self.file.write(msg)
        return self.console.write(msg)

    def flush(self) -> None:
        """Flush both."""
        self.console.flush()
        if self.file is not None:
            self.file.flush()

    def close(self) -> None:
        """Close the file."""
        if self.file is not None:
            self.file.close()
            self.file = None

    def __enter__(self) -> "Logger":
        """Return itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the file."""
        self.close()


class RankLogger:
    """Remembers Rank-1 by target and epoch.

    Args:
        sources: Names of the data sets learned from.
        targets: Names of the data sets judged on.
    """

    def __init__(self, sources: str | Sequence[str], targets: str | Sequence[str]) -> None:
        self.sources = [sources] if isinstance(sources, str) else list(sources)
        self.targets = [targets] if isinstance(targets, str) else list(targets)
        self.logger: dict[str, dict[str, list[float]]] = {
            name: {"epoch": [], "rank1": []} for name in self.targets
        }

    def write(self, name: str, epoch: int, rank1: float) -> None:
        """Remember Rank-1, in [0, 1], of a target."""
        self.logger[name]["epoch"].append(epoch)
        self.logger[name]["rank1"].append(rank1)

    def show_summary(self) -> None:
        """Print Rank-1 of every target by epoch."""
        print("=> Show performance summary")  # noqa: T201 - Torchreid prints
        for name in self.targets:
            kind = "source" if name in self.sources else "target"
            print(f"{name} ({kind})")  # noqa: T201
            for epoch, rank1 in zip(*self.logger[name].values(), strict=True):
                print(f"- epoch {epoch}\t rank1 {rank1:.1%}")  # noqa: T201
