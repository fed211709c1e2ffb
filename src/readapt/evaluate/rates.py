"""Character and word error rates, with the edits behind them.

Characters are grapheme clusters (UAX #29) of the NFC text, so that ``a`` with a combining e is one
character and not two; words are what white space separates. The edits are those of a minimal
Levenshtein alignment, every edit costing one.
"""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, cast

import regex
from rapidfuzz.distance import Levenshtein

Operation = Literal["equal", "replace", "insert", "delete"]
"""What turns a stretch of the truth into a stretch of the reading."""


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """Edits that turn truth into reading, and the length of the truth. Rates of parts add up."""

    insertions: int = 0
    deletions: int = 0
    substitutions: int = 0
    length: int = 0
    """Characters or words of the truth."""

    def __add__(self, other: "ErrorRate") -> "ErrorRate":
        """Return the rate of both together: edits over length, not a mean of rates."""
        return ErrorRate(
            self.insertions + other.insertions,
            self.deletions + other.deletions,
            self.substitutions + other.substitutions,
            self.length + other.length,
        )

    @property
    def edits(self) -> int:
        """Insertions, deletions and substitutions together."""
        return self.insertions + self.deletions + self.substitutions

    @property
    def correct(self) -> int:
        """Characters or words of the truth that were read as they are."""
        return self.length - self.deletions - self.substitutions

    @property
    def rate(self) -> float:
        """``(i + s + d) / n``: 0 is perfect, above 1 is possible; infinite if n = 0 < edits."""
        if self.length:
            return self.edits / self.length
        return float("inf") if self.edits else 0.0

    @property
    def normalised(self) -> float:
        """``(i + s + d) / (i + s + d + c)`` in [0, 1], for readings longer than their truth."""
        total = self.edits + self.correct
        return self.edits / total if total else 0.0


def total(rates: Iterable[ErrorRate]) -> ErrorRate:
    """Return the corpus-level rate: the sum of all edits over the sum of all lengths."""
    return sum(rates, ErrorRate())


def graphemes(text: str) -> list[str]:
    r"""Return the grapheme clusters of NFC ``text`` (regular expression ``\X``)."""
    return cast(list[str], regex.findall(r"\X", unicodedata.normalize("NFC", text)))


def words(text: str) -> list[str]:
    """Return what white space separates in NFC ``text``."""
    return unicodedata.normalize("NFC", text).split()


def cer(truth: str, reading: str) -> ErrorRate:
    """Return the character error rate of ``reading`` against ``truth``; fold them before."""
    return _compare(truth, reading, graphemes)


def wer(truth: str, reading: str) -> ErrorRate:
    """Return the word error rate of ``reading`` against ``truth``; fold them before."""
    return _compare(truth, reading, words)


def alignment(truth: str, reading: str) -> list[tuple[Operation, str, str]]:
    """Return ``(operation, piece of truth, piece of reading)``, in order, without a gap.

    The pieces joined give the NFC of both texts again; ``insert`` has an empty piece of truth,
    ``delete`` an empty piece of reading.
    """
    source, target = graphemes(truth), graphemes(reading)
    return [
        (
            cast(Operation, step.tag),
            "".join(source[step.src_start : step.src_end]),
            "".join(target[step.dest_start : step.dest_end]),
        )
        for step in Levenshtein.opcodes(source, target)
    ]


def confusions(truth: str, reading: str, longest: int = 3) -> Counter[tuple[str, str]]:
    """Count ``(truth, reading)`` pieces that were confused; "" is nothing there.

    Neighbouring edits are one confusion (``rn`` read as ``m``) as long as neither side is longer
    than ``longest`` characters; a longer muddle is counted edit by edit.
    """
    counts: Counter[tuple[str, str]] = Counter()
    before: list[str] = []
    after: list[str] = []
    single: list[tuple[str, str]] = []

    def close() -> None:
        if single and max(len(before), len(after)) <= longest:
            counts["".join(before), "".join(after)] += 1
        else:
            counts.update(single)
        before.clear()
        after.clear()
        single.clear()

    source, target = graphemes(truth), graphemes(reading)
    for step in Levenshtein.opcodes(source, target):
        left = source[step.src_start : step.src_end]
        right = target[step.dest_start : step.dest_end]
        if step.tag == "equal":
            close()
            continue
        before.extend(left)
        after.extend(right)
        if step.tag == "replace":
            single.extend(zip(left, right, strict=True))
        else:
            single.extend([(piece, "") for piece in left] + [("", piece) for piece in right])
    close()
    return counts


def _compare(truth: str, reading: str, cut: Callable[[str], Sequence[str]]) -> ErrorRate:
    source, target = cut(truth), cut(reading)
    steps = Counter(step.tag for step in Levenshtein.editops(source, target))
    return ErrorRate(steps["insert"], steps["delete"], steps["replace"], len(source))
