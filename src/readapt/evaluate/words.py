"""How many words of a page were read, wherever they stand on it.

Reading order, line breaks and boxes do not enter, so that engines that cut a page differently can
be compared. The words of a page are a multiset: a word that stands on the page twice and is read
three times has two hits.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from readapt.evaluate.normalise import fold


@dataclass(frozen=True, slots=True)
class WordScore:
    """Words shared by truth and reading, and the words of each. Pages add up."""

    hits: int = 0
    truth: int = 0
    read: int = 0

    def __add__(self, other: "WordScore") -> "WordScore":
        """Return the score of both together: sums of counts, not means of rates."""
        return WordScore(self.hits + other.hits, self.truth + other.truth, self.read + other.read)

    @property
    def precision(self) -> float:
        """Share of the words read that stand on the page; 1 where nothing was read."""
        return self.hits / self.read if self.read else 1.0

    @property
    def recall(self) -> float:
        """Share of the words on the page that were read; 1 where there are none."""
        return self.hits / self.truth if self.truth else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall: ``2 hits / (truth + read)``."""
        both = self.truth + self.read
        return 2 * self.hits / both if both else 1.0


def page_word_f1(
    truth: Iterable[str], reading: Iterable[str], *, ignore_case: bool = False
) -> WordScore:
    """Score one page: ``truth`` and ``reading`` are its texts (lines, blocks) in any order.

    Each text is folded and cut at white space; hits are the size of the multiset intersection.
    """
    true_words, read_words = (
        Counter(word for text in texts for word in fold(text, ignore_case=ignore_case).split())
        for texts in (truth, reading)
    )
    hits = sum((true_words & read_words).values())
    return WordScore(hits, sum(true_words.values()), sum(read_words.values()))
