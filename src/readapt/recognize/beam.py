"""Prefix beam search: the texts whose paths together are the most probable."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter, itemgetter
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
class Beam:
    """Decode by prefix beam search. Smaller is faster; the defaults lose next to nothing."""

    width: int = 10
    """Texts kept after each frame."""

    language_model: LanguageModel[Any] | None = None
    """What to expect of a text before its image is seen."""

    top: int = 12
    """Most classes tried in a frame, the most probable ones."""

    least: float = 1e-3
    """Classes less probable than this in a frame are not tried in it."""

    blank: float = 0.9995
    """A frame whose blank is at least this probable is taken to be blank and nothing else."""

    cutoff: float = 1e-7
    """A text this many times less probable than the best one so far is dropped."""

    weight: float = 0.2
    """Exponent of the language model's probability (alpha of Hannun 2014). Texts of another kind
    than the documents' do harm at 0.5 and still good at 0.2."""

    length_weight: float = 0.5
    """Added to a text's score for each character, to answer a language model's love of short
    texts (beta of Hannun 2014). Unused without a language model."""

    def __post_init__(self) -> None:
        if self.width < 1 or self.top < 1:
            raise ValueError(f"a beam needs a width and a top of 1 or more, not {self}")


DEFAULT = Beam()
"""Width 10, and little pruned."""

EXHAUSTIVE = Beam(width=10**9, top=10**9, least=0.0, blank=2.0, cutoff=0.0)
"""Nothing pruned: exact, and exponential in the number of frames. For tests of small cases."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A text that the search ended with."""

    ids: tuple[int, ...]
    """Its classes, without blanks."""

    log_probability: float
    """``ln p(ids | x)`` over the paths the search kept: at most the true value."""

    score: float
    """``log_probability + weight * ln p(ids) + length_weight * len(ids)``: what is sorted by."""


class _Prefix:
    """A node of the tree of texts: its last class, and the mass of the paths that spell it.

    ``blank`` and ``character`` are the masses of paths that end in a blank and in the last class
    itself, ``mass`` is both; the pair ``_next`` gathers them for the coming frame. ``factor`` is
    the language model's part in going from the parent to here, ``prior`` the logarithm of all
    factors from the root. Masses mean nothing while a node is not ``live``, in the beam.
    """

    __slots__ = (
        "blank",
        "blank_next",
        "character",
        "character_next",
        "children",
        "class_id",
        "factor",
        "live",
        "mass",
        "parent",
        "prior",
        "state",
    )

    def __init__(self, parent: _Prefix | None, class_id: int) -> None:
        self.parent = parent
        self.class_id = class_id
        self.children: dict[int, _Prefix] = {}
        self.factor = 1.0
        self.prior = 0.0
        self.state: Any = None
        self.live = False
        self.blank = self.character = self.mass = 0.0
        self.blank_next = self.character_next = 0.0

    def extend(self, class_id: int, search: Beam, language_model: LanguageModel[Any]) -> _Prefix:
        """Ask the language model about one more class, and remember the answer."""
        child = self.children[class_id] = _Prefix(self, class_id)
        log_p, child.state = language_model.extend(self.state, class_id)
        bonus = search.weight * log_p + search.length_weight
        child.factor, child.prior = math.exp(bonus), self.prior + bonus
        return child

    def enter(self, class_id: int, mass: float) -> _Prefix:
        """Take the text with one more class into the beam."""
        child = self.children.get(class_id)
        if child is None:
            child = self.children[class_id] = _Prefix(self, class_id)
        child.blank, child.character, child.mass, child.live = 0.0, mass, mass, True
        return child

    def ids(self) -> tuple[int, ...]:
        backwards = []
        node = self
        while node.parent is not None:
            backwards.append(node.class_id)
            node = node.parent
        return tuple(backwards[::-1])


def beam_search(log_probs: NDArray[np.floating], search: Beam = DEFAULT) -> list[Hypothesis]:
    """Search for the most probable texts, best first (Hannun et al. 2014, arXiv 1408.2873).

    ``log_probs`` is ``time class``, log-softmaxed. Returns between 1 and ``search.width``
    different texts. With ``p_b`` and ``p_c`` the masses of a text ``l`` whose last class is ``e``,
    a frame ``y`` gives::

        p_b'(l)     = (p_b(l) + p_c(l)) y[blank]
        p_c'(l)     = p_c(l) y[e]                  + from its parent, as below
        p_c'(l + k) = (p_b(l) + p_c(l)) y[k]  p_lm(k | l)^weight e^length_weight   for k != e
        p_c'(l + e) =  p_b(l)           y[e]  p_lm(e | l)^weight e^length_weight

    The masses are plain numbers with one common scale in log space, which is renewed before
    they can underflow: additions and multiplications instead of logarithms.
    """
    root = _Prefix(None, BLANK)
    language_model = search.language_model
    root.blank, root.character, root.mass, root.live = 1.0, 0.0, 1.0, True
    if language_model is not None:
        root.state = language_model.start()
    beam = [root]
    log_scale = 0.0
    blank_before = False

    for log_blank, candidates in _frames(log_probs, search):
        if not candidates:  # all masses shrink alike: the scale takes it
            log_scale += log_blank
            if not blank_before:
                for node in beam:
                    node.blank += node.character
                    node.character = 0.0
            blank_before = True
            continue
        blank_before = False
        beam, best = _step(beam, math.exp(log_blank), candidates, search)
        if best < _RENEW:
            for node in beam:
                node.blank /= best
                node.character /= best
                node.mass /= best
            log_scale += math.log(best)

    found = []
    for node in beam:
        end = 0.0
        if language_model is not None:
            end = search.weight * language_model.end(node.state)
        score = math.log(node.mass) + log_scale
        found.append(Hypothesis(node.ids(), score - node.prior, score + end))
    return sorted(found, key=lambda hypothesis: -hypothesis.score)


_RENEW = 1e-100
"""Masses are rescaled when the best falls below this; doubles reach down to 1e-308."""

_MASS = attrgetter("mass")

_GAIN = itemgetter(0)

_MERGE = 0.05
"""A text of the beam is not told of mass below this share of what it takes to enter the beam."""

_Candidates = list[tuple[int, float]]
"""Classes worth trying in a frame and their probabilities, the most probable first."""


def _step(
    beam: list[_Prefix], blank: float, candidates: _Candidates, search: Beam
) -> tuple[list[_Prefix], float]:
    """Read one frame; returns the texts that stay, most probable first, and the best mass."""
    y, language_model = dict(candidates), search.language_model
    stays = []
    for node in beam:
        node.blank_next = node.mass * blank
        node.character_next = node.character * y.get(node.class_id, 0.0)
        stays.append(node.blank_next + node.character_next)
    if candidates and language_model is None:
        likeliest = candidates[0][1]
        stays += [node.mass * likeliest for node in beam]
    # What a text needs to enter: the beam is full of masses no smaller, near enough.
    stays.sort(reverse=True)
    entry = stays[0] * search.cutoff
    if len(stays) >= search.width:
        entry = max(entry, stays[search.width - 1])
    worthwhile = entry * _MERGE

    entering: list[tuple[float, _Prefix, int]] = []
    for node in beam:
        own, mass, children = node.class_id, node.mass, node.children
        for k, p in candidates:
            gain = mass * p
            if gain <= worthwhile:
                break
            if k == own:
                gain = node.blank * p
            child = children.get(k)
            if child is not None and child.live:
                child.character_next += gain * child.factor
            elif gain > entry:
                if language_model is not None:
                    gain *= (child or node.extend(k, search, language_model)).factor
                entering.append((gain, node, k))
    if len(entering) > search.width:
        entering.sort(key=_GAIN, reverse=True)
        del entering[search.width :]

    for node in beam:
        node.blank, node.character = node.blank_next, node.character_next
        node.mass = node.blank + node.character
    reached = beam + [node.enter(k, gain) for gain, node, k in entering]
    reached.sort(key=_MASS, reverse=True)
    best = reached[0].mass
    floor = best * search.cutoff
    keep = min(search.width, len(reached))
    while keep > 1 and reached[keep - 1].mass <= floor:
        keep -= 1
    for node in reached[keep:]:
        node.live = False
    return reached[:keep], best


def _frames(log_probs: NDArray[np.floating], search: Beam) -> Iterator[tuple[float, _Candidates]]:
    """``ln y[blank]`` of each frame, and the classes to try in it; none: nothing but blank."""
    log_blank = log_probs[:, BLANK].astype(np.float64)
    busy = np.flatnonzero(np.exp(log_blank) < search.blank)
    rows = log_probs[busy]
    rows[:, BLANK] = -np.inf
    top = min(search.top, rows.shape[1])
    classes = np.argpartition(rows, -top, axis=1)[:, -top:]
    values = np.take_along_axis(rows, classes, axis=1)
    order = np.argsort(-values, axis=1)
    y = np.exp(np.take_along_axis(values, order, axis=1).astype(np.float64))
    tried = y > search.least
    ends = [0, *np.cumsum(tried.sum(axis=1)).tolist()]
    chosen = np.take_along_axis(classes, order, axis=1)[tried].tolist()
    pairs = list(zip(chosen, y[tried].tolist(), strict=True))
    candidates = {
        t: pairs[start:end] for t, (start, end) in zip(busy.tolist(), pairwise(ends), strict=True)
    }
    for t, log_p in enumerate(log_blank.tolist()):
        yield log_p, candidates.get(t, [])
