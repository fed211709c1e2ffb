"""A line cut out of its page, and positions in the cut mapped back onto the page."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from readapt.geometry import bounds, box_quad, quad_size
from readapt.pages.prepare import turn_back
from readapt.types import Image, Quad

_WARP_LIMIT = 32_000
"""OpenCV warps images of fewer than 32,767 pixels a side; longer lines are cut upright."""


@dataclass(frozen=True)
class LineFrame:
    """The rectangle a line is cut to, and where it lies on the page."""

    corners: Quad
    """The line's quad with its margin, in page pixels, clockwise from the text's top-left."""
    width: int
    """Width of the cut in pixels, at the page's own scale; at least 1."""
    height: int
    """Height of the cut in pixels; at least 1."""
    margin: float
    """Pixels of margin on each side of the cut."""

    def span(self, start: float, end: float) -> Quad:
        """Map columns ``start`` to ``end`` of the cut, without the margin above and below, back.

        The columns are clipped to the cut. Returns ``4 2`` float32 in page pixels.
        """
        left, right = (min(max(x, 0.0), float(self.width)) for x in (start, end))
        top, bottom = self.margin, self.height - self.margin
        inside = box_quad(left, top, right, bottom).reshape(1, 4, 2)
        matrix = cv2.getPerspectiveTransform(_rectangle(self), self.corners)
        return np.asarray(cv2.perspectiveTransform(inside, matrix)[0], np.float32)

    def turned_back(self, quarters: int, width: int, height: int) -> "LineFrame":
        """Give the same cut on the page that was turned by ``quarters`` x 90 degrees."""
        return replace(self, corners=turn_back(self.corners, quarters, width, height))


def line_frame(quad: Quad, pad: float) -> LineFrame:
    """Frame a quad with a margin of ``pad`` of its height on all four sides.

    ``quad`` is ``4 2`` float32 in page pixels, clockwise from the text's top-left.
    """
    width, height = quad_size(quad)
    if max(width, height) * (1 + 2 * pad) >= _WARP_LIMIT:
        quad = box_quad(*bounds(quad))
        width, height = quad_size(quad)
    margin = pad * height
    along = (quad[1] - quad[0] + quad[2] - quad[3]) / (2 * max(width, 1e-6)) * margin
    across = (quad[3] - quad[0] + quad[2] - quad[1]) / (2 * max(height, 1e-6)) * margin
    corners = quad + np.stack(
        [-along - across, along - across, along + across, -along + across]
    ).astype(np.float32)
    return LineFrame(
        corners=corners.astype(np.float32),
        width=max(1, round(width + 2 * margin)),
        height=max(1, round(height + 2 * margin)),
        margin=margin,
    )


def crop_frame(page: Image, frame: LineFrame) -> Image:
    """Cut the frame out of the page, turned upright; beyond the page its edge is repeated.

    Args:
        page: ``H W`` or ``H W 3`` uint8.
        frame: where to cut.

    Returns:
        ``frame.height frame.width`` (and 3 if the page has colour) uint8. Where the frame is an
        upright box of whole pixels these are the page's own pixels, unchanged.

    """
    page_height, page_width = page.shape[:2]
    x1, y1, x2, y2 = bounds(frame.corners)
    if max(x2 - x1, y2 - y1) >= _WARP_LIMIT:
        rows = np.clip(round(y1) + np.arange(frame.height), 0, page_height - 1)
        columns = np.clip(round(x1) + np.arange(frame.width), 0, page_width - 1)
        return page[rows[:, None], columns]
    # Only the neighbourhood is warped; one pixel around it feeds the interpolation.
    left = min(max(int(x1) - 1, 0), page_width - 1)
    top = min(max(int(y1) - 1, 0), page_height - 1)
    right = max(min(int(x2) + 2, page_width), left + 1)
    bottom = max(min(int(y2) + 2, page_height), top + 1)
    around = page[top:bottom, left:right]
    # OpenCV counts from pixel centres, readapt from pixel corners: half a pixel apart.
    origin = np.array([left + 0.5, top + 0.5], np.float32)
    matrix = cv2.getPerspectiveTransform(
        _rectangle(frame) - np.float32(0.5), frame.corners - origin
    )
    cut = cv2.warpPerspective(
        around,
        matrix,
        (frame.width, frame.height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(cut, np.uint8)


def crop_line(page: Image, quad: Quad, pad: float) -> Image:
    """Cut one line out of its page, turned upright, with a margin of ``pad`` of its height."""
    return crop_frame(page, line_frame(quad, pad))


def _rectangle(frame: LineFrame) -> Quad:
    return box_quad(0, 0, frame.width, frame.height)
