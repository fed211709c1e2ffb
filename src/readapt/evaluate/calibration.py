"""Whether confidences mean what they say: of characters read at 0.9, nine in ten should be right.

Expected calibration error: Naeini, Cooper, Hauskrecht 2015, "Obtaining well calibrated
probabilities using Bayesian binning", with bins of equal width.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True)
class Bin:
    """Readings of similar confidence."""

    confidence: float
    """Mean confidence in [0, 1]."""
    accuracy: float
    """Share that was right, in [0, 1]."""
    weight: float
    """How much was read at this confidence; the bins of a reading sum to 1."""


def reliability(
    confidence: ArrayLike, accuracy: ArrayLike, weight: ArrayLike, bins: int = 10
) -> tuple[Bin, ...]:
    """Return the bins that hold anything, by rising confidence.

    ``confidence`` and ``accuracy`` in [0, 1] and ``weight`` >= 0 have one entry per reading (for
    lines: the confidence, the share of its characters that is right, the number of characters).
    Raises ValueError if a confidence lies outside [0, 1].
    """
    said, right, share = (np.asarray(v, np.float64) for v in (confidence, accuracy, weight))
    if said.size and not (said.min() >= 0 and said.max() <= 1):
        raise ValueError(f"confidences must lie in [0, 1], found {said.min()} to {said.max()}")
    index = np.minimum((said * bins).astype(int), bins - 1)
    total = share.sum()
    found = []
    for number in range(bins):
        inside = index == number
        mass = share[inside].sum()
        if mass > 0:
            found.append(
                Bin(
                    float((said * share)[inside].sum() / mass),
                    float((right * share)[inside].sum() / mass),
                    float(mass / total),
                )
            )
    return tuple(found)


def calibration_error(bins: tuple[Bin, ...]) -> float:
    """Return ``sum_b w_b |confidence_b - accuracy_b|`` in [0, 1], the calibration error."""
    return sum(b.weight * abs(b.confidence - b.accuracy) for b in bins)
