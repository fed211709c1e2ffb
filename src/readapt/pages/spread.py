"""The pages of many documents in an order whose beginning is spread over all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from readapt.errors import InputError
from readapt.pages.load import PageImage, count_pages, load_pages

GIVEN_UP = 3
"""By so many are the pages that cannot be loaded more than the others when a document is given up:
some say that they have a million, and have one."""


class SpreadPages:
    """Pages of files, as if each page were a file of its own.

    ``len`` is how many there are, by what the files say.
    """

    def __init__(
        self, names: Sequence[str], told: Callable[[str], None] = lambda said: None
    ) -> None:
        """``told`` hears a sentence, without its full stop, for each file with damage."""
        counts = [(name, count_pages(name)) for name in names]
        self.counts = dict(counts)
        """Pages of each file, by what it says."""
        self._pages = [(name, i) for name, count in counts for i in range(count)]
        self._told = told

    def __len__(self) -> int:
        return len(self._pages)

    def __iter__(self) -> Iterator[PageImage | None]:
        """Yield the pages in order; None for one that cannot be loaded."""
        failures, loaded = Counter[str](), Counter[str]()
        for number in evenly(len(self._pages)):
            name, index = self._pages[number]
            if failures[name] >= GIVEN_UP + loaded[name]:
                yield None
                continue
            try:
                page = next(load_pages(name, pages=(index,)), None)
                loaded[name] += page is not None
            except InputError as error:
                if not failures[name]:
                    self._told(str(error).rstrip("."))
                failures[name] += 1
                page = None
            yield page


def evenly(count: int) -> list[int]:
    """Order the numbers below ``count`` so that any first ones are spread over all of them."""
    golden = 0.6180339887498949
    return sorted(range(count), key=lambda i: (i * golden) % 1)
