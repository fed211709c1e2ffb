"""Large pages in overlapping tiles, so that memory stays that of one tile.

The maps of neighbouring tiles are joined, each cell taken from the tile that saw the most around
it; lines are then looked for on the whole map. A line that crosses a seam is found once and whole,
which suppressing the boxes of two tiles cannot promise for lines longer than the overlap.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """One tile on one axis, in pixels: what is looked at, and what is kept of it."""

    start: int
    stop: int
    keep_start: int
    keep_stop: int


def spans(length: int, tile: int, overlap: int, multiple: int) -> list[Span]:
    """Cover ``[0, length)`` with tiles of at most ``tile`` pixels that overlap.

    Args:
        length: pixels of the axis, a multiple of ``multiple``.
        tile: longest tile in pixels; a multiple of ``multiple``.
        overlap: shared pixels of neighbours, at least; at most ``tile - multiple``.
        multiple: every boundary, kept ones included, is a multiple of this.

    Returns:
        Spans in order. Kept parts are disjoint and cover ``[0, length)``; each kept cell lies at
        least about ``overlap / 2`` from its tile's edges, but for the edges of the axis itself.

    Raises:
        ValueError: for lengths that are no multiples, or an overlap out of range.

    """
    if length <= 0 or length % multiple or tile % multiple:
        raise ValueError(f"length {length} and tile {tile} must be multiples of {multiple}")
    if not 0 <= overlap <= tile - multiple:
        raise ValueError(
            f"overlap {overlap} must lie in [0, {tile - multiple}] for tiles of {tile}"
        )
    if length <= tile:
        return [Span(0, length, 0, length)]
    count = -(-(length - overlap) // (tile - overlap))
    while True:
        last = length - tile
        starts = [round(i * last / (count - 1) / multiple) * multiple for i in range(count)]
        if all(b - a <= tile - overlap for a, b in itertools.pairwise(starts)):
            break
        count += 1  # rounding to multiples made one step too long
    cuts = [0]
    for a, b in itertools.pairwise(starts):
        cuts.append((a + tile + b) // 2 // multiple * multiple)
    cuts.append(length)
    return [Span(start, start + tile, cuts[i], cuts[i + 1]) for i, start in enumerate(starts)]
