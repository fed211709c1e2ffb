"""How many characters are wrong, without knowing one of them.

Three signs are counted on a line: what the posteriors leave open, how much the reading changes
when the line is looked at in slightly other ways, and, where there is a language model, how much it
would change if that had a strong say. None is a number of errors; on degraded lines whose text is
known, the weights that turn them into one are found, and by how much a whole set of lines can still
be off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from rapidfuzz.distance import Levenshtein

from readapt.document.elements import Page
from readapt.errors import UsageError
from readapt.lines.crop import crop_line
from readapt.models.bundle import Bundle
from readapt.models.manifest import ErrorEstimate
from readapt.recognize.alphabet import Alphabet
from readapt.recognize.beam import NARROW, Beam
from readapt.recognize.decode import GREEDY, Decoder, decode
from readapt.recognize.greedy import best_path, peaks
from readapt.recognize.lm import CharacterModel
from readapt.recognize.preprocess import prepare_line
from readapt.recognize.tighten import cut_as_read
from readapt.recognize.views import VIEWS
from readapt.types import Image

_ALMOST_NONE = 0.005
"""Error rates below this are not told apart."""
_TOGETHER = 64
"""Lines that are read at once; bounds the memory."""
UNREADABLE = 0.15
"""Estimated error rate of lines that say nothing (benchmarks/scripts.py): no network is as unsure
of another script as it is wrong."""


class Reads(Protocol):
    """What gives posteriors of lines; ``Recognizer`` and ``Reader`` are such."""

    @property
    def alphabet(self) -> Alphabet:
        """The characters of its classes."""
        ...

    def log_posteriors(self, lines: Sequence[Image]) -> Sequence[NDArray[np.float32]]:
        """Return log-probabilities ``time class`` per line, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Signs:
    """What a line shows of its errors."""

    text: str
    """What is read on it."""
    doubt: float
    """Sum over the characters of what the posteriors leave for others, ``1 - p``."""
    changed: float
    """Edits between the reading and those of the other views, mean over these."""
    words: float = 0.0
    """Edits between the reading and that of a search that listens to a language model."""

    @property
    def characters(self) -> int:
        """Length of the reading, 1 at least."""
        return max(1, len(self.text))


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimated character error rate."""

    rate: float
    """In [0, 1]."""
    low: float
    """The true rate lies between this ..."""
    high: float
    """... and this in nine of ten sets of lines like those of the calibration: none that cannot be
    read."""
    lines: int

    @property
    def hardly(self) -> bool:
        """Whether lines like these can hardly be read: then all of it may be wrong."""
        return self.rate > UNREADABLE

    def __str__(self) -> str:
        if self.hardly:
            return f"{self.low:.1%} or more, hardly readable"
        return f"{self.rate:.1%} ({self.low:.1%} to {self.high:.1%})"


def find_signs(
    reader: Reads,
    lines: Sequence[Image],
    height: int,
    decoder: Decoder = GREEDY,
    words: Decoder | None = None,
) -> list[Signs]:
    """Read lines, ``H W`` or ``H W 3`` uint8 of any size, in all views; one sign each, in order.

    ``height`` is that of the recognizer's lines in pixels. ``decoder`` gives the texts; the signs
    are always those of the best paths. ``words`` is the search of :func:`strong_words`; None: its
    sign is 0.
    """
    found = []
    for start in range(0, len(lines), _TOGETHER):
        some = [prepare_line(line, height) for line in lines[start : start + _TOGETHER]]
        seen = [reader.log_posteriors(some)]
        seen += [reader.log_posteriors([view(line) for line in some]) for view in VIEWS.values()]
        for own, *others in zip(*seen, strict=True):
            found.append(_signs(own, others, reader.alphabet, decoder, words))
    return found


def strong_words(model: CharacterModel) -> Beam:
    """Make the search that gives the words the strongest say that reading may give them."""
    return replace(NARROW, language_model=model, weight=0.3, length_weight=0.65)


def estimating(bundle: Bundle) -> tuple[ErrorEstimate, Beam | None]:
    """Return how the signs of a bundle's greedy readings are weighed, and the search for words."""
    by, path = bundle.manifest.calibration.errors or ErrorEstimate(), bundle.language_model
    if path is None or not by.words:
        return by.without_words(), None
    return by, strong_words(CharacterModel.load(path, bundle.alphabet))


def page_signs(
    reader: Reads,
    image: Image,
    page: Page,
    height: int,
    pad: float,
    words: Decoder | None = None,
) -> list[Signs]:
    """Read the lines of a page again, cut out where they were found, in all views.

    ``image`` is the page in pixels, ``pad`` the margin that lines are cut with, in line heights.
    """
    cuts = [
        crop_line(image, np.asarray(line.polygon, np.float32), pad)
        for line in page.lines
        if len(line.polygon) == 4
    ]
    return find_signs(reader, cut_as_read(reader, cuts), height, words=words)


def _signs(
    own: NDArray[np.float32],
    others: Sequence[NDArray[np.float32]],
    alphabet: Alphabet,
    decoder: Decoder,
    words: Decoder | None,
) -> Signs:
    path = best_path(own)
    left = float((1 - peaks(own, path)).sum())
    changed = [Levenshtein.distance(path.ids, best_path(other).ids) for other in others]
    text = alphabet.decode(decode(own, decoder).ids)
    other = path.ids if words is None else decode(own, words).ids
    return Signs(text, left, float(np.mean(changed)), float(Levenshtein.distance(path.ids, other)))


def expected_edits(signs: Sequence[Signs], by: ErrorEstimate) -> NDArray[np.float64]:
    """Weigh the signs of each line: the number of wrong characters to expect in it."""
    edits = _table(signs) @ np.array([by.doubt, by.changed, by.words])
    return np.asarray(np.minimum(edits, [s.characters for s in signs]), np.float64)


def estimate(
    signs: Sequence[Signs],
    by: ErrorEstimate,
    rounds: int = 500,
    seed: int = 0,
    at_once: int = 4_000_000,
) -> Estimate:
    """Estimate the character error rate of a set of lines from their signs.

    The interval has two parts: lines drawn again with return, and how far the estimate of whole
    sets was off in the calibration. Of no line at all: 0, between 0 and 1. ``at_once`` is how many
    lines are drawn at a time, whole rounds and one at least: it bounds the memory and changes no
    result.
    """
    if not signs:
        return Estimate(0.0, 0.0, 1.0, 0)
    edits = expected_edits(signs, by)
    characters = np.array([s.characters for s in signs], np.float64)
    rng = np.random.default_rng(seed)
    rates = np.empty(rounds)
    some = max(1, at_once // len(signs))
    for start in range(0, rounds, some):
        rows = min(some, rounds - start)
        drawn = rng.integers(len(signs), size=(rows, len(signs)))
        rates[start : start + rows] = edits[drawn].sum(1) / characters[drawn].sum(1)
    spread = np.exp(rng.normal(0, np.log(by.spread) / 1.645, rounds))
    low, high = np.quantile(rates * spread, [0.05, 0.95])
    rate = float(edits.sum() / characters.sum())
    return Estimate(rate, min(float(low), rate), min(1.0, max(float(high), rate)), len(signs))


def fit_estimate(
    signs: Sequence[Signs], edits: ArrayLike, sets: Sequence[Sequence[int]]
) -> ErrorEstimate:
    """Find the weights of the signs on lines whose number of wrong characters, ``edits``, is known.

    ``sets`` are numbers of lines that belong together, such as lines of one kind of document; the
    relative errors of their estimates, each with weights found on the others, give the spread.
    Each sign is fitted to the sets' error rates by itself, and the estimate is the mean of them:
    they rise and fall together, so weights fitted jointly would be a matter of chance. A sign that
    no line shows has no weight. Raises :class:`UsageError` for fewer than four sets.
    """
    if len(sets) < 4:
        raise UsageError(
            f"an estimate is calibrated on four sets of lines or more, not {len(sets)}"
        )
    true = np.asarray(edits, np.float64)
    table = _table(signs)
    shown = np.asarray(table.any(0))
    length = np.array([s.characters for s in signs], np.float64)
    rows = np.array([table[list(some)].sum(0) / length[list(some)].sum() for some in sets])
    rows = rows[:, shown]
    rates = np.array([true[list(some)].sum() / length[list(some)].sum() for some in sets])
    off = []
    for i in range(len(sets)):
        others = np.arange(len(sets)) != i
        said = float(rows[i] @ _weights(rows[others], rates[others]))
        off.append(abs(np.log(max(said, _ALMOST_NONE) / max(rates[i], _ALMOST_NONE))))
    weights = np.zeros(table.shape[1])
    weights[shown] = _weights(rows, rates)
    doubt, changed, words = (round(weight, 4) for weight in weights.tolist())
    spread = round(float(np.exp(np.quantile(off, 0.9))), 4)
    return ErrorEstimate(doubt=doubt, changed=changed, words=words, spread=spread)


def _table(signs: Sequence[Signs]) -> NDArray[np.float64]:
    """`line sign`."""
    return np.array([[s.doubt, s.changed, s.words] for s in signs], np.float64).reshape(-1, 3)


def _weights(rows: NDArray[np.float64], rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each sign's own least-squares factor, over their number; relative errors count."""
    scale = 1 / np.maximum(rates, _ALMOST_NONE)
    scaled, wanted = rows * scale[:, None], rates * scale
    squares = np.maximum((scaled**2).sum(0), 1e-12)
    return np.asarray((scaled * wanted[:, None]).sum(0) / squares / rows.shape[1], np.float64)
