"""The words of the collection: its languages, its spelling, and a language model of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from readapt.adapt.budget import Portion
from readapt.adapt.gate import as_read
from readapt.adapt.languages import Writing, find_writing, pieces, spelled
from readapt.adapt.stage import LANGUAGE_MODEL, Outcome, State
from readapt.recognize.greedy import best_path
from readapt.recognize.lm import learn

ORDER = 6
BACKGROUND = 1_500_000
"""Characters of texts that a language model learns beside the readings."""
READING_WEIGHT = 3
"""How often a confident reading counts."""
CONFIDENT = 0.6
"""Share of the lines, the surest, whose readings are believed."""


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
        readings = self._readings(state, portion)
        sure = [text for i, text in readings]
        writing = find_writing(sure, state.corpora, state.alphabet)
        background = self._background(state, writing)
        files = {}
        folder.mkdir(parents=True, exist_ok=True)
        for without in (None, 0, 1):
            portion.tick()
            own = [text for i, text in readings if state.target.pages[i] % 2 != without]
            texts = background + own * READING_WEIGHT
            name = LANGUAGE_MODEL if without is None else f"{LANGUAGE_MODEL} {without}"
            path = folder / f"{name.replace(' ', '-')}.npz"
            learn(texts, state.alphabet, ORDER, least=2).save(path)
            files[name] = path
        return Outcome(
            files=files,
            record={
                "languages": {k: round(v, 3) for k, v in writing.languages.items()},
                "old spelling": round(writing.old, 3),
                "capitals": round(writing.upper, 3),
                "readings": len(sure),
                "characters": sum(map(len, background)) + sum(map(len, sure)),
            },
        )

    def _readings(self, state: State, portion: Portion) -> list[tuple[int, str]]:
        """Return number and text of the lines that are read with most confidence."""
        reader = as_read(state.network, state.alphabet, state.config.threads)
        found: list[tuple[float, int, str]] = []
        lines = state.target.lines
        for start in range(0, len(lines), 64):
            portion.tick()
            for i, p in enumerate(reader.log_posteriors(lines[start : start + 64]), start):
                path = best_path(p)
                text = " ".join(state.alphabet.decode(path.ids).split())
                if text:
                    found.append((path.log_probability / len(path.ids), i, text))
        found.sort(reverse=True)
        return [(i, text) for _, i, text in found[: max(1, round(CONFIDENT * len(lines)))]]

    def _background(self, state: State, writing: Writing) -> list[str]:
        shares = writing.languages
        if state.given:
            shares = dict.fromkeys(state.corpora, 1 / max(len(state.corpora), 1))
        texts: list[str] = []
        for name, share in shares.items():
            cut = pieces(state.corpora[name], int(BACKGROUND * share), state.config.seed)
            texts += cut if state.given else spelled(cut, writing, state.config.seed)
        return texts
