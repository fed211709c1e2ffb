"""A line's frames as the few steps a search has to take: what is sure is one step, however long.

A trained network is sure of most frames: a blank, or a character, and nothing else is worth
trying. Whatever was read before, a run of such frames adds the same characters to it. So a line
falls into runs, and frames in which there is a choice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from readapt.recognize.alphabet import BLANK


@dataclass(frozen=True, slots=True)
class Run:
    """Frames in a row with one class each to try."""

    text: str
    """The characters they spell, ``chr(class)`` each, repeats merged and blanks dropped."""

    begins_blank: bool
    """Whether the first frame is a blank; else ``text`` begins in it."""

    ends_blank: bool
    """Whether the last frame is a blank; else ``text`` ends in it."""

    log_probability: float
    """``sum ln y`` over the frames and their classes."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A frame with several classes to try."""

    blank: float
    """``y[blank]``, 0 where it is not worth trying."""

    characters: list[tuple[str, float]]
    """The others, ``chr(class)`` and ``y[class]``, the most probable first; at least one."""


def steps(
    log_probs: NDArray[np.floating], top: int, least: float, blank: float
) -> Iterator[Run | Choice]:
    """Cut a line into runs and choices; together they are all of its frames, in order.

    ``log_probs`` is ``time class``, log-softmaxed. In a frame are tried its most probable class,
    and the others if they are more probable than ``least``, the ``top`` most probable characters
    at most; the blank alone where it is at least as probable as ``blank``.
    """
    if not len(log_probs):
        return
    path = log_probs.argmax(axis=1)
    frame = np.arange(len(path))
    with np.errstate(divide="ignore"):
        tried = log_probs > np.log(least)
        sure = log_probs[:, BLANK] >= np.log(blank)
    path[sure] = BLANK
    tried[frame, path] = True
    busy = np.flatnonzero((np.count_nonzero(tried, axis=1) > 1) & ~sure)
    runs = _Runs(path, log_probs[frame, path].astype(np.float64), busy)
    done = 0
    for t, choice in zip(busy.tolist(), _choices(log_probs[busy], tried[busy], top), strict=True):
        if done < t:
            yield runs.between(done, t)
        yield choice
        done = t + 1
    if done < len(path):
        yield runs.between(done, len(path))


class _Runs:
    """What the frames between choices spell."""

    def __init__(
        self, path: NDArray[np.intp], log_p: NDArray[np.float64], busy: NDArray[np.intp]
    ) -> None:
        written = path != BLANK
        new = written.copy()
        new[1:] &= path[1:] != path[:-1]
        after = busy[busy < len(path) - 1] + 1
        new[after] = written[after]  # a run's first frame is merged with nothing before it
        new[busy] = False
        log_p[busy] = 0.0
        self._text = "".join(map(chr, path[new].tolist()))
        self._place = [0, *np.cumsum(new).tolist()]
        self._blank = (~written).tolist()
        self._log_p = [0.0, *np.cumsum(log_p).tolist()]

    def between(self, start: int, stop: int) -> Run:
        return Run(
            self._text[self._place[start] : self._place[stop]],
            self._blank[start],
            self._blank[stop - 1],
            self._log_p[stop] - self._log_p[start],
        )


def _choices(
    log_probs: NDArray[np.floating], tried: NDArray[np.bool_], top: int
) -> Iterator[Choice]:
    """Sort the classes of frames that have some to choose from."""
    blank = np.where(tried[:, BLANK], np.exp(log_probs[:, BLANK], dtype=np.float64), 0.0)
    tried[:, BLANK] = False
    row, classes = np.nonzero(tried)
    y = np.exp(log_probs[row, classes], dtype=np.float64)
    order = np.lexsort((-y, row))  # rows are in order already, and stay where they are
    characters = list(zip(map(chr, classes[order].tolist()), y[order].tolist(), strict=True))
    ends = [0, *np.cumsum(np.count_nonzero(tried, axis=1)).tolist()]
    for p, (start, stop) in zip(blank.tolist(), pairwise(ends), strict=True):
        yield Choice(p, characters[start : min(stop, start + top)])
