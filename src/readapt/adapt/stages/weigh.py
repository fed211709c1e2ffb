"""How much the words count when the adapted model reads; a stage with a gate of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from readapt.adapt.budget import Portion
from readapt.adapt.exported import as_read
from readapt.adapt.gate.evidence import better_share
from readapt.adapt.gate.verdict import Verdict
from readapt.adapt.scans.collection_language import sure_readings, with_readings
from readapt.adapt.stage import BACKGROUND_MODEL, LANGUAGE_MODEL, Outcome, State
from readapt.evaluate.normalise import fold
from readapt.gan.candidates import dressed
from readapt.recognize.beam import NARROW, Beam
from readapt.recognize.decode import GREEDY, Decoder, decode
from readapt.recognize.greedy import best_path
from readapt.recognize.lm import CharacterModel
from readapt.types import Image

WEIGHTS = ((0.15, 0.4), (0.2, 0.5), (0.3, 0.65))
"""Of the language model, with the length weight that answers its love of short texts."""
SURE = 0.7
"""Share of the held-out lines, the surest, whose readings are taken for the truth."""
SHORTEST = 4
"""Characters of such a line, at least."""
SPOILED = 2
"""How often each of them is spoiled."""
READABLE = 0.3
"""Share of wrong characters up to which a spoiled line counts: nobody reads the others."""
ENOUGH = 0.9
"""Share of the largest gain that is enough: the lightest weight with it is taken, since spoiled
lines, like all that chooses among few, are kinder to words than the scans are."""
BELIEVED = 0.5
"""Share of the gain on these lines that is believed of the scans; about so much was true."""
FEWEST = 20
"""Lines that a weight is chosen by, at least."""
NEEDED = 0.75
"""Share of resampled sets of these lines on which words have to help."""


@dataclass(frozen=True)
class Weigh:
    """The language model is learnt anew from the present network's readings, and weighed.

    Nobody knows what the scans say; but a line that is surely read, spoiled on purpose, is a line
    whose text is known, in the collection's own words and type. The weight is the lightest that
    gains enough there; and the model counts only if it reads them better than the present way, as
    surely as ``NEEDED``, and general lines no worse than the gate allows.
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
        trials = _try(state, model, portion)
        lines = len(trials[0].characters)
        if lines < FEWEST:
            verdict = Verdict(False, f"only {lines} lines to weigh it by")
            return Outcome(files=files, verdict=verdict)
        gains = [_rate(trial.before, trial) - _rate(trial.after, trial) for trial in trials]
        enough = min(max(gains), ENOUGH * max(gains))  # the same where all of them are losses
        best = next(i for i, gain in enumerate(gains) if gain >= enough)
        trial, weights = trials[best], WEIGHTS[best]
        before, after = _rate(trial.before, trial), _rate(trial.after, trial)
        sure = better_share(np.stack([trial.before, trial.after]), np.stack([trial.characters] * 2))
        general = state.general(state.network, search_of(model, *weights))
        moved = f"on spoiled lines {before:.2%} -> {after:.2%}, general lines {general:.2%}"
        if not after < before or sure < NEEDED:
            verdict = Verdict(False, f"better on {sure:.0%} of them only ({moved})")
        elif general > state.most_general:
            verdict = Verdict(False, f"worse on others than {state.most_general:.2%} ({moved})")
        else:
            verdict = Verdict(True, moved)
        left = _rate(trial.after, trial) / max(_rate(trial.greedy, trial), 1e-6)
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


@dataclass(frozen=True)
class _Trial:
    """Wrong characters of held-out lines: as they are read now, with a weight, and greedily."""

    before: NDArray[np.float64]
    after: NDArray[np.float64]
    greedy: NDArray[np.float64]
    characters: NDArray[np.float64]


def _rate(edits: NDArray[np.float64], trial: _Trial) -> float:
    return float(edits.sum() / max(1.0, trial.characters.sum()))


def search_of(model: CharacterModel, weight: float, length_weight: float) -> Beam:
    """Make the search that a bundle with these weights reads by."""
    return replace(NARROW, language_model=model, weight=weight, length_weight=length_weight)


def _try(state: State, model: CharacterModel, portion: Portion) -> list[_Trial]:
    """Count errors on spoiled held-out lines with each weight."""
    reader = as_read(state.network, state.alphabet, state.config.threads)
    held_out, searches = state.target.held_out, [search_of(model, *w) for w in WEIGHTS]
    posteriors = reader.log_posteriors(held_out)
    greedy = _texts(state, posteriors, GREEDY)
    images, truths = _spoil(held_out, posteriors, greedy, state.config.seed)
    posteriors = reader.log_posteriors(images)
    plain = _edits(truths, _texts(state, posteriors, GREEDY))
    readable = plain <= READABLE * np.array([len(true) for true in truths], np.float64)
    before = _edits(truths, _texts(state, posteriors, state.decoder))
    characters = np.array([len(true) for true in truths], np.float64)

    def by_line(values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum over the copies of a line that can be read: they stand and fall together."""
        return np.asarray((values * readable).reshape(SPOILED, -1).sum(0)[kept], np.float64)

    kept = (characters * readable).reshape(SPOILED, -1).sum(0) > 0
    trials: list[_Trial] = []
    for search in searches:
        portion.tick()
        after = _edits(truths, _texts(state, posteriors, search))
        trials.append(_Trial(*map(by_line, (before, after, plain, characters))))
    return trials


def _edits(truths: Sequence[str], texts: Sequence[str]) -> NDArray[np.float64]:
    """Wrong characters of each line, folded."""
    pairs = zip(truths, texts, strict=True)
    return np.array([Levenshtein.distance(fold(a), fold(b)) for a, b in pairs], np.float64)


def _texts(state: State, posteriors: Sequence[NDArray[np.float32]], decoder: Decoder) -> list[str]:
    return [" ".join(state.alphabet.decode(decode(p, decoder).ids).split()) for p in posteriors]


def _spoil(
    lines: Sequence[Image],
    posteriors: Sequence[NDArray[np.float32]],
    read: Sequence[str],
    seed: int,
) -> tuple[list[Image], list[str]]:
    """Give the surest lines all that synthesis does to clean ones; returns them and their texts."""
    sureness = [
        (best_path(p).log_probability / len(text), i)
        for i, (p, text) in enumerate(zip(posteriors, read, strict=True))
        if len(text) >= SHORTEST
    ]
    sureness.sort(reverse=True)
    chosen = [i for _, i in sureness[: round(SURE * len(sureness))]]
    images = [
        dressed(lines[i], (seed * SPOILED + turn) * len(lines) + i)
        for turn in range(SPOILED)
        for i in chosen
    ]
    return images, [read[i] for i in chosen] * SPOILED
