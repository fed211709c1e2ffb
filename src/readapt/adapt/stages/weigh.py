"""How much the words count when the adapted model reads: the last stage, and a gate of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from readapt.adapt.budget import Portion
from readapt.adapt.collection_language import sure_readings, with_readings
from readapt.adapt.gate import Verdict, as_read, better_share
from readapt.adapt.heard import load_votes
from readapt.adapt.jury import Compared, compare
from readapt.adapt.stage import BACKGROUND_MODEL, LANGUAGE_MODEL, Outcome, State
from readapt.evaluate.normalise import fold
from readapt.gan.candidates import dressed
from readapt.recognize.beam import NARROW, Beam, beam_search
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
FEW_LEFT = 0.1
"""Share of the errors that are believed to be left at least: the lines are few."""
FEWEST = 20
"""Lines that a weight is chosen by, at least."""


@dataclass(frozen=True)
class Weigh:
    """The language model is learnt anew from the present network's readings, and weighed.

    Nobody knows what the scans say; but a line that is surely read, spoiled on purpose, is a line
    whose text is known, in the collection's own words and type. The weight is the one with the
    fewest errors there, or on what other engines' votes say of the held-out lines where some were
    asked; and the model counts only if it reads better than none, as surely as any stage has to.
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
        trials, judge = _try(state, model, portion)
        lines = len(trials[0].characters)
        if lines < FEWEST:
            verdict = Verdict(False, f"only {lines} lines to weigh it by")
            return Outcome(files=files, verdict=verdict)
        gains = [after - before for before, after in (trial.rates for trial in trials)]
        best = int(np.argmin(gains))
        trial = trials[best]
        weight, length_weight = WEIGHTS[best]
        before, after = trial.rates
        gate = state.config.gate
        needed = gate.sure_heard if judge == _VOTES else gate.sure
        sure = better_share(np.stack([trial.before, trial.after]), np.stack([trial.characters] * 2))
        moved = f"{judge} {before:.2%} -> {after:.2%}"
        kept = after < before and sure >= needed
        return Outcome(
            files=files,
            verdict=Verdict(
                kept, moved if kept else f"better on {sure:.0%} of them only ({moved})"
            ),
            record={
                "gain by weight": {
                    f"{w:g}": round(-gain, 5) for (w, _), gain in zip(WEIGHTS, gains, strict=True)
                },
                "weight": weight,
                "length weight": length_weight,
                "errors left": round(float(np.clip(after / max(before, 1e-6), FEW_LEFT, 1.0)), 4),
            },
        )


_VOTES, _SPOILED = "against the engines' votes", "on spoiled lines"


def search_of(model: CharacterModel, weight: float, length_weight: float) -> Beam:
    """Make the search that a bundle with these weights reads by."""
    return replace(NARROW, language_model=model, weight=weight, length_weight=length_weight)


def _try(state: State, model: CharacterModel, portion: Portion) -> tuple[list[Compared], str]:
    """Count errors on held-out lines, greedily and with each weight; returns also who judged."""
    reader = as_read(state.network, state.alphabet, state.config.threads)
    held_out, searches = state.target.held_out, [search_of(model, *w) for w in WEIGHTS]
    posteriors = reader.log_posteriors(held_out)
    greedy = _texts(state, posteriors, None)
    votes = load_votes(state, greedy)
    trials = []
    if sum(map(bool, votes)) >= FEWEST:
        doubt = state.config.selftrain.most_doubt
        for search in searches:
            portion.tick()
            trials.append(compare(votes, greedy, _texts(state, posteriors, search), doubt))
        return trials, _VOTES
    images, truths = _spoil(held_out, posteriors, greedy, state.config.seed)
    posteriors = reader.log_posteriors(images)
    characters = np.array([len(true) for true in truths], np.float64)
    before = _edits(truths, _texts(state, posteriors, None))
    readable = before <= READABLE * characters
    for search in searches:
        portion.tick()
        after = _edits(truths, _texts(state, posteriors, search))
        trials.append(Compared(before[readable], after[readable], characters[readable]))
    return trials, _SPOILED


def _edits(truths: Sequence[str], texts: Sequence[str]) -> NDArray[np.float64]:
    """Wrong characters of each line, folded."""
    pairs = zip(truths, texts, strict=True)
    return np.array([Levenshtein.distance(fold(a), fold(b)) for a, b in pairs], np.float64)


def _texts(
    state: State, posteriors: Sequence[NDArray[np.float32]], search: Beam | None
) -> list[str]:
    """Decode greedily, or by a search; what is read as nothing stays nothing."""
    texts = []
    for p in posteriors:
        ids = best_path(p).ids
        if search is not None and ids:
            ids = beam_search(p, search)[0].ids
        texts.append(" ".join(state.alphabet.decode(ids).split()))
    return texts


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
