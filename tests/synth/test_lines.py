"""Lines: the same from the same index, in the alphabet, with their characters inside."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib import font_manager

from readapt.recognize.alphabet import LATIN, Alphabet
from readapt.recognize.preprocess import PAPER, batch_lines, prepare_line
from readapt.synth.corpus import BUILT_IN, Corpus
from readapt.synth.drawable import drawing_problems
from readapt.synth.fonts import read_font
from readapt.synth.lines import LineConfig, LineMaker

FONTS = [read_font(font_manager.findfont(name)) for name in ("DejaVu Sans", "DejaVu Sans Mono")]
CORPORA = {k: Corpus(k, "", tuple(v.split())) for k, v in BUILT_IN.items()}


@pytest.fixture(scope="module")
def maker() -> LineMaker:
    return LineMaker(LineConfig(seed=3), FONTS, CORPORA)


def test_deterministic_and_labelled(maker: LineMaker) -> None:
    other = LineMaker(LineConfig(seed=3), FONTS, CORPORA)
    for index in (5, 0, 77, 1234):
        sample, again = maker.make(index), other.make(index)
        assert sample.text == again.text
        np.testing.assert_array_equal(sample.image, again.image)


def test_truth_is_inside_the_image(maker: LineMaker) -> None:
    texts = set()
    for index in range(150):
        sample = maker.make(index)
        texts.add(sample.text)
        assert sample.image.dtype == np.uint8
        assert sample.image.ndim == 2
        assert LATIN.missing(sample.text) == frozenset()
        assert sample.text == " ".join(sample.text.split())
        assert sample.characters.shape == (len(sample.text), 4, 2)
        x = sample.characters[..., 0]
        assert x.min() > -0.3 * sample.image.shape[0] - 4
        assert x.max() < sample.image.shape[1] + 0.3 * sample.image.shape[0] + 4
        assert [w for w, _ in sample.words] == sample.text.split()
    assert len(texts) > 120


def test_length_is_bounded(maker: LineMaker) -> None:
    short = LineMaker(replace(maker.config, max_characters=5), FONTS, CORPORA)
    assert all(1 <= len(short.make(i).text) <= 5 for i in range(100))


def test_textless_images_have_no_text(maker: LineMaker) -> None:
    silent = LineMaker(replace(maker.config, textless=1.0), FONTS, CORPORA)
    for index in range(40):
        sample = silent.make(index)
        assert sample.text == ""
        assert sample.words == ()
        assert sample.characters.shape == (0, 4, 2)
        assert min(sample.image.shape) >= 4
    some = LineMaker(replace(maker.config, textless=0.3), FONTS, CORPORA)
    assert 30 < sum(some.make(i).text == "" for i in range(200)) < 90


def test_old_kinds_are_spelled_as_often_as_said(maker: LineMaker) -> None:
    def old(share: float) -> float:
        config = LineConfig(genres=(("old", 1.0),), old_spelling=share)
        mine = LineMaker(config, maker.fonts, maker.corpora)
        rng = np.random.default_rng(0)
        return float(np.mean(["ſ" in mine.text("old", rng) for _ in range(200)]))

    assert old(0.0) == 0
    assert 0.1 < old(0.5) < old(1.0)


def test_texts_are_in_the_alphabet(maker: LineMaker) -> None:
    few = Alphabet(" abcdefghijklmnopqrstuvwxyz")
    mine = LineMaker(LineConfig(genres=(("print", 1.0), ("old", 1.0))), FONTS, CORPORA, few)
    rng = np.random.default_rng(0)
    assert all(not few.missing(mine.text(genre, rng)) for genre in ("print", "old") * 150)


def test_problems_are_named() -> None:
    (problem,) = drawing_problems(Corpus("mine", "ich 漢 du", ("ich", "漢", "du")))
    assert "漢" in problem
    assert "U+6F22" in problem
    assert drawing_problems(CORPORA["de"]) == []


def test_prepare_line_normalises_any_image() -> None:
    rng = np.random.default_rng(0)
    ink = np.zeros((50, 300), bool)
    for x in range(30, 270, 12):
        ink[15:35, x : x + 3] = True
    for paper, tone in ((255, 0), (120, 60), (200, 150), (10, 240)):
        image = np.where(ink, tone, paper).astype(np.uint8)
        line = prepare_line(image, 36)
        assert line.shape == (36, 216)
        assert abs(int(np.median(line)) - PAPER) < 12
        assert line.min() < 90
    colour = rng.integers(0, 255, (7, 3, 3), dtype=np.uint8)
    assert prepare_line(colour, 36).shape == (36, 15)
    assert prepare_line(np.zeros((1, 1), np.uint8), 36).shape == (36, 36)


def test_blank_paper_stays_blank() -> None:
    noise = np.random.default_rng(1).normal(200, 3, (40, 400)).astype(np.uint8)
    assert prepare_line(noise, 36).min() > 150


def test_batches_are_padded_with_paper() -> None:
    lines = [np.full((36, w), 7, np.uint8) for w in (10, 33)]
    batch, widths = batch_lines(lines)
    assert batch.shape == (2, 36, 64)
    assert widths.tolist() == [10, 33]
    assert (batch[0, :, 10:] == PAPER).all()
    assert (batch[1, :, :33] == 7).all()
