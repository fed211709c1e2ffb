"""A flat sheet in the making: ink on it, and the truth about every word that was set.

Coordinates are pixels of the sheet, origin top-left; ``baseline`` is the y on which letters stand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from readapt.synth.fonts import Font

Box = tuple[float, float, float, float]
"""``x0 y0 x1 y1`` in pixels of the sheet, x0 < x1 and y0 < y1."""

SPLIT_GAP = 0.9
"""A gap wider than this many line heights ends a segment, as a person boxes a receipt's row."""

_MARGIN = 0.06
"""Air around a line's box, in line heights."""


@dataclass(frozen=True, slots=True)
class Face:
    """A font at one size, and how it is bent to look like more fonts than there are."""

    font: Font
    size: int
    """Em in pixels."""
    bold: int = 0
    """Strokes widened by this many pixels on each side."""
    slant: float = 0.0
    """Shear to the right per pixel of height: 0.2 looks italic."""
    stretch: float = 1.0
    """Width over natural width."""
    tracking: float = 0.0
    """Pixels added after each character."""
    wear: float = 0.0
    """How unevenly single letters stand and take ink, 0 to 1: typewriters."""

    @property
    def ascent(self) -> float:
        """Height of the tall letters above the baseline, in pixels."""
        return _metrics(self.font, self.size)[0]

    @property
    def descent(self) -> float:
        """Depth of the letters that hang below the baseline, in pixels."""
        return _metrics(self.font, self.size)[1]

    @property
    def height(self) -> float:
        """Ascent and descent together: the height of a line."""
        return self.ascent + self.descent

    @property
    def space(self) -> float:
        """Width of a space in pixels."""
        return self.width(" ")

    def width(self, text: str) -> float:
        """Advance of ``text`` in pixels."""
        return _advance(self.font, self.size, text) * self.stretch + self.tracking * len(text)


@lru_cache(maxsize=512)
def load(font: Font, size: int) -> ImageFont.FreeTypeFont:
    """Open the font at ``size`` pixels, kept open; basic layout, which is the same everywhere."""
    return ImageFont.truetype(
        str(font.path), size, index=font.index, layout_engine=ImageFont.Layout.BASIC
    )


@lru_cache(maxsize=1 << 15)
def _advance(font: Font, size: int, text: str) -> float:
    return sum(_glyph(font, size, 0, character).advance for character in text)


@lru_cache(maxsize=2048)
def _metrics(font: Font, size: int) -> tuple[float, float]:
    """Ascent and descent of the letters themselves: fonts' own tables are often far too tall."""
    face = load(font, size)
    top = face.getbbox("bdfhklHT", anchor="ls")[1]
    bottom = face.getbbox("gpqy", anchor="ls")[3]
    return float(-top), float(max(bottom, 0.12 * size))


@dataclass(frozen=True, slots=True)
class Item:
    """A word to be set: where it starts, in which face, how dark."""

    text: str
    x: float
    face: Face
    shade: int = 255
    """Ink coverage, 0-255."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of words without a wide gap: what the detector is to find as one line."""

    text: str
    """The words joined by single spaces."""
    box: Box
    """From the tops of tall letters to the bottoms of hanging ones, with a little air."""
    words: tuple[tuple[str, Box], ...]


class Sheet:
    """Ink coverage of a sheet, and the segments set on it so far."""

    def __init__(self, width: int, height: int, rng: np.random.Generator) -> None:
        self.width = width
        self.height = height
        self._rng = rng
        self.segments: list[Segment] = []
        self._image = PillowImage.new("L", (width, height), 0)
        self._draw = ImageDraw.Draw(self._image)
        self._colour: PillowImage.Image | None = None

    @property
    def ink(self) -> NDArray[np.uint8]:
        """Coverage by the printing ink, ``height width`` uint8, 255 where solid: a copy."""
        return np.array(self._image)

    @property
    def colour_ink(self) -> NDArray[np.uint8] | None:
        """Coverage by the second ink (stamps, pens), ``height width`` uint8, if there is any."""
        return None if self._colour is None else np.array(self._colour)

    @property
    def pen(self) -> ImageDraw.ImageDraw:
        """Draws unlabelled things with the printing ink: fill 0-255 is coverage."""
        return self._draw

    @property
    def colour_pen(self) -> ImageDraw.ImageDraw:
        """Draws unlabelled things with the second ink."""
        return ImageDraw.Draw(self._colour_image())

    def _colour_image(self) -> PillowImage.Image:
        if self._colour is None:
            self._colour = PillowImage.new("L", (self.width, self.height), 0)
        return self._colour

    def row(self, items: Sequence[Item], baseline: float, *, labelled: bool = True) -> float:
        """Set words on one baseline; a gap wider than ``SPLIT_GAP`` heights starts a new segment.

        ``items`` stand from left to right. Returns the x where the last word ends.
        """
        end = 0.0
        run: list[tuple[Item, float]] = []
        for item in items:
            if not item.text:
                continue
            height = max(item.face.height, run[-1][0].face.height) if run else item.face.height
            # Spaced-out letters have wide spaces too: those part words, not lines.
            if run and item.x - end > max(SPLIT_GAP * height, 1.3 * item.face.space):
                self._close(run, baseline, labelled)
                run = []
            stop = item.x + item.face.width(item.text)
            self._set(item, baseline)
            run.append((item, stop))
            end = max(end, stop)
        self._close(run, baseline, labelled)
        return end

    def line(
        self,
        words: Sequence[str],
        face: Face,
        x: float,
        baseline: float,
        *,
        fill_width: float | None = None,
        shade: int = 255,
        labelled: bool = True,
    ) -> float:
        """Set words from ``x``, spaced by spaces or justified to ``fill_width`` pixels.

        Returns the x where the last word ends.
        """
        gap = face.space
        if fill_width is not None and len(words) > 1:
            natural = sum(face.width(word) - face.tracking for word in words)
            # A compositor sets a line ragged sooner than with holes in it.
            even = (fill_width - natural) / (len(words) - 1)
            gap = max(even, 0.4 * gap) if even < 0.8 * face.height else gap
        items = []
        for word in words:
            items.append(Item(word, x, face, shade))
            x += face.width(word) - (face.tracking if fill_width is not None else 0.0) + gap
        return self.row(items, baseline, labelled=labelled)

    def paste(
        self, coverage: NDArray[np.uint8], x: int, y: int, *, second_ink: bool = False
    ) -> None:
        """Lay an unlabelled picture ``height width`` uint8 on the sheet, darker wins."""
        target = self._colour_image() if second_ink else self._image
        height, width = coverage.shape
        left, top = max(x, 0), max(y, 0)
        right, bottom = min(x + width, self.width), min(y + height, self.height)
        if left >= right or top >= bottom:
            return
        box = (left, top, right, bottom)
        part = coverage[top - y : bottom - y, left - x : right - x]
        target.paste(PillowImage.fromarray(np.maximum(np.array(target.crop(box)), part)), box)

    def _set(self, item: Item, baseline: float) -> None:
        if not item.text.strip():
            return
        mask, left, up = _word(item.text, item.face, self._rng)
        picture = PillowImage.fromarray(mask)
        place = (round(item.x - left), round(baseline - up))
        self._image.paste(
            item.shade, (*place, place[0] + picture.width, place[1] + picture.height), picture
        )

    def _close(self, run: Sequence[tuple[Item, float]], baseline: float, labelled: bool) -> None:
        if not run or not labelled:
            return
        ascent = max(item.face.ascent + item.face.bold for item, _ in run)
        descent = max(item.face.descent + item.face.bold for item, _ in run)
        air = _MARGIN * (ascent + descent)
        top, bottom = baseline - ascent - air, baseline + descent + air
        words = tuple(
            (
                item.text,
                (
                    item.x - air,
                    baseline - item.face.ascent - air,
                    stop - item.face.tracking + air + _lean(item.face),
                    baseline + item.face.descent + air,
                ),
            )
            for item, stop in run
        )
        self.segments.append(
            Segment(
                text=" ".join(item.text for item, _ in run),
                box=(words[0][1][0], top, words[-1][1][2], bottom),
                words=words,
            )
        )


def _lean(face: Face) -> float:
    """How far a slanted word's top stands out to the right."""
    return face.slant * face.ascent * 0.8


@dataclass(frozen=True, slots=True)
class _Glyph:
    """A letter's coverage and where it stands from the pen: kept, for pages repeat letters."""

    ink: NDArray[np.uint8]
    left: int
    top: int
    advance: float


@lru_cache(maxsize=1 << 14)
def _glyph(font: Font, size: int, bold: int, character: str) -> _Glyph:
    drawn = load(font, size)
    try:
        mask, (left, top) = drawn.getmask2(character, mode="L", anchor="ls")
    except OSError:
        # Some fonts hold a broken outline at some sizes: a blank is better than no page at all.
        return _Glyph(np.zeros((0, 0), np.uint8), 0, 0, float(size) / 2)
    width, height = mask.size
    ink = np.asarray(mask, dtype=np.uint8).reshape(height, width)
    if bold and ink.size:
        ink = np.pad(ink, bold)
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * bold + 1, 2 * bold + 1))
        ink = np.asarray(cv2.dilate(ink, disc), dtype=np.uint8)
    return _Glyph(ink, int(left) - bold, int(top) - bold, float(drawn.getlength(character)))


def _word(
    text: str, face: Face, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], float, float]:
    """Draw a word's coverage ``height width`` uint8, and the origin's place in it (x, y)."""
    glyphs = [_glyph(face.font, face.size, face.bold, character) for character in text]
    step = face.tracking / face.stretch
    pens = np.cumsum([0.0] + [glyph.advance + step for glyph in glyphs])
    x0 = max(0, -min(glyph.left for glyph in glyphs)) + 2
    y0 = max(0, *(-glyph.top for glyph in glyphs)) + 3
    below = max(0, *(glyph.top + glyph.ink.shape[0] for glyph in glyphs)) + 3
    width = int(pens[-1]) + x0 + face.size
    canvas = np.zeros((y0 + below, width), np.uint8)
    worn = face.wear > 0
    if worn:
        sway = np.round(rng.normal(0, 0.035 * face.size * face.wear, len(text))).clip(-2, 2)
        faint = 1 - 0.85 * face.wear * rng.random(len(text)) ** 3
    for number, (glyph, pen) in enumerate(zip(glyphs, pens, strict=False)):
        x, y = x0 + round(float(pen)) + glyph.left, y0 + glyph.top
        ink = glyph.ink
        if worn:
            y += int(sway[number])
            ink = (ink * faint[number]).astype(np.uint8)
        part = canvas[y : y + ink.shape[0], x : x + ink.shape[1]]
        np.maximum(part, ink[: part.shape[0], : part.shape[1]], out=part)
    if face.slant == 0.0 and face.stretch == 1.0:
        return canvas, float(x0), float(y0)
    height = canvas.shape[0]
    rise, drop = face.slant * y0, face.slant * (height - y0)
    out_width = int(width * face.stretch + rise + drop) + 2
    # x' = stretch x - slant (y - y0) + drop: above the baseline (y < y0) moves to the right.
    matrix = np.array([[face.stretch, -face.slant, face.slant * y0 + drop], [0, 1, 0]], np.float64)
    mask = cv2.warpAffine(canvas, matrix, (out_width, height), flags=cv2.INTER_LINEAR)
    return np.asarray(mask, dtype=np.uint8), face.stretch * x0 + drop, float(y0)
