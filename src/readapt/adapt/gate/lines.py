"""The gate: a stage is kept only if it reads the scans better and everything else no worse.

Better is judged without a label, on lines of the scans that nothing was learnt from: by how certain
the readings are, how likely their words, and other engines' votes. No worse is judged on
general rendered lines, whose text is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from readapt.adapt.exported import as_read
from readapt.adapt.gate.evidence import NOTHING, better_share, likelier, likelier_share, together
from readapt.adapt.gate.jury import Compared, compare
from readapt.adapt.gate.verdict import Verdict
from readapt.adapt.settings import GateConfig
from readapt.adapt.teachers.rover import Vote
from readapt.evaluate.estimate import (
    UNREADABLE,
    Estimate,
    estimate,
    expected_edits,
    find_signs,
)
from readapt.evaluate.normalise import fold
from readapt.evaluate.rates import cer, total
from readapt.models.manifest import ErrorEstimate
from readapt.nets.crnn import Crnn
from readapt.recognize.alphabet import Alphabet
from readapt.recognize.decode import GREEDY, Decoder, decode
from readapt.recognize.lm import CharacterModel
from readapt.recognize.recognizer import Recognizer
from readapt.types import Image

FEWEST = 20
"""Lines that other engines have to agree on to be judges. Where fewer are held out, a candidate has
to be as surely better as where there is one judge."""
GLANCE = 80
"""Lines that are enough to choose between candidates of one stage."""
AS_GOOD = 0.03
"""Share by which a rate may rise, beside a hundredth of that absolutely, and still be the same."""
HARDLY = 0.3
"""Share of such lines from which on scans are another script, or no text, rather than hard ..."""
SOME = 0.15
"""... and from which on some may be."""
LEAST_READ = 0.97
"""Share of the present network's characters, where it can read, that a candidate has to read, since
no judge without a text notices a line read as nothing. Of 65 candidates none was below 0.995."""


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
        """Share of the lines read as nothing, or with more than ``UNREADABLE`` of it in doubt."""
        return float(1 - self.readable.mean()) if len(self.edits) else 0.0

    @property
    def readable(self) -> NDArray[np.bool_]:
        """Whether each line is none of these."""
        certain = self.edits <= UNREADABLE * self.characters
        return certain & (self.lengths > 0 if self.read else True)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """How many characters each line is read with, which may be none."""
        return np.array([len(text) for text in self.read], np.int64)

    def where_it_reads(self, other: Score) -> Score:
        """Take for lines of which this reads less than half of what the other does the other's.

        So that silence is worth nothing.
        """
        silent = 2 * self.lengths < other.lengths
        return replace(
            self,
            edits=np.where(silent, other.edits, self.edits),
            characters=np.where(silent, other.characters, self.characters),
            read=tuple(np.where(silent, other.read, self.read).tolist()),
        )


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
        script: bool = False,
    ) -> None:
        """``held_out`` and ``replay`` are prepared lines; the latter's texts are known.

        ``labelled`` are more such lines, each with a character that the base model has no class
        for; they must not get worse. With ``script``, so many are in such characters that
        these lines alone say what is better: nobody is certain of what is new.
        """
        self.config = config
        self._held_out, self._replay, self._labelled = held_out, replay, labelled
        self._alphabet, self._errors, self._threads = alphabet, errors, threads
        self._heard: Sequence[Sequence[Vote]] = ()
        self._most_dissent = 0.0
        self.base: Score
        """How the base model does ..."""
        self.present: Score
        """... and how the last network does that passed."""
        self._words: CharacterModel | None = None
        self._script = script

    @property
    def lines(self) -> int:
        """How many lines a score reads."""
        return len(self._held_out) + len(self._replay) + len(self._labelled)

    def begin(self, base: Score) -> None:
        """Take the base model for the present one."""
        self.base = self.present = base

    def know(self, words: CharacterModel) -> None:
        """Judge from now on by how likely readings are as texts, too.

        ``words`` has learnt from none of them. Certainty by itself misses what is learnt: a student
        is often no surer of a line that it reads better than its teacher did.
        """
        self._words = words

    def hear(self, heard: Sequence[Sequence[Vote]], most_dissent: float) -> None:
        """Judge from now on by what other engines read on the held-out lines.

        Fewer than ``FEWEST`` lines change nothing. Votes are a weak judge by themselves, since
        candidates differ on few lines, but know what the student's certainty does not, which
        learning from others shakes.
        """
        enough = sum(bool(votes) for votes in heard) >= FEWEST
        self._heard, self._most_dissent = heard if enough else (), most_dissent

    def glance(self, network: Crnn) -> tuple[float, float]:
        """Error rates of the present network and of another: enough to choose by.

        Of some of the held-out lines, as estimated; where engines vote, of what they, the present
        network and this one have decided on together.
        """
        reader, present = as_read(network, self._alphabet, self._threads), self.present
        if self._script and present.labelled is not None:
            was, now = present.labelled, self._wrong(reader)
            return float(was[0].sum() / was[1].sum()), float(now[0].sum() / now[1].sum())
        if self._heard:
            read = self._texts(reader.log_posteriors(self._held_out))
            if votes := self._votes(present.read, read):
                return votes.rates
        some = slice(None, None, max(1, len(self._held_out) // GLANCE))
        signs = find_signs(reader, self._held_out[some], network.config.height)
        before = float(present.edits[some].sum() / max(1.0, present.characters[some].sum()))
        return before, estimate(signs, self._errors, 2).rate

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

    def as_good(self, reader: Recognizer) -> str:
        """Say why a reader is not as good as the present network, which it stands for; "" if it is.

        It may be a little worse, but not so that the network itself would not have passed.
        """
        exact, quick = self.present, self._score(reader)
        was, base = exact.estimate.rate, self.base.estimate.rate
        rates = [
            ("held-out lines", was, quick.estimate.rate, base if was <= base else 1.0),
            ("general lines", exact.replay, quick.replay, self.allowed),
        ]
        if exact.labelled is not None and quick.labelled is not None:
            was, now = (float(e.sum() / n.sum()) for e, n in (exact.labelled, quick.labelled))
            rates.append(("lines in new characters", was, now, 1.0))
        for name, before, after, most in rates:
            if after > min(most, before * (1 + AS_GOOD) + AS_GOOD / 100):
                return f"{name} {before:.2%} -> {after:.2%}"
        return ""

    def _general(self, reader: Recognizer, decoder: Decoder) -> float:
        texts = self._texts(reader.log_posteriors([image for image, _ in self._replay]), decoder)
        pairs = zip(self._replay, texts, strict=True)
        return total(cer(fold(true), fold(text)) for (_, true), text in pairs).rate

    @property
    def allowed(self) -> float:
        """Error rate on the general lines that a candidate may have, by that of the base model."""
        return self.base.replay * (1 + self.config.replay_relative) + self.config.replay_absolute

    def _texts(
        self, posteriors: Sequence[NDArray[np.float32]], decoder: Decoder = GREEDY
    ) -> list[str]:
        return [self._alphabet.decode(decode(p, decoder).ids) for p in posteriors]

    def decide(self, after: Score, *, picked: bool = False) -> Verdict:
        """Compare a candidate with the present recognizer, and with the base for the replay.

        One that passes is the present one from now on. One that was ``picked`` among others for
        what a judge says of it has to be as sure as if that were the only judge.
        """
        verdict = self._decide(after, self.config.sure if picked else self.config.sure_together)
        if verdict.kept:
            self.present = after
        return verdict

    def _decide(self, after: Score, needed: float) -> Verdict:
        base, allowed = self.base, self.allowed
        lacking, moved = self._better(self.present, after, needed)
        if lacking:
            return Verdict(False, f"{lacking} ({moved})")
        replay = f"general lines {base.replay:.2%} -> {after.replay:.2%}"
        hardly = base.unreadable >= HARDLY and not self._script
        if hardly and after.replay > base.replay:
            return Verdict(
                False, f"worse on others, and few of these can be read at all ({replay})"
            )
        if after.replay > allowed:
            return Verdict(False, f"worse on others than {allowed:.2%} allows ({replay}; {moved})")
        return Verdict(True, f"{moved}, {replay}")

    def _better(self, before: Score, after: Score, needed: float) -> tuple[str, str]:
        """Say why a candidate is not better, "" if it is; and by which figures."""
        if before.labelled is None or after.labelled is None:
            return self._better_on_scans(before, after, needed)
        edits, characters = np.stack([before.labelled, after.labelled], 1)
        if self._script:
            return _surely(edits, characters, "on lines of the corpus", self.config.sure)
        lacking, moved = self._better_on_scans(before, after, needed)
        was, now = edits.sum(1) / characters.sum(1)
        moved += f"; lines in new characters {was:.2%} -> {now:.2%}"
        return lacking or ("worse on lines in new characters" if now > was else ""), moved

    def _better_on_scans(self, before: Score, after: Score, needed: float) -> tuple[str, str]:
        """Do so by the lines of the scans, that nobody has labelled.

        Several judges have to be surer than ``needed`` together.
        """
        config = self.config
        votes = self._votes(before.read, after.read)
        if before.read:
            read = [int(score.lengths[before.readable].sum()) for score in (before, after)]
            if read[1] < LEAST_READ * read[0]:
                return "reads less than before", f"{read[0]} -> {read[1]} characters"
            after = after.where_it_reads(before)
        edits = np.stack([before.edits, after.edits])
        characters = np.stack([before.characters, after.characters])
        if self._words is None and votes is None:
            return _surely(edits, characters, "estimate", config.sure)
        judges = [better_share(edits, characters, NOTHING)]
        moved = (
            f"estimate {before.estimate.rate:.2%} -> {after.estimate.rate:.2%}, better on "
            f"{judges[0]:.0%} of resampled lines"
        )
        if self._words is not None and likelier(self._words, before.read, after.read).any():
            judges.append(likelier_share(self._words, before.read, after.read))
            moved += f", likelier words on {judges[-1]:.0%}"
        if votes is not None:
            was, now = votes.rates
            judges.append(better_share(*votes.stacked, NOTHING))
            moved += f", engines' votes {was:.2%} -> {now:.2%}, better on {judges[-1]:.0%}"
        elif judges[0] < config.least_certain:
            return "less certain than before", moved
        if len(judges) == 1 or len(before.edits) < FEWEST:
            needed = max(needed, config.sure)
        sure = together(*judges)
        if not sure > needed:  # an even chance is none
            return f"better by {sure:.0%} only, over {needed:.0%} needed", moved
        return "", moved

    def _votes(self, before: Sequence[str], after: Sequence[str]) -> Compared | None:
        """Let the engines vote on both readings; None without enough of them."""
        if not self._heard:
            return None
        found = compare(self._heard, before, after, self._most_dissent)
        return found if len(found.characters) >= FEWEST else None


def _surely(
    edits: NDArray[np.float64], characters: NDArray[np.float64], what: str, needed: float
) -> tuple[str, str]:
    """Say why the second of two rates, `2 line` each, is not surely lower, "" if it is."""
    was, now = edits.sum(1) / np.maximum(characters.sum(1), 1)
    moved = f"{what} {was:.2%} -> {now:.2%}"
    if not now < was:
        return "not better on held-out lines", moved
    sure = better_share(edits, characters)
    return (f"better on {sure:.0%} of resampled lines only" if sure < needed else ""), moved


def hardly_read(share: float) -> str:
    """Say what it may mean that a ``share`` of the lines can hardly be read; "" for a small one."""
    if share < SOME:
        return ""
    if share < HARDLY:
        return (
            f"{share:.0%} of the lines can hardly be read: pages in another script than the "
            "alphabet's, in handwriting, or upside down among the scans?"
        )
    return (
        f"{share:.0%} of the lines can hardly be read: another script than the alphabet's, "
        "handwriting, or scans upside down? What is learnt from such lines is worth little."
    )
