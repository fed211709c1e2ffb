"""What the frames of a line say about each of many short texts, each in its own stretch of them.

The forward recursion of :mod:`readapt.recognize.ctc` for hundreds of words of a few letters at
once, which is what confidences of words take. Two things make it fast: the states of all texts lie
one after the other in one vector, longest stretch first, so that nothing is padded; and masses are
plain numbers that are scaled now and then, so that nothing is exponentiated twice.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from readapt.recognize.alphabet import BLANK
from readapt.recognize.ctc import Floats, Target, log_likelihood

_RENEW = 4
"""Frames after which masses are scaled: even frames of probability 1e-75 do not underflow."""
_FAINT = 1e-290
"""Masses below count as 0, so that logarithms take over: near 1e-308 numbers lose their digits."""


def span_log_likelihoods(
    log_probs: Floats,
    spans: NDArray[np.int64],
    targets: Sequence[Target],
    temperature: float = 1.0,
) -> NDArray[np.float64]:
    """``ln p(l | x)`` of many targets, each in its own stretch of the same frames.

    ``log_probs`` is ``time class``, log-softmaxed; it is divided by ``temperature`` and normalised
    again first. ``spans`` is ``n 2``: the first frame of each target's stretch and one past its
    last. Returns ``n`` values in [-inf, 0]. Paths that are 1e300 times less probable than others
    up to some frame may be left out.
    """
    log_totals = None if temperature == 1 else _log_totals(log_probs, temperature)
    frames = spans[:, 1] - spans[:, 0]
    order = np.argsort(-frames, kind="stable")
    frames, begin = frames[order], spans[order, 0]
    found = np.array([0.0 if not targets[i] else -np.inf for i in order.tolist()])  # of no frames
    some = int(np.count_nonzero(frames))
    if some:
        own = [targets[i] for i in order[:some].tolist()]
        found[:some] = _forward(
            log_probs, temperature, log_totals, begin[:some], frames[:some], own
        )
    likelihood = np.empty(len(order))
    likelihood[order] = found
    # What became 0 on the way cannot be spelt, or only so badly that it takes logarithms.
    for i in np.flatnonzero(np.isinf(likelihood) & (spans[:, 1] > spans[:, 0])).tolist():
        part = slice(*spans[i].tolist())
        stretch = log_probs[part]
        if log_totals is not None:
            stretch = stretch / temperature - log_totals[part, None]
        likelihood[i] = log_likelihood(stretch[None], [targets[i]])[0]
    return likelihood


def _forward(
    log_probs: Floats,
    temperature: float,
    log_totals: NDArray[np.float64] | None,
    begin: NDArray[np.int64],
    frames: NDArray[np.int64],
    targets: list[Target],
) -> NDArray[np.float64]:
    """``ln p`` of targets whose ``frames``, 1 or more, do not rise from one to the next."""
    count = np.array([2 * len(target) + 1 for target in targets])
    ends = np.cumsum(count)
    starts = ends - count
    labels, step, leap = _states(targets, starts)
    text = np.repeat(np.arange(len(targets)), count)

    # Texts whose stretch has a frame t are the first ones, and their states too.
    longest = int(frames[0])
    texts = np.searchsorted(-frames, -np.arange(longest), side="left")
    states = ends[texts - 1]
    offsets = np.concatenate([[0], np.cumsum(states)])
    t = np.repeat(np.arange(longest), states)
    state = np.arange(offsets[-1]) - np.repeat(offsets[:-1], states)
    at = begin[text[state]] + t
    log_y = log_probs[at, labels[state]].astype(np.float64)
    if log_totals is not None:
        log_y /= temperature
        log_y -= log_totals[at]
    y = np.exp(log_y)

    # Two more states in front, so that s - 1 and s - 2 always exist.
    mass = np.zeros(len(labels) + 2)
    mass[2:][starts] = y[starts]
    if len(labels) > 1:
        longer = starts[count > 1] + 1
        mass[2:][longer] = y[longer]
    log_scale = np.zeros(len(targets))
    ended = texts.tolist()
    found = np.empty(len(targets))
    bounds = offsets.tolist()
    with np.errstate(divide="ignore"):
        for i in range(1, longest + 1):
            n = ended[i] if i < longest else 0
            if n < ended[i - 1]:
                last = ends[n : ended[i - 1]] + 1  # within `mass`
                total = mass[last] + np.where(count[n : ended[i - 1]] > 1, mass[last - 1], 0.0)
                total[total < _FAINT] = 0.0
                found[n : ended[i - 1]] = np.log(total) + log_scale[n : ended[i - 1]]
            if not n:
                break
            m = bounds[i + 1] - bounds[i]
            now = mass[2 : m + 2]
            moved = now + mass[1 : m + 1] * step[:m]
            moved += mass[:m] * leap[:m]
            np.multiply(moved, y[bounds[i] : bounds[i + 1]], out=now)
            if i % _RENEW == 0:
                peak = np.maximum.reduceat(now, starts[:n])
                faint = peak < _FAINT
                peak[faint] = 1.0
                now *= np.repeat(np.where(faint, 0.0, 1 / peak), count[:n])
                log_scale[:n] += np.log(peak)
    return np.minimum(found, 0.0)


_ROWS = 256
"""Frames at a time: their classes stay in the cache."""


def _log_totals(log_probs: Floats, temperature: float) -> NDArray[np.float64]:
    """``time``: ``ln sum_k y[t, k] ** (1 / temperature)``.

    Of hundreds of classes a few are looked at, so that only those are normalised.
    """
    time, classes = log_probs.shape
    ones = np.ones(classes, log_probs.dtype)
    found = np.empty(time)
    for start in range(0, time, _ROWS):
        scaled = log_probs[start : start + _ROWS] * log_probs.dtype.type(1 / temperature)
        peak = scaled.max(axis=1)
        scaled -= peak[:, None]
        np.exp(scaled, out=scaled)
        # BLAS may raise the flag for what lies in its registers beside the numbers (numpy#24067).
        with np.errstate(invalid="ignore"):
            found[start : start + _ROWS] = peak + np.log(scaled @ ones)
    return found


def _states(
    targets: list[Target], starts: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """All states ``l'`` in a row: class, and 1 where a path may come from 1 or 2 states before."""
    flat: list[int] = [BLANK]
    for target in targets:
        for k in target:
            flat += (k, BLANK)
        flat.append(BLANK)
    labels = np.array(flat[:-1], np.int64)
    step = np.ones(len(labels))
    step[starts] = 0.0
    leap = np.zeros(len(labels))
    leap[2:][(labels[2:] != BLANK) & (labels[2:] != labels[:-2])] = 1.0
    second = starts + 1
    leap[second[second < len(labels)]] = 0.0
    return labels, step, leap
