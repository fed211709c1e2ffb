"""Text to ink: one line drawn piece by piece of type, with the polygon of every character.

Pieces are set one after the other by their own advances (no kerning), which gives exact character
boxes and lets a typewriter's faults fall on single letters. Letters cast together share the width
of their piece.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from readapt.synth.fonts import Font, face
from readapt.synth.ligatures import CODES, NEVER_PARTED, cast, pieces
from readapt.synth.marks import double_hyphen, glyph


@dataclass(frozen=True, slots=True)
class Style:
    """How a line is set; lengths in units of the font size (em) unless said otherwise."""

    size: int = 32
    """Font size in pixels."""
    tracking: float = 0.0
    """Extra space after each character."""
    word_space: float = 1.0
    """Factor on the advance of a space."""
    jitter: float = 0.0
    """Standard deviation of each glyph's vertical displacement: worn typewriters."""
    drift: float = 0.0
    """Standard deviation of each glyph's horizontal displacement."""
    pressure: float = 0.0
    """How unevenly glyphs take ink: 0 all alike, 1 some nearly missing."""
    doubled: float = 0.0
    """Chance that a glyph is struck twice, slightly displaced."""
    gap: float = 0.0
    """Extra space at one of the spaces, mostly the last: a column of prices or page numbers."""
    underline: bool = False
    """A rule under the text."""
    ligatures: bool = False
    """Whether letters that the font casts as one piece of type are set so."""
    joined: float = 0.0
    """How much closer those stand that other fonts cast so, and this one does not."""
    double: bool = False
    """Whether hyphens are of two strokes, whatever the font's are."""
    small: float = 0.0
    """Size of words in capitals within a line, as a share of the others'; 0: like the others."""
    spaced: float = 0.0
    """Extra space between the letters of one to three words: emphasis where there is no italic."""


_JOINED: Final = frozenset(letters for letters in CODES if len(letters) == 2)


@dataclass(frozen=True, slots=True)
class Rendering:
    """Ink of a line and where its characters are."""

    ink: NDArray[np.float32]
    """`height width` coverage [0, 1]."""
    characters: NDArray[np.float32]
    """`N 4 2` quads in pixels of `ink`, one per character of the text, spaces too."""
    baseline: float
    """y of the baseline."""
    body: tuple[float, float]
    """y of the ascender line and of the descender line."""

    def words(self, text: str) -> tuple[tuple[str, NDArray[np.float32]], ...]:
        """Quads `4 2` of the words of `text`, the text this was rendered from."""
        return join_words(text, self.characters)


def join_words(
    text: str, characters: NDArray[np.float32]
) -> tuple[tuple[str, NDArray[np.float32]], ...]:
    """Join character quads `N 4 2` to word quads; words are parted by spaces of `text`."""
    words = []
    start = 0
    for word in text.split(" "):
        end = start + len(word)
        if word:
            first, last = characters[start], characters[end - 1]
            words.append((word, np.stack([first[0], last[1], last[2], first[3]])))
        start = end + 1
    return tuple(words)


def _emphasised(text: str, rng: Generator) -> tuple[int, int]:
    """Draw one to three words that follow each other: their first character, and their last."""
    words = text.split(" ")
    first = int(rng.integers(len(words)))
    last = min(len(words), first + int(rng.integers(1, 4)))
    start = sum(len(word) + 1 for word in words[:first])
    return start, start + len(" ".join(words[first:last])) - 1


def _in_small_capitals(text: str, rng: Generator) -> frozenset[int]:
    """Places of the letters of words in capitals, with their initials or without."""
    large_initial = int(rng.random() < 0.5)
    found = set[int]()
    for word in re.finditer(r"\S+", text):
        letters = [i for i in range(*word.span()) if text[i].isalpha()]
        if len(letters) > 1 and word[0].isupper():
            found.update(letters[large_initial:])
    return frozenset(found)


def _typeset(text: str, known: Collection[str], apart: tuple[int, int]) -> Iterator[str]:
    """Cut a text into pieces of type: `known` ligatures, few of which stay whole in `apart`."""
    start, last = apart
    end = last + 1 if last > start else start
    yield from pieces(text[:start], known)
    yield from pieces(text[start:end], NEVER_PARTED.intersection(known))
    yield from pieces(text[end:], known)


def render_line(text: str, font: Font, style: Style, rng: Generator) -> Rendering:
    """Draw `text` (NFC, not empty) in black ink on nothing.

    The canvas is as high as ascender and descender with room for displaced glyphs, and as wide
    as the advances. Raises :class:`readapt.synth.fonts.FontError` where the font lacks a glyph.
    """
    size = style.size
    drawn = face(font, size)
    apart = _emphasised(text, rng) if style.spaced else (0, 0)
    known = cast(font, text) if style.ligatures else {}
    small = _in_small_capitals(text, rng) if style.small else frozenset[int]()
    parts = list(_typeset(text, known.keys(), apart))
    after = np.cumsum([len(part) for part in parts])  # the place behind each part
    first = after - [len(part) for part in parts]
    smaller = face(font, max(8, round(style.small * size))) if small else drawn
    glyphs = [
        glyph(smaller if start in small else drawn, known.get(part, part))
        for start, part in zip(first, parts, strict=True)
    ]
    if style.double and "-" in parts:
        hyphen = double_hyphen(drawn, rng)
        glyphs = [hyphen if part == "-" else g for part, g in zip(parts, glyphs, strict=True)]
    advances = np.empty(len(parts))
    for i, (part, end, piece) in enumerate(zip(parts, after, glyphs, strict=True)):
        if unicodedata.combining(part[0]):
            advances[i] = 0.0
        elif part == " ":
            advances[i] = piece.advance * style.word_space + style.tracking * size
        else:
            advances[i] = piece.advance + style.tracking * size
        pair = text[end - 1 : end + 1]
        if style.joined and pair in _JOINED:
            advances[i] -= style.joined * size
        if apart[0] < end <= apart[1] and pair not in NEVER_PARTED:
            advances[i] += style.spaced * size
    spaces = [i for i, part in enumerate(parts) if part == " "]
    if style.gap and spaces:
        where = spaces[-1] if rng.random() < 0.7 else spaces[int(rng.integers(len(spaces)))]
        advances[where] += style.gap * size
    advances = np.maximum(advances, 0.0)  # however close types stand, none stands before another
    ends = np.cumsum(advances)
    starts = ends - advances
    margin = size // 3
    top = max([int(drawn.ascent), *(-g.top for g in glyphs)]) + margin // 2
    below = max([int(drawn.descent), *(g.top + g.ink.shape[0] for g in glyphs)]) + margin // 2
    width = int(np.ceil(ends[-1])) + 2 * margin
    canvas = np.zeros((top + below, width), np.uint8)
    count = len(parts)
    ys = rng.normal(0.0, style.jitter * size, count) if style.jitter else np.zeros(count)
    xs = rng.normal(0.0, style.drift * size, count) if style.drift else np.zeros(count)
    faint = rng.random(count) * style.pressure
    for i, piece in enumerate(glyphs):
        if piece.ink.size == 0:
            continue
        if unicodedata.combining(parts[i][0]) and i:
            # A combining mark stands over the middle of the letter before it.
            ink_left = starts[i - 1] + glyphs[i - 1].left + glyphs[i - 1].ink.shape[1] / 2
            x = margin + round(ink_left - piece.ink.shape[1] / 2)
        else:
            x = margin + round(starts[i] + xs[i]) + piece.left
        y = top + piece.top + round(ys[i])
        strikes = 2 if style.doubled and rng.random() < style.doubled else 1
        ink = piece.ink if faint[i] < 0.02 else (piece.ink * (1.0 - faint[i])).astype(np.uint8)
        for strike in range(strikes):
            x += strike * int(rng.integers(-1, 2))
            y += strike * int(rng.integers(-1, 2))
            y0, x0 = max(y, 0), max(x, 0)
            y1, x1 = min(y + ink.shape[0], canvas.shape[0]), min(x + ink.shape[1], width)
            if y1 > y0 and x1 > x0:
                part_of = canvas[y0:y1, x0:x1]
                np.maximum(part_of, ink[y0 - y : y1 - y, x0 - x : x1 - x], out=part_of)
    if style.underline:
        y = top + max(1, int(size * 0.12))
        thick = max(1, size // 18)
        canvas[y : y + thick, margin : margin + int(ends[-1])] = 230
    body = (top - _ascender(drawn.ascent, size), top + _descender(drawn.descent, size))
    # Letters cast together have equal shares of their piece.
    edges = np.concatenate(
        [
            np.linspace(start, end, len(part), endpoint=False)
            for part, start, end in zip(parts, starts, ends, strict=True)
        ]
    )
    quads = np.empty((len(text), 4, 2), np.float32)
    quads[:, 0, 0] = quads[:, 3, 0] = edges + margin
    quads[:, 1, 0] = quads[:, 2, 0] = np.append(edges[1:], ends[-1]) + margin
    quads[:, :2, 1] = body[0]
    quads[:, 2:, 1] = body[1]
    ink = canvas.astype(np.float32) * np.float32(1 / 255)
    return Rendering(ink, quads, float(top), body)


def _ascender(ascent: float, size: int) -> float:
    """Pixels from baseline to ascender; fonts with much leading claim more than they use."""
    return min(ascent, 0.8 * size)


def _descender(descent: float, size: int) -> float:
    return min(descent, 0.26 * size)
