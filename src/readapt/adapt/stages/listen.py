"""Listening to itself, and to others where they were asked: rounds of self-training."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from readapt.adapt.budget import Portion
from readapt.adapt.finetune import finetune, stopwatch
from readapt.adapt.gate import as_read
from readapt.adapt.rover import Vote, vote
from readapt.adapt.stage import READINGS, Outcome, State
from readapt.adapt.stages.teach import known_lines
from readapt.recognize.beam import LanguageModel
from readapt.train.selftrain import SEARCH, PseudoLabel, label, surest

FADING = 0.75
"""Factor on the learning rate from one round to the next."""
_TOGETHER = 64


@dataclass(frozen=True)
class Listen:
    """The student learns from what its own slow average reads, the surest lines first."""

    round: int

    @property
    def name(self) -> str:
        """``listen-1``, ``listen-2``, ..."""
        return f"listen-{self.round + 1}"

    @property
    def title(self) -> str:
        """Say which lines."""
        return f"its own confident readings, round {self.round + 1}"

    def lacks(self, state: State) -> str:
        """Return "": it can always run."""
        return ""

    def run(self, state: State, portion: Portion, folder: Path) -> Outcome:
        """Label all lines, choose the surest, train on them and on known ones."""
        elapsed = stopwatch()
        share = state.config.selftrain.shares[self.round]
        labels = self._labels(state, portion, folder / "labels.json")
        chosen = surest(labels, share, state.config.selftrain.most_doubt)
        real = [(state.target.lines[i], labels[i].text) for i in chosen]
        known, _ = known_lines(state, portion)
        lr = state.config.lr * FADING**self.round
        network = finetune(state, real, known, portion, folder, lr, elapsed())
        doubts = sorted(labels[i].doubt for i in chosen)
        return Outcome(
            network,
            record={
                "lines": len(real),
                "of": len(labels),
                "median doubt": round(doubts[len(doubts) // 2], 4) if doubts else None,
                "most doubt": round(doubts[-1], 4) if doubts else None,
                "teachers": ", ".join(sorted(_teachers(state))),
            },
        )

    def _labels(self, state: State, portion: Portion, path: Path) -> list[PseudoLabel]:
        """Read and vote, or take what an earlier run read."""
        if path.is_file():
            return [PseudoLabel(text, doubt) for text, doubt in json.loads(path.read_text("utf-8"))]
        reader = as_read(state.network, state.alphabet, state.config.threads)
        models = {parity: state.language_model(parity) for parity in (0, 1)}
        lines, pages = state.target.lines, state.target.pages
        labels: list[PseudoLabel] = []
        for start in range(0, len(lines), _TOGETHER):
            portion.tick()

            def language(i: int, start: int = start) -> LanguageModel[Any] | None:
                return models[pages[start + i] % 2]

            some = lines[start : start + _TOGETHER]
            labels += label(reader, some, state.alphabet, language, SEARCH)
        labels = with_teachers(labels, _teachers(state))
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
    labels: Sequence[PseudoLabel], teachers: dict[str, list[tuple[str, float] | None]]
) -> list[PseudoLabel]:
    """Vote on every line that a teacher has read; the doubt is what the engines disagree on."""
    voted = []
    for i, own in enumerate(labels):
        others = [readings[i] for readings in teachers.values()]
        votes = [Vote(text, sure) for text, sure in (o for o in others if o is not None)]
        if not votes:
            voted.append(own)
            continue
        result = vote([Vote(own.text, max(0.0, 1.0 - own.doubt)), *votes])
        voted.append(replace(own, text=result.text, doubt=result.dissent))
    return voted
