"""What reads differently now: every line before and after, and the estimate of every page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from readapt.adapt.finetune import stopwatch
from readapt.evaluate.estimate import (
    Estimate,
    Signs,
    estimate,
    expected_edits,
    find_signs,
    strong_words,
)
from readapt.models.bundle import Bundle
from readapt.models.manifest import ErrorEstimate
from readapt.reader import choose_decoder, load_recognizer
from readapt.recognize.beam import Beam
from readapt.recognize.decode import GREEDY
from readapt.recognize.lm import CharacterModel
from readapt.types import Image

if TYPE_CHECKING:
    from readapt.adapt.calibrated import Weights
    from readapt.adapt.finish import Ending

_TOGETHER = 32
_ALMOST_NONE = 1e-4
"""Error rate that others are not divided by less than."""


@dataclass(frozen=True, slots=True)
class Change:
    """A line that reads differently."""

    image: Image
    """Prepared."""
    before: str
    after: str
    held_out: bool
    doubt: tuple[float, float]
    """Expected share of wrong characters before and after."""

    @property
    def edits(self) -> int:
        """Characters that changed."""
        return int(Levenshtein.distance(self.before, self.after))


@dataclass(frozen=True)
class Changes:
    """What was read before and after."""

    lines: int
    """Lines that were read with both models."""
    of: int
    """Lines there are; the others were left out for want of time."""
    changed: tuple[Change, ...]
    """Most changed first."""
    pages: tuple[tuple[str, Estimate, Estimate], ...]
    """Name of a page, its estimate before and after; the most doubtful first."""
    before: Estimate
    """Of all lines that were read, as the base model reads them ..."""
    after: Estimate
    """... and as the new one does, by what became of those held out."""

    @property
    def worse(self) -> tuple[Change, ...]:
        """Changed lines that are doubted more than before, the worst first."""
        found = [change for change in self.changed if change.doubt[1] > change.doubt[0]]
        return tuple(sorted(found, key=lambda c: c.doubt[0] - c.doubt[1]))


def words_of(bundle: Bundle) -> Beam | None:
    """Make the search by which words have a sign in the estimate; None without their model."""
    path = bundle.language_model
    return None if path is None else strong_words(CharacterModel.load(path, bundle.alphabet))


def find_changes(ending: Ending, bundle: Bundle, weights: Weights, seconds: float) -> Changes:
    """Read lines as the base model does and as ``bundle``, the new one, does, as time allows.

    Held-out lines come first, then others from all over the scans. ``weights`` turn the signs of
    both into errors.
    """
    state, elapsed, words = ending.state, stopwatch(), words_of(bundle)
    readers = (
        (
            load_recognizer(ending.bundle, state.config.threads, GREEDY),  # for its posteriors
            choose_decoder(ending.bundle),
        ),
        (load_recognizer(bundle, state.config.threads, GREEDY), choose_decoder(bundle)),
    )
    target, height = state.target, state.network.config.height
    first = len(target.held_out)
    learnt = np.random.default_rng(state.config.seed).permutation(len(target.lines)).tolist()
    lines = [*target.held_out, *(target.lines[i] for i in learnt)]
    pages = [*target.held_out_pages, *(target.pages[i] for i in learnt)]
    signs: tuple[list[Signs], list[Signs]] = ([], [])
    for start in range(0, len(lines), _TOGETHER):
        some = lines[start : start + _TOGETHER]
        for kept, (reader, decoder) in zip(signs, readers, strict=True):
            kept += find_signs(reader, some, height, decoder, words)
        ending.say(f"{start + len(some)} of {len(lines)} lines before and after")
        if elapsed() > seconds:
            break
    read = len(signs[0])
    changed = [
        Change(
            lines[i], a.text, b.text, i < first, (a.doubt / a.characters, b.doubt / b.characters)
        )
        for i, (a, b) in enumerate(zip(*signs, strict=True))
        if a.text != b.text
    ]
    changed.sort(key=lambda change: -change.edits)
    scales = (
        weights.before.scaled(ending.bundle.manifest.errors_left),
        weights.after.scaled(bundle.manifest.errors_left),
    )
    by_page = _by_page(signs, pages, target.names, scales)
    together = of_collection(signs, min(first, read), scales)
    return Changes(read, len(lines), tuple(changed), by_page, *together)


def of_collection(
    signs: tuple[Sequence[Signs], Sequence[Signs]],
    held_out: int,
    by: tuple[ErrorEstimate, ErrorEstimate],
    rounds: int = 500,
    seed: int = 0,
) -> tuple[Estimate, Estimate]:
    """Estimate all lines before and after; the first ``held_out`` of them were not learnt from.

    Nothing was learnt by the base model from any of them, so all of them say what it makes wrong.
    The new one is surer of the lines it has learnt from than it is right. So what it makes wrong is
    what the base does, times what is left of it on the lines held out: a ratio estimate (Cochran,
    Sampling Techniques, chapter 6).
    """
    before = estimate(signs[0], by[0])
    edits = [expected_edits(one, weights) for one, weights in zip(signs, by, strict=True)]
    length = [np.array([s.characters for s in one], np.float64) for one in signs]
    if np.array_equal(edits[0], edits[1]):  # the same model
        return before, before

    def left(chosen: NDArray[np.int64]) -> float:
        """Share of the errors that is left on some held-out lines."""
        rates = [e[chosen].sum() / n[chosen].sum() for e, n in zip(edits, length, strict=True)]
        return float(rates[1] / max(rates[0], _ALMOST_NONE))

    rng = np.random.default_rng(seed)
    shares = [left(rng.integers(held_out, size=held_out)) for _ in range(rounds)]
    drawn = rng.integers(len(edits[0]), size=(rounds, len(edits[0])))
    rates = edits[0][drawn].sum(1) / length[0][drawn].sum(1) * np.array(shares)
    rates *= np.exp(rng.normal(0, np.log(by[1].spread) / 1.645, rounds))
    rate = before.rate * left(np.arange(held_out))
    low, high = (float(q) for q in np.quantile(rates, [0.05, 0.95]))
    return before, Estimate(rate, min(low, rate), min(1.0, max(high, rate)), before.lines)


def _by_page(
    signs: tuple[Sequence[Signs], Sequence[Signs]],
    pages: Sequence[int],
    names: Sequence[str],
    errors: tuple[ErrorEstimate, ErrorEstimate],
) -> tuple[tuple[str, Estimate, Estimate], ...]:
    """Estimate every page of which lines were read."""
    numbers: dict[int, list[int]] = {}
    for i, page in enumerate(pages[: len(signs[0])]):
        numbers.setdefault(page, []).append(i)
    found = []
    for page, mine in numbers.items():
        name = names[page] if page < len(names) else f"page {page + 1}"
        before, after = (
            estimate([one[i] for i in mine], by, 200) for one, by in zip(signs, errors, strict=True)
        )
        found.append((name, before, after))
    return tuple(sorted(found, key=lambda row: -row[2].rate))
