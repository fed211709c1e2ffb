"""Whether words help in reading the scans, tried on lines whose text is known.

Nobody has labelled the scans; but a line that is surely read, spoiled on purpose, is a line whose
text is known, in the collection's own type and words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from readapt.evaluate.normalise import fold
from readapt.gan.candidates import dressed
from readapt.recognize.alphabet import Alphabet
from readapt.recognize.beam import NARROW, Beam
from readapt.recognize.decode import GREEDY, Decoder, decode
from readapt.recognize.greedy import best_path
from readapt.recognize.lm import CharacterModel
from readapt.recognize.recognizer import Recognizer
from readapt.types import Image

WEIGHT, LENGTH_WEIGHT = 0.15, 0.4
"""Of the language model, and what answers its love of short texts: the best, or nearly, for labels
and for reading on every collection (benchmarks/words.py). Spoiled lines know whether words help,
but not how much they should count."""
SURE = 0.7
"""Share of the lines, the surest, whose readings are taken for the truth."""
SHORTEST = 4
"""Characters of such a line, at least."""
COPIES = 2
"""How often each of them is spoiled."""
READABLE = 0.3
"""Share of wrong characters up to which a spoiled line counts: nobody reads the others."""
FEWEST = 20
"""Lines that words are judged by, at least."""


@dataclass(frozen=True)
class Spoiled:
    """Lines that were read surely, spoiled; none that cannot be read any more."""

    posteriors: Sequence[NDArray[np.float32]]
    """``time class`` of each copy."""
    texts: Sequence[str]
    """What it says."""
    lines: NDArray[np.intp]
    """Which of the lines it is a copy of."""
    alphabet: Alphabet

    @property
    def characters(self) -> NDArray[np.float64]:
        """Characters of all copies of each line that has any: they stand and fall together."""
        return self._by_line([len(text) for text in self.texts])

    def wrong(self, decoders: Sequence[Decoder]) -> NDArray[np.float64]:
        """Wrong characters, likewise, where line ``i`` is read by ``decoders[i]``."""
        found = [
            _edits(text, _text(p, decoders[i], self.alphabet))
            for p, text, i in zip(self.posteriors, self.texts, self.lines, strict=True)
        ]
        return self._by_line(found)

    def _by_line(self, values: Sequence[int]) -> NDArray[np.float64]:
        _, places = np.unique(self.lines, return_inverse=True)
        return np.bincount(places, values).astype(np.float64)


def spoil(
    reader: Recognizer, lines: Sequence[Image], seed: int, tick: Callable[[], None] = lambda: None
) -> Spoiled:
    """Give the surest of prepared lines all that synthesis does to clean ones."""
    alphabet = reader.alphabet
    sure: list[tuple[float, int, str]] = []
    for i, p in enumerate(reader.log_posteriors(lines)):
        text = _text(p, GREEDY, alphabet)
        if len(text) >= SHORTEST:
            sure.append((best_path(p).log_probability / len(text), i, text))
    sure.sort(reverse=True)
    sure = sure[: round(SURE * len(sure))] * COPIES
    each = max(1, len(sure) // COPIES)
    images = [
        dressed(lines[i], (seed * COPIES + place // each) * len(lines) + i)
        for place, (_, i, _) in enumerate(sure)
    ]
    tick()
    readable = [
        (p, text, i)
        for p, (_, i, text) in zip(reader.log_posteriors(images), sure, strict=True)
        if _edits(text, _text(p, GREEDY, alphabet)) <= READABLE * len(text)
    ]
    tick()
    return Spoiled(
        [p for p, _, _ in readable],
        [text for _, text, _ in readable],
        np.array([i for _, _, i in readable], np.intp),
        alphabet,
    )


def search_of(
    model: CharacterModel, weight: float = WEIGHT, length_weight: float = LENGTH_WEIGHT
) -> Beam:
    """Make the search that reads with a language model."""
    return replace(NARROW, language_model=model, weight=weight, length_weight=length_weight)


def _text(posteriors: NDArray[np.float32], decoder: Decoder, alphabet: Alphabet) -> str:
    return " ".join(alphabet.decode(decode(posteriors, decoder).ids).split())


def _edits(true: str, read: str) -> int:
    """Wrong characters, folded."""
    return Levenshtein.distance(fold(true), fold(read))
