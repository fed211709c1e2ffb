"""What else a line may say: its most probable texts, with their probabilities."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from readapt.recognize.alphabet import Alphabet
from readapt.recognize.beam import Beam, beam_search
from readapt.recognize.ctc import log_likelihood

_LEAST: Final = 1e-6
"""Classes less probable than this in a frame make no alternatives."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """A text that a line may have."""

    text: str
    """Words joined by single spaces; "" for a line without text."""

    probability: float
    """``p(text | image)`` of the network alone, over all alignments; all texts there are sum
    to 1."""

    score: float
    """What alternatives are sorted by: ``ln p(text | image)`` as far as the search saw it, with
    the language model's part if there is one."""


def alternatives(
    log_probs: NDArray[np.floating], alphabet: Alphabet, count: int, search: Beam
) -> tuple[Alternative, ...]:
    """Find the ``count`` best texts of a line, best first; ``log_probs`` is ``time class``.

    There are fewer where the search is left with fewer: texts that differ in nothing but white
    space, or in how a letter is composed, are one.
    """
    # What is hardly worth trying for the best text is what makes the others of a sure line.
    wider = replace(
        search,
        width=max(search.width, count),
        least=min(search.least, _LEAST),
        blank=max(search.blank, 1 - _LEAST),
        cutoff=min(search.cutoff, _LEAST**2),
    )
    found = beam_search(log_probs, wider)
    batch = np.broadcast_to(log_probs, (len(found), *log_probs.shape))
    exact = log_likelihood(batch, [hypothesis.ids for hypothesis in found])
    merged: dict[str, Alternative] = {}
    for hypothesis, log_p in zip(found, exact.tolist(), strict=True):
        text = " ".join(alphabet.decode(hypothesis.ids).split())
        other = merged.get(text, Alternative(text, 0.0, -math.inf))
        score = float(np.logaddexp(other.score, hypothesis.score))
        merged[text] = Alternative(text, other.probability + math.exp(log_p), score)
    return tuple(sorted(merged.values(), key=lambda one: -one.score)[:count])
