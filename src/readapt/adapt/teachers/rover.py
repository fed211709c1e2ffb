"""Several engines' readings of one line, aligned and voted character by character.

After Fiscus 1997, "A post-processing system to yield reduced word error rates: Recognizer Output
Voting Error Reduction (ROVER)": readings are aligned one after the other with the slots of those
before, an empty character stands where one has nothing, and every slot is won by the character with
the largest sum of confidences.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from readapt.evaluate.normalise import fold

GAP = ""
"""What a reading has in a slot where it has no character."""


@dataclass(frozen=True, slots=True)
class Vote:
    """What one engine read."""

    text: str
    weight: float
    """Its confidence, in [0, 1]."""
    lacks: frozenset[str] = frozenset()
    """Characters it never writes: it has no say where another has read one of them."""


@dataclass(frozen=True, slots=True)
class Voted:
    """What they read together."""

    text: str
    """Words joined by single spaces."""
    dissent: float
    """Share of the slots' votes that went to what lost, in [0, 1]; differences that folding
    forgives are none."""


def vote(votes: Sequence[Vote]) -> Voted:
    """Align and vote; of equal sums, and of characters alike but for folding, the first counts."""
    slots = align([unicodedata.normalize("NFC", v.text) for v in votes])
    weights = [max(v.weight, 1e-3) for v in votes]
    text, lost = [], 0.0
    for slot in slots:
        sums: dict[str, float] = {}
        first: dict[str, str] = {}
        for v, character, weight in zip(votes, slot, weights, strict=True):
            if not v.lacks.isdisjoint(slot):
                continue
            key = _folded(character)
            sums[key] = sums.get(key, 0.0) + weight
            first.setdefault(key, character)
        if not sums:  # nobody knows the letter: the first has read it, or not
            text.append(slot[0])
            continue
        best = max(sums, key=lambda key: sums[key])
        text.append(first[best])
        lost += 1 - sums[best] / sum(sums.values())
    joined = unicodedata.normalize("NFC", "".join(text))
    return Voted(" ".join(joined.split()), lost / max(len(slots), 1))


def align(texts: Sequence[str]) -> list[tuple[str, ...]]:
    """Align texts into slots: one character of each text, or ``GAP``, in every slot.

    The characters of text ``i`` in all slots, joined, are text ``i`` again.
    """
    slots: list[tuple[str, ...]] = [(c,) for c in texts[0]]
    for count, text in enumerate(texts[1:], 1):
        slots = _with(slots, text, count)
    return slots


def _with(slots: list[tuple[str, ...]], text: str, count: int) -> list[tuple[str, ...]]:
    """Align one more text with ``slots`` of ``count`` texts by the fewest edits."""
    keys = [{_folded(c) for c in slot} for slot in slots]
    mine = [_folded(c) for c in text]
    rows, columns = len(slots) + 1, len(text) + 1
    # What a slot costs beside a character of the text, and beside nothing.
    beside = np.array([[0.0 if c in key else 1.0 for c in mine] for key in keys]).reshape(
        len(slots), len(text)
    )
    alone = np.array([0.0 if GAP in key else 1.0 for key in keys])
    cost = np.zeros((rows, columns))
    cost[0] = np.arange(columns)
    steps = cost[0].copy()
    for i in range(1, rows):
        best = cost[i - 1] + alone[i - 1]
        best[1:] = np.minimum(best[1:], cost[i - 1, :-1] + beside[i - 1])
        # Characters before a column cost one each: a minimum over all beginnings at once.
        cost[i] = np.minimum.accumulate(best - steps) + steps
    aligned: list[tuple[str, ...]] = []
    i, j = rows - 1, columns - 1
    while i or j:
        if i and j and cost[i, j] == cost[i - 1, j - 1] + beside[i - 1, j - 1]:
            i, j = i - 1, j - 1
            aligned.append((*slots[i], text[j]))
        elif i and cost[i, j] == cost[i - 1, j] + alone[i - 1]:
            i -= 1
            aligned.append((*slots[i], GAP))
        else:
            j -= 1
            aligned.append((*((GAP,) * count), text[j]))
    return aligned[::-1]


def _folded(character: str) -> str:
    """Fold one character; a space stays one, which folding alone would strip."""
    return fold(character) if character.strip() else character
