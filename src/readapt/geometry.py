"""Quads and polygons: sizes, bounds, clipping. Pixels of the page, origin top-left, y down."""

import math

import numpy as np

from readapt.types import Polygon, Quad


def quad_size(quad: Quad) -> tuple[float, float]:
    """Width along the text and height across it, in pixels: means of the two opposite sides."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = quad.tolist()
    width = (math.hypot(bx - ax, by - ay) + math.hypot(cx - dx, cy - dy)) / 2
    height = (math.hypot(dx - ax, dy - ay) + math.hypot(cx - bx, cy - by)) / 2
    return width, height


def quad_angle(quad: Quad) -> float:
    """Direction of the text in degrees, in (-180, 180]; 0 is to the right, 90 downwards."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = quad.tolist()
    return math.degrees(math.atan2((by - ay) + (cy - dy), (bx - ax) + (cx - dx)))


def box_quad(x1: float, y1: float, x2: float, y2: float) -> Quad:
    """Corners of an upright box, clockwise from its top-left."""
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], np.float32)


def bounds(polygon: Polygon | Quad) -> tuple[float, float, float, float]:
    """Find the smallest upright box ``x1 y1 x2 y2`` around a polygon."""
    xs = [float(x) for x, _ in polygon]
    ys = [float(y) for _, y in polygon]
    return min(xs), min(ys), max(xs), max(ys)


def pixel_box(polygon: Polygon | Quad) -> tuple[int, int, int, int]:
    """Find the smallest box of whole pixels ``left top right bottom`` around a polygon."""
    x1, y1, x2, y2 = bounds(polygon)
    return math.floor(x1), math.floor(y1), math.ceil(x2), math.ceil(y2)


def to_polygon(quad: Quad, width: int, height: int) -> Polygon:
    """Clip the corners into a ``width`` x ``height`` page; round to a tenth of a pixel."""
    return tuple(
        (round(min(max(x, 0.0), float(width)), 1), round(min(max(y, 0.0), float(height)), 1))
        for x, y in quad.tolist()
    )
