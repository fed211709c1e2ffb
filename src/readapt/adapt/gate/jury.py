"""Which of two networks reads better, by what other engines read: they vote, the two have one vote.

Engines err, but seldom where the networks do. Were only the present network among the voters, its
errors would win wherever the engines are of two minds, and every candidate would look worse than it
is; so both vote, with half a voice each, and where they differ the engines decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from readapt.adapt.teachers.rover import Vote, vote
from readapt.evaluate.normalise import fold

VOICE = 0.5
"""Weight of either network; an engine's is its confidence."""


@dataclass(frozen=True)
class Compared:
    """Wrong characters of each line that the engines have decided on, and how many it has."""

    before: NDArray[np.float64] = field(repr=False)
    after: NDArray[np.float64] = field(repr=False)
    characters: NDArray[np.float64] = field(repr=False)

    @property
    def stacked(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Wrong characters and characters, `2 line`, before and after."""
        return np.stack([self.before, self.after]), np.stack([self.characters] * 2)

    @property
    def rates(self) -> tuple[float, float]:
        """Error rates before and after."""
        characters = max(1.0, float(self.characters.sum()))
        return float(self.before.sum()) / characters, float(self.after.sum()) / characters


def compare(
    heard: Sequence[Sequence[Vote]],
    before: Sequence[str],
    after: Sequence[str],
    most_dissent: float,
) -> Compared:
    """Vote on each line and count what either network has wrong, folded.

    ``heard`` are the engines' votes by line. A line that no engine has read, or on which more than
    ``most_dissent`` of the votes are lost, is left out: it may be no text at all. The second
    network has no say in that, or it would leave out what it ruins.
    """
    rows = []
    for others, *pair in zip(heard, before, after, strict=True):
        if not others:
            continue
        voices = [Vote(text, VOICE) for text in pair]
        if vote([*others, voices[0]]).dissent > most_dissent:
            continue
        if text := fold(vote([*others, *voices]).text):
            rows.append([*(Levenshtein.distance(text, fold(one)) for one in pair), len(text)])
    table = np.array(rows, np.float64).reshape(-1, 3)
    return Compared(*table.T)
