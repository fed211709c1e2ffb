"""How the frames of a line become a text: the choice of decoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from readapt.recognize.beam import Beam, beam_search
from readapt.recognize.ctc import align
from readapt.recognize.greedy import best_path


@dataclass(frozen=True, slots=True)
class Greedy:
    """Decode by the best class of every frame: the fastest, and seldom worse than a beam."""


GREEDY = Greedy()
"""The decoder of a recognizer that is not told otherwise."""


Decoder: TypeAlias = Greedy | Beam
"""What :func:`decode` can be told to do."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A line's classes, and where they stand."""

    ids: tuple[int, ...]
    """Classes without blanks."""

    spans: NDArray[np.int64]
    """``U 2``: first frame and one past the last frame of each class, in order."""


def decode(log_probs: NDArray[np.floating], decoder: Decoder) -> Decoded:
    """Find a line's text and the frames of its characters. ``log_probs`` is ``time class``."""
    path = best_path(log_probs)
    if isinstance(decoder, Greedy) or not path.ids:  # no words into what the network finds empty
        return Decoded(path.ids, path.spans)
    best = beam_search(log_probs, decoder)[0]
    if best.ids == path.ids:  # the best path is its own text's alignment
        return Decoded(path.ids, path.spans)
    return Decoded(best.ids, align(log_probs, best.ids).spans)
