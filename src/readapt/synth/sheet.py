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

SPLIT_GAP = 1.3
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
        natural = load(self.font, self.size).getlength(text)
        return natural * self.stretch + self.tracking * len(text)


@lru_cache(maxsize=512)
def load(font: Font, size: int) -> ImageFont.FreeTypeFont:
    """The font at ``size`` pixels, kept open; basic layout, which is the same everywhere."""
    return ImageFont.truetype(
        str(font.path), size, index=font.index, layout_engine=ImageFont.Layout.BASIC
    )


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

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
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
            if run and item.x - end > SPLIT_GAP * max(item.face.height, run[-1][0].face.height):
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
            gap = max((fill_width - natural) / (len(words) - 1), 0.4 * gap)
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
        face = item.face
        font = load(face.font, face.size)
        if face.slant == 0.0 and face.stretch == 1.0:
            if face.tracking == 0.0:
                self._draw.text(
                    (item.x, baseline),
                    item.text,
                    fill=item.shade,
                    font=font,
                    anchor="ls",
                    stroke_width=face.bold,
                )
                return
            x = item.x
            for character in item.text:
                self._draw.text(
                    (x, baseline),
                    character,
                    fill=item.shade,
                    font=font,
                    anchor="ls",
                    stroke_width=face.bold,
                )
                x += face.width(character)
            return
        mask, left, up = _bent(item.text, face)
        if item.shade != 255:
            mask = (mask.astype(np.uint16) * item.shade // 255).astype(np.uint8)
        self.paste(mask, round(item.x - left), round(baseline - up))

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


def _bent(text: str, face: Face) -> tuple[NDArray[np.uint8], float, float]:
    """A word slanted and stretched: its mask, and the origin's place in the mask (x, y)."""
    font = load(face.font, face.size)
    pad = 2 + face.bold
    left, top, right, bottom = font.getbbox(text, anchor="ls", stroke_width=face.bold)
    spread = face.tracking * len(text) / max(face.stretch, 0.1)
    width = max(1, int(right - left + spread + 2 * pad))
    height = max(1, int(bottom - top + 2 * pad))
    image = PillowImage.new("L", (width, height), 0)
    draw = ImageDraw.Draw(image)
    x0, y0 = pad - left, pad - top
    if face.tracking == 0.0:
        draw.text((x0, y0), text, 255, font=font, anchor="ls", stroke_width=face.bold)
    else:
        x = float(x0)
        for character in text:
            draw.text((x, y0), character, 255, font=font, anchor="ls", stroke_width=face.bold)
            x += font.getlength(character) + face.tracking / face.stretch
    rise = face.slant * y0
    drop = face.slant * (height - y0)
    out_width = int(width * face.stretch + rise + drop) + 2
    # x' = stretch x - slant (y - y0) + drop: above the baseline (y < y0) moves to the right.
    matrix = np.array([[face.stretch, -face.slant, face.slant * y0 + drop], [0, 1, 0]], np.float64)
    mask = cv2.warpAffine(np.array(image), matrix, (out_width, height), flags=cv2.INTER_AREA)
    return np.asarray(mask, dtype=np.uint8), face.stretch * x0 + drop, float(y0)
