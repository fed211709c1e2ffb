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

FURTHER = 500_000
"""Number of the first labelled line of another student; the first has none of them."""


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

    def another(self) -> Training:
        """Make one of other labelled lines, in another order, with other noise."""
        return replace(
            self,
            known=_Further(self.known),
            config=replace(self.config, seed=self.config.seed + 1),
            loop=replace(self.loop, seed=self.loop.seed + 1),
        )


@dataclass(frozen=True)
class _Further:
    """Labelled lines from ``FURTHER`` on."""

    known: Draw

    def __call__(self, start: int, count: int) -> Sequence[tuple[Image, str]]:
        return self.known(FURTHER + start, count)


class _Ticking(Student):
    """A student that tells the clock."""

    tick: Callable[[], None]

    def steps(self, position: list[int]) -> Iterator[tuple[list[int], Step]]:
        for step in super().steps(position):
            self.tick()
            yield step
