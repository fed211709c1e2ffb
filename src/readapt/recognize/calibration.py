"""Confidences that mean what they say, and the confidence to ask for.

A network's own probability of a word ranks words well but is no share of right ones. Isotonic
regression on words whose truth is known finds the rising function that makes it one (Zadrozny and
Elkan 2002, "Transforming classifier scores into accurate multiclass probability estimates").
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import lgamma, log, log1p
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from readapt.errors import UsageError

Pairs = tuple[tuple[float, float], ...]

CERTAINTY: Final = 0.95
"""With which a share of wrong words is not above what is promised, of words like those measured."""

FEWEST = 200
"""Words that a share of wrong ones is measured on, at least."""


@dataclass(frozen=True, slots=True)
class ConfidenceMap:
    """A rising piecewise linear function of [0, 1] into [0, 1]; without knots, the identity."""

    knots: Pairs = ()
    """``(raw, calibrated)``, raw rising, calibrated not falling; level before and after them."""

    def __post_init__(self) -> None:
        inside = all(0 <= x <= 1 and 0 <= y <= 1 for x, y in self.knots)
        if not inside or any(a >= b or c > d for (a, c), (b, d) in pairwise(self.knots)):
            raise ValueError(f"the knots of a confidence map rise within [0, 1]: {self.knots}")

    def __call__(self, raw: float) -> float:
        """Return the calibrated confidence of a raw one."""
        if not self.knots:
            return raw
        i = bisect_right(self.knots, raw, key=lambda knot: knot[0])
        if i == 0 or i == len(self.knots):
            return self.knots[max(0, i - 1)][1]
        (x0, y0), (x1, y1) = self.knots[i - 1 : i + 1]
        return y0 + (y1 - y0) * (raw - x0) / (x1 - x0)


AS_IS: Final = ConfidenceMap()
"""Leaves confidences as the network has them."""


def fit_map(raw: ArrayLike, right: ArrayLike, bins: int = 20) -> ConfidenceMap:
    """Find the rising function that turns raw confidences into shares of right ones.

    ``raw`` in [0, 1] and ``right`` (true or false) have one entry per word. Words are put into
    ``bins`` of equal numbers by raw confidence; where the share of right ones does not rise from
    one bin to the next the two are one (pool adjacent violators: Ayer et al. 1955). A knot is a
    pool's mean. Raises :class:`UsageError` where there are no words.
    """
    said, true = np.asarray(raw, np.float64), np.asarray(right, np.float64)
    if not said.size:
        raise UsageError("confidences are calibrated on words, and there are none")
    order = np.argsort(said, kind="stable")
    pools: list[tuple[float, float, float]] = []  # number of words, sums of said and of true
    for some in np.array_split(order, min(bins, said.size)):
        pools.append((float(some.size), float(said[some].sum()), float(true[some].sum())))
        while len(pools) > 1 and _share(pools[-2]) >= _share(pools[-1]):
            above, below = pools.pop(), pools.pop()
            pools.append((below[0] + above[0], below[1] + above[1], below[2] + above[2]))
    knots: dict[float, float] = {}
    for pool in pools:  # rounded alike, two knots are one
        knots[round(pool[1] / pool[0], 6)] = round(_share(pool), 6)
    return ConfidenceMap(tuple(knots.items()))


def _share(pool: tuple[float, float, float]) -> float:
    return pool[2] / pool[0]


def error_curve(confidence: ArrayLike, right: ArrayLike, points: int = 40) -> Pairs:
    """Bound how many words are wrong among those of a confidence or more.

    Returns at most ``points`` pairs ``(threshold, share of wrong words)``, thresholds rising, for
    equal steps in the number of words kept, ``FEWEST`` at least; () for fewer words than that.
    The share is the most that ``CERTAINTY`` allows for (:func:`most_wrong`): the share measured
    on few words, the lowest of many such shares at that, would promise too much.
    """
    # Rounded down first, so that the words a threshold was measured on are at or above it.
    said = np.floor(np.asarray(confidence, np.float64) * 1e6) / 1e6
    true = np.asarray(right, bool)
    order = np.argsort(-said, kind="stable")
    said, wrong = said[order], np.cumsum(~true[order])
    # Words of equal confidence are kept or dropped together: a threshold's words end with the last.
    last = np.append(np.flatnonzero(np.diff(said)), said.size - 1)
    steps = np.linspace(1, said.size, points) if said.size else np.zeros(0)
    ends = np.unique(last[np.searchsorted(last, np.ceil(steps).astype(int) - 1)])
    ends = ends[ends + 1 >= FEWEST]
    return tuple(
        (float(said[i]), round(most_wrong(int(wrong[i]), i + 1), 6)) for i in ends[::-1].tolist()
    )


def most_wrong(wrong: int, words: int, certainty: float = CERTAINTY) -> float:
    """Upper confidence limit of the share of wrong words, when ``wrong`` of ``words`` are.

    The largest share at which so few would still be seen with a probability of
    ``1 - certainty`` (Clopper and Pearson 1934).
    """
    if wrong >= words:
        return 1.0
    k = np.arange(wrong + 1)
    ways = np.array([lgamma(words + 1) - lgamma(i + 1) - lgamma(words - i + 1) for i in k.tolist()])
    low, high = wrong / words, 1.0
    while high - low > 1e-9:
        p = (low + high) / 2
        log_terms = ways + k * log(p) + (words - k) * log1p(-p)
        if np.exp(log_terms).sum() > 1 - certainty:
            low = p
        else:
            high = p
    return high


def threshold_for(curve: Sequence[tuple[float, float]], error_rate: float) -> float:
    """Return the lowest confidence at or above which at most ``error_rate`` of words are wrong.

    ``curve`` is what :func:`error_curve` found: it holds for words like those, and as far as
    they went. Raises :class:`UsageError` where no confidence is enough.
    """
    if not curve:
        raise UsageError("no share of wrong words is known for this model; calibrate it first.")
    enough = [threshold for threshold, wrong in curve if wrong <= error_rate]
    if not enough:
        best = min(wrong for _, wrong in curve)
        raise UsageError(
            f"this model cannot promise {error_rate:.2%} wrong words: among the surest words it "
            f"was measured on {best:.2%} were wrong; ask for that or more."
        )
    return min(enough)


def words_right(truth: str, reading: str) -> NDArray[np.bool_]:
    """Say of each word of ``reading`` whether it stands in ``truth``, in its place there.

    Words are parted by white space; the fewest words are put in, left out and exchanged.
    """
    from rapidfuzz.distance import Levenshtein

    read = reading.split()
    right = np.zeros(len(read), bool)
    for step in Levenshtein.opcodes(truth.split(), read):
        if step.tag == "equal":
            right[step.dest_start : step.dest_end] = True
    return right
