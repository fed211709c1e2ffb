"""The text of the single most probable path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class BestPath:
    """The classes a best path spells, and where."""

    ids: tuple[int, ...]
    """The path with repeats merged and blanks removed."""

    spans: NDArray[np.int64]
    """``U 2``: first frame and one past the last frame of each class in ``ids``."""

    log_probability: float
    """Natural logarithm of the path's own probability."""


def best_path(log_probs: NDArray[np.floating]) -> BestPath:
    """Take the best class of every frame, merge repeats, drop blanks (Graves 2006, section 3.2).

    ``log_probs`` is ``time class``, log-softmaxed. The path is the most probable of all paths,
    so its spans are the Viterbi alignment of its own text; its text need not be the most
    probable text, because a text's probability is the sum over all its paths.
    """
    if not len(log_probs):
        return BestPath((), np.zeros((0, 2), np.int64), 0.0)
    time = len(log_probs)
    path = log_probs.argmax(axis=1)
    changes = np.ones(time + 1, bool)  # also before the first frame and after the last
    np.not_equal(path[1:], path[:-1], out=changes[1:-1])
    (cuts,) = changes.nonzero()
    runs = path[cuts[:-1]]
    (written,) = runs.nonzero()  # the blank is class 0
    spans = np.empty((len(written), 2), np.int64)
    spans[:, 0], spans[:, 1] = cuts[written], cuts[written + 1]
    log_probability = float(log_probs[np.arange(time), path].sum(dtype=np.float64))
    return BestPath(tuple(runs[written].tolist()), spans, log_probability)


def peaks(log_probs: NDArray[np.floating], path: BestPath) -> NDArray[np.float64]:
    """Return the highest probability of each character of a best path within its frames."""
    found = [log_probs[a:b, c].max() for c, (a, b) in zip(path.ids, path.spans, strict=True)]
    return np.exp(np.array(found, np.float64))


def sureness(log_probs: NDArray[np.floating]) -> float:
    """Mean of the best path's :func:`peaks`; 0 where it has no character."""
    path = best_path(log_probs)
    return float(peaks(log_probs, path).mean()) if path.ids else 0.0
