"""Which boxes of two sets share area, without looking at all pairs.

The page is cut into strips across; in each the boxes are sorted by their left ends, so that those
that begin within a box's width stand in a row behind it. Where most pairs touch, in a pile, looking
at all of them row by row is cheaper than looking any up: each question takes the cheaper way.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.intp]

_ALL_AT_ONCE = 8192  # pairs: what is computed of them stays in the cache
_LOOKED_UP_AT_ONCE = 500_000  # pairs: about 50 MB
_FEW = 128 * 128  # pairs, which are all compared at once anyway
_CROWDED = 0.05  # share of pairs that touch, above which all are compared
_SORTED = 20  # finding the pairs of one box takes as long as comparing so many in a row


class Near:
    """Detections, sorted once by their bounds, to be asked for pairs of subsets.

    ``bounds`` is ``4 n`` (``x1 y1 x2 y2``), ``areas`` ``n``. Pairs whose bounds share so little
    that their intersection over union cannot exceed ``threshold`` may be left out.
    """

    def __init__(self, bounds: Floats, areas: Floats, threshold: float) -> None:
        self._bounds = bounds
        # shared / (a + b - shared) > t where shared > (a + b) t / (1 + t); never by rounding.
        self._least = areas * (max(threshold, 0.0) / (1 + max(threshold, 0.0)) * (1 - 1e-9))
        self._members = np.arange(bounds.shape[1])
        self._ordered: _Strips | None = None
        self._space = np.empty((3, _ALL_AT_ONCE))

    def pairs(self, first: Indices, second: Indices) -> Iterator[tuple[Indices, Indices]]:
        """Yield the pairs of one of ``first`` and one of ``second`` that share area, in parts.

        The two are disjoint, or one and the same; then a pair comes once, smaller number first.
        """
        dense = len(first) * len(second)
        few = max(_FEW, _SORTED * (len(first) + len(second)))
        if dense <= few or self.crowded(first, second):
            yield from self._all(first, second)
            return
        if self._ordered is None:
            self._ordered = _Strips(self._bounds, self._members)
        yield from self._ordered.among(first, second).pairs()

    def only(self, left: Indices) -> None:
        """Take notice that no others will be asked for again."""
        self._members, self._ordered = left, None

    def crowded(self, first: Indices, second: Indices | None = None) -> bool:
        """Whether so many pairs touch that looking them up is no use; judged by some of them."""
        second = first if second is None else second
        if len(first) * len(second) <= _FEW:
            return False
        some, others = (s[:: max(1, len(s) // 64)][:64] for s in (first, second))
        x1, y1, x2, y2 = self._bounds[:, others]
        a1, b1, a2, b2 = self._bounds[:, some, None]
        return float(((x1 < a2) & (x2 > a1) & (y1 < b2) & (y2 > b1)).mean()) > _CROWDED

    def _all(self, first: Indices, second: Indices) -> Iterator[tuple[Indices, Indices]]:
        """Compare all pairs, a block of so many rows and columns at a time."""
        same = first is second
        columns = min(max(1, len(second)), _ALL_AT_ONCE)
        rows = _ALL_AT_ONCE // columns
        for top in range(0, len(first), rows):
            some = first[top : top + rows]
            # Of one and the same set, pairs with those before have been seen.
            for left in range(top if same else 0, len(second), columns):
                others = second[left : left + columns]
                i, j = self._block(some, others)
                yield (i[i < j], j[i < j]) if same else (i, j)

    def _block(self, first: Indices, second: Indices) -> tuple[Indices, Indices]:
        x1, y1, x2, y2 = self._bounds[:, second]
        a1, b1, a2, b2 = self._bounds[:, first, None]
        size = len(first) * len(second)
        shared, height, other = (
            space[:size].reshape(len(first), len(second)) for space in self._space
        )
        np.minimum(x2, a2, out=shared)
        np.maximum(x1, a1, out=other)
        shared -= other
        np.minimum(y2, b2, out=height)
        np.maximum(y1, b1, out=other)
        height -= other
        np.maximum(shared, 0.0, out=shared)  # one of the two: both below 0 would share again
        shared *= height
        np.add(self._least[second], self._least[first, None], out=other)
        at = np.flatnonzero(shared > other)  # many times faster than `nonzero` in two dimensions
        i = at // len(second)
        return first[i], second[at - i * len(second)]


class _Strips:
    """Which boxes lie in which strips, by strip and left end: about two entries a box."""

    def __init__(self, bounds: Floats, members: Indices) -> None:
        self.bounds = bounds
        n = len(members)
        box, strip = _cut(bounds[:, members])
        left, right = bounds[0, members], bounds[2, members]
        by_left = np.argsort(left, kind="stable")
        rank = np.empty(n, np.intp)
        rank[by_left] = np.arange(n)
        # How many boxes begin before this one's right end: ranks below this number.
        reach = np.searchsorted(left[by_left], right, side="left")
        key = strip * (n + 1) + rank[box]
        order = np.argsort(key)
        box = box[order]
        self.box, self.strip, self.key = members[box], strip[order], key[order]
        self.reach = self.strip * (n + 1) + reach[box]
        self.first_strip = np.full(bounds.shape[1], np.iinfo(np.intp).max)
        np.minimum.at(self.first_strip, self.box, self.strip)

    def among(self, first: Indices, second: Indices) -> _Sweep:
        a = self._entries(first)
        return _Sweep(self, a, a if first is second else self._entries(second))

    def _entries(self, boxes: Indices) -> Indices:
        chosen = np.zeros(self.bounds.shape[1], bool)
        chosen[boxes] = True
        return np.flatnonzero(chosen[self.box])


class _Sweep:
    """For each entry of one set, the row of the other's entries that begin within its width."""

    def __init__(self, strips: _Strips, first: Indices, second: Indices) -> None:
        self._strips = strips
        self._ways = [self._way(first, second)]
        if first is not second:
            self._ways.append(self._way(second, first))
        self._same = first is second

    def _way(self, a: Indices, b: Indices) -> tuple[Indices, Indices, Indices, Indices]:
        key = self._strips.key[b]
        start = np.searchsorted(key, self._strips.key[a], side="right")
        stop = np.searchsorted(key, self._strips.reach[a], side="left")
        return a, b, start, np.maximum(start, stop)

    def _parts(self) -> Iterator[tuple[int, tuple[Indices, Indices, Indices, Indices]]]:
        """Yield entries and their rows, so many at a time that the memory is bounded."""
        for way, (a, b, start, stop) in enumerate(self._ways):
            pairs_before = np.cumsum(stop - start) - (stop - start)
            cuts = np.flatnonzero(np.diff(pairs_before // _LOOKED_UP_AT_ONCE)) + 1
            for begin, end in pairwise([0, *cuts.tolist(), len(a)]):
                part = slice(begin, end)
                yield way, (a[part], b, start[part], stop[part])

    def pairs(self) -> Iterator[tuple[Indices, Indices]]:
        s = self._strips
        _, y1, _, y2 = s.bounds
        for way, (a, b, start, stop) in self._parts():
            count = stop - start
            at = np.arange(int(count.sum())) + np.repeat(start - (np.cumsum(count) - count), count)
            entry = np.repeat(a, count)
            i, j = s.box[entry], s.box[b[at]]
            meet = y1[i] < y2[j]
            meet &= y1[j] < y2[i]
            # A pair that shares several strips is taken in the first of them.
            meet &= np.maximum(s.first_strip[i], s.first_strip[j]) == s.strip[entry]
            i, j = i[meet], j[meet]
            if self._same:
                yield np.minimum(i, j), np.maximum(i, j)
            else:
                yield (j, i) if way else (i, j)


def _cut(bounds: Floats) -> tuple[Indices, Indices]:
    """Cut the page into strips as high as boxes are on average: ``box, strip`` of each entry."""
    y1, y2 = bounds[1], bounds[3]
    height = float((y2 - y1).mean())
    if height <= 0:
        height = 1.0
    low = float(y1.min())
    # Monotone in y, so boxes that overlap in y share a strip whatever the rounding.
    top = np.floor((y1 - low) / height).astype(np.intp)
    count = np.floor((y2 - low) / height).astype(np.intp) - top + 1
    box = np.repeat(np.arange(len(y1)), count)
    within = np.arange(len(box)) - np.repeat(np.cumsum(count) - count, count)
    return box, top[box] + within
