"""How a line was set: face, size, width, weight, place. Any text can be set that way again."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.random import default_rng
from numpy.typing import NDArray

from readapt.gan.crops import Rendered
from readapt.recognize.preprocess import PAPER
from readapt.synth.fonts import BROKEN, Font
from readapt.synth.ligatures import CASTING
from readapt.synth.render import Rendering, Style, render_line
from readapt.types import Image

SIZE: Final = 48
"""Pixels of the font that texts are drawn with before they are made as small as a line."""
INK: Final = PAPER // 2
"""Darker levels of a prepared line are ink."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How the text of one line was set; lengths are pixels of the prepared line or of the font."""

    face: str
    """Name of the font."""
    baseline: float
    """y in the line."""
    high: float
    """Pixels of the line per pixel of the font, downwards ..."""
    wide: float
    """... and along the line."""
    heavier: float
    """By how many of the font's pixels the edges of strokes are moved outwards."""
    space: float
    """Factor on the width of a space."""
    left: float
    """Paper before the ink, in pixels of the line, and ..."""
    right: float
    """... after it."""


def rounded(setting: Setting) -> Setting:
    """Round lengths to what can be seen, for files."""
    numbers = (round(x, 3) for x in astuple(setting)[1:])
    return Setting(setting.face, *numbers)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A text in a font, large, with what is needed to put it elsewhere."""

    image: Image
    """`height width` uint8, black on white."""
    spans: NDArray[np.float64]
    """`character 2`: left and right edges."""
    rows: tuple[int, int]
    """First row of its ink and the one after the last."""
    words: tuple[tuple[int, int], ...]
    """Columns of the ink of each word."""
    baseline: float


def draw(text: str, font: Font, space: float = 1.0) -> Drawn | None:
    """Draw a text; None where a word has no ink. Raises `FontError` where a glyph is missing."""
    style = Style(
        SIZE,
        word_space=space,
        ligatures=font.kind in CASTING,
        double=font.kind in BROKEN,
    )
    line: Rendering = render_line(text, font, style, default_rng(zlib.crc32(text.encode())))
    quads = line.characters[..., 0]
    spans = np.stack([quads.min(axis=1), quads.max(axis=1)], axis=1).astype(np.float64)
    image = ((1 - line.ink) * 255).astype(np.uint8)
    rows = ink_rows(image, 128)
    if rows is None:
        return None
    words = word_columns(image, rows, word_gaps(text, spans), 128)
    return None if words is None else Drawn(image, spans, rows, words, line.baseline)


def set_text(setting: Setting, text: str, font: Font, height: int = 36) -> Rendered | None:
    """Set a text as a line was set; None where there is nothing to see of it."""
    drawn = draw(text, font, setting.space)
    if drawn is None:
        return None
    start, end = drawn.words[0][0], drawn.words[-1][1]
    width = max(4, round(setting.left + setting.wide * (end - start) + setting.right))
    at = np.array([start, end], np.float64)
    to = setting.left + setting.wide * (at - start)
    image = moved_edges(drawn.image, setting.heavier)
    return placed(image, drawn, (at, to), setting, (height, width), text)


def placed(
    image: Image,
    drawn: Drawn,
    knots: tuple[NDArray[np.float64], NDArray[np.float64]],
    setting: Setting,
    shape: tuple[int, int],
    text: str,
) -> Rendered:
    """Bring a drawn image to a prepared line of `shape`: columns `knots[0]` come to `knots[1]`.

    In between columns are stretched evenly; rows go by the setting's baseline and height.
    """
    at, to = knots
    small = min(setting.wide, setting.high)
    if small < 1:  # shrinking by interpolation alone would drop thin strokes
        blur = 0.45 * float(np.sqrt(1 / small**2 - 1)) + 1e-3
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), blur), np.uint8)
    height, width = shape
    x = _extended(np.arange(width, dtype=np.float64) + 0.5, to, at, setting.wide) - 0.5
    y = drawn.baseline + (np.arange(height) + 0.5 - setting.baseline) / setting.high - 0.5
    across, down = np.meshgrid(x.astype(np.float32), y.astype(np.float32))
    there = cv2.remap(
        image, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(255,)
    )
    levels = (there.astype(np.float32) * np.float32(PAPER / 255)).astype(np.uint8)
    spans = _extended(drawn.spans, at, to, 1 / setting.wide).astype(np.float32)
    return Rendered(levels, text, spans)


def _extended(
    x: NDArray[np.float64], at: NDArray[np.float64], to: NDArray[np.float64], scale: float
) -> NDArray[np.float64]:
    """Map `x` by straight pieces from `at` to `to`; beyond them `scale` of `at` are 1 of `to`."""
    inside = np.interp(x, at, to)
    outside = np.minimum(x - at[0], 0) + np.maximum(x - at[-1], 0)
    return np.asarray(inside + outside / scale, np.float64)


def edge_distance(image: Image) -> NDArray[np.float32]:
    """Distance of each pixel from the nearest edge of ink, negative inside of it."""
    ink = (image < 128).astype(np.uint8)
    inside, outside = (cv2.distanceTransform(x, cv2.DIST_L2, 5) for x in (ink, 1 - ink))
    return np.where(ink > 0, 0.5 - inside, outside - 0.5).astype(np.float32)


def moved_edges(image: Image, outwards: float) -> Image:
    """Thicken strokes by `outwards` pixels on each side, or thin them; black on white."""
    level = np.clip(edge_distance(image) - outwards + 0.5, 0, 1)
    return np.asarray((level * 255).astype(np.uint8))


def ink_rows(line: Image, level: int = INK) -> tuple[int, int] | None:
    """First row of a line's text and the one after its last; None where there is no ink.

    Rows that hold little ink, such as specks and what sticks out of the neighbouring lines, do
    not count.
    """
    ink = (line < level).sum(axis=1)
    if not ink.any():
        return None
    kept = np.flatnonzero(ink >= max(1.0, 0.12 * float(ink.max())))
    return int(kept[0]), int(kept[-1]) + 1


def word_columns(
    line: Image, rows: tuple[int, int], gaps: Sequence[tuple[float, float]], level: int = INK
) -> tuple[tuple[int, int], ...] | None:
    """First column of each word's ink and the one after its last; None where it is not clear.

    Words are parted in the widest run of columns without ink between the ends of each gap.
    """
    ink = np.asarray((line[rows[0] : rows[1]] < level).any(axis=0))
    cuts = [0]
    for low, high in gaps:
        first = max(0, int(low))
        cut = _widest_run(ink[first : int(np.ceil(high)) + 1])
        if cut is None:
            return None
        cuts.append(first + cut)
    found = []
    for start, end in pairwise([*cuts, line.shape[1]]):
        columns = np.flatnonzero(ink[start:end])
        if not columns.size:
            return None
        found.append((start + int(columns[0]), start + int(columns[-1]) + 1))
    return tuple(found)


def _widest_run(ink: NDArray[np.bool_]) -> int | None:
    """Find the middle of the longest run of False; None where there is none."""
    edges = np.flatnonzero(np.diff(np.concatenate([[True], ink, [True]]).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return None
    widest = int((ends - starts).argmax())
    return int(starts[widest] + ends[widest]) // 2


def word_gaps(text: str, spans: NDArray[np.float64]) -> list[tuple[float, float]]:
    """From the middle of the character before to that of the one after each space.

    `spans` are `character 2` left and right edges.
    """
    middle = spans.mean(axis=1)
    return [(middle[i - 1], middle[i + 1]) for i, c in enumerate(text) if c == " "]
