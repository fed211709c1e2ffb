"""From decoded frames to words: their text, where they stand, and how sure they are.

A text is cut at its spaces; each stretch between two cuts has its own frames, so the network's
opinion of a word is ``p(word | its frames)``, the sum over all alignments of the word within
them. A word's confidence is that probability times those of the spaces on either side (a word cut
in two is wrong, whatever its letters), brought to the share of words that are right by a
:class:`readapt.recognize.calibration.ConfidenceMap`. A line's confidence is the geometric mean of
all these over the characters, ``p ** (1 / characters)``: about the share of characters that are
right, whatever the length.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import numpy as np
from numpy.typing import NDArray

from readapt.recognize.alphabet import Alphabet
from readapt.recognize.calibration import AS_IS, ConfidenceMap
from readapt.recognize.decode import Decoded, Decoder, decode
from readapt.recognize.spans import span_log_likelihoods

MIDDLE: Final = 0.5
"""Where a network writes a character as long as nobody has measured it."""


@dataclass(frozen=True, slots=True)
class WordSpan:
    """A word of a line."""

    text: str
    """At least one character, no space, NFC."""

    start: float
    """Left edge in pixels of the line image that was given to be read."""

    end: float
    """Right edge in the same pixels, ``0 <= start < end <= width``."""

    confidence: float
    """In [0, 1]: the probability that the whole word is right."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a line says."""

    text: str
    """The words joined by single spaces; empty for a line without text."""

    confidence: float
    """In [0, 1]: about the share of characters that are right; of an empty text, the probability
    that the line is empty."""

    words: tuple[WordSpan, ...]
    """From left to right."""


@dataclass(frozen=True, slots=True)
class Posteriors:
    """A line's frames, and the scale that takes them back to the line's image."""

    log_probs: NDArray[np.float32]
    """``time class``, log-softmaxed."""

    frame_width: float
    """Pixels of the line image that a frame stands for."""

    width: int
    """Width of the line image in pixels."""


def read_posteriors(
    lines: Sequence[Posteriors],
    alphabet: Alphabet,
    decoder: Decoder,
    temperature: float,
    words: ConfidenceMap = AS_IS,
    writes_at: float = MIDDLE,
) -> list[Reading]:
    """Decode lines and put their words, places and confidences together, in order.

    ``temperature`` divides the log-probabilities before confidences are computed (Guo et al.
    2017, arXiv 1706.04599): above 1 the network is less sure than it says. ``words`` then
    calibrates the confidences of words. ``writes_at`` says where within a character the network
    writes it, from 0, its left edge, to 1: places depend on it. The text depends on none of them.
    """
    decoded = [decode(line.log_probs, decoder) for line in lines]
    return readings(lines, decoded, alphabet, temperature, words, writes_at)


def readings(
    lines: Sequence[Posteriors],
    decoded: Sequence[Decoded],
    alphabet: Alphabet,
    temperature: float,
    words: ConfidenceMap = AS_IS,
    writes_at: float = MIDDLE,
) -> list[Reading]:
    """Put together the words, places and confidences of lines that are decoded already."""
    if not lines:
        return []
    cut = [
        _stretches(d, len(line.log_probs), alphabet) for d, line in zip(decoded, lines, strict=True)
    ]
    offsets = np.cumsum([0, *(len(line.log_probs) for line in lines)])
    log_p = span_log_likelihoods(
        np.concatenate([line.log_probs for line in lines]),
        np.array(
            [
                (offset + s.begin, offset + s.end)
                for offset, stretches in zip(offsets, cut, strict=False)
                for s in stretches
            ],
            np.int64,
        ).reshape(-1, 2),
        [
            d.ids[s.first : s.last]
            for d, stretches in zip(decoded, cut, strict=True)
            for s in stretches
        ],
        temperature,
    )
    ends = np.cumsum([0, *(len(stretches) for stretches in cut)])
    return [
        _reading(line, d, stretches, log_p[start:end].tolist(), alphabet, words, writes_at)
        for line, d, stretches, start, end in zip(lines, decoded, cut, ends, ends[1:], strict=False)
    ]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Characters ``[first, last)`` of a text in frames ``[begin, end)``: a word or a space."""

    first: int
    last: int
    begin: int
    end: int
    is_space: bool


def _stretches(decoded: Decoded, frames: int, alphabet: Alphabet) -> list[_Stretch]:
    """Cut a text and its frames before and after each space; all frames, all characters."""
    stretches = []
    first = begin = 0
    space = alphabet.space
    for i, (k, (start, end)) in enumerate(zip(decoded.ids, decoded.spans.tolist(), strict=True)):
        if k == space:
            stretches.append(_Stretch(first, i, begin, start, is_space=False))
            stretches.append(_Stretch(i, i + 1, start, end, is_space=True))
            first, begin = i + 1, end
    stretches.append(_Stretch(first, len(decoded.ids), begin, frames, is_space=False))
    return stretches


def _reading(
    line: Posteriors,
    decoded: Decoded,
    stretches: list[_Stretch],
    log_p: list[float],
    alphabet: Alphabet,
    calibrated: ConfidenceMap,
    writes_at: float,
) -> Reading:
    edges = _edges(decoded, stretches, len(line.log_probs), writes_at)
    words = []
    for i, (stretch, (left, right)) in enumerate(zip(stretches, edges, strict=True)):
        if stretch.is_space or stretch.first == stretch.last:
            continue
        with_gaps = math.fsum(log_p[max(0, i - 1) : i + 2])  # words and spaces take turns
        words.append(
            WordSpan(
                text=alphabet.decode(decoded.ids[stretch.first : stretch.last]),
                start=min(left * line.frame_width, line.width - 1.0),
                end=min(right * line.frame_width, float(line.width)),
                confidence=calibrated(min(1.0, math.exp(with_gaps))),
            )
        )
    return Reading(
        text=" ".join(word.text for word in words),
        confidence=_mean(math.fsum(log_p), len(decoded.ids)),
        words=tuple(words),
    )


def _mean(log_p: float, characters: int) -> float:
    """Geometric mean over the characters, in [0, 1] whatever rounding did."""
    return min(1.0, math.exp(log_p / max(1, characters)))


def _edges(
    decoded: Decoded, stretches: list[_Stretch], frames: int, writes_at: float
) -> list[tuple[float, float]]:
    """Left and right edge of each stretch, in frames.

    CTC writes a character in a frame or two, anywhere within it that the network has found
    convenient in training: each has a place of its own. So a word begins ``writes_at`` characters
    before the centre of its first and ends ``1 - writes_at`` after that of its last, a character
    being the line's median distance between neighbouring centres; but it never passes the centre
    of the space beside it.
    """
    spans = decoded.spans.tolist()
    centres = [(start + end) / 2 for start, end in spans]
    distances = [centres[i + 1] - centres[i] for s in stretches for i in range(s.first, s.last - 1)]
    pitch = median(distances) if distances else 2.0
    edges = []
    for i, s in enumerate(stretches):
        if s.is_space or s.first == s.last:
            edges.append((0.0, 0.0))
            continue
        before = centres[s.first - 1] if i else 0.0
        after = centres[s.last] if i + 1 < len(stretches) else float(frames)
        left = max(centres[s.first] - writes_at * pitch, before)
        right = min(centres[s.last - 1] + (1 - writes_at) * pitch, after)
        edges.append((left, max(right, left + 0.5)))
    return edges
