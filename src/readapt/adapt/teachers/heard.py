"""What other engines read, beside what the student reads: votes on the lines.

A line that independent engines read alike is worth learning from, however much the student doubts
it; one that they disagree on is not, however sure it is.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from readapt.adapt.stage import HEARD, READINGS, State
from readapt.adapt.teachers.rover import Vote, vote
from readapt.recognize.alphabet import Alphabet
from readapt.train.selftrain import PseudoLabel

Readings: TypeAlias = dict[str, list[tuple[str, float] | None]]
"""By engine, of each line: text and confidence; None where it read none."""
UNREAD = PseudoLabel("", 1.0)
OFTEN = 0.001
"""Share of the student's characters from which on one is believed to be in the scans ..."""
TIMES = 10
"""... if it was read that many times."""


def load_readings(state: State) -> Readings:
    """Load what the engines read of the lines to learn from; empty where none has read any."""
    return _load(state, READINGS)


def load_votes(state: State, student: Sequence[str]) -> list[list[Vote]]:
    """Load the engines' votes on each held-out line, which ``student`` reads so.

    Empty: none has read any.
    """
    heard, learnt = _load(state, HEARD), load_readings(state)
    votes: list[list[Vote]] = [[] for _ in student] if heard else []
    for name, readings in heard.items():
        lacks = never_written(student, [*readings, *learnt.get(name, [])])
        for line, one in zip(votes, readings, strict=True):
            if one is not None:
                line.append(Vote(*one, lacks))
    return votes


def never_written(
    student: Sequence[str], readings: Sequence[tuple[str, float] | None]
) -> frozenset[str]:
    """Characters that the student often writes, and an engine with these readings never.

    The engine does not know them: long s is an f to most, however sure they are.
    """
    counts = Counter(c for text in student for c in text)
    written = {c for one in readings if one is not None for c in one[0]}
    least = max(TIMES, OFTEN * sum(counts.values()))
    return frozenset(c for c, count in counts.items() if count >= least and c not in written)


def _load(state: State, name: str) -> Readings:
    path = state.files.get(name)
    if path is None:
        return {}
    found: dict[str, list[list[Any] | None]] = json.loads(path.read_text("utf-8"))
    return {
        engine: [None if one is None else (str(one[0]), float(one[1])) for one in readings]
        for engine, readings in found.items()
        if any(one is not None for one in readings)
    }


def with_teachers(
    labels: Sequence[PseudoLabel], teachers: Readings, alphabet: Alphabet
) -> list[PseudoLabel]:
    """Vote on every line that a teacher has read; the doubt is what the engines disagree on.

    The student votes too, unless it has not read the line; then two others have to. Nobody has a
    say about characters that it never writes. Where a character wins that the alphabet lacks, the
    student's own reading stands.
    """
    voted = []
    texts = [own.text for own in labels]
    lacks = {name: never_written(texts, readings) for name, readings in teachers.items()}
    for i, own in enumerate(labels):
        others = [(readings[i], lacks[name]) for name, readings in teachers.items()]
        votes = [Vote(*one, lacking) for one, lacking in others if one is not None]
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
