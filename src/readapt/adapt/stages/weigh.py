"""Whether words count when the adapted model reads; a stage with a gate of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from readapt.adapt.budget import Portion
from readapt.adapt.exported import as_read
from readapt.adapt.gate.evidence import better_share
from readapt.adapt.gate.verdict import Verdict
from readapt.adapt.learning.word_weight import FEWEST, LENGTH_WEIGHT, WEIGHT, search_of, spoil
from readapt.adapt.scans.collection_language import sure_readings, with_readings
from readapt.adapt.stage import BACKGROUND_MODEL, LANGUAGE_MODEL, Outcome, State
from readapt.recognize.decode import GREEDY
from readapt.recognize.lm import CharacterModel

BELIEVED = 0.5
"""Share of the gain on these lines that is believed of the scans; about so much was true."""
NEEDED = 0.5
"""Share of resampled sets of these lines on more than which words have to help: rather better than
worse. They have helped on every collection measured (docs/study.md), and these lines are hard on
them, since what is sure there is the network's own reading."""


@dataclass(frozen=True)
class Weigh:
    """The language model is learnt anew from the present network's readings, and tried.

    It counts if held-out lines that were spoiled on purpose are rather read better with it than in
    the present way, and general lines no worse than the gate allows.
    """

    name: str = "weigh"
    title: str = "words in reading"

    def lacks(self, state: State) -> str:
        """Needs the language model of an earlier stage."""
        return "" if BACKGROUND_MODEL in state.files else "there is no language model"

    def run(self, state: State, portion: Portion, folder: Path) -> Outcome:
        """Read, count, spoil lines, and read them with words and without."""
        folder.mkdir(parents=True, exist_ok=True)
        background = CharacterModel.load(state.files[BACKGROUND_MODEL], state.alphabet)
        own = [reading.text for reading in sure_readings(state, portion.tick)]
        model = with_readings(background, own, state.alphabet)
        path = folder / "language-model.npz"
        model.save(path)
        files = {LANGUAGE_MODEL: path}
        reader = as_read(state.network, state.alphabet, state.config.threads)
        spoiled = spoil(reader, state.target.held_out, state.config.seed, portion.tick)
        characters = spoiled.characters
        if len(characters) < FEWEST:
            verdict = Verdict(False, f"only {len(characters)} lines to weigh it by")
            return Outcome(files=files, verdict=verdict)
        count = len(state.target.held_out)
        search = search_of(model)
        greedy, present, trial = (
            spoiled.wrong([decoder] * count) for decoder in (GREEDY, state.decoder, search)
        )
        total = characters.sum()
        before, after = present.sum() / total, trial.sum() / total
        sure = better_share(np.stack([present, trial]), np.stack([characters] * 2))
        general = state.general(state.network, search)
        moved = f"on spoiled lines {before:.2%} -> {after:.2%}, general lines {general:.2%}"
        if sure <= NEEDED:
            verdict = Verdict(False, f"better on {sure:.0%} of them only ({moved})")
        elif general > state.most_general:
            verdict = Verdict(False, f"worse on others than {state.most_general:.2%} ({moved})")
        else:
            verdict = Verdict(True, moved)
        left = float(trial.sum() / max(greedy.sum(), 1e-6))
        return Outcome(
            files=files,
            verdict=verdict,
            record={
                "weight": WEIGHT,
                "length weight": LENGTH_WEIGHT,
                "better on": round(sure, 3),
                "errors left": round(1 - BELIEVED * (1 - min(left, 1.0)), 4),
                "general lines": round(general, 4),
            },
        )
