"""What a line of each kind of document says: passages, words, amounts, dates, codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.random import Generator

from readapt.recognize.alphabet import Alphabet
from readapt.synth import phrases
from readapt.synth.corpus import Corpus, clean
from readapt.synth.genres import Genre
from readapt.synth.spelling import broken, old_spelling, some_capitals

LANGUAGES: Final[Mapping[Genre, Mapping[str, float]]] = {
    "receipt": {"en": 6, "de": 1, "fr": 1, "es": 1, "it": 1, "nl": 0.5, "pt": 0.5, "pl": 0.5},
    "typescript": {
        "en": 3,
        "de": 3,
        "fr": 3,
        "da": 1.5,
        "it": 0.5,
        "es": 0.5,
        "nl": 0.5,
        "pl": 0.3,
    },
    "print": {
        "en": 2,
        "de": 3,
        "fr": 3,
        "it": 1,
        "es": 1,
        "pt": 0.7,
        "nl": 0.7,
        "da": 0.7,
        "pl": 0.7,
    },
    "old": {"la": 4, "fr": 3, "de": 1, "en": 1, "it": 1},
    "blackletter": {"de": 8, "la": 0.5, "da": 0.5},
    "scattered": {"en": 1, "de": 1, "fr": 1, "pl": 1, "es": 1},
}
"""Which languages a genre is in, by weight."""
OLD: Final = 0.85
"""Share of the lines of old kinds in old letters, if nothing is known of it."""
BROKEN: Final = 0.15
"""Share of the lines of running text that end within a word."""
OLD_KINDS: Final[tuple[Genre, ...]] = ("old", "blackletter")
"""Kinds that are set in old letters."""


def draw_text(
    genre: Genre,
    corpora: Mapping[str, Corpus],
    languages: Mapping[str, float],
    alphabet: Alphabet,
    longest: int,
    rng: Generator,
    old: float = OLD,
) -> str:
    """Draw one line of text of a genre, at most `longest` characters, in the alphabet.

    `languages` says which of the `corpora` are drawn from, by weight; all, where there is none of
    these. `old` is the share of the lines of old kinds that are spelled with a long s and other old
    letters.
    """
    corpus = _corpus(corpora, languages, rng)
    length = _length(genre, longest, rng)
    form = rng.random()
    if genre == "receipt":
        if form < 0.45:
            text = phrases.commerce(rng, corpus)
        elif form < 0.68:
            text = phrases.amount(rng)
        elif form < 0.8:
            text = phrases.date(rng)
        elif form < 0.92:
            text = phrases.code(rng)
        else:
            text = corpus.sequence(rng, length)
    elif genre == "scattered":
        if rng.random() < 0.5:
            characters = alphabet.characters
        else:
            characters = "0123456789.,:;-/()'\"ABCDEFGHIJKLMNOPQRSTUVWXYZil1|!IOQ0CGeco&%#@*+=?"
        text = phrases.scattered(rng, characters, int(rng.integers(2, 14)))
    elif form < 0.06:
        text = phrases.amount(rng)
    elif form < 0.1:
        text = phrases.date(rng)
    elif form < 0.15:
        text = phrases.code(rng)
    elif form < 0.75:
        text = corpus.passage(rng, length)
    else:
        text = corpus.sequence(rng, length)
        if rng.random() < 0.6:
            text = phrases.punctuate(rng, text)
    case = rng.random()
    if genre != "scattered":
        if case < (0.3 if genre == "receipt" else 0.07):
            text = text.upper()
        elif case < 0.12:
            text = text.title()
        elif case < 0.19 and genre in ("print", "old"):
            text = some_capitals(rng, text)
        if genre in ("typescript", "print") and rng.random() < 0.02 and len(text) < 25:
            text = " ".join(text.replace(" ", ""))
    if genre in OLD_KINDS and rng.random() < old:
        text = old_spelling(rng, text)
    if genre == "blackletter":  # whose hyphen is the double one, and is written plainly
        text = text.replace("⸗", "-")
    text = "".join(c for c in clean(text) if c in alphabet)
    text = _shorten(" ".join(text.split()), max(1, longest - 1), rng)
    double = genre == "old" and "ſ" in text and rng.random() < 0.3
    sign = "⸗" if double else "-"
    if genre in ("old", "blackletter", "print") and rng.random() < 0.04:
        text += "¬" if "¬" in alphabet else ""
    elif genre not in ("receipt", "scattered") and rng.random() < BROKEN and sign in alphabet:
        text = broken(rng, text, sign)
    return text


def _corpus(
    corpora: Mapping[str, Corpus], languages: Mapping[str, float], rng: Generator
) -> Corpus:
    known = {k: w for k, w in languages.items() if k in corpora}
    if not known:
        known = dict.fromkeys(corpora, 1.0)
    names = list(known)
    weights = np.array(list(known.values()))
    return corpora[names[int(rng.choice(len(names), p=weights / weights.sum()))]]


def _length(genre: Genre, longest: int, rng: Generator) -> int:
    if genre == "receipt" or rng.random() < 0.45:
        length = int(rng.gamma(2.0, 7.0)) + 2
    else:
        length = int(rng.integers(25, 76))
    return min(length, longest)


def _shorten(text: str, longest: int, rng: Generator) -> str:
    if len(text) <= longest:
        return text
    words = text.split(" ")
    first = int(rng.integers(len(words)))
    kept = words[first][:longest]
    for word in words[first + 1 :]:
        if len(kept) + 1 + len(word) > longest:
            break
        kept += " " + word
    return kept
