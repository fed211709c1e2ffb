"""What reads differently now: every line before and after, and the estimate of every page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rapidfuzz.distance import Levenshtein

from readapt.adapt.finetune import stopwatch
from readapt.adapt.target import Target
from readapt.evaluate.estimate import Estimate, Signs, estimate, find_signs
from readapt.models.bundle import Bundle
from readapt.models.manifest import ErrorEstimate
from readapt.reader import choose_decoder, load_recognizer
from readapt.recognize.decode import GREEDY
from readapt.types import Image

if TYPE_CHECKING:
    from readapt.adapt.finish import Ending

_TOGETHER = 32


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

    @property
    def worse(self) -> tuple[Change, ...]:
        """Changed lines that are doubted more than before, the worst first."""
        found = [change for change in self.changed if change.doubt[1] > change.doubt[0]]
        return tuple(sorted(found, key=lambda c: c.doubt[0] - c.doubt[1]))


def find_changes(ending: Ending, bundle: Bundle, seconds: float) -> Changes:
    """Read lines as the base model does and as ``bundle``, the new one, does, as time allows.

    Held-out lines come first.
    """
    state, elapsed = ending.state, stopwatch()
    errors = ending.bundle.manifest.calibration.errors or ErrorEstimate()
    readers = (
        (
            load_recognizer(ending.bundle, state.config.threads, GREEDY),  # for its posteriors
            choose_decoder(ending.bundle),
        ),
        (load_recognizer(bundle, state.config.threads, GREEDY), choose_decoder(bundle)),
    )
    target, height = state.target, state.network.config.height
    lines = target.held_out + target.lines
    first = len(target.held_out)
    signs: tuple[list[Signs], list[Signs]] = ([], [])
    for start in range(0, len(lines), _TOGETHER):
        some = lines[start : start + _TOGETHER]
        for kept, (reader, decoder) in zip(signs, readers, strict=True):
            kept += find_signs(reader, some, height, decoder)
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
    scales = tuple(errors.scaled(one.manifest.errors_left) for one in (ending.bundle, bundle))
    return Changes(read, len(lines), tuple(changed), _by_page(signs, target, scales))


def _by_page(
    signs: tuple[Sequence[Signs], Sequence[Signs]],
    target: Target,
    errors: tuple[ErrorEstimate, ...],
) -> tuple[tuple[str, Estimate, Estimate], ...]:
    """Estimate every page of which lines were read."""
    numbers: dict[int, list[int]] = {}
    pages = (*target.held_out_pages, *target.pages)
    for i, page in enumerate(pages[: len(signs[0])]):
        numbers.setdefault(page, []).append(i)
    found = []
    for page, mine in numbers.items():
        name = target.names[page] if page < len(target.names) else f"page {page + 1}"
        before, after = (
            estimate([one[i] for i in mine], by, 200) for one, by in zip(signs, errors, strict=True)
        )
        found.append((name, before, after))
    return tuple(sorted(found, key=lambda row: -row[2].rate))
