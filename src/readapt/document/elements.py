"""A page that has been read: frozen, light, and the same for every format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from readapt.types import Polygon


@dataclass(frozen=True, slots=True)
class Word:
    """One word: a run of text without spaces."""

    text: str
    polygon: Polygon
    """Corners in page pixels, clockwise from the word's top-left."""
    confidence: float
    """Estimated probability in [0, 1] that ``text`` is right."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text; ``text == " ".join(word.text for word in words)`` when it has words."""

    polygon: Polygon
    """Corners in page pixels, clockwise from the line's top-left."""
    text: str
    confidence: float
    """Estimated probability in [0, 1] that a character of ``text`` is right."""
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One page; its lines stand in reading order."""

    width: int
    """Pixels."""
    height: int
    """Pixels."""
    lines: tuple[Line, ...]
    source: str = ""
    """The file the page was read from, as the caller named it; "" for an array."""
    index: int = 0
    """Which page of the source, from 0."""

    @property
    def text(self) -> str:
        """The lines joined by newlines; "" for an empty page."""
        return "\n".join(line.text for line in self.lines)


def words_of(line: Line) -> tuple[Word, ...]:
    """Give a line's words; a line that has none is one word as long as the line."""
    return line.words or (Word(line.text, line.polygon, line.confidence),)
