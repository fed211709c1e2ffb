"""What becomes of words that were read with too little confidence: left out, or marked."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from readapt.document.elements import Line, Page, Word, words_of


class Unsure(StrEnum):
    """What is done with a word below the confidence asked for."""

    OMIT = "omit"
    """It is left out, and so is a line without a word left."""

    MARK = "mark"
    """It is written ``[word?]``, as transcribers mark a doubtful reading."""


def settle_page(page: Page, threshold: float, unsure: Unsure) -> Page:
    """Leave out or mark the words of a page below ``threshold``, in [0, 1].

    Lines that no word is left of are left out.
    """
    lines = (settle_line(line, threshold, unsure) for line in page.lines)
    return replace(page, lines=tuple(line for line in lines if line.text))


def settle_line(line: Line, threshold: float, unsure: Unsure) -> Line:
    """Leave out or mark the words of a line below ``threshold``, in [0, 1].

    Polygon and confidence stay those of the whole line. A line that has no words counts as one.
    """
    words: list[Word] = []
    for word in words_of(line) if line.text else ():
        if word.confidence >= threshold:
            words.append(word)
        elif unsure is Unsure.MARK:
            words.append(replace(word, text=f"[{word.text}?]"))
    return replace(line, text=" ".join(word.text for word in words), words=tuple(words))
