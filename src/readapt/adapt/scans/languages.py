"""Which languages a collection is in, and how they are spelled there, from readings alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from readapt.recognize.alphabet import Alphabet
from readapt.recognize.lm import learn
from readapt.synth.corpus import Corpus
from readapt.synth.spelling import old_spelling

_LEARNT = 60_000
"""Characters of each language that are enough to tell it from the others."""
_PIECE = 160
"""Characters of running text that are taken for a line."""
_LONGEST = 40
"""Characters of a word, at most."""
_SPOKEN = 0.05
"""Share of the text from which on a collection is in a language: less may be mistaken."""
_LITTLE = 100_000
"""Characters of running text of a language below which there is little of it ..."""
_MUCH = 0.2
"""... and share of the collection from which on that matters."""
_TEMPERED = 0.5
"""Exponent of a line's probability: its trigrams share characters, and are no independent signs."""
_TURNS = 50
"""Of the maximisation; shares no longer move then."""
_OLDER = 1.1
"""Lines in old spelling for one with an old letter: not every line has occasion for one."""


@dataclass(frozen=True, slots=True)
class Writing:
    """How a collection writes."""

    languages: Mapping[str, float]
    """Share of the text in each language that has some of it, the most frequent first."""
    old: float
    """Share of the readings with a long s or other letters of old print."""
    upper: float
    """Share of the letters that are capitals."""


def find_writing(
    readings: Sequence[str], corpora: Mapping[str, Corpus], alphabet: Alphabet
) -> Writing:
    """Tell languages apart by character trigrams, all lines together.

    Their shares are those under which the readings are likeliest, found by expectation
    maximisation: a line that could be of two languages counts for the one that the others are in.
    Every reading counts by its length. Without a reading of eight letters all languages are
    equally likely.
    """
    letters = "".join(c for text in readings for c in text if c.isalpha())
    old = float(np.mean([any(c in text for c in "ſ⸗\u0364") for text in readings] or [False]))
    upper = sum(c.isupper() for c in letters) / max(len(letters), 1)
    names = list(corpora)
    models = [
        learn((" ".join(pieces(corpora[name], _LEARNT)).lower(),), alphabet, 3) for name in names
    ]
    likely: list[list[float]] = []
    lengths: list[int] = []
    for text in readings:
        plain = "".join(c for c in text.lower().replace("ſ", "s") if c.isalpha() or c == " ")
        plain = "".join(c for c in plain if c not in alphabet.missing(plain))
        if len(plain) >= 8:
            likely.append([_TEMPERED * model.log_probability(plain) for model in models])
            lengths.append(len(plain))
    share = _shares(np.array(likely), np.array(lengths)) if likely else np.full(len(names), 1.0)
    share /= share.sum()
    kept = {names[i]: float(share[i]) for i in np.argsort(-share) if share[i] >= _SPOKEN}
    return Writing(kept, old, upper)


def _shares(likely: NDArray[np.float64], lengths: NDArray[np.int64]) -> NDArray[np.float64]:
    """Maximise the probability of lines, ``line language``, over shares of the languages."""
    share = np.full(likely.shape[1], 1 / likely.shape[1])
    for _ in range(_TURNS):
        joint = likely + np.log(share + 1e-12)
        of_each = np.exp(joint - joint.max(1, keepdims=True))
        of_each *= lengths[:, None] / of_each.sum(1, keepdims=True)
        share = of_each.sum(0) / lengths.sum()
    return share


def with_little_text(writing: Writing, corpora: Mapping[str, Corpus]) -> list[str]:
    """Name the languages that much of the collection is in, and of which hardly any text is here.

    Words one by one are none: a language model has its spaces and its turns of phrase from text.
    """
    return [
        name
        for name, share in writing.languages.items()
        if share >= _MUCH and len(corpora[name].text) < _LITTLE
    ]


def pieces(corpus: Corpus, most: int, seed: int = 0) -> list[str]:
    """Cut about `most` characters of a corpus into line-like pieces: running text, then words.

    The running text is from all over the corpus, whose parts may be about one thing each.
    """
    text = corpus.text
    count = max(1, -(-min(most, len(text)) // _PIECE))
    starts = [i * len(text) // count for i in range(count + 1)]
    cut = (
        text[_word_at(text, start) : _word_at(text, min(start + _PIECE, end))].strip()
        for start, end in pairwise(starts)
    )
    found = [piece for piece in cut if piece]  # no line ends in a space
    rng = np.random.default_rng(seed)
    left = most - min(most, len(text)) + most // 4
    words: list[str] = []
    while left > 0 and len(words) < 2 * len(corpus.words):
        words.append(corpus.word(rng))
        left -= len(words[-1]) + 1
    found += [" ".join(words[i : i + 20]) for i in range(0, len(words), 20)]
    return found


def _word_at(text: str, place: int) -> int:
    """Return where the word begins that ``place`` is in; ``place`` where there is none."""
    if place >= len(text):
        return len(text)
    return text.rfind(" ", max(0, place - _LONGEST), place) + 1 or place


def in_old_spelling(read: float) -> float:
    """Share of the lines in old spelling, by that of the readings with old letters."""
    return min(1.0, _OLDER * read)


def spelled(texts: Sequence[str], writing: Writing, seed: int = 0) -> list[str]:
    """Spell texts as the collection does: in old letters, in capitals, by its own shares."""
    rng = np.random.default_rng(seed)
    capitals = max(0.0, (writing.upper - 0.15) / 0.85)
    written = []
    for text in texts:
        if rng.random() < capitals:
            text = text.upper()
        elif rng.random() < in_old_spelling(writing.old):
            text = old_spelling(rng, text)
        written.append(text)
    return written
