"""Prefix beam search: the texts whose paths together are the most probable."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from readapt.recognize.alphabet import BLANK

State = TypeVar("State")


class LanguageModel(Protocol[State]):
    """How probable a class is after those before it. A state stands for what came before."""

    def start(self) -> State:
        """Return the state at the beginning of a line."""

    def extend(self, state: State, character: int) -> tuple[float, State]:
        """Return ``ln p(character | state)``, and the state after ``character``."""

    def end(self, state: State) -> float:
        """Return ``ln p(end of line | state)``."""


@dataclass(frozen=True, slots=True)
class BeamSearch:
    """How far the search looks. Smaller is faster; the defaults lose next to nothing."""

    width: int = 10
    """Texts kept after each frame."""

    top: int = 12
    """Most classes tried in a frame, the most probable ones."""

    least: float = 1e-4
    """Classes less probable than this in a frame are not tried in it."""

    blank: float = 0.9995
    """A frame whose blank is at least this probable is taken to be blank and nothing else."""

    cutoff: float = 1e-7
    """A text this many times less probable than the best one so far is dropped."""

    weight: float = 0.5
    """Exponent of the language model's probability (alpha of Hannun 2014)."""

    length_bonus: float = 0.0
    """Added to a text's score for each character, to answer a language model's love of short
    texts (beta of Hannun 2014). Unused without a language model."""

    def __post_init__(self) -> None:
        if self.width < 1 or self.top < 1:
            raise ValueError(f"a beam needs a width and a top of 1 or more, not {self}")


DEFAULT = BeamSearch()
"""Width 10, and little pruned."""

EXHAUSTIVE = BeamSearch(width=10**9, top=10**9, least=0.0, blank=2.0, cutoff=0.0)
"""Nothing pruned: exact, and exponential in the number of frames. For tests of small cases."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A text that the search ended with."""

    ids: tuple[int, ...]
    """Its classes, without blanks."""

    log_probability: float
    """``ln p(ids | x)`` over the paths the search kept: at most the true value."""

    score: float
    """``log_probability + weight * ln p(ids) + length_bonus * len(ids)``: what is sorted by."""


class _Prefix:
    """A node of the tree of texts: its last class, and the mass of the paths that spell it.

    ``blank`` and ``character`` are the masses of paths that end in a blank and in the last class
    itself; the ``next_`` pair gathers them for the coming frame.
    """

    __slots__ = (
        "blank",
        "character",
        "children",
        "class_id",
        "factor",
        "live",
        "next_blank",
        "next_character",
        "parent",
        "prior",
        "state",
    )

    def __init__(self, parent: _Prefix | None, class_id: int) -> None:
        self.parent = parent
        self.class_id = class_id
        self.children: dict[int, _Prefix] = {}
        self.blank = self.character = 0.0
        self.next_blank = self.next_character = 0.0
        self.live = False
        self.prior = 0.0
        self.factor = 1.0
        self.state: Any = None

    def ids(self) -> tuple[int, ...]:
        backwards = []
        node = self
        while node.parent is not None:
            backwards.append(node.class_id)
            node = node.parent
        return tuple(backwards[::-1])


def beam_search(
    log_probs: NDArray[np.floating],
    search: BeamSearch = DEFAULT,
    language_model: LanguageModel[Any] | None = None,
) -> list[Hypothesis]:
    """Search for the most probable texts, best first (Hannun et al. 2014, arXiv 1408.2873).

    ``log_probs`` is ``time class``, log-softmaxed. Returns between 1 and ``search.width``
    different texts. With ``p_b`` and ``p_c`` the masses of a text ``l`` whose last class is ``e``,
    a frame ``y`` gives::

        p_b'(l)     = (p_b(l) + p_c(l)) y[blank]
        p_c'(l)     = p_c(l) y[e]                  + from its parent, as below
        p_c'(l + k) = (p_b(l) + p_c(l)) y[k]  p_lm(k | l)^weight e^bonus       for k != e
        p_c'(l + e) =  p_b(l)           y[e]  p_lm(e | l)^weight e^bonus

    The masses are plain numbers with one common scale in log space, which is renewed before
    they can underflow: additions and multiplications instead of logarithms.
    """
    root = _Prefix(None, BLANK)
    root.blank, root.live = 1.0, True
    if language_model is not None:
        root.state = language_model.start()
    beam = [root]
    best, log_scale = 1.0, 0.0
    blank_before = False

    for log_blank, candidates in _frames(log_probs, search):
        if candidates is None:
            log_scale += log_blank
            if not blank_before:
                for node in beam:
                    node.blank += node.character
                    node.character = 0.0
            blank_before = True
            continue
        blank_before = False
        beam, best = _step(beam, math.exp(log_blank), candidates, best, search, language_model)
        if best < _RENEW:
            for node in beam:
                node.blank /= best
                node.character /= best
            log_scale += math.log(best)
            best = 1.0

    found = []
    for node in beam:
        end = 0.0
        if language_model is not None:
            end = search.weight * language_model.end(node.state)
        score = math.log(node.blank + node.character) + log_scale
        found.append(Hypothesis(node.ids(), score - node.prior, score + end))
    return sorted(found, key=lambda hypothesis: -hypothesis.score)


_RENEW = 1e-100
"""Masses are rescaled when the best falls below this; doubles reach down to 1e-308."""

_Candidates = list[tuple[int, float]]


def _step(
    beam: list[_Prefix],
    blank: float,
    candidates: _Candidates,
    best: float,
    search: BeamSearch,
    language_model: LanguageModel[Any] | None,
) -> tuple[list[_Prefix], float]:
    """Read one frame; returns the texts that stay, most probable first, and the best mass."""
    touched = list(beam)
    floor = best * search.cutoff * max(blank, max((p for _, p in candidates), default=0.0))
    for node in beam:
        own, after_character, after_blank = node.class_id, node.character, node.blank
        mass = after_blank + after_character
        children = node.children
        node.next_blank += mass * blank
        for k, p in candidates:
            if k == own:
                node.next_character += after_character * p
                gain = after_blank * p
            else:
                gain = mass * p
            if gain <= floor:
                continue
            child = children.get(k)
            if child is None:
                child = children[k] = _Prefix(node, k)
                if language_model is not None:
                    log_p, child.state = language_model.extend(node.state, k)
                    bonus = search.weight * log_p + search.length_bonus
                    child.factor, child.prior = math.exp(bonus), node.prior + bonus
            if not child.live:
                child.live = True
                touched.append(child)
            child.next_character += gain * child.factor

    for node in touched:
        node.blank, node.character = node.next_blank, node.next_character
        node.next_blank = node.next_character = 0.0
    touched.sort(key=_mass, reverse=True)
    best = _mass(touched[0])
    floor = best * search.cutoff
    keep = min(search.width, len(touched))
    while _mass(touched[keep - 1]) <= floor and keep > 1:
        keep -= 1
    for node in touched[keep:]:
        node.blank = node.character = 0.0
        node.live = False
    return touched[:keep], best


def _mass(node: _Prefix) -> float:
    return node.blank + node.character


def _frames(
    log_probs: NDArray[np.floating], search: BeamSearch
) -> Iterator[tuple[float, _Candidates | None]]:
    """``ln y[blank]`` of each frame, and the classes to try in it; None: nothing but blank."""
    log_blank = log_probs[:, BLANK].astype(np.float64)
    busy = np.flatnonzero(np.exp(log_blank) < search.blank)
    rows = log_probs[busy]
    rows[:, BLANK] = -np.inf
    if search.top < rows.shape[1]:
        classes = np.argpartition(rows, -search.top, axis=1)[:, -search.top :]
    else:
        classes = np.broadcast_to(np.arange(rows.shape[1]), rows.shape)
    y = np.exp(np.take_along_axis(rows, classes, axis=1).astype(np.float64))
    tried = y > search.least
    ends = [0, *np.cumsum(tried.sum(axis=1)).tolist()]
    pairs = list(zip(classes[tried].tolist(), y[tried].tolist(), strict=True))
    candidates = {
        t: pairs[start:end] for t, (start, end) in zip(busy.tolist(), pairwise(ends), strict=True)
    }
    for t, log_p in enumerate(log_blank.tolist()):
        yield log_p, candidates.get(t)
