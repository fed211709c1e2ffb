"""Windows: of one width, from the set they should be from, with the text that stands in them."""

import numpy as np
import pytest
from bar_lines import ALPHABET, SLOT, bars, rendered, texts
from matplotlib import font_manager

from readapt.errors import InputError
from readapt.gan.crops import Feed, FeedConfig, cut_window, prepare_sample
from readapt.synth.corpus import BUILT_IN, Corpus
from readapt.synth.fonts import read_font
from readapt.synth.lines import LineConfig, LineMaker

CONFIG = FeedConfig(columns=256, widths=(32, 64), most=6, seed=3)


def feed() -> Feed:
    real = [bars(t, ink=40, noise=8, seed=i) for i, t in enumerate(texts(6, 9))]
    short = [bars("ab", ink=40)] * 6
    return Feed(real + short, [rendered(t) for t in texts(10, 8, 1)], ALPHABET, CONFIG)


def test_a_window_holds_its_text() -> None:
    line = rendered("ab ba")
    window = cut_window(line, 6, 64)  # cuts the first and the last character
    assert window is not None
    assert window.text == "b b"
    assert (window.first, window.last) == ((SLOT - 6) // 4, -(-(4 * SLOT - 6) // 4))
    assert np.array_equal(window.image, line.image[:, 6:70])
    assert cut_window(line, 0, 80) is not None
    assert cut_window(rendered("a b"), 14, 20) is None


def test_batches_depend_on_their_number_alone() -> None:
    one, other = feed(), feed()
    for number in (4, 0, 9):
        a, b = one.batch(number), other.batch(number)
        assert np.array_equal(a.real, b.real)
        assert np.array_equal(a.rendered, b.rendered)
        assert a.texts == b.texts
    assert not np.array_equal(one.batch(1).rendered, one.batch(2).rendered)


def test_both_sets_have_one_width_and_labels_fit() -> None:
    batches = [feed().batch(i) for i in range(30)]
    assert {b.real.shape[2] for b in batches} == {32, 64}
    for b in batches:
        assert b.real.shape == b.rendered.shape
        assert b.real.dtype == np.uint8
        assert len(b.real) * b.real.shape[2] <= CONFIG.columns
        assert int(b.label_lengths.sum()) == len(b.labels)
        assert (b.first >= 0).all()
        assert (b.first + b.frames <= b.real.shape[2] // 4).all()
        assert (b.frames >= b.label_lengths).all()
        assert ALPHABET.decode(b.labels) == "".join(b.texts)


def test_nothing_wide_enough() -> None:
    with pytest.raises(InputError, match="no real line is 32 pixels wide"):
        Feed([bars("a")], [rendered("abab")], ALPHABET, CONFIG)
    with pytest.raises(InputError, match="no rendered line"):
        Feed([bars("abab")], [], ALPHABET, CONFIG)


def test_characters_move_with_the_line() -> None:
    """Ink of a prepared line stands within the spans of its characters."""
    fonts = [read_font(font_manager.findfont("DejaVu Sans Mono"))]
    corpora = {k: Corpus(k, "", tuple(v.split())) for k, v in BUILT_IN.items()}
    maker = LineMaker(LineConfig(seed=1, clean=1.0), fonts, corpora)
    for index in range(20):
        sample = maker.make(index)
        line = prepare_sample(sample)
        assert line.image.shape[0] == 36
        assert line.spans.shape == (len(line.text), 2)
        assert (np.diff(line.spans, axis=1) > 0).all()
        x = np.arange(line.image.shape[1]) + 0.5
        low, high = line.spans[:, 0].min() - 3, line.spans[:, 1].max() + 3
        outside = line.image[10:26, (x < low) | (x > high)]  # no rows of a line above or below
        assert outside.size == 0 or outside.min() > 100
