"""What reads differently now: lines before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from rapidfuzz.distance import Levenshtein

from readapt.adapt.budget import stopwatch
from readapt.adapt.end.estimates import BothRead
from readapt.evaluate.estimate import UNREADABLE, Estimate, Signs, find_signs, strong_words
from readapt.models.bundle import Bundle
from readapt.reader import choose_decoder, load_recognizer
from readapt.recognize.beam import Beam
from readapt.recognize.decode import GREEDY
from readapt.recognize.lm import CharacterModel
from readapt.types import Image

if TYPE_CHECKING:
    from readapt.adapt.end.calibrated import Weights
    from readapt.adapt.end.ending import Ending

_TOGETHER = 32


@dataclass(frozen=True, slots=True)
class Change:
    """A line that reads differently."""

    image: Image
    """Prepared."""
    page: str
    """Name of the scan that it is on."""
    before: str
    after: str
    held_out: bool
    wrong: tuple[float, float]
    """Estimated share of wrong characters before and after."""

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
    of_pages: int
    """Pages there are; of some no line may have been read."""
    changed: tuple[Change, ...]
    """Most changed first."""
    pages: tuple[tuple[str, Estimate, Estimate], ...]
    """Name of a page, its estimate before and after; the most doubtful first."""
    before: Estimate
    """Of all lines that were read, as the base model reads them ..."""
    after: Estimate
    """... and as the new one does, by what became of those held out."""

    @property
    def unread(self) -> str:
        """Say what there was no time for; "" where all lines were read."""
        if self.lines == self.of:
            return ""
        said = f"There was time for {self.lines} of {self.of} lines"
        if (read := len(self.pages)) < self.of_pages:
            said += f", of {read} of {self.of_pages} pages"
        return f"{said}: estimates are by these."

    @property
    def legible(self) -> tuple[Change, ...]:
        """Changed lines that either model can read, most changed first.

        Of handwriting and stains both make something else each time: they would come first.
        """
        return tuple(change for change in self.changed if min(change.wrong) <= UNREADABLE)

    @property
    def worse(self) -> tuple[Change, ...]:
        """Legible lines with more errors than before, by the estimate; the worst first."""
        found = [change for change in self.legible if change.wrong[1] > change.wrong[0]]
        return tuple(sorted(found, key=lambda c: c.wrong[0] - c.wrong[1]))


def words_of(bundle: Bundle) -> Beam | None:
    """Make the search by which words have a sign in the estimate; None without their model."""
    path = bundle.language_model
    return None if path is None else strong_words(CharacterModel.load(path, bundle.alphabet))


def find_changes(ending: Ending, bundle: Bundle, weights: Weights, seconds: float) -> Changes:
    """Read lines as the base model does and as ``bundle``, the new one, does, as time allows.

    Held-out lines come first, then others, one of each page after the other. ``weights`` turn the
    signs of both into errors.
    """
    state, elapsed = ending.state, stopwatch()
    asked = weights.before.words or weights.after.words
    words = words_of(bundle) if asked else None
    readers = (
        (
            load_recognizer(ending.bundle, state.config.threads, GREEDY),  # for its posteriors
            choose_decoder(ending.bundle),
        ),
        (load_recognizer(bundle, state.config.threads, GREEDY), choose_decoder(bundle)),
    )
    target, height = state.target, state.network.config.height
    first = len(target.held_out)
    learnt = by_turns(target.pages, state.config.seed)
    lines = [*target.held_out, *(target.lines[i] for i in learnt)]
    pages = [*target.held_out_pages, *(target.pages[i] for i in learnt)]
    signs: tuple[list[Signs], list[Signs]] = ([], [])
    for start in range(0, len(lines), _TOGETHER):
        some = lines[start : start + _TOGETHER]
        for kept, (reader, decoder) in zip(signs, readers, strict=True):
            kept += find_signs(reader, some, height, decoder, words)
        ending.say(f"{start + len(some)} of {len(lines)} lines before and after")
        if elapsed() > seconds and start + len(some) >= first:
            break
    read = len(signs[0])
    scales = (
        weights.before.scaled(ending.bundle.manifest.errors_left),
        weights.after.scaled(bundle.manifest.errors_left),
    )
    both = BothRead(signs, scales, pages[:read], min(first, read))
    before, after = both.by_line()
    changed = [
        Change(
            lines[i],
            target.name(pages[i]),
            a.text,
            b.text,
            i < first,
            (float(before[i]), float(after[i])),
        )
        for i, (a, b) in enumerate(zip(*signs, strict=True))
        if a.text != b.text
    ]
    changed.sort(key=lambda change: -change.edits)
    by_page = both.by_page(target.name)
    return Changes(read, len(lines), len(set(pages)), tuple(changed), by_page, *both.collection())


def by_turns(pages: Sequence[int], seed: int) -> list[int]:
    """Order lines so that each page has its turn: any line of each, then another of each, ..."""
    turns: dict[int, int] = {}
    order: list[tuple[int, int, int]] = []
    for i in np.random.default_rng(seed).permutation(len(pages)).tolist():
        turns[pages[i]] = turn = turns.get(pages[i], 0) + 1
        order.append((turn, len(order), i))
    return [i for _, _, i in sorted(order)]
