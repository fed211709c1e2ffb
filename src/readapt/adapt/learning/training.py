"""One student: a copy of the present network, the lines that it learns from, and its time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

from readapt.nets.crnn import Crnn
from readapt.recognize.alphabet import Alphabet
from readapt.train.device import Device, find_device
from readapt.train.loop import LoopConfig, Step, train
from readapt.train.selftrain import Draw, SelfTrainConfig, Student
from readapt.types import Image

LANE = 10_000_000
"""Labelled lines of one training; the next has the next ones: drawing costs the same, and new lines
teach more than those that were learnt from already. No training has the first lane."""


@dataclass(frozen=True)
class Training:
    """All that decides what a student becomes; can be pickled for another process."""

    network: Crnn
    real: Sequence[tuple[Image, str]]
    """Lines of the scans with pseudo-labels; none: labelled lines alone."""
    around: Sequence[Image]
    """The same lines with their margins, or none."""
    known: Draw
    alphabet: Alphabet
    config: SelfTrainConfig
    loop: LoopConfig
    device: Device = "cpu"

    def run(self, folder: Path, tick: Callable[[], None] = lambda: None) -> Crnn:
        """Train a copy; returns the average of its weights. ``folder`` gets the checkpoint."""
        device = find_device(self.device)
        network, average = (deepcopy(self.network).to(device) for _ in range(2))
        student = _Ticking(network, self.real, self.known, self.alphabet, self.config, self.around)
        student.tick = tick
        train(student, average, self.loop, folder, resume=True, echo=False)
        return average.cpu().eval()

    def other(self, lanes: float) -> Training:
        """Make one of other labelled lines, so many lanes on; in another order, of other noise."""
        seeds = round(1000 * lanes)
        return replace(
            self,
            known=Further(self.known, round(LANE * lanes)),
            config=replace(self.config, seed=self.config.seed + seeds),
            loop=replace(self.loop, seed=self.loop.seed + seeds),
        )


@dataclass(frozen=True)
class Further:
    """Labelled lines, the first ``by`` of them left out."""

    known: Draw
    by: int

    def __call__(self, start: int, count: int) -> Sequence[tuple[Image, str]]:
        """Draw lines ``by + start`` to ``by + start + count - 1``."""
        return self.known(self.by + start, count)


class _Ticking(Student):
    """A student that tells the clock."""

    tick: Callable[[], None]

    def steps(self, position: list[int]) -> Iterator[tuple[list[int], Step]]:
        for step in super().steps(position):
            self.tick()
            yield step
