"""What a recognizer's confidences and word edges have to become, found on lines that are known.

Of confidences every other line fits, the rest measures: how far they then are from the truth, and
how many words are wrong at which confidence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from readapt.errors import UsageError
from readapt.evaluate.calibration import calibration_error, reliability
from readapt.evaluate.normalise import fold
from readapt.models.manifest import Calibration
from readapt.recognize.alphabet import Alphabet
from readapt.recognize.calibration import (
    AS_IS,
    FEWEST,
    ConfidenceMap,
    error_curve,
    fit_map,
    words_right,
)
from readapt.recognize.confidence import fit_temperature
from readapt.recognize.decode import GREEDY, decode
from readapt.recognize.reading import Posteriors, WordSpan, read_posteriors, readings

BINS = 20
"""Of equal width, in which the error of word confidences is measured."""

_TOGETHER = 32
"""Lines that are read at once; bounds the memory."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What to write into a model, and what it is good for."""

    calibration: Calibration
    words: int
    """Words the following was measured on, none of which was fitted to."""
    wrong: float
    """Share of them that is wrong."""
    error: float
    """Expected calibration error of their confidences, in [0, 1]."""
    error_before: float
    """The same as the network has them."""


@dataclass(frozen=True, slots=True)
class WordResults:
    """Confidence of each word read, and whether it is right; folded."""

    confidence: NDArray[np.float64]
    right: NDArray[np.bool_]

    @property
    def calibration_error(self) -> float:
        """Expected calibration error in [0, 1]."""
        return word_calibration_error(self.confidence, self.right)


def word_calibration_error(confidence: ArrayLike, right: ArrayLike) -> float:
    """Return the expected calibration error of words, in [0, 1]."""
    said, true = np.asarray(confidence, np.float64), np.asarray(right, np.float64)
    return calibration_error(reliability(said, true, np.ones(said.size), BINS))


def word_results(
    log_posteriors: Sequence[NDArray[np.float32]],
    truths: Sequence[str],
    alphabet: Alphabet,
    temperature: float = 1.0,
    words: ConfidenceMap = AS_IS,
    *,
    ignore_case: bool = False,
) -> WordResults:
    """Decode lines greedily and compare every word with the line's truth, folded.

    ``log_posteriors`` are ``time class`` each. Right is a word that stands in the truth at its
    place among the words.
    """
    said: list[float] = []
    right: list[bool] = []
    for i in range(0, len(log_posteriors), _TOGETHER):
        lines = [Posteriors(p, 1.0, len(p)) for p in log_posteriors[i : i + _TOGETHER]]
        read = read_posteriors(lines, alphabet, GREEDY, temperature, words)
        for reading, truth in zip(read, truths[i : i + _TOGETHER], strict=True):
            found = fold(reading.text, ignore_case=ignore_case)
            right += words_right(fold(truth, ignore_case=ignore_case), found).tolist()
            said += [word.confidence for word in reading.words]
    return WordResults(np.array(said, np.float64), np.array(right, bool))


def calibrate(
    log_posteriors: Sequence[NDArray[np.float32]],
    truths: Sequence[str],
    alphabet: Alphabet,
    before: Calibration | None = None,
) -> Calibrated:
    """Fit temperature, word confidences and thresholds to lines the network has not learnt from.

    ``log_posteriors`` are ``time class`` each; what ``before`` says of other things is kept.
    Raises :class:`UsageError` for too few words.
    """
    fitting, measuring = slice(0, None, 2), slice(1, None, 2)
    temperature = fit_temperature(log_posteriors[fitting], truths[fitting], alphabet).temperature
    temperature = round(temperature, 4)
    fitted = word_results(log_posteriors[fitting], truths[fitting], alphabet, temperature)
    words = fit_map(fitted.confidence, fitted.right)
    others = log_posteriors[measuring], truths[measuring], alphabet
    raw, after = word_results(*others), word_results(*others, temperature, words)
    if after.right.size < FEWEST:
        raise UsageError(
            f"a calibration needs {2 * FEWEST} words and more, and {after.right.size} were read "
            "in half of the lines; give it more lines."
        )
    calibration = (before or Calibration()).model_copy(
        update={
            "temperature": temperature,
            "words": words.knots,
            "word_errors": error_curve(after.confidence, after.right),
        }
    )
    return Calibrated(
        calibration,
        int(after.right.size),
        float(1 - after.right.mean()),
        after.calibration_error,
        raw.calibration_error,
    )


Edges: TypeAlias = tuple[str, float, float]
"""A word, its left and its right edge in frames."""


def fit_writes_at(
    log_posteriors: Sequence[NDArray[np.float32]],
    words: Sequence[Sequence[Edges]],
    alphabet: Alphabet,
) -> tuple[float, float]:
    """Find where within a character the network writes it, from lines whose words are known.

    ``log_posteriors`` are ``time class`` each. Returns the place, 0 to 1 in steps of 0.05, at
    which words overlap the true ones best, and their mean intersection over union there.
    """
    lines = [Posteriors(p, 1.0, len(p)) for p in log_posteriors]
    decoded = [decode(p, GREEDY) for p in log_posteriors]
    found = {}
    for step in range(21):
        read = readings(lines, decoded, alphabet, 1.0, AS_IS, step / 20)
        overlaps = [
            overlap
            for line, truth in zip(read, words, strict=True)
            for overlap in word_overlaps(line.words, truth)
        ]
        found[step / 20] = float(np.mean(overlaps)) if overlaps else 0.0
    best = max(found, key=lambda place: found[place])
    return best, found[best]


def word_overlaps(read: Sequence[WordSpan], truth: Sequence[Edges]) -> list[float]:
    """Return the intersection over union, along the line, of each word that was read rightly."""
    from rapidfuzz.distance import Levenshtein

    overlaps = []
    for block in Levenshtein.opcodes([text for text, _, _ in truth], [w.text for w in read]):
        if block.tag != "equal":
            continue
        true = truth[block.src_start : block.src_end]
        for (_, left, right), word in zip(
            true, read[block.dest_start : block.dest_end], strict=True
        ):
            shared = max(0.0, min(right, word.end) - max(left, word.start))
            union = max(right, word.end) - min(left, word.start)
            overlaps.append(shared / union if union > 0 else 0.0)
    return overlaps
