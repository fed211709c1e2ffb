"""The gate: a stage is kept only if it reads the scans better and everything else no worse.

Better is judged without a label, on lines of the scans that nothing was learnt from; no worse on
general rendered lines, whose text is known.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from readapt.adapt.settings import GateConfig
from readapt.evaluate.estimate import Estimate, estimate, expected_edits, find_signs
from readapt.evaluate.normalise import fold
from readapt.evaluate.rates import cer, total
from readapt.export.recognizer import export_recognizer
from readapt.models.manifest import ErrorEstimate
from readapt.nets.crnn import STRIDE, Crnn
from readapt.recognize.alphabet import Alphabet
from readapt.recognize.greedy import best_path
from readapt.recognize.recognizer import Recognizer
from readapt.types import Image

FEWEST = 20
"""Lines that other engines have to agree on to be judges."""
GLANCE = 80
"""Lines that are enough to choose between candidates of one stage."""
_UNREADABLE = 0.15
"""Estimated error rate of a line that says nothing: the shipped model puts 70 to 96 % of lines in
Cyrillic, Greek, Hebrew or Armenian above it, and 1 to 20 % of those in seven Latin collections."""


@dataclass(frozen=True)
class Score:
    """How a recognizer does."""

    estimate: Estimate
    """On the held-out lines of the scans."""
    replay: float
    """Error rate on the general lines."""
    edits: NDArray[np.float64] = field(repr=False)
    """Wrong characters of each held-out line: as expected, or against what engines agree on ..."""
    characters: NDArray[np.float64] = field(repr=False)
    """... and how many characters were read, or agreed on."""
    dissent: float | None = None
    """Error rate against the texts that other engines agree on; None where none was asked."""

    @property
    def rate(self) -> float:
        """What candidates are compared by: the lower the better."""
        return self.estimate.rate if self.dissent is None else self.dissent

    @property
    def unreadable(self) -> float:
        """Share of the lines of which more than ``_UNREADABLE`` of the characters are doubtful."""
        doubtful = self.edits > _UNREADABLE * self.characters
        return float(doubtful.mean()) if len(self.edits) else 0.0


@dataclass(frozen=True)
class Verdict:
    """What the gate decided, and why."""

    kept: bool
    reason: str


def as_read(network: Crnn, alphabet: Alphabet, threads: int | None = None) -> Recognizer:
    """Export a network and load it as reading does: half precision, norms folded, padding off."""
    training = network.training
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "recognizer.onnx"
        export_recognizer(network, path)
        network.train(training)
        return Recognizer(path, alphabet, network.config.height, STRIDE, threads)


class Gate:
    """Scores recognizers on lines held out, and decides between two of them."""

    def __init__(
        self,
        held_out: Sequence[Image],
        replay: Sequence[tuple[Image, str]],
        alphabet: Alphabet,
        errors: ErrorEstimate,
        config: GateConfig,
        threads: int | None = None,
    ) -> None:
        """``held_out`` and ``replay`` are prepared lines; the latter's texts are known."""
        self.config = config
        self._held_out, self._replay = held_out, replay
        self._alphabet, self._errors, self._threads = alphabet, errors, threads
        self._agreed: dict[int, str] = {}

    def hear(self, texts: Sequence[str | None]) -> None:
        """Judge from now on by what other engines agree on; ``texts`` are of the held-out lines.

        None: they do not agree on the line. Fewer than ``FEWEST`` texts change nothing. It is a
        better judge than the student's own certainty, which learning from others shakes.
        """
        known = {i: fold(text) for i, text in enumerate(texts) if text}
        self._agreed = known if len(known) >= FEWEST else {}

    def glance(self, network: Crnn) -> float:
        """Estimate the error rate on some of the held-out lines: enough to choose by, and quick."""
        reader = as_read(network, self._alphabet, self._threads)
        if self._agreed:
            edits, characters = self._against(reader)
            return float(edits.sum() / characters.sum())
        some = self._held_out[:: max(1, len(self._held_out) // GLANCE)]
        return estimate(find_signs(reader, some, network.config.height), self._errors, 2).rate

    def score(self, network: Crnn) -> Score:
        """Read both sets of lines."""
        reader = as_read(network, self._alphabet, self._threads)
        signs = find_signs(reader, self._held_out, network.config.height)
        read = reader.log_posteriors([image for image, _ in self._replay])
        texts = [self._alphabet.decode(best_path(p).ids) for p in read]
        rates = (
            cer(fold(true), fold(text)) for (_, true), text in zip(self._replay, texts, strict=True)
        )
        guessed, replay = estimate(signs, self._errors), total(rates).rate
        if self._agreed:
            edits, characters = self._against(reader)
            return Score(guessed, replay, edits, characters, float(edits.sum() / characters.sum()))
        length = np.array([s.characters for s in signs], np.float64)
        return Score(guessed, replay, expected_edits(signs, self._errors), length)

    def _against(self, reader: Recognizer) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Edits and characters of each held-out line that other engines agree on."""
        read = reader.log_posteriors([self._held_out[i] for i in self._agreed])
        pairs = [
            (text, fold(self._alphabet.decode(best_path(p).ids)))
            for text, p in zip(self._agreed.values(), read, strict=True)
        ]
        edits = [Levenshtein.distance(*pair) for pair in pairs]
        return np.array(edits, np.float64), np.array([max(1, len(t)) for t, _ in pairs], np.float64)

    def decide(self, before: Score, after: Score, base: Score) -> Verdict:
        """Compare a candidate with the present recognizer, and with the base for the replay."""
        config = self.config
        allowed = base.replay * (1 + config.replay_relative) + config.replay_absolute
        sure = better_share(before, after)
        what = "estimate" if after.dissent is None else "against the engines' agreement"
        moved = f"{what} {before.rate:.2%} -> {after.rate:.2%}"
        replay = f"general lines {base.replay:.2%} -> {after.replay:.2%}"
        if not after.rate < before.rate:
            return Verdict(False, f"not better on held-out lines ({moved})")
        if sure < config.sure:
            return Verdict(False, f"better on {sure:.0%} of resampled lines only ({moved})")
        if after.replay > allowed:
            return Verdict(False, f"worse on others than {allowed:.2%} allows ({replay}; {moved})")
        return Verdict(True, f"{moved}, {replay}")


def better_share(before: Score, after: Score, rounds: int = 400, seed: int = 0) -> float:
    """Share of resampled sets of held-out lines on which ``after`` has the lower estimate."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(before.edits), size=(rounds, len(before.edits)))
    rates = [s.edits[drawn].sum(1) / s.characters[drawn].sum(1) for s in (before, after)]
    return float((rates[1] < rates[0]).mean())
