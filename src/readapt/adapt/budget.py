"""One wall clock for all stages: what one leaves over, the next ones have.

The seconds spent are on disk, so that a run that was killed and resumed has no more time in all
than one that was not.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from readapt.whole import written_whole

FILE_NAME: Final = "clock"
_END = 80.0
"""Seconds that the end takes however few lines there are, about: it draws lines to calibrate by."""
_MOST_END = 0.2
"""Share of a short budget that the end has at most; it reads fewer lines then."""
_EVERY = 2.0
"""Seconds between two writings of the clock."""


class Budget:
    """Seconds of work, counted over all runs in one folder."""

    def __init__(
        self, seconds: float, folder: Path, now: Callable[[], float] = time.monotonic
    ) -> None:
        """``seconds`` is all there is; what earlier runs in ``folder`` spent counts."""
        self.seconds = seconds
        self._reading = 0.0
        self._path = folder / FILE_NAME
        self._now = now
        self._before = self._load()
        self._started = self._written = now()

    def _load(self) -> float:
        try:
            return float(self._path.read_text("utf-8"))
        except (OSError, ValueError):  # none yet, or cut off while it was first written
            return 0.0

    @property
    def spent(self) -> float:
        """Seconds since the beginning, pauses between runs left out."""
        return self._before + self._now() - self._started

    @property
    def left(self) -> float:
        """Seconds, at least 0."""
        return max(0.0, self.seconds - self.spent)

    def tick(self, force: bool = False) -> None:
        """Write the clock, every other second at most; call it often."""
        now = self._now()
        if not force and now - self._written < _EVERY:
            return
        self._written = now
        with written_whole(self._path) as scratch:
            scratch.write_text(f"{self.spent:.1f}", "utf-8")

    def read_at_end(self, seconds: float) -> None:
        """Keep so many for what the end reads, which is as much after an hour as after minutes."""
        self._reading = seconds

    def portion(self, name: str, coming: Sequence[str], shares: Mapping[str, float]) -> float:
        """Seconds for stage ``name``, which is among those ``coming``.

        What is left, less the end's, in the proportion of the shares of the stages that are still
        to come.
        """
        end = min(_END + self._reading, _MOST_END * self.seconds)
        for_stages = max(0.0, self.left - end)
        return for_stages * shares[name] / sum(shares[other] for other in coming)


def peak_memory() -> float:
    """Gigabytes that this process held at most; those that it started have their own.

    Linux's own count of the program that runs; ``getrusage`` begins with what the process held
    that started it, and a second student would have all that its parent has.
    """
    if sys.platform == "win32":  # no such count there
        return 0.0
    with suppress(OSError):
        for row in Path("/proc/self/status").read_text("utf-8").splitlines():
            if row.startswith("VmHWM:"):
                return int(row.split()[1]) / (1e9 / 1024)
    import resource

    unit = 1e9 if sys.platform == "darwin" else 1e9 / 1024  # bytes there, kibibytes on Linux
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def stopwatch() -> Callable[[], float]:
    """Return a function that says how many seconds have gone since now."""
    started = time.monotonic()
    return lambda: time.monotonic() - started


@dataclass(frozen=True, slots=True)
class Portion:
    """The part of the budget that one stage has."""

    seconds: float
    """From its beginning, over all runs it takes."""
    tick: Callable[[], None] = lambda: None
    """Tells the clock that time goes by; call it often."""

    @property
    def minutes(self) -> float:
        """The same in minutes."""
        return self.seconds / 60
