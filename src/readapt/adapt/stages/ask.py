"""Asking others: readings of engines that are installed anyway, for the next stage to vote on."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from readapt.adapt.budget import Portion
from readapt.adapt.engines import Answer, Teacher, find_teacher
from readapt.adapt.finetune import stopwatch
from readapt.adapt.stage import READINGS, Outcome, State


@dataclass(frozen=True)
class Ask:
    """Every teacher reads the lines to learn from; what it does not get to in time stays unread."""

    name: str = "ask"
    title: str = "readings of other engines"

    def lacks(self, state: State) -> str:
        """Needs a teacher that was named and is installed."""
        if not state.config.teachers:
            return "no --teacher was named"
        found = _teachers(state)
        problems = [problem for teacher in found if (problem := teacher.missing())]
        return " ".join(problems) if len(problems) == len(found) else ""

    def run(self, state: State, portion: Portion, folder: Path) -> Outcome:
        """Read with one teacher after the other, each within its part of the portion."""
        teachers = [teacher for teacher in _teachers(state) if not teacher.missing()]
        folder.mkdir(parents=True, exist_ok=True)
        readings: dict[str, list[Answer]] = {}
        record: dict[str, str] = {}
        elapsed = stopwatch()
        for number, teacher in enumerate(teachers, 1):
            until = portion.seconds * number / len(teachers)
            kept = folder / f"{teacher.name.replace(':', '-')}.json"
            if kept.is_file():
                answers = json.loads(kept.read_text("utf-8"))
            else:
                answers = []
                for answer in teacher.read(state.target.cuts):
                    answers.append(answer)
                    portion.tick()
                    if elapsed() > until:
                        break
                answers += [None] * (len(state.target.cuts) - len(answers))
                _write(kept, json.dumps(answers, ensure_ascii=False))
            readings[teacher.name] = answers
            read = sum(answer is not None for answer in answers)
            record[teacher.name] = f"{read} of {len(answers)} lines"
        for teacher in _teachers(state):
            if problem := teacher.missing():
                record[teacher.name] = problem
        path = folder / "readings.json"
        _write(path, json.dumps(readings, ensure_ascii=False))
        return Outcome(files={READINGS: path}, record=dict(record))


def _teachers(state: State) -> list[Teacher]:
    words = state.records.get("words", {})
    languages = list(words.get("languages", {}))
    old = float(words.get("old spelling", 0.0)) > 0.2
    threads = state.config.threads or os.cpu_count() or 1
    return [find_teacher(name, languages, old, threads) for name in state.config.teachers]


def _write(path: Path, text: str) -> None:
    scratch = path.with_suffix(".part")
    scratch.write_text(text, "utf-8")
    os.replace(scratch, path)
