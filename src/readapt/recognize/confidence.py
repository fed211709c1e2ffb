"""The temperature at which a recognizer's confidences mean what they say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from readapt.errors import UsageError
from readapt.recognize.alphabet import Alphabet
from readapt.recognize.decode import GREEDY, Decoder, decode
from readapt.recognize.reading import Posteriors, Reading, readings

_TOGETHER = 32
"""Lines whose confidences are computed at once; bounds the memory."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A temperature and how good the confidences are with it, and without."""

    temperature: float
    """To give to :class:`readapt.recognize.recognizer.Recognizer`."""

    error: float
    """Mean squared difference of confidence and accuracy at this temperature, in [0, 1]."""

    error_before: float
    """The same at temperature 1."""


def accuracy(text: str, truth: str) -> float:
    """Share of the characters that are right, in [0, 1]: 1 - edit distance / longer length."""
    from rapidfuzz.distance import Levenshtein

    return float(Levenshtein.normalized_similarity(text, truth))


def fit_temperature(
    log_posteriors: Sequence[NDArray[np.float32]],
    truths: Sequence[str],
    alphabet: Alphabet,
    decoder: Decoder = GREEDY,
    lowest: float = 0.25,
    highest: float = 8.0,
) -> Fit:
    """Find the temperature in ``[lowest, highest]`` that suits lines whose truth is known.

    ``log_posteriors`` are ``time class`` each, as the recognizer gives them. Minimises the Brier
    score (Brier 1950) of the lines' confidences against their accuracies, each line weighted by
    the length of its truth. The texts do not depend on the temperature and are decoded once.
    Raises :class:`UsageError` unless there is a line, and a truth for each.
    """
    if not log_posteriors or len(log_posteriors) != len(truths):
        raise UsageError(
            f"a temperature is fitted to lines with their truths: there are {len(log_posteriors)} "
            f"lines and {len(truths)} truths"
        )
    lines = [Posteriors(log_probs, 1.0, len(log_probs)) for log_probs in log_posteriors]
    decoded = [decode(log_probs, decoder) for log_probs in log_posteriors]

    def read(temperature: float) -> list[Reading]:
        found = []
        for i in range(0, len(lines), _TOGETHER):
            some = slice(i, i + _TOGETHER)
            found += readings(lines[some], decoded[some], alphabet, temperature)
        return found

    right = np.array(
        [accuracy(reading.text, truth) for reading, truth in zip(read(1.0), truths, strict=True)]
    )
    weight = np.array([max(1, len(truth)) for truth in truths], np.float64)
    weight /= weight.sum()

    def error(log_temperature: float) -> float:
        said = np.array([reading.confidence for reading in read(math.exp(log_temperature))])
        return float(weight @ (said - right) ** 2)

    # A grid finds the valley, as there may be more than one; bisection by thirds its bottom.
    grid = np.linspace(math.log(lowest), math.log(highest), 13).tolist()
    best = min(range(len(grid)), key=[error(x) for x in grid].__getitem__)
    low, high = grid[max(0, best - 1)], grid[min(len(grid) - 1, best + 1)]
    while high - low > 0.02:
        third = (high - low) / 3
        if error(low + third) <= error(high - third):
            high -= third
        else:
            low += third
    found = (low + high) / 2
    return Fit(math.exp(found), error(found), error(0.0))
