"""The geometry between a flat sheet and its picture: perspective, rotation, waves, page curl.

The map is exact in both directions: ``project`` takes points of the sheet into the picture, and
``render`` looks every pixel of the picture up on the sheet.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
"""``... 2`` float64: ``x y`` in pixels, origin top-left."""

_NODE = 16
_SAMPLES = 9


@dataclass(frozen=True, slots=True)
class Wave:
    """A displacement of the sheet ``amplitude * sin(2 pi (x fx + y fy) + phase)`` in pixels."""

    amplitude_x: float
    amplitude_y: float
    frequency_x: float
    """Cycles a pixel along x."""
    frequency_y: float
    """Cycles a pixel along y."""
    phase: float


@dataclass(frozen=True, slots=True)
class Warp:
    """Where a sheet lands in a picture.

    A point ``p`` of the picture shows the point ``q + waves(q) + curl(q)`` of the sheet, where
    ``q`` is ``p`` through the homography from picture to sheet.
    """

    to_sheet: tuple[float, ...]
    """The homography from picture to sheet, 9 numbers row by row."""
    waves: tuple[Wave, ...] = ()
    curl: float = 0.0
    """How far, in pixels, lines bend down beside the fold of a book; negative bends up."""
    curl_at: float = 0.0
    """The fold's x on the sheet."""
    curl_reach: float = 1.0
    """The distance in pixels over which the bend dies out."""

    def displacement(self, points: Points) -> Points:
        """Sum what waves and curl add to points of the flattened sheet, ``... 2``."""
        shift = np.zeros_like(points)
        x, y = points[..., 0], points[..., 1]
        for wave in self.waves:
            swing = np.sin(2 * np.pi * (x * wave.frequency_x + y * wave.frequency_y) + wave.phase)
            shift[..., 0] += wave.amplitude_x * swing
            shift[..., 1] += wave.amplitude_y * swing
        if self.curl != 0.0:
            shift[..., 1] += self.curl * np.exp(-np.abs(x - self.curl_at) / self.curl_reach)
        return shift

    def unproject(self, points: Points) -> Points:
        """Points of the picture as points of the sheet, ``... 2``."""
        flat = _through(np.reshape(self.to_sheet, (3, 3)), points)
        return flat + self.displacement(flat)

    def project(self, points: Points) -> Points:
        """Points of the sheet as points of the picture, ``... 2``, exact to 0.01 pixel.

        The displacement is gentle (its slope stays below 1), hence the fixed point converges.
        """
        flat = np.array(points, dtype=np.float64)
        for _ in range(12):
            flat = points - self.displacement(flat)
        return _through(np.linalg.inv(np.reshape(self.to_sheet, (3, 3))), flat)


def _through(homography: NDArray[np.float64], points: Points) -> Points:
    """Points ``... 2`` through a homography ``3 3``."""
    image = points @ homography[:, :2].T + homography[:, 2]
    return np.asarray(image[..., :2] / image[..., 2:], dtype=np.float64)


def render(
    warp: Warp, sheet: NDArray[np.uint8], height: int, width: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Look the sheet up: the picture ``height width`` (channels as the sheet), and the cover.

    The cover is ``height width`` uint8: 255 where the sheet is seen, 0 where it is not; the
    picture shows the sheet's edge drawn out there.
    """
    rows, columns = -(-height // _NODE), -(-width // _NODE)
    # One ring of nodes more on each side, so that the enlargement never extrapolates; node i
    # stands in the middle of its cell, as cv2.resize assumes.
    v, u = np.mgrid[-1 : rows + 1, -1 : columns + 1].astype(np.float64)
    nodes = np.stack([(u + 0.5) * _NODE, (v + 0.5) * _NODE], axis=-1)
    # cv2.remap counts from the middle of the first pixel, our coordinates from its corner.
    source = (warp.unproject(nodes) - 0.5).astype(np.float32)
    fine = cv2.resize(
        source,
        ((columns + 2) * _NODE, (rows + 2) * _NODE),
        interpolation=cv2.INTER_LINEAR,
    )[_NODE : _NODE + height, _NODE : _NODE + width]
    fine = np.ascontiguousarray(fine)
    x, y = cv2.split(fine)
    picture = cv2.remap(sheet, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    x_inside = (x > -0.5) & (x < sheet.shape[1] - 0.5)
    y_inside = (y > -0.5) & (y < sheet.shape[0] - 0.5)
    cover = (x_inside & y_inside).astype(np.uint8) * np.uint8(255)
    return np.asarray(picture, dtype=np.uint8), cover


def project_boxes(warp: Warp, boxes: NDArray[np.float64]) -> NDArray[np.float32]:
    """Take boxes ``N 4`` (x0 y0 x1 y1) of the sheet to quads ``N 4 2`` float32 that hold them.

    Corners clockwise from the text's top-left. Where a box is bent, its quad's upper and lower
    edges are moved outwards until the bent edges lie inside.
    """
    if len(boxes) == 0:
        return np.zeros((0, 4, 2), np.float32)
    fraction = np.linspace(0, 1, _SAMPLES)
    along = boxes[:, :1] + (boxes[:, 2:3] - boxes[:, :1]) * fraction
    edges = np.empty((len(boxes), 2, _SAMPLES, 2))
    edges[..., 0] = along[:, None, :]
    edges[..., 1] = boxes[:, 1::2, None]
    bent = warp.project(edges)
    upper, lower = bent[:, 0], bent[:, 1]
    quads = np.stack([upper[:, 0], upper[:, -1], lower[:, -1], lower[:, 0]], axis=1)
    middle = quads[:, 1] + quads[:, 2] - quads[:, 0] - quads[:, 3]
    length = np.maximum(np.hypot(middle[:, 0], middle[:, 1]), 1e-9)[:, None]
    down = np.stack([-middle[:, 1], middle[:, 0]], axis=1) / length
    share = fraction[None, :, None]
    chord_above = quads[:, None, 0] * (1 - share) + quads[:, None, 1] * share
    chord_below = quads[:, None, 3] * (1 - share) + quads[:, None, 2] * share
    rise = np.einsum("nsc,nc->ns", chord_above - upper, down).max(axis=1)
    fall = np.einsum("nsc,nc->ns", lower - chord_below, down).max(axis=1)
    quads[:, :2] -= (down * np.maximum(rise, 0.0)[:, None])[:, None]
    quads[:, 2:] += (down * np.maximum(fall, 0.0)[:, None])[:, None]
    return quads.astype(np.float32)
