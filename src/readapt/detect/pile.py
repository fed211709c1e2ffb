"""Greedy suppression one detection after the other, for piles, where most of them touch.

Who is gone is never looked at again, and who is kept looks at those alone that begin near it: two
boxes of widths ``v`` and ``w`` whose intersection over union exceeds ``t`` share more than ``t`` of
what they take of the x axis together, so that their left ends are less than ``(1 - t) v`` apart
where the box of width ``v`` begins first, and less than ``(1 - t) w / t``.
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
    overlap: Overlap | None,
    threshold: float,
    still: Callable[[Indices], bool],
) -> tuple[Indices, Indices]:
    """Keep the best of ``left`` one by one, as long as what is left is a pile ``still``.

    ``bounds`` is ``4 n`` (``x1 y1 x2 y2``), ``areas`` ``n``; ``left``, ascending, stand from the
    best score down. Without ``overlap`` the bounds are the detections themselves; with it they
    are only around them. Returns who is kept, and who is left.
    """
    pile = _Pile(bounds, areas, left, threshold, exact=overlap is None)
    kept: list[int] = []
    look, worn = _LOOK, _WORN * len(left)
    with np.errstate(invalid="ignore"):  # 0 / 0, of what has no area
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

    def __init__(
        self, bounds: Floats, areas: Floats, left: Indices, threshold: float, *, exact: bool
    ) -> None:
        order = np.argsort(bounds[0, left])
        self.who = left[order]
        self.place = np.empty_like(order)  # from the best score down
        self.place[order] = np.arange(len(order))
        self._threshold, self._exact = threshold, exact
        self._lie(bounds[:, self.who], areas[self.who])
        ends = np.abs(self._bounds[0]).max(initial=0.0)
        self._widest = float((self._bounds[2] - self._bounds[0]).max(initial=0.0))
        self._slack = 1e-9 * (float(ends) + self._widest)

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

    def _begin_near(self, x1: float, x2: float) -> slice:
        """Places of the boxes whose left ends are as near as they must be."""
        t = max(self._threshold, 0.0) if self._exact else 0.0
        before = self._widest if t == 0 else min(self._widest, (x2 - x1) / t)
        return slice(
            bisect_left(self._left_ends, x1 - (1 - t) * before - self._slack),
            bisect_right(self._left_ends, x1 + (1 - t) * (x2 - x1) + self._slack),
        )

    def drive_away(self, at: int, overlap: Overlap | None) -> None:
        """Take away who overlaps the box at this place too much."""
        a1, b1, a2, b2 = self._bounds[:, at].tolist()
        part = self._begin_near(a1, a2)
        x1, y1, x2, y2 = self._bounds[:, part]
        shared = np.minimum(x2, a2)
        shared -= np.maximum(x1, a1)
        height = np.minimum(y2, b2)
        height -= np.maximum(y1, b1)
        np.maximum(shared, 0.0, out=shared)
        shared *= height  # below 0 where the heights do not meet
        union = self._areas[part] + self._areas[at]
        alive = self.alive[part]
        if overlap is None:
            union -= shared
            shared /= union
            np.greater(alive, shared > self._threshold, out=alive)  # alive, and not driven away
            return
        t = max(self._threshold, 0.0)
        union *= t / (1 + t) * (1 - 1e-9)  # at least, even if all of the bounds' share counts
        near = np.flatnonzero((shared > union) & alive)
        if len(near):
            who = self.who[part][near]
            alive[near[overlap(self.who[at : at + 1], who) > self._threshold]] = False
