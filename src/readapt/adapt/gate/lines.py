"""The gate: a stage is kept only if it reads the scans better and everything else no worse.

Better is judged without a label, on lines of the scans that nothing was learnt from: by how certain
the readings are and how likely their words, or by other engines' votes. No worse is judged on
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

from readapt.adapt.gate.evidence import better_share, likelier_share, together
from readapt.adapt.gate.jury import compare
from readapt.adapt.settings import GateConfig
from readapt.adapt.teachers.rover import Vote
from readapt.evaluate.estimate import Estimate, estimate, expected_edits, find_signs
from readapt.evaluate.normalise import fold
from readapt.evaluate.rates import cer, total
from readapt.export.recognizer import export_recognizer
from readapt.models.manifest import ErrorEstimate
from readapt.nets.crnn import STRIDE, Crnn
from readapt.recognize.alphabet import Alphabet
from readapt.recognize.decode import GREEDY, Decoder, decode
from readapt.recognize.lm import CharacterModel
from readapt.recognize.recognizer import Recognizer
from readapt.types import Image

FEWEST = 20
"""Lines that other engines have to agree on to be judges."""
GLANCE = 80
"""Lines that are enough to choose between candidates of one stage."""
AS_GOOD = 0.03
"""Share by which a rate may rise, beside a hundredth of that absolutely, and still be the same."""
UNREADABLE = 0.15
"""Estimated error rate of a line that says nothing (benchmarks/scripts.py)."""
HARDLY = 0.3
"""Share of such lines from which on scans are another script, or no text, rather than hard."""


@dataclass(frozen=True)
class Score:
    """How a recognizer does."""

    estimate: Estimate
    """On the held-out lines of the scans."""
    replay: float
    """Error rate on the general lines."""
    edits: NDArray[np.float64] = field(repr=False)
    """Wrong characters of each held-out line, as expected ..."""
    characters: NDArray[np.float64] = field(repr=False)
    """... and how many characters were read."""
    read: tuple[str, ...] = field(default=(), repr=False)
    """The held-out lines as it reads them."""
    labelled: tuple[NDArray[np.float64], NDArray[np.float64]] | None = field(
        default=None, repr=False
    )
    """Wrong characters and characters of each line in new characters; None without such lines."""

    @property
    def unreadable(self) -> float:
        """Share of the lines of which more than ``UNREADABLE`` of the characters are doubtful."""
        doubtful = self.edits > UNREADABLE * self.characters
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
        labelled: Sequence[tuple[Image, str]] = (),
    ) -> None:
        """``held_out`` and ``replay`` are prepared lines; the latter's texts are known.

        ``labelled`` are more such lines, in characters that the base model has no class for: where
        there are any, they say what is better. Nobody is certain of what is new.
        """
        self.config = config
        self._held_out, self._replay, self._labelled = held_out, replay, labelled
        self._alphabet, self._errors, self._threads = alphabet, errors, threads
        self._heard: Sequence[Sequence[Vote]] = ()
        self._most_dissent = 0.0
        self._present: tuple[str, ...] = ()
        self._words: CharacterModel | None = None

    def know(self, words: CharacterModel) -> None:
        """Judge from now on by how likely readings are as texts, too.

        ``words`` has learnt from none of them. Certainty by itself misses what is learnt: a student
        is often no surer of a line that it reads better than its teacher did.
        """
        self._words = words

    def hear(self, heard: Sequence[Sequence[Vote]], present: Score, most_dissent: float) -> None:
        """Judge from now on by what other engines read on the held-out lines, with ``present``.

        Fewer than ``FEWEST`` lines change nothing. It is a better judge than the student's own
        certainty, which learning from others shakes.
        """
        enough = sum(bool(votes) for votes in heard) >= FEWEST
        self._heard, self._most_dissent = heard if enough else (), most_dissent
        self._present = present.read

    def glance(self, network: Crnn) -> float:
        """Estimate the error rate on some of the held-out lines: enough to choose by, and quick."""
        reader = as_read(network, self._alphabet, self._threads)
        if self._labelled:
            wrong, characters = self._wrong(reader)
            return float(wrong.sum() / characters.sum())
        if self._heard:
            read = self._texts(reader.log_posteriors(self._held_out))
            return compare(self._heard, self._present, read, self._most_dissent).rates[1]
        some = self._held_out[:: max(1, len(self._held_out) // GLANCE)]
        return estimate(find_signs(reader, some, network.config.height), self._errors, 2).rate

    def score(self, network: Crnn) -> Score:
        """Read both sets of lines."""
        return self._score(as_read(network, self._alphabet, self._threads))

    def _score(self, reader: Recognizer) -> Score:
        signs = find_signs(reader, self._held_out, reader.height)
        length = np.array([s.characters for s in signs], np.float64)
        edits = expected_edits(signs, self._errors)
        read = tuple(sign.text for sign in signs)
        general = self._general(reader, GREEDY)
        known = self._wrong(reader) if self._labelled else None
        return Score(estimate(signs, self._errors), general, edits, length, read, known)

    def _wrong(self, reader: Recognizer) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Count wrong characters, and characters, of each of the labelled lines."""
        read = self._texts(reader.log_posteriors([image for image, _ in self._labelled]))
        pairs = [
            (fold(true), fold(text)) for (_, true), text in zip(self._labelled, read, strict=True)
        ]
        wrong = [Levenshtein.distance(true, text) for true, text in pairs]
        return np.array(wrong, np.float64), np.array([len(true) for true, _ in pairs], np.float64)

    def general(self, network: Crnn, decoder: Decoder = GREEDY) -> float:
        """Error rate on the general lines."""
        return self._general(as_read(network, self._alphabet, self._threads), decoder)

    def as_good(self, reader: Recognizer, exact: Score) -> str:
        """Say why a reader is not as good as the exact network that it stands for; "" if it is."""
        quick = self._score(reader)
        rates = (
            ("held-out lines", exact.estimate.rate, quick.estimate.rate),
            ("general lines", exact.replay, quick.replay),
        )
        for name, before, after in rates:
            if after > before * (1 + AS_GOOD) + AS_GOOD / 100:
                return f"{name} {before:.2%} -> {after:.2%}"
        return ""

    def _general(self, reader: Recognizer, decoder: Decoder) -> float:
        texts = self._texts(reader.log_posteriors([image for image, _ in self._replay]), decoder)
        pairs = zip(self._replay, texts, strict=True)
        return total(cer(fold(true), fold(text)) for (_, true), text in pairs).rate

    def allowed(self, base: Score) -> float:
        """Error rate on the general lines that a candidate may have, by that of the base model."""
        return base.replay * (1 + self.config.replay_relative) + self.config.replay_absolute

    def _texts(
        self, posteriors: Sequence[NDArray[np.float32]], decoder: Decoder = GREEDY
    ) -> list[str]:
        return [self._alphabet.decode(decode(p, decoder).ids) for p in posteriors]

    def decide(self, before: Score, after: Score, base: Score) -> Verdict:
        """Compare a candidate with the present recognizer, and with the base for the replay."""
        config = self.config
        allowed = self.allowed(base)
        rates, what = (before.estimate.rate, after.estimate.rate), "estimate"
        needed = config.sure
        edits = np.stack([before.edits, after.edits])
        characters = np.stack([before.characters, after.characters])
        if before.labelled is not None and after.labelled is not None:
            what = "on lines of the corpus"
            edits, characters = np.stack([before.labelled, after.labelled], 1)
            rates = edits[0].sum() / characters[0].sum(), edits[1].sum() / characters[1].sum()
        elif self._heard:
            found = compare(self._heard, before.read, after.read, self._most_dissent)
            if len(found.characters) >= FEWEST:
                rates, what = found.rates, "against the engines' votes"
                needed = config.sure_heard
                edits = np.stack([found.before, found.after])
                characters = np.stack([found.characters, found.characters])
        sure = better_share(edits, characters)
        moved = f"{what} {rates[0]:.2%} -> {rates[1]:.2%}"
        replay = f"general lines {base.replay:.2%} -> {after.replay:.2%}"
        if what == "estimate" and self._words is not None:
            likelier = likelier_share(self._words, before.read, after.read)
            moved += f", better on {sure:.0%} of resampled lines, likelier words on {likelier:.0%}"
            sure, needed = together(sure, likelier), config.sure_both
            if sure < needed:
                return Verdict(False, f"better by {sure:.0%} only, {needed:.0%} needed ({moved})")
        elif not rates[1] < rates[0]:
            return Verdict(False, f"not better on held-out lines ({moved})")
        elif sure < needed:
            return Verdict(False, f"better on {sure:.0%} of resampled lines only ({moved})")
        hardly = base.labelled is None and base.unreadable >= HARDLY
        if hardly and after.replay > base.replay:
            return Verdict(
                False, f"worse on others, and few of these can be read at all ({replay})"
            )
        if after.replay > allowed:
            return Verdict(False, f"worse on others than {allowed:.2%} allows ({replay}; {moved})")
        return Verdict(True, f"{moved}, {replay}")


def hardly_read(share: float) -> str:
    """Say what it may mean that a ``share`` of the lines can hardly be read; "" for a small one."""
    if share < HARDLY:
        return ""
    return (
        f"{share:.0%} of the lines can hardly be read: another script than the alphabet's, "
        "handwriting, or scans upside down? What is learnt from such lines is worth little."
    )
