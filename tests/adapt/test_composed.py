"""Pages composed in a look: the truth stands where the ink is."""

from dataclasses import replace

import numpy as np
import pytest
from bar_world import bars
from matplotlib import font_manager

from readapt.adapt.learning.composed import ComposedPages, ink_of, layouts_of
from readapt.synth.corpus import Corpus
from readapt.synth.fonts import read_font
from readapt.synth.page import PageConfig
from readapt.types import Image

FONT = read_font(font_manager.findfont("DejaVu Sans Mono"))
CONFIG = PageConfig(
    seed=3,
    width=(300, 400),
    pixels=200_000,
    colour=0.0,
    fonts=(FONT,),
    corpora=(Corpus("en", "", ("one two three four five six seven eight",)),),
    layouts=layouts_of({"typescript": 1.0}),
)
PAGES = ComposedPages(CONFIG, CONFIG)


class Paper:
    """Paper of one level that can be told from any other."""

    def sheet(self, rng: np.random.Generator, height: int, width: int, line: float) -> Image:
        return np.full((height, width), 177, np.uint8)

    def ink(self, rng: np.random.Generator) -> float:
        return 0.1


def test_kinds_of_pages_follow_the_kinds_of_lines() -> None:
    weights = {one.name: one.weight for one in layouts_of({"receipt": 0.75, "old": 0.25})}
    assert set(weights) == {"receipt", "table", "book", "title page", "textless"}
    assert weights["receipt"] + weights["table"] == pytest.approx(0.75)
    assert weights["book"] + weights["title page"] == pytest.approx(0.25)


def test_ink_leaves_its_paper_behind() -> None:
    line = bars("ab a", 30, 210, 4, 1)
    ink = ink_of(line)
    assert ink[:, :3].max() < 0.05
    assert ink[20, 5] > 0.7


def test_lines_of_the_look_stand_in_the_place_of_others() -> None:
    lines = tuple(bars("a" * n, 0, 255) for n in range(2, 40))
    pages = replace(PAGES, lines=lines, paper=Paper())
    image, quads = pages.in_look(2)
    assert len(quads) > 3
    assert np.median(image) == 177
    share = []
    for quad in quads:
        (x0, y0), (x1, y1) = np.maximum(quad.min(0), 0).astype(int), quad.max(0).astype(int)
        share.append(float((image[y0:y1, x0:x1] < 100).mean()))
    assert np.median(share) > 0.2  # bars are half of a line's width, and most of its height
    assert np.array_equal(pages.in_look(2)[0], image)


def test_every_other_page_is_a_general_one(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(ComposedPages, "in_look", lambda self, index: seen.append(("look", index)))
    monkeypatch.setattr(
        "readapt.adapt.learning.composed.SyntheticPages",
        lambda config: lambda index: seen.append((config.seed, index)),
    )
    pages = ComposedPages(replace(CONFIG, seed=1), replace(CONFIG, seed=2), paper=Paper())
    for index in range(4):
        pages(index)
        replace(pages, paper=None)(index)
    assert seen == [(2, 0), (2, 0), (1, 1), (1, 1), ("look", 2), (2, 2), (1, 3), (1, 3)]


def test_without_a_look_there_is_procedural_paper() -> None:
    image, quads = PAGES.in_look(2)
    assert image.dtype == np.uint8
    assert image.std() > 3
    assert quads.shape[1:] == (4, 2)
