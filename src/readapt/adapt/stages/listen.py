"""Listening to itself, and to others where they were asked: rounds of self-training."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from readapt.adapt.budget import Portion
from readapt.adapt.finetune import finetune, stopwatch
from readapt.adapt.gate import as_read
from readapt.adapt.rover import Vote, vote
from readapt.adapt.stage import READINGS, Outcome, State
from readapt.adapt.stages.teach import known_lines
from readapt.nets.crnn import Crnn
from readapt.recognize.alphabet import Alphabet
from readapt.recognize.beam import LanguageModel
from readapt.train.selftrain import SEARCH, PseudoLabel, label, surest

FADING = 0.75
"""Factor on the learning rate from one round to the next."""
LABELLING = 0.35
"""Share of a round's time that reading the lines may take; the rest is for learning from them."""
UNREAD = PseudoLabel("", 1.0)
_TOGETHER = 64


@dataclass(frozen=True)
class Listen:
    """The student learns from what its own slow average reads, the surest lines first.

    A round goes on from the one before it, even where that seemed to do harm: labels get better
    while it learns. The candidate is the best round.
    """

    name: str = "listen"
    title: str = "its own confident readings"

    def lacks(self, state: State) -> str:
        """Return "": it can always run."""
        return ""

    def run(self, state: State, portion: Portion, folder: Path) -> Outcome:
        """Label all lines, choose the surest, train on them and on known ones; again."""
        known, _ = known_lines(state, portion)
        shares = state.config.selftrain.shares
        taught = replace(state)  # the rounds' own present network
        rounds: list[Crnn] = []
        records: list[JsonValue] = []
        rates: list[float] = []
        for number, share in enumerate(shares):
            place = folder / f"round-{number + 1}"
            elapsed = stopwatch()
            part = replace(portion, seconds=portion.seconds / len(shares))
            first = number * len(state.target.lines) // len(shares)
            labels = self._labels(taught, part, place / "labels.json", first)
            chosen = surest(labels, share, state.config.selftrain.most_doubt)
            real = [(state.target.lines[i], labels[i].text) for i in chosen]
            lr = state.config.lr * FADING**number
            taught.network = finetune(taught, real, known, part, place, lr, elapsed())
            rounds.append(taught.network)
            rates.append(state.judge(taught.network))
            doubts = sorted(labels[i].doubt for i in chosen)
            records.append(
                {
                    "lines": len(real),
                    "median doubt": round(doubts[len(doubts) // 2], 4) if doubts else None,
                    "estimate": round(rates[-1], 4),
                }
            )
        best = min(range(len(rounds)), key=rates.__getitem__)
        return Outcome(
            rounds[best],
            record={
                "of": len(state.target.lines),
                "rounds": records,
                "best round": best + 1,
                "teachers": ", ".join(sorted(_teachers(state))) or "none",
            },
        )

    def _labels(self, state: State, portion: Portion, path: Path, first: int) -> list[PseudoLabel]:
        """Read and vote, or take what an earlier run read.

        Begins with line ``first``; lines that there is no time for are read as nothing.
        """
        if path.is_file():
            return [PseudoLabel(text, doubt) for text, doubt in json.loads(path.read_text("utf-8"))]
        reader = as_read(state.network, state.alphabet, state.config.threads)
        models = {parity: state.language_model(parity) for parity in (0, 1)}
        lines, pages = state.target.lines, state.target.pages
        order = [*range(first, len(lines)), *range(first)]
        labels = [UNREAD] * len(lines)
        elapsed = stopwatch()
        for start in range(0, len(order), _TOGETHER):
            portion.tick()
            some = order[start : start + _TOGETHER]

            def language(i: int, some: Sequence[int] = some) -> LanguageModel[Any] | None:
                return models[pages[some[i]] % 2]

            found = label(reader, [lines[i] for i in some], state.alphabet, language, SEARCH)
            for i, one in zip(some, found, strict=True):
                labels[i] = one
            if elapsed() > LABELLING * portion.seconds:
                break
        labels = with_teachers(labels, _teachers(state), state.alphabet)
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_suffix(".part")
        text = json.dumps([[one.text, one.doubt] for one in labels], ensure_ascii=False)
        scratch.write_text(text, "utf-8")
        os.replace(scratch, path)
        return labels


def _teachers(state: State) -> dict[str, list[tuple[str, float] | None]]:
    """Load each teacher's readings by line: text and confidence; None where it read none."""
    path = state.files.get(READINGS)
    if path is None:
        return {}
    found: dict[str, list[list[Any] | None]] = json.loads(path.read_text("utf-8"))
    return {
        name: [None if one is None else (str(one[0]), float(one[1])) for one in readings]
        for name, readings in found.items()
    }


def with_teachers(
    labels: Sequence[PseudoLabel],
    teachers: dict[str, list[tuple[str, float] | None]],
    alphabet: Alphabet,
) -> list[PseudoLabel]:
    """Vote on every line that a teacher has read; the doubt is what the engines disagree on.

    Where a character wins that the alphabet lacks, the student's own reading stands.
    """
    voted = []
    for i, own in enumerate(labels):
        others = [readings[i] for readings in teachers.values()]
        votes = [Vote(text, sure) for text, sure in (o for o in others if o is not None)]
        if not votes or own == UNREAD:
            voted.append(own)
            continue
        result = vote([Vote(own.text, max(0.0, 1.0 - own.doubt)), *votes])
        if alphabet.missing(result.text):
            voted.append(own)
        else:
            voted.append(replace(own, text=result.text, doubt=result.dissent))
    return voted
