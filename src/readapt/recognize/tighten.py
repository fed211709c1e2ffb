"""A line cut too loosely, cut again around its letters; and other frames for one that is doubtful.

Detectors and people leave room above and below a line, and slivers of its neighbours: its letters
are then half as high as they could be once the line is brought to the recognizer's height. The
rows of the letters' bodies hold most of the ink; from them follows where ascenders and descenders
end. Where the network is unsure of what it sees then, the cut may be wrong, or of a size that it
does not like: the surest of a few frames is what is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from readapt.recognize.greedy import sureness
from readapt.recognize.preprocess import PAPER, prepare_line
from readapt.types import Image

SURE: Final = 0.95
"""Mean probability of a line's characters below which it is looked at in other frames, too."""
_ROOM: Final = 0.15
"""Of a line's height: more paper above and below in one other frame, less of the top in another."""
_ROWS: Final = 72
"""Rows that a line is looked at in."""
_INK: Final = 0.55
"""Share of the level of paper below which a pixel is ink."""
_BODY: Final = 0.4
"""Share of the fullest rows' ink that a row of the letters' bodies has at least."""
_ABOVE: Final = 0.6
"""Room for ascenders, in heights of the body ..."""
_BELOW: Final = 0.5
"""... and for descenders."""
_LOOSE: Final = 0.85
"""Share of the rows that the letters fill at most in a line that is cut again."""
_LEAST: Final = 10
"""Rows of a body: less is a rule, or no text."""


def tighten(line: Image) -> Image | None:
    """Cut the rows of a line's letters out of ``H W`` or ``H W 3`` uint8 of any size; a view.

    The width stays, so that columns mean the same. None where the line is tight already, or
    where nothing looks like a row of letters.
    """
    body = find_body(prepare_line(line, _ROWS))
    if body is None:
        return None
    first, last = body
    top = max(0.0, first - _ABOVE * (last - first))
    bottom = min(float(_ROWS), last + _BELOW * (last - first))
    if bottom - top > _LOOSE * _ROWS:
        return None
    scale = line.shape[0] / _ROWS
    start = int(top * scale)
    return line[start : max(int(bottom * scale), start + 1)]


def tightened(line: Image) -> Image:
    """Return what :func:`tighten` gives, or the line where that is nothing."""
    cut = tighten(line)
    return line if cut is None else cut


def other_frames(line: Image, cut: Image | None, cut_elsewhere: bool = False) -> list[Image]:
    """Return frames in which a line may be read more surely, given what :func:`tighten` gave.

    As it came, where it was cut. If it was ``cut_elsewhere``, and not by the detector whose cuts
    the network has learnt: with more paper above and below, so that its letters get smaller, and
    without its top, where the line above reaches in. Columns mean the same in all of them.
    """
    import cv2

    frames = [] if cut is None else [line]
    if not cut_elsewhere:
        return frames
    first = line if cut is None else cut
    room = round(_ROOM * first.shape[0])
    roomier = cv2.copyMakeBorder(first, room, room, 0, 0, cv2.BORDER_REPLICATE)
    return [*frames, np.asarray(roomier, np.uint8), first[room:]]


class Reads(Protocol):
    """What gives posteriors of lines, taken as they are cut; ``Recognizer`` and ``Reader`` do."""

    def log_posteriors(self, lines: Sequence[Image]) -> Sequence[NDArray[np.float32]]:
        """Return log-probabilities ``time class`` per line, in order."""
        ...


def cut_as_read(reader: Reads, lines: Sequence[Image], cut_elsewhere: bool = False) -> list[Image]:
    """Return lines as ``Recognizer.read`` takes them: tightened, or in the frame it is surest of.

    What is learnt from, judged by and estimated on is what will be read.
    """
    cuts = [tighten(line) for line in lines]
    chosen = [line if cut is None else cut for line, cut in zip(lines, cuts, strict=True)]
    tried = [i for i, cut in enumerate(cuts) if cut is not None or cut_elsewhere]
    first = reader.log_posteriors([chosen[i] for i in tried])
    surest = {i: sureness(found) for i, found in zip(tried, first, strict=True)}
    others = [
        (i, frame)
        for i in tried
        if surest[i] < SURE
        for frame in other_frames(lines[i], cuts[i], cut_elsewhere)
    ]
    read = reader.log_posteriors([frame for _, frame in others])
    for (i, frame), found in zip(others, read, strict=True):
        if sureness(found) > surest[i]:
            chosen[i], surest[i] = frame, sureness(found)
    return chosen


def find_body(prepared: Image) -> tuple[int, int] | None:
    """Find the rows between baseline and x-height of a prepared line: first, and one past the last.

    Of all runs of rows with much ink that with the most; a run that touches the edge is a
    neighbour's more often than not, and counts half.
    """
    dark = (prepared < _INK * PAPER).mean(axis=1)
    ink = np.convolve(dark, np.full(3, 1 / 3), "same")
    full = ink > _BODY * np.percentile(ink, 92)
    best: tuple[float, int, int] = (0.0, 0, 0)
    for first, last in _runs(full):
        weight = 0.5 if first == 0 or last == len(ink) else 1.0
        best = max(best, (weight * float(ink[first:last].sum()), first, last))
    _, first, last = best
    return (first, last) if last - first >= _LEAST else None


def _runs(marked: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First row, and one past the last, of each run of marked rows."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marked.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
