"""Marks that fonts of old types lack: a small e and bars over letters, and the double hyphen.

Fraktur before 1850 prints ä, ö and ü as a, o and u under a small e; print before 1700 has a bar or
a wave over a vowel for an m or n left out. Fonts of Fraktur lack both. Its hyphen is two slanted
strokes as heavy as the letters, which most fonts of broken script lack as well.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from readapt.synth.fonts import Face, Font, Glyph, face

SMALL_E: Final = "\u0364"
TILDE: Final = "\u0303"
MACRON: Final = "\u0304"
MADE: Final = frozenset((SMALL_E, TILDE, MACRON))
"""What is made of the font's own letters or drawn, where the font lacks it."""
_ABOVE: Final = 0.08
"""Space between a letter and its mark, in em."""


def can_set(font: Font, text: str) -> bool:
    """Whether the font has every character of a text, or its small letter and a mark for it."""
    return all(ord(c) in font.covers or _parts(font, c) for c in text)


def glyph(drawn: Face, letters: str) -> Glyph:
    """Draw a piece of type, with a mark made for it where the font has none.

    Raises :class:`readapt.synth.fonts.FontError` as :meth:`readapt.synth.fonts.Face.glyph` does.
    """
    if len(letters) > 1 or ord(letters) in drawn.font.covers:
        return drawn.glyph(letters)
    return _composed(drawn, letters)


def _parts(font: Font, character: str) -> str:
    """Return a mark, or a small letter and its mark, that stand for a character; "" for neither."""
    parts = unicodedata.normalize("NFD", character)
    letter, mark = parts[:-1], parts[-1]
    known = mark in MADE and (not letter or (letter.islower() and ord(letter[0]) in font.covers))
    return parts if known and len(parts) <= 2 else ""


@lru_cache(maxsize=4096)
def _composed(drawn: Face, character: str) -> Glyph:
    parts = _parts(drawn.font, character)
    if not parts:
        return drawn.glyph(character)  # says what is lacking
    letter, over = parts[:-1], _mark(drawn, parts[-1])
    if not letter:
        return over
    under = drawn.glyph(letter)  # the font's own marks are made for other places, some for none
    middle = under.left + under.ink.shape[1] / 2
    over_left = round(middle - over.ink.shape[1] / 2)
    left, top = min(under.left, over_left), min(under.top, over.top)
    right = max(under.left + under.ink.shape[1], over_left + over.ink.shape[1])
    bottom = max(under.top + under.ink.shape[0], over.top + over.ink.shape[0])
    ink = np.zeros((bottom - top, right - left), np.uint8)
    for part, x in ((under, under.left), (over, over_left)):
        y0, x0 = part.top - top, x - left
        place = ink[y0 : y0 + part.ink.shape[0], x0 : x0 + part.ink.shape[1]]
        np.maximum(place, part.ink, out=place)
    return Glyph(ink, left, top, under.advance)


def _mark(drawn: Face, mark: str) -> Glyph:
    """Make a mark that stands above small letters, and takes no room of its own."""
    size = drawn.size
    ink = (
        _wave(size, mark) if mark != SMALL_E else face(drawn.font, max(6, size // 2)).glyph("e").ink
    )
    bottom = drawn.glyph("x").top - round(_ABOVE * size)
    return Glyph(ink, -ink.shape[1] // 2, bottom - ink.shape[0], 0.0)


def double_hyphen(drawn: Face, rng: Generator) -> Glyph:
    """Make a hyphen of two strokes, one above the other, as thick and as slanted as luck has it."""
    import cv2

    size, fine = drawn.size, 4
    length, thick = rng.uniform(0.2, 0.3), rng.uniform(0.06, 0.12)
    rise, apart = length * rng.uniform(0.1, 0.6), thick + rng.uniform(0.03, 0.1)
    width, height = length + thick, rise + apart + thick
    canvas = np.zeros((round(fine * size * height) + 1, round(fine * size * width) + 1), np.uint8)
    for y in (thick / 2 + rise, thick / 2 + rise + apart):
        ends = [(thick / 2, y), (thick / 2 + length, y - rise)]
        low, high = ((round(fine * size * a), round(fine * size * b)) for a, b in ends)
        cv2.line(canvas, low, high, 255, max(1, round(fine * size * thick)))
    shape = max(2, round(size * width)), max(2, round(size * height))
    ink = np.asarray(cv2.resize(canvas, shape, interpolation=cv2.INTER_AREA), np.uint8)
    middle = drawn.glyph("x").top / 2
    side = 0.03 * size
    return Glyph(ink, round(side), round(middle - shape[1] / 2), shape[0] + 2 * side)


def _wave(size: int, mark: str) -> NDArray[np.uint8]:
    """Draw a bar, or a wave, as long as a narrow letter and as thick as a hairline."""
    width, thick = max(4, round(0.36 * size)), max(1.0, 0.06 * size)
    swing = 0.06 * size if mark == TILDE else 0.0
    height = int(np.ceil(thick + 2 * swing)) + 1
    x = np.arange(width) / (width - 1)
    middle = height / 2 - swing * np.sin(2 * np.pi * x)
    y = np.arange(height)[:, None] + 0.5
    covered = np.clip(thick / 2 + 0.5 - np.abs(y - middle), 0, 1)
    return (255 * covered).astype(np.uint8)
