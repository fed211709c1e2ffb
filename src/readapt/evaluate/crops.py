"""True lines cut out of their pages: one cut, given to every engine that is compared.

A transcriber's polygon may hug the glyphs with hundreds of corners or be a plain box. Its line is
the smallest rectangle around it, turned with the text if the line is long enough to have a
direction, with a small margin so that no glyph is shaved.
"""

import cv2
import numpy as np

from readapt.geometry import bounds, box_quad
from readapt.lines.crop import crop_line
from readapt.types import Image, Polygon, Quad

MARGIN = 0.04
"""Margin on each side, as a share of the line's height."""

_DIRECTED = 3.0
"""Lines at least this many times as wide as high have a direction of their own."""


def line_quad(polygon: Polygon) -> Quad:
    """Return the rectangle around a true polygon, clockwise from the text's top-left.

    Lines shorter than three times their height get an upright box: the smallest rectangle around
    a page number may lean by any angle.
    """
    corners = np.asarray(polygon, np.float32)
    (_, (width, height), _) = rectangle = cv2.minAreaRect(corners)
    upright = box_quad(*bounds(polygon))
    if max(width, height) < _DIRECTED * min(width, height):
        return upright
    box = np.asarray(cv2.boxPoints(rectangle), np.float32)
    sides = np.roll(box, -1, axis=0) - box
    # Text runs to the right: of the four corners, start where the side points rightmost.
    lengths = np.maximum(np.linalg.norm(sides, axis=1), 1e-6)
    quad = np.roll(box, -int(np.argmax(sides[:, 0] / lengths)), axis=0)
    along, across = quad[1] - quad[0], quad[3] - quad[0]
    if along[0] * across[1] - along[1] * across[0] < 0:
        quad = quad[[3, 2, 1, 0]]
    return quad


def crop_truth(page: Image, polygon: Polygon) -> Image:
    """Cut a true line out of its page: ``line_quad`` with ``MARGIN``, turned upright."""
    return crop_line(page, line_quad(polygon), MARGIN)
