"""A page beside what was read on it: outlines over the scan, the words where they stand."""

import cv2
import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont

from readapt.document.elements import Page, words_of
from readapt.geometry import bounds
from readapt.types import Image, Polygon

SURE = (0, 128, 60)
"""RGB of what was read with confidence 1 ..."""
UNSURE = (205, 20, 30)
"""... and of 0.5 or less; between them the colours are mixed."""

_INK = (20, 20, 20)
_SHADE = 0.12


def draw_overlay(image: Image, page: Page, largest: int = 1600) -> Image:
    """Draw the page with its words outlined, and beside it the words alone.

    Args:
        image: the pixels that were read, ``H W`` or ``H W 3`` uint8.
        page: what was read on them.
        largest: longer side of each half in pixels, at most.

    Returns:
        ``height 2*width 3`` RGB uint8. Green is sure, red unsure.

    Raises:
        ValueError: the image is not of the page's size.

    """
    if image.shape[:2] != (page.height, page.width):
        raise ValueError(f"image {image.shape[:2]} and page {(page.height, page.width)} differ")
    scale = min(1.0, largest / max(page.height, page.width))
    size = (max(1, round(page.width * scale)), max(1, round(page.height * scale)))
    left = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    if left.ndim == 2:
        left = np.asarray(cv2.cvtColor(left, cv2.COLOR_GRAY2RGB), np.uint8)
    return np.concatenate([_outlined(left, page, scale), _written(size, page, scale)], axis=1)


def _colour(confidence: float) -> tuple[int, int, int]:
    sure = min(max(2 * confidence - 1, 0.0), 1.0)
    red, green, blue = (round(u + (s - u) * sure) for s, u in zip(SURE, UNSURE, strict=True))
    return red, green, blue


def _corners(polygon: Polygon, scale: float) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    return np.rint(np.array(polygon) * scale).astype(np.int32)


def _outlined(page_image: Image, page: Page, scale: float) -> Image:
    """Shade every line and outline every word."""
    canvas = page_image.copy()
    for line in page.lines:
        cv2.fillPoly(canvas, [_corners(line.polygon, scale)], _colour(line.confidence))
    canvas = np.asarray(cv2.addWeighted(canvas, _SHADE, page_image, 1 - _SHADE, 0), np.uint8)
    for line in page.lines:
        for word in words_of(line):
            corners = [_corners(word.polygon, scale)]
            cv2.polylines(canvas, corners, True, _colour(word.confidence), 1, cv2.LINE_AA)
    return canvas


def _written(size: tuple[int, int], page: Page, scale: float) -> Image:
    """Write every word in black where it stands, underlined in the colour of its confidence."""
    sheet = PIL.Image.new("RGB", size, "white")
    draw = PIL.ImageDraw.Draw(sheet)
    for line in page.lines:
        for word in words_of(line):
            x1, y1, x2, y2 = (value * scale for value in bounds(word.polygon))
            font = _font(word.text, x2 - x1, y2 - y1)
            draw.text((x1, (y1 + y2) / 2), word.text, fill=_INK, font=font, anchor="lm")
            draw.line([(x1, y2), (x2, y2)], fill=_colour(word.confidence), width=1)
    return np.asarray(sheet)


def _font(text: str, width: float, height: float) -> PIL.ImageFont.FreeTypeFont:
    """Pillow's own font (no file needed), as large as the word's box allows."""
    asked = min(max(0.8 * height, 4.0), 200.0)
    font = PIL.ImageFont.load_default(asked)
    if not isinstance(font, PIL.ImageFont.FreeTypeFont):
        raise RuntimeError("this Pillow was built without FreeType; install one from a wheel")
    wide = font.getlength(text)
    return font.font_variant(size=max(asked * width / wide, 4.0)) if wide > width > 0 else font
