"""A language model of the collection: texts in its languages, and what its lines surely say.

A recognizer's own misreadings must not come back as evidence for themselves: of its readings only
n-grams (of three characters and more) count that stand there twice and more, which chance
misreadings seldom do and the collection's names and turns of phrase do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from readapt.adapt.exported import as_read
from readapt.adapt.scans.languages import Writing, pieces, spelled
from readapt.adapt.stage import State
from readapt.recognize.alphabet import Alphabet
from readapt.recognize.greedy import best_path
from readapt.recognize.lm import CharacterModel, highest_order, learn

ORDER = 6
BACKGROUND = 6_000_000
"""Characters of texts that a language model learns beside the readings."""
RARE = 3
"""N-grams of the texts that occur less often are left out: a third of the file."""
TWICE = 2
"""... and of the readings."""
READING_WEIGHT = 3
"""How often a confident reading counts."""
CONFIDENT = 0.9
"""Share of the lines, the surest, whose readings are believed."""
_TOGETHER = 64


@dataclass(frozen=True, slots=True)
class SureReading:
    """What a line surely says."""

    line: int
    text: str


def sure_readings(state: State, tick: Callable[[], None]) -> list[SureReading]:
    """Read the lines to learn from with the present network; the surest ``CONFIDENT`` of them."""
    reader = as_read(state.network, state.alphabet, state.config.threads)
    found: list[tuple[float, int, str]] = []
    lines = state.target.lines
    for start in range(0, len(lines), _TOGETHER):
        tick()
        for i, p in enumerate(reader.log_posteriors(lines[start : start + _TOGETHER]), start):
            path = best_path(p)
            text = " ".join(state.alphabet.decode(path.ids).split())
            if text:
                found.append((path.log_probability / len(path.ids), i, text))
    found.sort(reverse=True)
    kept = found[: max(1, round(CONFIDENT * len(lines)))]
    return [SureReading(i, text) for _, i, text in kept]


def learn_background(state: State, writing: Writing) -> CharacterModel:
    """Count n-grams of the user's texts, or of texts in the languages found, spelled as there."""
    shares = writing.languages
    if state.given:
        shares = dict.fromkeys(state.corpora, 1 / max(len(state.corpora), 1))
    texts: list[str] = []
    for name, share in shares.items():
        count = state.config.few(int(BACKGROUND * share))
        cut = pieces(state.corpora[name], count, state.config.seed)
        texts += cut if state.given else spelled(cut, writing, state.config.seed)
    least = RARE if sum(map(len, texts)) > BACKGROUND // 4 else 2
    return learn(texts, state.alphabet, min(ORDER, highest_order(state.alphabet)), least)


def with_readings(
    background: CharacterModel, readings: Sequence[str], alphabet: Alphabet
) -> CharacterModel:
    """Add what readings have in common to the n-grams of texts."""
    return background.plus(learn(readings, alphabet, background.order, TWICE), READING_WEIGHT)
