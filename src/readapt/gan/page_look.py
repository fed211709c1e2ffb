"""Labelled pages in a look: drawn clean, translated whole, at the size the look was learnt at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from readapt.gan.look import Look
from readapt.gan.page_patches import TextPage, draw_page
from readapt.gan.translate import translate_line
from readapt.nets.generator import Generator
from readapt.synth.page import PageConfig, PageSample


@dataclass(frozen=True, slots=True)
class LookPages:
    """Pages of a look by number; pickles as the name of a folder."""

    folder: str

    def __call__(self, index: int, config: PageConfig) -> PageSample:
        """Make page `index`; of numbers whose layout has no text, the next that has some."""
        page = _with_text(index, config)
        return PageSample(
            translate_line(_loaded(self.folder), page.image, index), page.lines, "in a look"
        )


def _with_text(index: int, config: PageConfig) -> TextPage:
    for number in range(index, index + 10_000_000, 1_000_003):
        page = draw_page(number, config)
        if page is not None:
            return page
    raise ValueError("ten pages in a row without text: is there a layout that has some?")


@lru_cache(maxsize=2)
def _loaded(folder: str) -> Generator:
    return Look.load(folder).page_translator()
