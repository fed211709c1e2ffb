"""Greedy suppression one detection after the other, for piles, where most of them touch.

Who is gone is never looked at again, and who is kept looks at those alone that begin near it: exact
overlaps of quadrilaterals are dear. Boxes go block by block instead (`detect/block.py`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from copy import copy
from typing import TypeAlias

import numpy as np

from readapt.detect.near import Floats, Indices

Overlap: TypeAlias = Callable[[Indices, Indices], Floats]
"""Intersection over union of the detections ``i[k]`` and ``j[k]``, in [0, 1]."""


_WORN = 0.5  # share alive, below which the others are taken out
_FEW = 128  # left, where it is looked every time
_LOOK = 32  # kept, after which it is first looked whether it is a pile still


def wear_down(
    bounds: Floats,
    areas: Floats,
    left: Indices,
    overlap: Overlap,
    threshold: float,
    still: Callable[[Indices], bool],
) -> tuple[Indices, Indices]:
    """Keep the best of ``left`` one by one, as long as what is left is a pile ``still``.

    ``bounds`` around the detections are ``4 n`` (``x1 y1 x2 y2``), ``areas`` ``n``; ``left``,
    ascending, stand from the best score down. Returns who is kept, and who is left.
    """
    pile = _Pile(bounds, areas, left, threshold)
    kept: list[int] = []
    look, worn = _LOOK, _WORN * len(left)
    while len(pile.place):
        for at in pile.place.tolist():
            if not pile.flags[at]:
                continue
            pile.flags[at] = 0
            kept.append(int(pile.who[at]))
            pile.drive_away(at, overlap)
            if len(kept) >= look or np.count_nonzero(pile.alive) < worn:
                break
        pile = pile.of_the_living()
        worn = _WORN * len(pile.place)
        if len(kept) >= look or worn < _FEW:
            look *= 2
            if not still(pile.who[pile.place]):
                break
    return np.array(kept, np.intp), pile.who[pile.place]


class _Pile:
    """Boxes sorted by their left ends."""

    def __init__(self, bounds: Floats, areas: Floats, left: Indices, threshold: float) -> None:
        order = np.argsort(bounds[0, left])
        self.who = left[order]
        self.place = np.empty_like(order)  # from the best score down
        self.place[order] = np.arange(len(order))
        self._threshold = threshold
        self._lie(bounds[:, self.who], areas[self.who])
        self._widest = float((self._bounds[2] - self._bounds[0]).max(initial=0.0))

    def _lie(self, bounds: Floats, areas: Floats) -> None:
        self._bounds, self._areas = bounds, areas
        self.flags = bytearray(b"\x01" * len(areas))  # read one by one faster than an array
        self.alive = np.frombuffer(self.flags, bool)
        self._left_ends = bounds[0].tolist()

    def of_the_living(self) -> _Pile:
        """Take out those that are gone."""
        rest = copy(self)
        living = np.flatnonzero(self.alive)
        rest.who = self.who[living]
        rest.place = (np.cumsum(self.alive) - 1)[self.place[self.alive[self.place]]]
        rest._lie(self._bounds[:, living], self._areas[living])
        return rest

    def drive_away(self, at: int, overlap: Overlap) -> None:
        """Take away who overlaps the detection at this place too much."""
        a1, b1, a2, b2 = self._bounds[:, at].tolist()
        part = slice(
            bisect_left(self._left_ends, a1 - self._widest), bisect_right(self._left_ends, a2)
        )
        x1, y1, x2, y2 = self._bounds[:, part]
        shared = np.minimum(x2, a2)
        shared -= np.maximum(x1, a1)
        height = np.minimum(y2, b2)
        height -= np.maximum(y1, b1)
        np.maximum(shared, 0.0, out=shared)
        shared *= height  # below 0 where the heights do not meet
        t = max(self._threshold, 0.0)
        # At least so much is shared by who overlaps too much, if all of the bounds' share counts.
        least = (self._areas[part] + self._areas[at]) * (t / (1 + t) * (1 - 1e-9))
        alive = self.alive[part]
        near = np.flatnonzero((shared > least) & alive)
        if len(near):
            who = self.who[part][near]
            alive[near[overlap(self.who[at : at + 1], who) > self._threshold]] = False
