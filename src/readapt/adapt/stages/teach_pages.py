"""Fine-tuning of the detector on pages composed in the look of the scans."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from readapt.adapt.budget import Portion, stopwatch
from readapt.adapt.learning.composed import ComposedPages, compose
from readapt.adapt.learning.finetune_detector import finetune_detector
from readapt.adapt.learning.known import known_lines
from readapt.adapt.stage import LOOK_FOLDER, PAPER_FOLDER, Outcome, State

LEAST = 5.0
"""Minutes in all, at least: below, no step would be left beside the gate."""


@dataclass(frozen=True)
class TeachPages:
    """The detector learns from pages whose lines are known exactly."""

    name: str = "teach-pages"
    title: str = "labelled pages like the scans"

    def lacks(self, state: State) -> str:
        """Needs a detector and whole pages."""
        return lacks_pages(state)

    def run(self, state: State, portion: Portion, folder: Path) -> Outcome:
        """Choose kinds of pages, fonts and texts, then fine-tune."""
        assert state.detector is not None
        elapsed = stopwatch()
        pages, record = known_pages(state, portion)
        detector = finetune_detector(state, state.detector, (), pages, portion, folder, elapsed())
        return Outcome(detector=detector, record=record)


def lacks_pages(state: State) -> str:
    """Say why a detector cannot be taught here; "" where it can."""
    if not state.target.sheets.learnt:
        return "there are too few whole pages"
    if state.detector is None:
        return "the model has no detector that could learn"
    minutes = state.config.minutes
    return "" if minutes >= LEAST else f"{minutes:g} minutes are too few for it"


def known_pages(state: State, portion: Portion) -> tuple[ComposedPages, dict[str, Any]]:
    """Return labelled pages for this collection, and what was chosen; the same every time."""
    known, record = known_lines(state, portion)
    looks = [state.files[name] for name in (PAPER_FOLDER, LOOK_FOLDER) if name in state.files]
    pages = compose(known, record["genres"], looks, state.config.seed)
    return pages, record | {"learnt paper": "yes" if pages.paper else "no"}
