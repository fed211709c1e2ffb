"""How much the words count when the adapted model reads; a stage with a gate of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from readapt.adapt.budget import Portion
from readapt.adapt.exported import as_read
from readapt.adapt.gate.evidence import better_share
from readapt.adapt.gate.verdict import Verdict
from readapt.adapt.learning.word_weight import FEWEST, WEIGHTS, search_of, spoil
from readapt.adapt.scans.collection_language import sure_readings, with_readings
from readapt.adapt.stage import BACKGROUND_MODEL, LANGUAGE_MODEL, Outcome, State
from readapt.recognize.decode import GREEDY
from readapt.recognize.lm import CharacterModel

ENOUGH = 0.9
"""Share of the largest gain that is enough: the lightest weight with it is taken, since spoiled
lines, like all that chooses among few, are kinder to words than the scans are."""
BELIEVED = 0.5
"""Share of the gain on these lines that is believed of the scans; about so much was true."""
NEEDED = 0.75
"""Share of resampled sets of these lines on which words have to help."""


@dataclass(frozen=True)
class Weigh:
    """The language model is learnt anew from the present network's readings, and weighed.

    The weight is the lightest that gains enough on held-out lines that were spoiled on purpose; and
    the model counts only if it reads them better than the present way, as surely as ``NEEDED``,
    and general lines no worse than the gate allows.
    """

    name: str = "weigh"
    title: str = "how much words count in reading"

    def lacks(self, state: State) -> str:
        """Needs the language model of an earlier stage."""
        return "" if BACKGROUND_MODEL in state.files else "there is no language model"

    def run(self, state: State, portion: Portion, folder: Path) -> Outcome:
        """Read, count, spoil lines, and read them with every weight."""
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
        greedy, present = (spoiled.wrong([d] * count) for d in (GREEDY, state.decoder))
        trials: list[NDArray[np.float64]] = []
        for weights in WEIGHTS:
            portion.tick()
            trials.append(spoiled.wrong([search_of(model, *weights)] * count))
        total = characters.sum()
        gains = [float((present - trial).sum() / total) for trial in trials]
        enough = min(max(gains), ENOUGH * max(gains))  # the same where all of them are losses
        best = next(i for i, gain in enumerate(gains) if gain >= enough)
        weights, trial = WEIGHTS[best], trials[best]
        before, after = present.sum() / total, trial.sum() / total
        sure = better_share(np.stack([present, trial]), np.stack([characters] * 2))
        general = state.general(state.network, search_of(model, *weights))
        moved = f"on spoiled lines {before:.2%} -> {after:.2%}, general lines {general:.2%}"
        if not after < before or sure < NEEDED:
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
                "gain by weight": {
                    f"{w:g}": round(gain, 5) for (w, _), gain in zip(WEIGHTS, gains, strict=True)
                },
                "weight": weights[0],
                "length weight": weights[1],
                "errors left": round(1 - BELIEVED * (1 - min(left, 1.0)), 4),
                "general lines": round(general, 4),
            },
        )
