"""Prefix beam search: the texts whose paths together are the most probable."""

from __future__ import annotations

import math
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from readapt.recognize.frames import Choice, Run, steps

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
    """Most characters tried in a frame, the most probable ones."""

    least: float = 1e-3
    """Classes less probable than this in a frame are not tried in it, the blank included; the
    most probable one always is."""

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

NARROW = Beam(width=6, top=6, least=0.004, blank=0.99)
"""For many lines with a language model: about twice as fast, and as good where it was measured."""

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


_Prefix: TypeAlias = tuple[float, float, float, str, Any, float]
"""A text of the beam: its mass ``p_b + p_c``, ``p_b``, ``p_c``, the text, the language model's
state after it, and the logarithm of the language model's factors up to it. Classes are written as
characters of that number, because nothing is joined and looked up as fast as a string."""

_LEAST, _MOST = 1e-100, 1e100
"""Masses are rescaled when the best leaves these bounds; doubles reach from 1e-308 to 1e308."""


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
    they can underflow: additions and multiplications instead of logarithms. A run of frames with
    one class each to try, most of a line that a network is sure of, adds the same characters to
    every text and is one step, however long (:mod:`readapt.recognize.frames`).
    """
    model = search.language_model
    beam: list[_Prefix] = [(1.0, 1.0, 0.0, "", None if model is None else model.start(), 0.0)]
    log_scale = 0.0
    for step in steps(log_probs, search.top, search.least, search.blank):
        if isinstance(step, Run):
            beam, log_common = _follow(beam, step, search)
            log_scale += log_common + step.log_probability
        else:
            beam, log_common = _choose(beam, step, search)
            log_scale += log_common
        best = beam[0][0]
        if not _LEAST < best < _MOST:
            beam = [(m / best, b / best, c / best, *rest) for m, b, c, *rest in beam]
            log_scale += math.log(best)

    found = []
    for mass, _, _, text, state, prior in beam:
        end = 0.0 if model is None else search.weight * model.end(state)
        score = math.log(mass) + log_scale
        found.append(Hypothesis(tuple(map(ord, text)), score - prior, score + end))
    return sorted(found, key=lambda hypothesis: -hypothesis.score)


def _choose(beam: list[_Prefix], frame: Choice, search: Beam) -> tuple[list[_Prefix], float]:
    """Read a frame in which several classes are worth trying.

    Returns the beam, and the logarithm of a factor that was taken out of all its masses.
    """
    y, texts = dict(frame.characters), {prefix[3]: prefix for prefix in beam}
    reached: list[_Prefix] = []
    offers: list[tuple[float, float, str, Any, float]] = []  # the same, before the factor e^bonus
    for mass, _, character, text, state, prior in beam:
        blank, same, p = mass * frame.blank, 0.0, y.get(text[-1:])
        if p is not None:
            same = character * p
            parent = texts.get(text[:-1])
            if parent is not None:
                gain = parent[1] if text[-2:-1] == text[-1] else parent[0]
                same += gain * p * math.exp(prior - parent[5])
        reached.append((blank + same, blank, same, text, state, prior))

    entry = _entry(beam, reached, frame.characters[0], search)
    for mass, blank, _, text, state, prior in beam:
        last = text[-1:]
        for k, p in frame.characters:
            gain = mass * p
            if gain < entry:
                break  # those after it are no more probable
            if k == last:
                gain = blank * p
            longer = text + k
            if longer in texts:
                continue
            if search.language_model is None:
                reached.append((gain, 0.0, gain, longer, None, 0.0))
            else:
                bonus, after = _asked(state, k, search)
                offers.append((gain, bonus, longer, after, prior + bonus))
    # A heavy language model's factors may all underflow: if nothing else is left, only their
    # proportions are kept.
    log_common = 0.0
    if offers and not any(prefix[0] for prefix in reached):
        log_common = max(bonus for gain, bonus, *_ in offers if gain > 0)
    for gain, bonus, longer, after, log_factors in offers:
        gain *= math.exp(bonus - log_common)
        reached.append((gain, 0.0, gain, longer, after, log_factors))
    return _best(reached, search), log_common


def _entry(
    beam: list[_Prefix], reached: list[_Prefix], likeliest: tuple[str, float], search: Beam
) -> float:
    """Return the mass below which a text is not worth adding to those that are reached.

    There are as many of more mass as the beam holds, or one that is so much better.
    """
    masses = [prefix[0] for prefix in reached]
    highest = 1.0  # of a language model's factors
    if search.language_model is None:
        k, p = likeliest
        texts = {prefix[3] for prefix in reached}
        masses += [
            mass * p for mass, _, _, text, _, _ in beam if text[-1:] != k and text + k not in texts
        ]
    else:
        highest = math.exp(search.length_weight)
    masses.sort(reverse=True)
    entry = masses[0] * search.cutoff
    if len(masses) >= search.width:
        entry = max(entry, masses[search.width - 1])
    return entry / highest


def _follow(beam: list[_Prefix], run: Run, search: Beam) -> tuple[list[_Prefix], float]:
    """Read frames with one class each to try: all texts grow alike.

    Only the first frame can tell texts apart. If it is a character, paths that end in that
    character stay with their text, and all others write it: a text may part in two, and two may
    become one. Returns the beam, and the logarithm of a factor that was taken out of all its
    masses; the frames' own probability, common to all, is left to the caller too.
    """
    first = "" if run.begins_blank else run.text[:1]
    offers: list[tuple[float, float, str, Any, float]] = []
    for mass, blank, character, text, state, prior in beam:
        parts = [(mass, run.text)]
        if first and text[-1:] == first:
            parts = [(blank, run.text), (character, run.text[1:])]
        for part, added in parts:
            after, bonus = state, 0.0
            if search.language_model is not None:
                for k in added:
                    more, after = _asked(after, k, search)
                    bonus += more
            offers.append((part, bonus, text + added, after, prior + bonus))
    log_common = max(bonus for part, bonus, *_ in offers if part > 0)
    grown: dict[str, _Prefix] = {}
    for part, bonus, longer, after, log_factors in offers:
        part *= math.exp(bonus - log_common)
        part += grown[longer][0] if longer in grown else 0.0
        ends = (part, 0.0) if run.ends_blank else (0.0, part)
        grown[longer] = (part, *ends, longer, after, log_factors)
    return _best(list(grown.values()), search), log_common


def _asked(state: Any, k: str, search: Beam) -> tuple[float, Any]:
    """Ask the language model about one more class: logarithm of its factor, and its state."""
    assert search.language_model is not None
    log_p, after = search.language_model.extend(state, ord(k))
    return search.weight * log_p + search.length_weight, after


def _best(reached: list[_Prefix], search: Beam) -> list[_Prefix]:
    """Return what the beam holds of the texts, the most probable first; at least one."""
    reached.sort(key=_MASS, reverse=True)
    floor = reached[0][0] * search.cutoff
    keep = min(search.width, len(reached))
    while keep > 1 and reached[keep - 1][0] <= floor:
        keep -= 1
    return reached[:keep]


_MASS = itemgetter(0)
