"""The detector listens to itself: lines that are found again however a page is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from pydantic import JsonValue

from readapt.adapt.budget import Portion, stopwatch
from readapt.adapt.exported import as_found, as_read
from readapt.adapt.gate.pages import Reads
from readapt.adapt.learning.finetune_detector import finetune_detector
from readapt.adapt.scans.steady import Lines, Maps, find_steady
from readapt.adapt.stage import Outcome, State
from readapt.adapt.stages.teach_pages import known_pages, lacks_pages
from readapt.lines.crop import crop_frame, line_frame
from readapt.nets.detector import DetectorNet
from readapt.train.detector_student import FoundPage
from readapt.types import Image
from readapt.whole import written_whole

ROUNDS = 2
LABELLING = 0.35
"""Share of a round's time that looking at the pages may take."""
SURE = 0.6
"""Confidence of a line's reading, at least; where it is less, the line is doubtful."""


@dataclass(frozen=True)
class ListenPages:
    """The student learns the steady lines of the scans; its slow average is the next teacher.

    What is not found steadily, or not read with some confidence, is neither text nor paper: no
    loss there. Labelled pages are always in the mix.
    """

    name: str = "listen-pages"
    title: str = "lines it finds again and again"

    def lacks(self, state: State) -> str:
        """Needs a detector and whole pages."""
        return lacks_pages(state)

    def run(self, state: State, portion: Portion, folder: Path) -> Outcome:
        """Look at all pages, train on what was found and on known pages; again."""
        assert state.detector is not None
        detector, records = state.detector, list[JsonValue]()
        elapsed = stopwatch()
        known, _ = known_pages(state, portion)
        before = elapsed()
        for number in range(ROUNDS):
            place = folder / f"round-{number + 1}"
            part = replace(portion, seconds=portion.seconds / ROUNDS)
            real, used = self._found(state, detector, part, place / "found.npz", before)
            detector = finetune_detector(state, detector, real, known, part, place, used)
            before = 0.0
            records.append(
                {
                    "pages": len(real),
                    "steady lines": sum(len(page.quads) for page in real),
                    "doubtful": sum(len(page.doubtful) for page in real),
                }
            )
        return Outcome(detector=detector, record={"rounds": records})

    def _found(
        self, state: State, detector: DetectorNet, portion: Portion, path: Path, before: float
    ) -> tuple[list[FoundPage], float]:
        """Look at the pages, or take what an earlier run found; returns also the seconds it took.

        As many pages as there is time for; ``before`` seconds of the round are gone already.
        """
        sheets = state.target.sheets.learnt
        kept = load_found(sheets, path)
        if kept is not None:
            return kept
        finder = as_found(detector, state.detector_config, state.config.threads)
        reader = as_read(state.network, state.alphabet, state.config.threads)
        elapsed = stopwatch()
        found = []
        for sheet in sheets:
            portion.tick()
            found.append(found_on(sheet, finder, reader, state.pad))
            if elapsed() > LABELLING * portion.seconds:
                break
        seconds = before + elapsed()
        save_found(found, seconds, path)
        return found, seconds


def found_on(sheet: Image, finder: Maps, reader: Reads, pad: float) -> FoundPage:
    """Find the steady lines of a page and doubt those that cannot be read."""
    lines: Lines = find_steady(finder, sheet)
    cuts = [crop_frame(sheet, line_frame(quad, pad)) for quad in lines.steady]
    readings = reader.read(cuts) if cuts else []
    sure = np.array([bool(r.text) and r.confidence >= SURE for r in readings], np.bool_)
    doubtful = np.concatenate([lines.doubtful, lines.steady[~sure]])
    return FoundPage(sheet, lines.steady[sure], doubtful)


def save_found(found: Sequence[FoundPage], seconds: float, path: Path) -> None:
    """Write what was found on the first pages, and in what time; whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {f"lines {i}": page.quads for i, page in enumerate(found)}
    arrays |= {f"doubtful {i}": page.doubtful for i, page in enumerate(found)}
    with written_whole(path) as scratch, scratch.open("wb") as file:
        np.savez(file, allow_pickle=False, seconds=np.float64(seconds), **arrays)


def load_found(sheets: Sequence[Image], path: Path) -> tuple[list[FoundPage], float] | None:
    """Load what :func:`save_found` wrote of these pages; None where there is nothing."""
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as arrays:
        found = [
            FoundPage(sheet, arrays[f"lines {i}"], arrays[f"doubtful {i}"])
            for i, sheet in enumerate(sheets)
            if f"lines {i}" in arrays
        ]
        return found, float(arrays["seconds"])
