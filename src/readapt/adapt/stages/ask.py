"""Asking others: readings of engines that are installed anyway, for the next stage to vote on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pydantic import JsonValue

from readapt.adapt.budget import Portion, stopwatch
from readapt.adapt.exported import as_read
from readapt.adapt.stage import HEARD, READINGS, Outcome, State
from readapt.adapt.teachers.engines import Answer, Teacher, Tesseract, find_teacher
from readapt.adapt.teachers.heard import Readings
from readapt.cores import cores
from readapt.pages.spread import evenly
from readapt.types import Image
from readapt.whole import written_whole

_TOGETHER = 40
"""Lines that each engine reads before the next has its turn; as many as Tesseract takes at once."""
TRIED = 24
"""Lines that Tesseract's models are tried on."""
GIVEN_UP = 40
"""Failures in a row after which an engine is asked no more."""


@dataclass(frozen=True)
class Ask:
    """Every teacher reads the lines; what they do not get to in time stays unread."""

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
        """Read the held-out lines first, then the others, evenly over the scans."""
        teachers: list[Teacher] = []
        record: dict[str, JsonValue] = {}
        for teacher in _teachers(state):
            if problem := teacher.missing():
                record[teacher.name] = problem
                continue
            fitted = _fitted(teacher, state)
            same = [one.name for one in teachers if _voice(one) == _voice(fitted)]
            if same:  # two of one voice agree on whatever it misreads
                record[teacher.name] = f"reads as {same[0]} does, and is asked once"
                continue
            teachers.append(fitted)
            if without := teachers[-1].without():
                state.remark(without)
                record[f"{teacher.name} lacks"] = without
        folder.mkdir(parents=True, exist_ok=True)
        held_out, cuts = state.target.held_out_cuts, state.target.cuts
        first = len(held_out)
        order = [*range(first), *(first + i for i in evenly(len(cuts)))]
        every = [*held_out, *cuts]
        answers = _asked(teachers, [every[i] for i in order], portion, folder / "answers.json")
        readings: Readings = {}
        for name, found in answers.items():
            readings[name] = [None] * len(every)
            for i, answer in zip(order, found, strict=False):
                readings[name][i] = None if answer is None else (answer[0], answer[1])
            read = sum(answer is not None for answer in found)
            record[name] = f"{read} of {len(every)} lines"
        for teacher in teachers:
            if answers[teacher.name] and not any(answers[teacher.name]):
                said = teacher.complaint(every[0])
                state.remark(
                    f"The teacher {teacher.name} failed on every line and is left out: "
                    f"{said or 'it says nothing of why'}."
                )
            if isinstance(teacher, Tesseract):
                record[f"{teacher.name} reads with"] = teacher.codes
        files = {READINGS: folder / "readings.json", HEARD: folder / "heard.json"}
        learnt = {name: found[first:] for name, found in readings.items()}
        heard = {name: found[:first] for name, found in readings.items()}
        for path, content in zip(files.values(), (learnt, heard), strict=True):
            with written_whole(path) as scratch:
                scratch.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
        return Outcome(files=files, record=record)


def _asked(
    teachers: Sequence[Teacher], lines: Sequence[Image], portion: Portion, path: Path
) -> dict[str, list[Answer]]:
    """Let all teachers read some lines, then the next, while there is time; goes on from ``path``.

    So that where time is short, it is the same lines that all have read.
    """
    answers: dict[str, list[Answer]] = {teacher.name: [] for teacher in teachers}
    before, done = 0.0, 0  # seconds, lines
    if path.is_file():
        kept = json.loads(path.read_text("utf-8"))
        before, answers = float(kept["seconds"]), answers | kept["answers"]
        # One that was installed since goes on where the others are.
        done = min(map(len, kept["answers"].values()), default=0)
        answers = {name: [*found, *[None] * done][:done] for name, found in answers.items()}
    elapsed, earlier = stopwatch(), done
    with ExitStack() as stack:
        reading = [
            (answers[teacher.name], stack.enter_context(closing(teacher.read(lines[done:]))))
            for teacher in teachers
        ]
        while done < len(lines) and before + elapsed() < portion.seconds:
            for found, answer in reading:
                if len(found) - earlier >= GIVEN_UP and not any(found[-GIVEN_UP:]):
                    found += [None] * len(lines[done : done + _TOGETHER])
                    continue  # it fails, and each failure may take a minute
                for one in islice(answer, _TOGETHER):
                    found.append(one)
                    if one is None and before + elapsed() >= portion.seconds:
                        break  # one that hangs costs a minute a line
                found += [None] * (min(done + _TOGETHER, len(lines)) - len(found))
                portion.tick()
            done += _TOGETHER
            seconds = round(before + elapsed(), 1)
            kept = {"seconds": seconds, "answers": answers}
            with written_whole(path) as scratch:
                scratch.write_text(json.dumps(kept, ensure_ascii=False), "utf-8")
    return answers


def _teachers(state: State) -> list[Teacher]:
    words = state.records.get("words", {})
    languages = list(words.get("languages", {}))
    old = float(words.get("old spelling", 0.0)) > 0.2
    threads = state.config.threads or cores()
    names = dict.fromkeys(state.config.teachers)
    return [find_teacher(name, languages, old, threads) for name in names]


def _voice(teacher: Teacher) -> str:
    """Tell engines apart by what they read with, however they are named."""
    return f"tesseract {teacher.codes}" if isinstance(teacher, Tesseract) else teacher.name


def _fitted(teacher: Teacher, state: State) -> Teacher:
    """Let Tesseract choose between its models by some held-out lines as the student reads them."""
    if not isinstance(teacher, Tesseract):
        return teacher
    some = slice(None, None, max(1, len(state.target.held_out) // TRIED))
    reader = as_read(state.network, state.alphabet, state.config.threads)
    read = [found.text for found in reader.read(state.target.held_out[some])]
    return teacher.fitted(state.target.held_out_cuts[some], read)
