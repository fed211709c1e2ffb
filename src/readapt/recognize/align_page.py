"""Which part of a running text each line of a page says: from a transcription to line truth.

The lines' posteriors and the text are aligned in one Viterbi search (one-stage dynamic programming:
Ney 1984, "The use of a one-stage dynamic programming algorithm for connected word recognition").
With ``s(m, j)`` the best score of the first ``m`` lines and ``j`` units of text, a line is either
no part of the text or says what stands between two of its places::

    s(m, j) = max( s(m - 1, j) - line_cost * characters of line m,
                   max_i  e(m, i) + ctc(line m says units i..j) )
    e(m, i) = max_k<=i  s(m - 1, k) - skip_cost * characters k..i

``ctc`` is the best path's log-probability, less that of the line's own best path, so that a line
that says what it reads costs nothing. All places ``i`` are tried at once: each state of the CTC
lattice over the whole text carries the place where its path began.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from readapt.evaluate.normalise import fold
from readapt.recognize.alphabet import BLANK, Alphabet
from readapt.recognize.ctc import UnalignableError, align, log_likelihood
from readapt.recognize.greedy import best_path
from readapt.recognize.spans import span_log_likelihoods

HYPHENS = "-¬⸗"
"""What a line may end with where the text goes on within a word."""

_HYPHEN, _ANY = 1, 2
"""Columns beside the blank, 0: any hyphen, any character."""


@dataclass(frozen=True, slots=True)
class AligningConfig:
    """What it costs to differ from the text, in nats."""

    line_cost: float = 2.0
    """A line that is not in the text, for each character that was read on it."""
    skip_cost: float = 2.0
    """Text that is not on the page, for each character but spaces."""
    break_cost: float = 4.0
    """A line that ends or begins within a word without a hyphen."""
    hyphen_cost: float = 0.5
    """A hyphen at the end of a line that is not in the text."""
    soft_hyphen_cost: float = 2.0
    """A hyphen of the text that is not on the page: it stood at the end of somebody's line."""
    space_cost: float = 1.5
    """A space of the text that is not on the page."""
    least: float = 0.5
    """Lines of less confidence are unsure."""
    word_cost: float = 16.0
    """A line is unsure if one of its words is this much less probable than what is read there."""
    region: int = 4
    """Characters that text left over must have to be looked for once more, in lines left over."""


@dataclass(frozen=True, slots=True)
class AlignedLine:
    """What one line says."""

    text: str
    """Its part of the text; what was read, where it has none."""
    confidence: float
    """Geometric mean over the characters of ``p(text | line)``, in [0, 1]; 0 without a part."""
    start: int
    """Its part is ``text[start:end]`` of :attr:`PageAlignment.text`, but for hyphens; -1: none."""
    end: int
    reason: str = ""
    """Why it is unsure; "" for a sure line."""


@dataclass(frozen=True, slots=True)
class PageAlignment:
    """A text shared out among the lines of a page."""

    text: str
    """The text in NFC, white space collapsed."""
    lines: tuple[AlignedLine, ...]
    """One for each line, in order."""
    missing: tuple[tuple[int, int], ...]
    """``start, end`` of the parts of the text that no line says."""


def align_page(
    log_posteriors: Sequence[NDArray[np.float32]],
    text: str,
    alphabet: Alphabet,
    config: AligningConfig | None = None,
) -> PageAlignment:
    """Share a running text out among lines.

    ``log_posteriors`` are ``time class`` each, of the page's lines in reading order. Line breaks in
    ``text`` mean no more than spaces. Lines out of order are found as well, once the lines in
    order have taken their parts. Characters that the alphabet lacks match anything.
    """
    config = config or AligningConfig()
    whole = _Text(" ".join(unicodedata.normalize("NFC", text).split()), alphabet)
    lines = [_Line(log_probs, alphabet, whole) for log_probs in log_posteriors]
    parts: list[_Part | None] = [None] * len(lines)
    regions = [(0, len(whole.text))] if whole.text else []
    while regions:
        start, end = max(regions, key=lambda region: region[1] - region[0])
        regions.remove((start, end))
        free = [i for i, part in enumerate(parts) if part is None]
        piece = whole.piece(start, end)
        found = _search([lines[i] for i in free], piece, config)
        kept = {i: part.moved(start) for i, part in zip(free, found, strict=True) if part}
        if (start, end) != (0, len(whole.text)):  # out of order: only what is beyond doubt
            broken = _broken([*parts, *kept.values()])
            kept = {
                i: part
                for i, part in kept.items()
                if not _label(lines[i], part, whole, broken, alphabet, config).reason
            }
        for i, part in kept.items():
            parts[i] = part
        if kept:
            left = _outside(start, end, kept.values())
            regions += [x for x in left if _weight(whole.text[slice(*x)]) >= config.region]
    broken = _broken(parts)
    return PageAlignment(
        whole.text,
        tuple(
            _label(line, part, whole, broken, alphabet, config)
            for line, part in zip(lines, parts, strict=True)
        ),
        tuple(
            (a, b)
            for a, b in _outside(0, len(whole.text), [part for part in parts if part])
            if _weight(whole.text[a:b])
        ),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """Characters ``[start, end)`` of a text; ``hyphen``: the line ends with one of its own."""

    start: int
    end: int
    hyphen: bool

    def moved(self, by: int) -> _Part:
        return replace(self, start=self.start + by, end=self.end + by)


class _Text:
    """A text as columns of a line's scores: one unit for each class it takes to write."""

    def __init__(
        self, text: str, alphabet: Alphabet, columns: dict[tuple[int, ...], int] | None = None
    ) -> None:
        self.text = text
        self._alphabet = alphabet
        self.columns = {} if columns is None else columns
        """Classes that are one -> their column."""
        units: list[int] = []
        first: list[int] = []  # unit of each character
        for character in text:
            first.append(len(units))
            units += self._units(character)
        self.unit = np.array(units, np.int64)
        self.first = np.array([*first, len(units)], np.int64)

    def piece(self, start: int, end: int) -> _Text:
        """Cut out characters ``[start, end)``."""
        if (start, end) == (0, len(self.text)):
            return self
        return _Text(self.text[start:end], self._alphabet, self.columns)

    def targets(self, text: str) -> list[int]:
        """Columns of another text of the same characters and hyphens."""
        return [column for character in text for column in self._units(character)]

    def _units(self, character: str) -> list[int]:
        if character in HYPHENS:
            return [_HYPHEN]
        if self._alphabet.missing(character):
            return [_ANY]
        ids = self._alphabet.encode(character)
        if len(ids) > 1:
            return [self._column((k,)) for k in ids]
        alike = _alike(self._alphabet, character)
        return [self._column(tuple(sorted({*ids, *self._alphabet.encode(alike)})))]

    def _column(self, classes: tuple[int, ...]) -> int:
        return self.columns.setdefault(classes, len(self.columns) + _ANY + 1)


@lru_cache(maxsize=4096)
def _alike(alphabet: Alphabet, character: str) -> str:
    """Find the characters of an alphabet that a transcriber may have meant by this one."""
    wanted = fold(character)
    return "".join(c for c in alphabet.characters if c != " " and fold(c) == wanted)


class _Line:
    """The scores of one line, in the columns of a text."""

    def __init__(self, log_probs: NDArray[np.float32], alphabet: Alphabet, text: _Text) -> None:
        best = best_path(log_probs)
        self.read = " ".join(alphabet.decode(best.ids).split())
        self._log_probs, self._alphabet, self._text = log_probs, alphabet, text

    @cached_property
    def scores(self) -> NDArray[np.float32]:
        """``time column``: ``ln y`` of each column's classes together."""
        hyphens = [k for h in HYPHENS if h in self._alphabet for k in self._alphabet.encode(h)]
        columns = [(BLANK,), tuple(hyphens), (), *self._text.columns]
        y = np.full((len(self._log_probs), len(columns)), -np.inf, np.float32)
        for column, classes in enumerate(columns):
            if classes:
                y[:, column] = np.logaddexp.reduce(self._log_probs[:, list(classes)], axis=1)
        y[:, _ANY] = self._log_probs[:, 1:].max(axis=1)
        return np.maximum(y, np.float32(-60))  # nothing is so sure that one frame decides a page

    @cached_property
    def relative(self) -> NDArray[np.float32]:
        """``time column``: scores less the best of each frame."""
        best = self._log_probs.max(axis=1, keepdims=True)
        return np.asarray(np.minimum(self.scores - best, 0), np.float32)

    def ends_like(self, class_id: int) -> float:
        """``ln y`` of a class where the line's end looks most like it."""
        last = self._log_probs[-max(1, len(self._log_probs) // 8) :, class_id]
        return float(last.max(initial=-np.inf))


def _search(lines: Sequence[_Line], text: _Text, config: AligningConfig) -> list[_Part | None]:
    """Find each line's part of a text, in order; None for lines that have none."""
    lattice = _Lattice(text, config)
    places = len(text.unit) + 1
    weights = np.array([config.skip_cost * (c != " ") for c in text.text], np.float64)
    # What it costs to leave out all units before each place; the first unit of a character counts.
    skipped = np.zeros(places)
    skipped[text.first[:-1] + 1] = weights
    skipped = np.cumsum(skipped)

    score = np.full(places, -np.inf)
    score[0] = 0.0
    trace = []
    for line in lines:
        gained = score + skipped
        furthest = np.maximum.accumulate(gained)
        source = np.maximum.accumulate(np.where(gained == furthest, np.arange(places), 0))
        leap = furthest - skipped - lattice.inside
        direct = score >= leap
        entry = np.where(direct, score, leap)
        origin = np.where(direct, np.arange(places), source)

        said, start, hyphen = lattice.read(line.relative, entry)
        nothing = score - config.line_cost * (len(line.read) + 1) * bool(line.read)
        is_said = said > nothing
        score = np.where(is_said, said, nothing)
        trace.append((is_said, start, hyphen, origin))

    place = int(np.argmax(score + skipped))
    parts: list[_Part | None] = []
    for is_said, start, hyphen, origin in reversed(trace):
        if not is_said[place]:
            parts.append(None)
            continue
        begin = int(start[place])
        characters = np.searchsorted(text.first, [begin, place]).tolist()
        parts.append(_Part(characters[0], characters[1], bool(hyphen[place])))
        place = int(origin[begin])
    return parts[::-1]


class _Lattice:
    """The states of a text: a blank before each unit and after the last, each unit, and hyphens."""

    def __init__(self, text: _Text, config: AligningConfig) -> None:
        self._unit = text.unit
        self._config = config
        places = len(text.unit) + 1
        characters = text.text
        is_place = np.zeros(places, bool)
        is_place[text.first] = True  # between characters
        before = np.array(["", *characters])  # by number of the character that follows
        after = np.array([*characters, ""])
        spaces_before, spaces_after = before == " ", after == " "
        inside = ~np.isin(before, ["", " "]) & ~np.isin(after, ["", " "])
        hyphen_before = np.isin(before, list(HYPHENS))
        self.inside = np.full(places, np.inf)
        self.inside[text.first] = np.where(inside & ~hyphen_before, config.break_cost, 0.0)
        # Lines neither begin nor end with a space.
        self._may_begin = np.full(places, -np.inf)
        self._may_begin[text.first] = np.where(spaces_after | (after == ""), -np.inf, 0.0)
        self._end_cost = np.full(places, np.inf)
        self._end_cost[text.first] = np.where(
            spaces_before, np.inf, np.where(inside & ~hyphen_before, config.break_cost, 0.0)
        )
        letters = np.array([c.isalpha() for c in characters], bool)
        between = np.zeros(places, bool)
        between[text.first[1:-1]] = letters[:-1] & letters[1:]
        self._hyphenated = np.flatnonzero(between)
        # No step from a unit to its twin.
        self._twin = np.zeros(len(self._unit), np.float32)
        self._twin[1:][self._unit[1:] == self._unit[:-1]] = -np.inf
        self._jumps = _jumps(text, config)

    def read(
        self, scores: NDArray[np.float32], entry: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.bool_]]:
        """Let one line say every part of the text that begins where ``entry`` allows it.

        ``scores`` are ``time column``, ``entry`` is ``place``. Returns for each place the best
        score of a line that ends there, where that line begins, and whether it ends with a hyphen
        of its own.
        """
        size = len(self._unit)
        begin = entry + self._may_begin
        top = begin.max(initial=-np.inf)
        ends = np.full(size + 1, -np.inf), np.zeros(size + 1, np.int32), np.zeros(size + 1, bool)
        if not len(scores) or not np.isfinite(top):
            return ends
        begin = (begin - top).astype(np.float32)
        emit = scores[:, self._unit]
        places = np.arange(size + 1, dtype=np.int32)
        # c: in the unit; b: in the blank before it; h, g: in a hyphen before it and in the blank
        # after that hyphen. The second array of each says where the path began.
        c, cs = begin[:-1] + emit[0], places[:-1].copy()
        b, bs = begin + scores[0, BLANK], places.copy()
        at = self._hyphenated
        h = np.full(len(at), -np.inf, np.float32)
        g = h.copy()
        hs, gs = np.zeros(len(at), np.int32), np.zeros(len(at), np.int32)
        for frame, blank, hyphen in zip(
            emit[1:], scores[1:, BLANK], scores[1:, _HYPHEN], strict=True
        ):
            new, new_s = c.copy(), cs.copy()
            _take(new, new_s, b[:-1], bs[:-1])
            _take(new[1:], new_s[1:], c[:-1] + self._twin[1:], cs[:-1])
            for source, target, cost, twin in self._jumps:
                over, over_s = c[source - 1] - cost + twin, cs[source - 1]
                via = b[source] - cost
                better = via > over
                over = np.where(better, via, over)
                over_s = np.where(better, bs[source], over_s)
                better = over > new[target]
                new[target] = np.where(better, over, new[target])
                new_s[target] = np.where(better, over_s, new_s[target])
            if len(at):
                _take(g, gs, h, hs)
                g += blank
                _take(h, hs, c[at - 1], cs[at - 1])
                _take(h, hs, b[at], bs[at])
                h += hyphen
            _take(b[1:], bs[1:], c, cs)
            b += blank
            new += frame
            c, cs = new, new_s
        # A path that is still where it began has said nothing.
        b[bs == places] = -np.inf
        said, start = b.copy(), bs.copy()
        _take(said[1:], start[1:], c, cs)
        found = said.astype(np.float64) - self._end_cost
        has_hyphen = np.zeros(size + 1, bool)
        _take(g, gs, h, hs)
        g[gs == places[at]] = -np.inf
        with_hyphen = g.astype(np.float64) - self._config.hyphen_cost
        better = with_hyphen > found[at]
        found[at] = np.where(better, with_hyphen, found[at])
        start[at] = np.where(better, gs, start[at])
        has_hyphen[at] = better
        return found + top, start, has_hyphen


def _take(
    best: NDArray[np.float32],
    starts: NDArray[np.int32],
    other: NDArray[np.float32],
    other_starts: NDArray[np.int32],
) -> None:
    """Replace what is worse than ``other``, in place."""
    better = other > best
    np.copyto(best, other, where=better)
    np.copyto(starts, other_starts, where=better)


_Jump = tuple[NDArray[np.int64], NDArray[np.int64], float, NDArray[np.float32]]


def _jumps(whole: _Text, config: AligningConfig) -> list[_Jump]:
    """Find what may be passed over within a line: units ``[source, target)``, at a cost.

    Spaces; hyphens between letters; hyphens between letters with a space after them. The last
    entry bars the way from a unit to its twin, between which a blank has to be.
    """
    text, starts = whole.text, whole.first[:-1]
    spans: dict[int, list[tuple[int, int]]] = {1: [], 2: [], 3: []}
    for i in range(1, len(text) - 1):
        if text[i] == " ":
            spans[1].append((i, i + 1))
        elif (span := _soft_hyphen(text, i))[1] > i:
            spans[1 + span[1] - i].append(span)
    costs = {1: config.space_cost, 2: config.soft_hyphen_cost, 3: config.soft_hyphen_cost}
    found = []
    for kind, some in spans.items():
        if some:
            source, target = starts[np.array(some)].T
            twin = np.where(whole.unit[source - 1] == whole.unit[target], -np.inf, 0.0)
            found.append((source, target, costs[kind], twin.astype(np.float32)))
    return found


def _soft_hyphen(text: str, i: int) -> tuple[int, int]:
    """Return the span to leave out if a line-end hyphen stands at ``i``; empty if it does not."""
    if text[i] not in HYPHENS or not text[i - 1].isalpha():
        return i, i
    end = i + 2 if text[i + 1] == " " else i + 1
    return (i, end) if end < len(text) and text[end].isalpha() else (i, i)


def _outside(start: int, end: int, parts: Iterable[_Part]) -> list[tuple[int, int]]:
    """List the stretches of ``[start, end)`` that no part covers."""
    left = []
    for part in sorted(parts, key=lambda part: part.start):
        if part.start > start:
            left.append((start, part.start))
        start = max(start, part.end)
    if end > start:
        left.append((start, end))
    return left


def _weight(text: str) -> int:
    return sum(c != " " for c in text)


def _broken(parts: Iterable[_Part | None]) -> set[int]:
    """Return the places where a line ends within a word, with a hyphen of its own."""
    return {part.end for part in parts if part is not None and part.hyphen}


def _label(
    line: _Line,
    part: _Part | None,
    whole: _Text,
    broken: set[int],
    alphabet: Alphabet,
    config: AligningConfig,
) -> AlignedLine:
    """Write a line's part as it stands on the line, and judge it."""
    if part is None:
        return AlignedLine(line.read, 0.0, -1, -1, "not in the text")
    text = _without_soft_hyphens(line, whole.text[part.start : part.end], whole)
    if part.hyphen:
        text += _likeliest_hyphen(line, alphabet)
    targets = whole.targets(text)
    (log_p,) = log_likelihood(line.scores[None], [targets]).tolist()
    confidence = min(1.0, math.exp(log_p / max(1, len(targets))))
    reason = ""
    if confidence < config.least:
        reason = f"read as {line.read!r}"
    elif misfit := _misfit(line, text, whole, config):
        reason = f"{misfit!r} does not fit the image, read as {line.read!r}"
    elif any(_cut(whole.text, place) for place in {part.start, part.end} - broken):
        reason = "begins or ends within a word"
    return AlignedLine(text, confidence, part.start, part.end, reason)


def _cut(text: str, place: int) -> bool:
    """Whether a place lies within a word, and not after a hyphen."""
    if not 0 < place < len(text):
        return False
    before, after = text[place - 1], text[place]
    return before != " " and after != " " and before not in HYPHENS


def _without_soft_hyphens(line: _Line, text: str, whole: _Text) -> str:
    """Leave out the hyphens within a line that are not on the page."""
    i = len(text) - 2
    while i > 0:
        start, end = _soft_hyphen(text, i)
        if end > start:
            without = text[:start] + text[end:]
            both = [whole.targets(text), whole.targets(without)]
            kept, dropped = log_likelihood(np.stack([line.scores] * 2), both).tolist()
            if dropped > kept:
                text = without
        i -= 1
    return text


def _likeliest_hyphen(line: _Line, alphabet: Alphabet) -> str:
    """Return the hyphen that the last frames look most like."""
    known = [h for h in HYPHENS if h in alphabet]
    peaks = [line.ends_like(alphabet.encode(h)[0]) for h in known]
    return known[int(np.argmax(peaks))] if known else HYPHENS[0]


def _misfit(line: _Line, text: str, whole: _Text, config: AligningConfig) -> str:
    """Return the word that fits its frames worst, if it fits them badly; else ""."""
    words = text.split(" ")
    try:
        spans = align(line.relative, whole.targets(text)).spans.tolist()
    except UnalignableError:
        return text
    stretches = []
    unit, begin = 0, 0
    for n, word in enumerate(words):
        unit += len(whole.targets(word))
        end = spans[unit][0] if n + 1 < len(words) else len(line.relative)
        stretches.append((begin, end))
        begin = spans[unit][1] if n + 1 < len(words) else end
        unit += 1
    fit = span_log_likelihoods(
        line.relative, np.array(stretches, np.int64), [whole.targets(word) for word in words]
    )
    worst = int(np.argmin(fit))
    return words[worst] if fit[worst] < -config.word_cost else ""
