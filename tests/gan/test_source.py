"""The source of a game: texts of a maker, set as lines of the scans are set."""

import numpy as np
import pytest
from matplotlib import font_manager

from readapt.gan.crops import prepare_sample
from readapt.gan.setting import Setting, ink_rows
from readapt.gan.source import source_line, source_lines
from readapt.synth.corpus import BUILT_IN, Corpus
from readapt.synth.fonts import read_font
from readapt.synth.lines import LineConfig, LineMaker


@pytest.fixture(scope="module")
def maker() -> LineMaker:
    fonts = [read_font(font_manager.findfont(name)) for name in ("DejaVu Sans", "DejaVu Serif")]
    corpora = {k: Corpus(k, "", tuple(v.split())) for k, v in BUILT_IN.items()}
    return LineMaker(LineConfig(seed=1, clean=1.0), fonts, corpora)


def test_lines_are_the_same_twice_and_know_their_characters(maker: LineMaker) -> None:
    setting = Setting(maker.fonts[0].name, 26.0, 0.5, 0.45, 0.5, 1.0, 7.0, 3.0)
    lines, again = (list(source_lines(maker, 12, settings=[setting])) for _ in range(2))
    for a, b in zip(lines, again, strict=True):
        assert np.array_equal(a.image, b.image)
        assert np.array_equal(a.spans, b.spans)
        assert a.image.shape[0] == 36
        assert len(a.spans) == len(a.text)
        columns = np.flatnonzero((a.image < 115).any(axis=0))
        assert abs(columns[0] - 7) <= 1
        assert abs(a.image.shape[1] - 1 - columns[-1] - 3) <= 1
    assert len({line.text for line in lines}) > 6
    rows = [ink_rows(line.image) for line in lines]
    assert all(found is not None and found[1] <= 36 for found in rows)


def test_without_settings_that_can_be_set_the_maker_draws(maker: LineMaker) -> None:
    expected = prepare_sample(maker.make(3))
    missing = Setting("not installed", 26.0, 0.5, 0.45, 0.5, 1.0, 7.0, 3.0)
    for settings in ((), (missing,)):
        line = source_line(maker, 3, settings=settings)
        assert np.array_equal(line.image, expected.image)
        assert line.text == expected.text
