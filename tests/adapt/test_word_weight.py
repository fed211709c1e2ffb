"""Lines whose text is known without a label: which are believed, and which can still be read."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from bar_world import ALPHABET
from numpy.typing import NDArray

from readapt.adapt.learning import word_weight
from readapt.adapt.learning.word_weight import COPIES, spoil
from readapt.recognize.decode import GREEDY
from readapt.types import Image

UNSPOILED, STILL_READ, LOST = 0, 1, 2


class Reader:
    """Reads ``abab`` as surely as the first pixel says; a line that is lost as ``bbbb``."""

    alphabet = ALPHABET

    def log_posteriors(self, lines: Sequence[Image]) -> list[NDArray[np.float32]]:
        return [self._one(float(line[0, 0]) / 256, line[0, 1] == LOST) for line in lines]

    def _one(self, sure: float, lost: bool) -> NDArray[np.float32]:
        ids = ALPHABET.encode("bbbb" if lost else "abab")
        p = np.full((2 * len(ids), ALPHABET.classes), 1e-6)
        p[::2, 0] = 1.0
        for place, i in enumerate(ids):
            p[2 * place + 1, [0, i]] = 1 - sure, sure
        return np.log(p).astype(np.float32)


def line(sure: int) -> Image:
    return np.array([[sure, UNSPOILED]], np.uint8)


@pytest.fixture
def dressed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Spoils every third copy beyond reading; says which of the lines were taken."""
    taken: list[int] = []

    def spoiled(image: Image, seed: int) -> Image:
        taken.append(int(image[0, 0]))
        return np.array([[image[0, 0], LOST if len(taken) % 3 == 0 else STILL_READ]], np.uint8)

    monkeypatch.setattr(word_weight, "dressed", spoiled)
    return taken


def test_the_surest_lines_are_taken_for_the_truth(dressed: list[int]) -> None:
    sure = [140, 250, 160, 240, 170, 230, 180, 220, 190, 210]
    reader: Any = Reader()
    spoil(reader, [line(s) for s in sure], seed=0)
    assert dressed == sorted(sure, reverse=True)[:7] * COPIES


def test_what_nobody_can_read_does_not_count(dressed: list[int]) -> None:
    reader: Any = Reader()
    spoiled = spoil(reader, [line(s) for s in (250, 245, 240, 235, 150, 145)], seed=0)
    assert len(dressed) == 8
    assert list(spoiled.lines) == [0, 1, 3, 0, 2, 3]  # the third and sixth copies are lost
    assert spoiled.characters.sum() == 6 * len("abab")
    assert spoiled.wrong([GREEDY] * 6).sum() == 0
