"""What other engines read, beside what the student reads: votes on the lines.

A line that independent engines read alike is worth learning from, however much the student doubts
it; one that they disagree on is not, however sure it is.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from readapt.adapt.rover import Vote, vote
from readapt.adapt.stage import HEARD, READINGS, State
from readapt.recognize.alphabet import Alphabet
from readapt.train.selftrain import PseudoLabel

Readings: TypeAlias = dict[str, list[tuple[str, float] | None]]
"""By engine, of each line: text and confidence; None where it read none."""
UNREAD = PseudoLabel("", 1.0)


def load_readings(state: State) -> Readings:
    """Load what the engines read of the lines to learn from; empty where none was asked."""
    return _load(state, READINGS)


def load_votes(state: State) -> list[list[Vote]]:
    """Load the engines' votes on each held-out line; empty: none was asked."""
    readings = _load(state, HEARD)
    by_line = zip(*readings.values(), strict=True) if readings else ()
    return [[Vote(text, sure) for text, sure in (o for o in line if o)] for line in by_line]


def _load(state: State, name: str) -> Readings:
    path = state.files.get(name)
    if path is None:
        return {}
    found: dict[str, list[list[Any] | None]] = json.loads(path.read_text("utf-8"))
    return {
        engine: [None if one is None else (str(one[0]), float(one[1])) for one in readings]
        for engine, readings in found.items()
    }


def with_teachers(
    labels: Sequence[PseudoLabel], teachers: Readings, alphabet: Alphabet
) -> list[PseudoLabel]:
    """Vote on every line that a teacher has read; the doubt is what the engines disagree on.

    The student votes too, unless it has not read the line; then two others have to. Where a
    character wins that the alphabet lacks, the student's own reading stands.
    """
    voted = []
    for i, own in enumerate(labels):
        others = [readings[i] for readings in teachers.values()]
        votes = [Vote(text, sure) for text, sure in (o for o in others if o is not None)]
        if own != UNREAD:
            votes.insert(0, Vote(own.text, max(0.0, 1.0 - own.doubt)))
        if len(votes) < 2:
            voted.append(own)
            continue
        result = vote(votes)
        if alphabet.missing(result.text):
            voted.append(own)
        else:
            voted.append(replace(own, text=result.text, doubt=result.dissent))
    return voted
