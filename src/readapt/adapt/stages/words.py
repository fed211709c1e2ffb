"""The words of the collection: its languages, its spelling, and a language model of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from readapt.adapt.budget import Portion
from readapt.adapt.scans.collection_language import learn_background, sure_readings, with_readings
from readapt.adapt.scans.languages import find_writing, with_little_text
from readapt.adapt.stage import BACKGROUND_MODEL, LANGUAGE_MODEL, Outcome, State


@dataclass(frozen=True)
class Words:
    """Texts in the languages found, spelled as the collection spells, and confident readings.

    Two more models leave out the readings of every other page, so that no line is corrected by a
    model that has learnt its own reading.
    """

    name: str = "words"
    title: str = "languages, and a language model"

    def lacks(self, state: State) -> str:
        """Return "": it can always run."""
        return ""

    def run(self, state: State, portion: Portion, folder: Path) -> Outcome:
        """Read all lines, tell languages apart, and count n-grams."""
        readings = sure_readings(state, portion.tick)
        writing = find_writing([r.text for r in readings], state.corpora, state.alphabet)
        lacking = [] if state.given else with_little_text(writing, state.corpora)
        if lacking:
            state.remark(
                f"Texts in the languages of the scans are few here ({', '.join(lacking)}); "
                'docs/adapt.md, "Texts", says where more are, for another run.'
            )
        folder.mkdir(parents=True, exist_ok=True)
        background = learn_background(state, writing)
        files = {BACKGROUND_MODEL: folder / "background.npz"}
        background.save(files[BACKGROUND_MODEL])
        for without in (None, 0, 1):
            portion.tick()
            own = [r.text for r in readings if state.target.pages[r.line] % 2 != without]
            name = LANGUAGE_MODEL if without is None else f"{LANGUAGE_MODEL} {without}"
            files[name] = folder / f"{name.replace(' ', '-')}.npz"
            with_readings(background, own, state.alphabet).save(files[name])
        return Outcome(
            files=files,
            record={
                "languages": {k: round(v, 3) for k, v in writing.languages.items()},
                "old spelling": round(writing.old, 3),
                "capitals": round(writing.upper, 3),
                "readings": len(readings),
                "characters": background.characters + sum(len(r.text) for r in readings),
            },
        )
