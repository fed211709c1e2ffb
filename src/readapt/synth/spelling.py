"""How a text is written out in print: old letters, words broken at a line's end, small capitals."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

from numpy.random import Generator

_SHORTEST: Final = 5
"""Letters of a word that is broken, at least."""


def old_spelling(rng: Generator, text: str) -> str:
    """Spell as in print before 1800: a long s inside words, and sometimes as before 1650."""
    spelled = re.sub(r"s(?=\w)", "ſ", text)
    if rng.random() < 0.2:
        spelled = _of_one_letter(spelled)
        if rng.random() < 0.4:
            spelled = re.sub(r"\bvnd\b", "vñ", spelled)
    if rng.random() < 0.25:
        spelled = re.sub(r"(?<=\w)([aeou])[nm](?=\w|\b)", _tilde(rng), spelled)
    if rng.random() < 0.25:
        spelled = spelled.replace("ä", "aͤ").replace("ö", "oͤ").replace("ü", "uͤ")
    if rng.random() < 0.3:
        spelled = spelled.replace("-", "⸗")
    if rng.random() < 0.2:
        spelled = spelled.replace("ae", "æ").replace("oe", "œ")
    if rng.random() < 0.25:
        spelled = re.sub(r"\bet(c?)\b", r"&\1", spelled)
    return unicodedata.normalize("NFC", spelled)


def _of_one_letter(text: str) -> str:
    """Write u and v by place, and i for j: each pair was one letter until about 1650."""
    text = re.sub(r"\bu(?=\w)", "v", text)
    text = re.sub(r"(?<=\w)v(?=\w)", "u", text)
    return text.translate(_ONE_LETTER)


_ONE_LETTER: Final = str.maketrans("UJj", "VIi")


def _tilde(rng: Generator) -> Callable[[re.Match[str]], str]:
    def mark(match: re.Match[str]) -> str:
        vowel = match.group(1)
        return unicodedata.normalize("NFC", vowel + "̃") if rng.random() < 0.3 else match.group(0)

    return mark


def broken(rng: Generator, text: str, sign: str = "-") -> str:
    """Break the last word, as at the end of a line; nothing where there is no word to break."""
    word = re.search(rf"[^\W\d_]{{{_SHORTEST},}}$", text)
    if word is None:
        return text
    return text[: int(rng.integers(word.start() + 2, word.end() - 1))] + sign


def some_capitals(rng: Generator, text: str) -> str:
    """Write one or two words that follow each other in capitals, the first ones more often."""
    words = text.split(" ")
    first = 0 if rng.random() < 0.6 else int(rng.integers(len(words)))
    last = first + int(rng.integers(1, 3))
    return " ".join([*words[:first], *map(str.upper, words[first:last]), *words[last:]])
