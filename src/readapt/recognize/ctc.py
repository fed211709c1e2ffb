"""Connectionist temporal classification: what a network's frames say about a given text.

Notation of Graves, Fernández, Gomez and Schmidhuber, "Connectionist Temporal Classification"
(ICML 2006): ``y[t, k]`` is the probability of class ``k`` at frame ``t``; a target ``l`` of
length ``U`` becomes ``l' = blank l1 blank l2 ... lU blank`` of ``S = 2 U + 1`` states; a path
through the states spells ``l`` if it starts in one of the first two, ends in one of the last
two, and from ``s`` goes to ``s``, ``s + 1``, or over a blank to ``s + 2`` where ``l'[s + 2]``
differs from ``l'[s]``. ``p(l | x)`` is the sum of ``prod_t y[t, l'[s_t]]`` over these paths.

Everything here is NumPy in float64 and in log space: no text is so unlikely that its
probability becomes 0, and only a text that cannot be spelt in the frames has -inf.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from readapt.recognize.alphabet import BLANK

Floats = NDArray[np.floating]
Target = Sequence[int]


@dataclass(frozen=True, slots=True)
class ForwardBackward:
    """What all paths together say about one target for each line of a batch."""

    log_likelihood: NDArray[np.float64]
    """``batch``: ``ln p(l | x)``, -inf for a target that cannot be spelt in its frames."""

    posteriors: NDArray[np.float64]
    """``batch time class``: probability of class ``k`` at frame ``t`` given that the line says
    ``l``; each frame of a line sums to 1, frames past its length and lines of log-likelihood
    -inf are 0."""

    gradient: NDArray[np.float64]
    """``batch time class``: derivative of ``-ln p(l | x)`` by the logits whose log-softmax the
    frames are, ``y - posteriors`` (equation 16); 0 where ``posteriors`` is 0 throughout."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """The single most probable path that spells a target."""

    spans: NDArray[np.int64]
    """``U 2``: first frame and one past the last frame of each character, in order."""

    log_probability: float
    """Natural logarithm of the path's probability, at most that of its target."""


class UnalignableError(ValueError):
    """A target has more characters than its frames can spell."""


def frames_needed(target: Target) -> int:
    """Fewest frames that can spell ``target``: one a character, one blank between twins."""
    return len(target) + sum(a == b for a, b in pairwise(target))


def log_likelihood(
    log_probs: Floats, targets: Sequence[Target], lengths: Sequence[int] | None = None
) -> NDArray[np.float64]:
    """``ln p(l | x)`` of one target a line, by the forward recursion alone (equations 5 to 8).

    ``log_probs`` is ``batch time class``, log-softmaxed; ``lengths`` says how many of each
    line's frames count (all of them without it). Returns ``batch`` values in [-inf, 0].
    """
    frames = _lengths(log_probs, targets, lengths)
    states = _states(targets)
    alpha = _forward(_emissions(log_probs, states.labels), states, frames)
    return _final(alpha, states, frames)


def forward_backward(
    log_probs: Floats, targets: Sequence[Target], lengths: Sequence[int] | None = None
) -> ForwardBackward:
    """Sum over all paths, forwards and backwards (equations 5 to 16).

    ``log_probs`` is ``batch time class``, log-softmaxed; ``lengths`` says how many of each
    line's frames count (all of them without it).

    ``beta`` is computed as the ``alpha`` of the problem read from right to left. With both
    holding the emission at their own frame, ``ln p(l, s_t = s | x)`` is
    ``alpha[t, s] + beta[t, s] - ln y[t, l'[s]]`` (equation 14).
    """
    frames = _lengths(log_probs, targets, lengths)
    states = _states(targets)
    batch, time, classes = log_probs.shape

    emissions = _emissions(log_probs, states.labels)
    alpha = _forward(emissions, states, frames)
    likelihood = _final(alpha, states, frames)

    # Row b reversed within its own frames and its own states, padding left where it is.
    t = np.arange(time)
    mirror_t = np.where(t < frames[:, None], frames[:, None] - 1 - t, t)[:, :, None]
    s = np.arange(states.labels.shape[1])
    mirror_s = np.where(s < states.count[:, None], states.count[:, None] - 1 - s, s)[:, None, :]
    row = np.arange(batch)[:, None, None]
    mirrored = _states([target[::-1] for target in targets])
    beta = _forward(emissions[row, mirror_t, mirror_s], mirrored, frames)[row, mirror_t, mirror_s]

    spelt = np.isfinite(likelihood)
    counted = (t < frames[:, None]) & spelt[:, None]
    with np.errstate(invalid="ignore"):
        occupation = alpha + beta - emissions - np.where(spelt, likelihood, 0.0)[:, None, None]
    # A state of probability 0 gives inf - inf; padding gives numbers that mean nothing.
    own = counted[:, :, None] & (s < states.count[:, None])[:, None, :]
    occupation = np.where(own & np.isfinite(occupation), occupation, -np.inf)

    posteriors = np.zeros((batch, time, classes))
    for state, labels in enumerate(states.labels.T):
        # One state has one class in a line, so no index repeats within this addition.
        posteriors[row[:, :, 0], t, labels[:, None]] += np.exp(occupation[:, :, state])
    gradient = np.where(counted[:, :, None], np.exp(log_probs, dtype=np.float64) - posteriors, 0.0)
    return ForwardBackward(likelihood, posteriors, gradient)


def align(log_probs: Floats, target: Target) -> Alignment:
    """Find the most probable path that spells ``target`` (Viterbi: equation 6, max for sum).

    ``log_probs`` is ``time class``. Raises :class:`UnalignableError` where the frames are too
    few, or a class on every path has probability 0.
    """
    time = len(log_probs)
    if frames_needed(target) > time:
        raise UnalignableError(
            f"{len(target)} characters need {frames_needed(target)} frames, the line has {time}"
        )
    if not target:
        return Alignment(np.zeros((0, 2), np.int64), float(log_probs[:, BLANK].sum()))
    states = _states([target])
    labels, leap = states.labels[0], states.leap[0]
    emissions = log_probs[:, labels].astype(np.float64)

    # Scores live behind two columns of -inf, so that s - 1 and s - 2 always exist.
    score = np.full(len(labels) + 2, -np.inf)
    score[2:4] = emissions[0, :2]
    came_from = np.empty((3, len(labels)))
    steps = np.zeros((time, len(labels)), np.int8)
    for t in range(1, time):
        came_from[0] = score[2:]
        came_from[1] = score[1:-1]
        np.add(score[:-2], leap, out=came_from[2])
        steps[t] = came_from.argmax(axis=0)
        np.add(came_from.max(axis=0), emissions[t], out=score[2:])

    state = len(labels) - 1 if score[-1] >= score[-2] else len(labels) - 2
    log_probability = float(score[state + 2])
    if not np.isfinite(log_probability):
        raise UnalignableError("no path that spells the target has a probability above 0")
    path = np.empty(time, np.int64)
    for t in range(time - 1, -1, -1):
        path[t] = state
        state -= int(steps[t, state])
    odd = np.arange(1, len(labels), 2)
    spans = np.stack([np.searchsorted(path, odd), np.searchsorted(path, odd, "right")], axis=1)
    return Alignment(spans, log_probability)


@dataclass(frozen=True, slots=True)
class _States:
    """The states ``l'`` of each target, padded with blanks to the longest."""

    labels: NDArray[np.int64]
    """``batch S``: the class of each state."""

    leap: NDArray[np.float64]
    """``batch S``: 0 where a path may come from two states before, -inf where it may not."""

    count: NDArray[np.int64]
    """``batch``: how many states are the line's own."""


def _states(targets: Sequence[Target]) -> _States:
    count = np.array([2 * len(target) + 1 for target in targets], np.int64)
    labels = np.full((len(targets), int(count.max(initial=1))), BLANK, np.int64)
    for row, target in zip(labels, targets, strict=True):
        row[1 : 2 * len(target) : 2] = target
    leap = np.full(labels.shape, -np.inf)
    leap[:, 2:][(labels[:, 2:] != BLANK) & (labels[:, 2:] != labels[:, :-2])] = 0.0
    return _States(labels, leap, count)


def _lengths(
    log_probs: Floats, targets: Sequence[Target], lengths: Sequence[int] | None
) -> NDArray[np.int64]:
    batch, time, classes = log_probs.shape
    frames = np.full(batch, time) if lengths is None else np.asarray(lengths, np.int64)
    if len(targets) != batch or frames.shape != (batch,):
        raise ValueError(f"{batch} lines, {len(targets)} targets and {frames.size} lengths")
    if batch and not 0 <= frames.min() <= frames.max() <= time:
        raise ValueError(f"a length lies outside [0, {time}]: {frames.tolist()}")
    if any(not BLANK < k < classes for target in targets for k in target):
        raise ValueError(f"a target holds a class outside [1, {classes})")
    return frames


def _emissions(log_probs: Floats, labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """``batch time S``: ``ln y[t, l'[s]]``."""
    gathered = np.take_along_axis(log_probs, labels[:, None, :], axis=2)
    return gathered.astype(np.float64, copy=False)


def _forward(
    emissions: NDArray[np.float64], states: _States, frames: NDArray[np.int64]
) -> NDArray[np.float64]:
    """``batch time S``: ``ln alpha[t, s]`` (equations 5 to 7).

    Past a line's length the values mean nothing.
    """
    batch, time, size = emissions.shape
    alpha = np.full((batch, time, size), -np.inf)
    if time == 0:
        return alpha
    alpha[:, 0, :2] = emissions[:, 0, :2]
    before = np.full((batch, size + 2), -np.inf)  # two states of -inf, so that s - 2 exists
    with np.errstate(divide="ignore"):
        for t in range(1, int(frames.max(initial=0))):
            before[:, 2:] = alpha[:, t - 1]
            stay, step, leap = before[:, 2:], before[:, 1:-1], before[:, :-2] + states.leap
            peak = np.maximum(np.maximum(stay, step), leap)
            peak[peak == -np.inf] = 0.0
            total = np.exp(stay - peak) + np.exp(step - peak) + np.exp(leap - peak)
            alpha[:, t] = np.log(total) + peak + emissions[:, t]
    return alpha


def _final(
    alpha: NDArray[np.float64], states: _States, frames: NDArray[np.int64]
) -> NDArray[np.float64]:
    """``batch``: the last frame's last two states together (equation 8)."""
    batch, time, _ = alpha.shape
    if time == 0:
        return np.where(states.count == 1, 0.0, -np.inf)
    row, last = np.arange(batch), np.maximum(frames - 1, 0)
    blank = alpha[row, last, states.count - 1]
    character = np.where(states.count > 1, alpha[row, last, states.count - 2], -np.inf)
    none = np.where(states.count == 1, 0.0, -np.inf)  # without frames only "" is spelt, surely
    return np.where(frames > 0, np.logaddexp(blank, character), none)
