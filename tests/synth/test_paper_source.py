"""Paper that is not procedural, under lines and pages: the ink goes on it and nothing else."""

from dataclasses import dataclass, replace

import numpy as np

from pages import CORPUS, FONTS, SMALL
from readapt.synth.lines import LineConfig, LineMaker
from readapt.synth.page import make_page
from readapt.synth.paper import print_on_sheet
from readapt.types import Image


@dataclass(frozen=True)
class Striped:
    """Paper of two levels, which no other part of synthesis makes: 201 and 203."""

    def sheet(self, rng: np.random.Generator, height: int, width: int, line: float) -> Image:
        rows = 201 + 2 * (np.arange(height) // max(1, round(line / 4)) % 2)
        return np.broadcast_to(rows[:, None], (height, width)).astype(np.uint8)

    def ink(self, rng: np.random.Generator) -> float:
        return 0.25


def on_paper(image: Image) -> float:
    """Share of the pixels that are bare paper."""
    return float(np.isin(image, (201, 203)).mean())


def test_print_on_sheet() -> None:
    sheet = np.full((2, 2), 200, np.uint8)
    cover = np.array([[0, 1], [0.5, 0]], np.float32)
    assert print_on_sheet(sheet, cover, 0.25).tolist() == [[200, 50], [125, 200]]


def test_pages_on_paper() -> None:
    config = replace(SMALL, paper=Striped(), papered=1.0)
    pages = [make_page(i, config) for i in range(6)]
    assert all(page.image.ndim == 2 for page in pages)
    assert np.mean([on_paper(page.image) for page in pages]) > 0.4
    assert sum(len(page.lines) for page in pages) >= 8
    for page in pages:
        # Solid ink lets at least a quarter of the light through.
        assert page.image.min() >= 49
        for line in page.lines:
            x0, y0 = np.maximum(line.quad.min(0), 0).astype(int)
            x1, y1 = line.quad.max(0).astype(int)
            assert page.image[y0:y1, x0:x1].min() < 190  # the text is where its truth is


def test_stripes_are_as_high_as_the_lines_ask_for() -> None:
    config = replace(SMALL, paper=Striped(), papered=1.0)
    page = next(p for p in (make_page(i, config) for i in range(20)) if len(p.lines) > 3)
    height = np.median([np.ptp(line.quad[:, 1]) for line in page.lines])
    column = page.image[:, 2]  # the margin
    changes = np.flatnonzero(np.diff(np.isin(column, (201,)).astype(int)))
    assert abs(np.median(np.diff(changes)) - 1.2 * height / 4) <= 1.5


def test_blank_paper_and_shares() -> None:
    blank = [make_page(i, replace(SMALL, paper=Striped(), bare=1.0)) for i in range(2)]
    assert all(page.lines == () and on_paper(page.image) == 1 for page in blank)
    none = replace(SMALL, paper=Striped(), papered=0.0)
    for index in range(2):  # no page is printed on it, and seeds still decide everything
        assert np.array_equal(make_page(index, none).image, make_page(index, none).image)
        assert on_paper(make_page(index, none).image) < 0.4


def test_lines_on_paper() -> None:
    fonts, corpora = FONTS, {CORPUS.name: CORPUS}
    config = LineConfig(clean=0.0, max_characters=12, paper=Striped())
    maker = LineMaker(config, fonts, corpora)
    lines = [maker.make(i).image for i in range(12)]
    assert np.mean([on_paper(line) for line in lines]) > 0.3
    assert min(int(line.min()) for line in lines) >= 49
    assert all(line.min() < 185 for line in lines)
    silent = LineMaker(replace(config, textless=1.0), fonts, corpora)
    drawn = [silent.make(i) for i in range(8)]
    assert all(sample.text == "" for sample in drawn)
    assert any(on_paper(sample.image) == 1 for sample in drawn)
    plain = LineMaker(replace(config, paper=None), fonts, corpora)
    some = LineMaker(replace(config, papered=0.0), fonts, corpora)
    assert plain.make(3).text == some.make(3).text
