"""A line too long for the network, as overlapping windows of about equal width.

Where the windows go is arithmetic; their inner edges then move into gaps of the ink, where a hand
would cut, so that no window shows half a letter at its edge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from readapt.types import Image

_ABOUT: Final = 4
"""Pixels on either side of an edge that should be free of ink."""


@dataclass(frozen=True, slots=True)
class Splitting:
    """When to split a line and how. All in pixels of the prepared line."""

    max_width: int = 960
    """Widest window: a line no wider is one window, itself. A multiple of ``multiple``."""

    overlap: int = 192
    """Least that neighbours share, before their edges move into gaps; half of it afterwards. A
    multiple of ``stride``, at most a fifth of ``max_width``."""

    stride: int = 4
    """Pixels a frame: windows begin at multiples of it, so that the frames of neighbours fall
    on the same places of the line."""

    multiple: int = 32
    """Widths of windows are multiples of this (the last may lack a few pixels), so that they
    need no padding and share batches."""

    def __post_init__(self) -> None:
        if self.stride < 1 or self.multiple % self.stride:
            raise ValueError(f"multiple must be a multiple of stride: {self}")
        if self.max_width < 1 or self.max_width % self.multiple:
            raise ValueError(f"max_width must be a multiple of multiple: {self}")
        if not 0 < self.overlap <= self.max_width // 5 or self.overlap % self.stride:
            raise ValueError(
                f"overlap must be a multiple of stride, at most a fifth of max_width: {self}"
            )


@dataclass(frozen=True, slots=True)
class Window:
    """Columns ``[start, end)`` of a line, ``start`` a multiple of the stride."""

    start: int
    end: int


def split(width: int, splitting: Splitting) -> tuple[Window, ...]:
    """Cover a line of ``width`` pixels (at least 1) with windows, from left to right.

    A line that fits ``max_width`` is one window. A longer one has the fewest windows that share
    ``overlap`` pixels with each neighbour, evenly spread and no wider than that takes, and no
    three of them share the middle half of an overlap.
    """
    if width < 1:
        raise ValueError(f"a line is at least 1 pixel wide, not {width}")
    if width <= splitting.max_width:
        return (Window(0, width),)
    overlap, stride = splitting.overlap, splitting.stride
    count = -(-(width - overlap) // (splitting.max_width - overlap))
    even = -(-(width + (count - 1) * overlap) // count)
    window = min(_up(even, splitting.multiple), splitting.max_width)
    # Starts in strides, rounded down: neighbours are never further apart than the even step
    # rounded up, which leaves them the overlap.
    last = _up(width - window, stride) // stride
    starts = [stride * (i * last // (count - 1)) for i in range(count)]
    return tuple(Window(start, min(start + window, width)) for start in starts)


def settle(windows: Sequence[Window], line: Image, splitting: Splitting) -> tuple[Window, ...]:
    """Move the inner edges of ``windows`` to where ``line`` has the least ink.

    ``line`` is `height width` uint8, dark on bright, the one that was split. An edge moves inwards
    by whole strides, at most a quarter of the overlap, so neighbours keep half of it.
    """
    steps = splitting.overlap // 4 // splitting.stride + 1
    starts, ends = [windows[0].start], []
    for left, right in pairwise(windows):
        inwards = np.arange(steps) * splitting.stride
        starts.append(_best_gap(line, right.start + inwards))
        ends.append(_best_gap(line, left.end - inwards))
    ends.append(windows[-1].end)
    return tuple(Window(start, end) for start, end in zip(starts, ends, strict=True))


def _best_gap(line: Image, edges: NDArray[np.int64]) -> int:
    """Of ``edges``, that with the least ink in the columns about it, the first among equals."""
    first = max(0, int(edges.min()) - _ABOUT)
    columns = line[:, first : int(edges.max()) + _ABOUT]
    # The darkest tenth of a column tells letters from gaps, which strokes cross thinly if at all.
    tenth = max(1, line.shape[0] // 10)
    darkest = np.partition(columns, tenth - 1, axis=0)[:tenth].mean(0)
    bright = [darkest[max(0, e - first - _ABOUT) : e - first + _ABOUT].mean() for e in edges]
    return int(edges[int(np.argmax(bright))])


def _up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
