"""Posteriors of overlapping windows, joined into those of the line they were cut from."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from readapt.recognize.alphabet import BLANK

CONFIDENT = math.log(0.9)
"""A frame is confidently blank where blank's log-probability is at least this."""


def stitch(pieces: Sequence[NDArray[np.float32]], starts: Sequence[int]) -> NDArray[np.float32]:
    """Join the log-posteriors of a line's windows.

    ``pieces`` are ``time class`` each, from left to right; ``starts`` their first frames within
    the line; neighbours overlap. Returns ``time class`` of the whole line; of one piece, itself.

    The seam between neighbours lies in the middle half of their overlap: far from the edges
    where a window lacks context, at the frame nearest to the centre where both are confidently
    blank, so that no character is cut in two; at the centre if there is none.
    """
    if len(pieces) == 1:
        return pieces[0]
    kept = []
    begin = 0
    for left, right, left_start, right_start in zip(
        pieces, pieces[1:], starts, starts[1:], strict=False
    ):
        overlap = left_start + len(left) - right_start
        if overlap < 1:
            raise ValueError(f"windows at frames {left_start} and {right_start} do not overlap")
        cut = seam(left[-overlap:, BLANK], right[:overlap, BLANK]) + right_start
        kept.append(left[begin - left_start : cut - left_start])
        begin = cut
    kept.append(pieces[-1][begin - starts[-1] :])
    return np.concatenate(kept)


def seam(left_blank: NDArray[np.float32], right_blank: NDArray[np.float32]) -> int:
    """Choose the first frame to be taken from the right one of two windows.

    Both arrays are ``time``: log-probability of blank in the overlap, as either window sees it.
    Returns a frame of the overlap, within its middle half.
    """
    frames = len(left_blank)
    centre = frames // 2
    first, last = frames // 4, max(frames - frames // 4, frames // 4 + 1)
    blank = np.minimum(left_blank, right_blank)[first:last] >= CONFIDENT
    candidates = first + np.flatnonzero(blank)
    if not len(candidates):
        return centre
    return int(candidates[np.abs(candidates - centre).argmin()])
