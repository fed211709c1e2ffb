"""Confidences and estimates of an adapted model, fitted to labelled lines that it has not seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from readapt.adapt.budget import stopwatch
from readapt.adapt.learning.known import Known
from readapt.errors import UsageError
from readapt.evaluate.calibrate import calibrate
from readapt.evaluate.estimate import Signs, find_signs, fit_estimate
from readapt.evaluate.normalise import fold
from readapt.evaluate.rates import cer, total
from readapt.gan.candidates import dressed
from readapt.models.manifest import Calibration, ErrorEstimate
from readapt.recognize.alphabet import Alphabet
from readapt.recognize.decode import Decoder
from readapt.recognize.recognizer import Recognizer

CALIBRATED = 400
"""Labelled lines that confidences are fitted to."""
SETS = 16
"""Sets of lines that the estimate of errors is fitted to, at most; half of them as they are, half
degraded once more ..."""
A_SET = 24
"""... and lines of each."""
FEWEST_SETS = 4
"""Fewer, for want of time or legibility: what was known of the base still stands."""
READABLE = 0.3
"""Error rate, of either model, above which a set is left out: nobody reads such documents."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How signs become errors, of the base model and of the new one, by the same lines."""

    before: ErrorEstimate
    after: ErrorEstimate


def fit_confidences(
    recognizer: Recognizer,
    known: Known,
    alphabet: Alphabet,
    before: Calibration,
    count: int,
) -> Calibration:
    """Fit temperature and word confidences to so many lines, at most ``CALIBRATED``.

    Too few words: what was known still stands.
    """
    # No line twice; and in no order: every other one is fitted to, the others measured.
    drawn = list({id(line): line for line in known.fresh(0, count)}.values())
    lines = [drawn[i] for i in np.random.default_rng(count).permutation(len(drawn))]
    posteriors = recognizer.log_posteriors([image for image, _ in lines])
    try:
        return calibrate(posteriors, [text for _, text in lines], alphabet, before).calibration
    except UsageError:
        return before


def fit_weights(
    readers: tuple[Recognizer, Recognizer],
    known: Known,
    words: Decoder | None,
    present: ErrorEstimate,
    seconds: float,
    tick: Callable[[], None] = lambda: None,
) -> Weights:
    """Fit the weights of the signs for both models to the same lines, as far as ``seconds`` go.

    ``words`` is the search of :func:`readapt.evaluate.estimate.strong_words`; ``present`` what the
    base model's signs weigh so far, and what both have where there is no time.
    """
    elapsed = stopwatch()
    signs: tuple[list[Signs], list[Signs]] = ([], [])
    texts: list[str] = []
    for number in range(SETS):
        if elapsed() * (number + 1) > seconds * max(number, 1):
            break
        lines = known.fresh(CALIBRATED + number * A_SET, A_SET)
        images = [image for image, _ in lines]
        if number % 2:
            images = [dressed(image, i) for i, image in enumerate(images)]
        for found, reader in zip(signs, readers, strict=True):
            found += find_signs(reader, images, known.height, words=words)
        texts += [text for _, text in lines]
        tick()
    rates = [
        [cer(fold(text), fold(sign.text)) for text, sign in zip(texts, found, strict=True)]
        for found in signs
    ]
    sets = [range(i, i + A_SET) for i in range(0, len(texts), A_SET)]
    sets = [s for s in sets if all(total(one[i] for i in s).rate <= READABLE for one in rates)]
    if len(sets) < FEWEST_SETS:
        return Weights(present, present)
    fitted = []
    for found, one in zip(signs, rates, strict=True):
        weights = fit_estimate(found, np.array([rate.edits for rate in one]), sets)
        # Lines drawn here are more alike than collections are: none is surer than the base's.
        spread = max(weights.spread, present.spread)
        fitted.append(weights.model_copy(update={"spread": spread}))
    return Weights(*fitted)
