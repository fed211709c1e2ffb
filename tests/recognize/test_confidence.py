import math

import numpy as np
import pytest
from numpy.typing import NDArray

from readapt.errors import UsageError
from readapt.recognize.alphabet import Alphabet
from readapt.recognize.confidence import accuracy, fit_temperature

ALPHABET = Alphabet(" abcdefg")


def honest_lines(count: int) -> tuple[list[NDArray[np.float32]], list[str]]:
    """Lines of eight characters, each right with the very probability the frames state."""
    rng = np.random.default_rng(0)
    lines, truths = [], []
    for _ in range(count):
        right = rng.uniform(0.5, 0.99)
        truth = rng.integers(2, ALPHABET.classes, 8)
        log_probs: NDArray[np.float32] = np.full((16, ALPHABET.classes), 1e-9, np.float32)
        log_probs[::2, 0] = 1 - 8e-9
        for i, k in enumerate(truth):
            said = k if rng.random() < right else 2 + (k - 1) % (ALPHABET.classes - 2)
            log_probs[2 * i + 1] = (1 - right) / (ALPHABET.classes - 1)
            log_probs[2 * i + 1, said] = right
        lines.append(np.log(log_probs))
        truths.append(ALPHABET.decode(truth.tolist()))
    return lines, truths


def tempered(log_probs: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    scaled = log_probs / np.float32(temperature)
    return scaled - np.logaddexp.reduce(scaled, axis=1, keepdims=True)


@pytest.mark.parametrize("falsified", [0.5, 1.0, 2.0])
def test_finds_the_temperature_that_undoes_a_false_one(falsified: float) -> None:
    lines, truths = honest_lines(150)
    false = [tempered(log_probs, falsified) for log_probs in lines]
    fit = fit_temperature(false, truths, ALPHABET)
    assert fit.temperature == pytest.approx(1 / falsified, rel=0.1)
    assert fit.error <= fit.error_before + 1e-4


def test_accuracy() -> None:
    assert accuracy("", "") == 1
    assert accuracy("abc", "abc") == 1
    assert accuracy("", "abc") == 0
    assert accuracy("abcd", "abc") == pytest.approx(3 / 4)
    assert not math.isnan(accuracy("a", ""))


def test_every_line_needs_its_truth() -> None:
    lines, truths = honest_lines(2)
    for some, others in [([], []), (lines, truths[:1])]:
        with pytest.raises(UsageError, match="truths"):
            fit_temperature(some, others, ALPHABET)
