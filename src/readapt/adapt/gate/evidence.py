"""How surely a candidate reads better than the present network, by judges that need no label."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from readapt.recognize.lm import CharacterModel

SUREST = 0.99
"""No judge is surer than this, nor less sure than the rest to 1: none outvotes all others."""
ROUNDS = 400
"""Sets of lines that are drawn again."""


NOTHING = 0.5
"""What a judge says, among others, where it sees no difference."""


def better_share(
    edits: NDArray[np.float64], characters: NDArray[np.float64], tie: float = 0.0, seed: int = 0
) -> float:
    """Share of resampled sets of lines on which the second of two has the lower rate.

    Sets on which both have the same count ``tie``. ``edits`` and ``characters`` are ``2 line``,
    before and after. A paired bootstrap: Koehn 2004, "Statistical significance tests for machine
    translation evaluation".
    """
    drawn = _drawn(edits.shape[1], seed)
    before, after = edits[:, drawn].sum(2) / characters[:, drawn].sum(2)
    return _share(before - after, tie)


def more_share(before: NDArray[np.float64], after: NDArray[np.float64], seed: int = 0) -> float:
    """Share of resampled sets, of pages or lines, of which ``after`` is worth more in all."""
    return _share((after - before)[_drawn(len(before), seed)].sum(1), 0.0)


def likelier_share(
    model: CharacterModel, before: Sequence[str], after: Sequence[str], seed: int = 0
) -> float:
    """Share of resampled sets of lines whose second reading is the likelier text.

    Sets without a difference count half. A longer reading is not less likely for its length: each
    character more is worth what one of the first readings costs on the mean.
    """
    gain = likelier(model, before, after)
    return _share(gain[_drawn(len(gain), seed)].sum(1), NOTHING)


def likelier(
    model: CharacterModel, before: Sequence[str], after: Sequence[str]
) -> NDArray[np.float64]:
    """By how much, in nats, the second reading of each line is the likelier text."""
    was, now = (
        np.array([model.log_probability(text) for text in read]) for read in (before, after)
    )
    length, longer = (np.array([len(text) for text in read]) for read in (before, after))
    return np.asarray(now - was - was.sum() / max(1, length.sum()) * (longer - length))


def together(*shares: float) -> float:
    """Combine what judges are sure of, as if they knew nothing of each other.

    Stouffer et al. 1949, *The American Soldier*, volume 1, footnote 5: normal deviates are added.
    """
    normal = NormalDist()
    deviates = [normal.inv_cdf(min(SUREST, max(1 - SUREST, share))) for share in shares]
    return normal.cdf(sum(deviates) / len(deviates) ** 0.5)


def _share(gains: NDArray[np.float64], tie: float) -> float:
    return float((gains > 0).mean() + tie * (gains == 0).mean())


def _drawn(lines: int, seed: int) -> NDArray[np.int64]:
    return np.random.default_rng(seed).integers(lines, size=(ROUNDS, lines))
