"""Fine-tuning on labelled lines: the collection's texts in fonts and a look near to its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from readapt.adapt.budget import Portion, stopwatch
from readapt.adapt.learning.finetune import finetune, part_way
from readapt.adapt.learning.known import known_lines
from readapt.adapt.stage import Outcome, State


@dataclass(frozen=True)
class Teach:
    """The recognizer learns from lines whose text is known exactly."""

    name: str = "teach"
    title: str = "labelled lines like those of the scans"

    def lacks(self, state: State) -> str:
        """Return "": it can always run."""
        return ""

    def run(self, state: State, portion: Portion, folder: Path) -> Outcome:
        """Choose genres and texts, then fine-tune."""
        elapsed = stopwatch()
        known, record = known_lines(state, portion)
        taught = finetune(state, (), known, portion, folder, state.config.lr, 1, elapsed())
        return Outcome(part_way(state.network, taught, state.config.way), record=record)
