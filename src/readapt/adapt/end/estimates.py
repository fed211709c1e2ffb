"""How wrong the scans are read, before and after: all of them, and each page.

Nothing was learnt by the base model from any line, so all lines say what it makes wrong. The new
one is surer of the lines it has learnt from than it is right: what it makes wrong there is what the
base does, times what is left of that on the lines held out, a ratio estimate (Cochran, *Sampling
Techniques*, chapter 6).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from readapt.evaluate.estimate import Estimate, Signs, estimate, expected_edits
from readapt.models.manifest import ErrorEstimate

ROUNDS = 500
FEWEST_PAGES = 5
"""Pages from which on whole pages are drawn again, since the lines of one are alike."""


@dataclass(frozen=True)
class BothRead:
    """Signs of lines that both models have read; those held out come first."""

    signs: tuple[Sequence[Signs], Sequence[Signs]]
    """Before and after."""
    by: tuple[ErrorEstimate, ErrorEstimate]
    """What they weigh."""
    pages: Sequence[int]
    """Number of each line's page."""
    held_out: int
    """How many of them nothing was learnt from."""

    @property
    def left(self) -> float:
        """Share of the base model's errors that the new one makes on the lines held out."""
        return self._left(np.arange(self.held_out))

    def _left(self, chosen: NDArray[np.int64]) -> float:
        """Do the same for some of them; one error more on either side, so that none is 0."""
        edits, length = self._edits, self._length
        rates = [
            (e[chosen].sum() + 1) / n[chosen].sum() for e, n in zip(edits, length, strict=True)
        ]
        return float(rates[1] / rates[0])

    def _between_left(self, seed: int = 0) -> tuple[float, float, float]:
        """Return the share that is left, and between which ones nine of ten sets of lines lie."""
        edits, after = self._edits
        if not self.held_out or np.array_equal(edits, after):  # the same model
            return 1.0, 1.0, 1.0
        rng, held = np.random.default_rng(seed), np.asarray(self.pages)[: self.held_out]
        drawn = [self._left(draw(held, rng)) for _ in range(ROUNDS)]
        low, high = np.quantile(drawn, [0.05, 0.95])
        return self.left, min(float(low), self.left), max(float(high), self.left)

    @cached_property  # asked for once a round
    def _edits(self) -> list[NDArray[np.float64]]:
        return [expected_edits(one, by) for one, by in zip(self.signs, self.by, strict=True)]

    @cached_property
    def _length(self) -> list[NDArray[np.float64]]:
        return [np.array([s.characters for s in one], np.float64) for one in self.signs]

    def by_line(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Estimate every line before and after; of those learnt from, too few errors after."""
        before, after = (e / n for e, n in zip(self._edits, self._length, strict=True))
        return before, after

    def collection(self, seed: int = 0) -> tuple[Estimate, Estimate]:
        """Estimate all lines before and after."""
        if not self.signs[0]:
            return (estimate((), self.by[0]),) * 2
        rng, pages = np.random.default_rng(seed), np.asarray(self.pages)
        (edits, after), length = self._edits, self._length[0]
        same = not self.held_out or np.array_equal(edits, after)  # the same model
        rates, left = [], []
        for _ in range(ROUNDS):
            held, every = (draw(pages[:n], rng) for n in (self.held_out, len(pages)))
            rates.append(edits[every].sum() / length[every].sum())
            left.append(1.0 if same else self._left(held))
        rate = float(edits.sum() / length.sum())
        before = self._between(rate, np.array(rates), self.by[0], rng)
        if same:
            return before, before
        after_rates = np.array(rates) * np.array(left)
        return before, self._between(min(1.0, rate * self.left), after_rates, self.by[1], rng)

    def _between(
        self, rate: float, rates: NDArray[np.float64], by: ErrorEstimate, rng: np.random.Generator
    ) -> Estimate:
        """Add an interval: from resampled rates, and how far whole collections were off."""
        spread = np.exp(rng.normal(0, np.log(by.spread) / 1.645, ROUNDS))
        low, high = np.quantile(rates * spread, [0.05, 0.95])
        return Estimate(
            rate, min(float(low), rate), _below_1(float(high), rate), len(self.signs[0])
        )

    def by_page(self, name: Callable[[int], str]) -> tuple[tuple[str, Estimate, Estimate], ...]:
        """Estimate every page before and after; name it, the most doubtful first."""
        numbers: dict[int, list[int]] = {}
        for i, page in enumerate(self.pages):
            numbers.setdefault(page, []).append(i)
        left, found = self._between_left(), []
        for page, mine in numbers.items():
            before = estimate([self.signs[0][i] for i in mine], self.by[0], 200)
            after = _share_of(before, left)
            held = [i for i in mine if i < self.held_out]
            if len(held) == len(mine):  # of another page, these are not the lines of "before"
                after = estimate([self.signs[1][i] for i in held], self.by[1], 200)
            found.append((name(page), before, after))
        return tuple(sorted(found, key=lambda row: -row[2].rate))


def draw(pages: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw lines again with return, by whole pages where there are enough; numbers of lines."""
    numbers = np.unique(pages)
    if len(numbers) < FEWEST_PAGES:
        return rng.integers(len(pages), size=len(pages))
    return np.concatenate([np.flatnonzero(pages == p) for p in rng.choice(numbers, len(numbers))])


def _share_of(one: Estimate, left: tuple[float, float, float]) -> Estimate:
    """Multiply an estimate by a share that is uncertain, too: squares of logarithms are added."""
    share, low, high = left
    if not one.low > 0:
        return Estimate(share * one.rate, 0.0, _below_1(high * one.high, 0.0), one.lines)
    down = math.hypot(math.log(one.rate / one.low), math.log(share / low))
    up = math.hypot(math.log(one.high / one.rate), math.log(high / share))
    rate = min(1.0, share * one.rate)
    return Estimate(rate, rate * math.exp(-down), _below_1(rate * math.exp(up), rate), one.lines)


def _below_1(high: float, rate: float) -> float:
    return min(1.0, max(float(high), rate))
