"""Kinds and fonts akin to the scans: discriminant, votes, makers, looks that say them."""

from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib import font_manager

from readapt.gan.kindred import (
    Kindred,
    elected,
    find_kindred,
    kindred_of,
    nearest,
    posteriors,
    sharpened,
)
from readapt.gan.look import Look, save_look, translator_section
from readapt.gan.setting import Setting
from readapt.nets.crnn import Crnn, CrnnConfig
from readapt.nets.generator import Generator, GeneratorConfig
from readapt.recognize.alphabet import LATIN
from readapt.recognize.preprocess import prepare_line
from readapt.synth.corpus import BUILT_IN, Corpus
from readapt.synth.fonts import read_font
from readapt.synth.lines import LineConfig, LineMaker


@pytest.fixture(scope="module")
def maker() -> LineMaker:
    names = ("DejaVu Sans", "DejaVu Serif")
    fonts = [read_font(font_manager.findfont(name)) for name in names]
    corpora = {k: Corpus(k, "", tuple(v.split())) for k, v in BUILT_IN.items()}
    genres = (("receipt", 1.0), ("print", 1.0))
    return LineMaker(LineConfig(clean=1.0, genres=genres, max_characters=12), fonts, corpora)


def test_nearest_against_every_distance() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(20, 3)), rng.normal(size=(6, 3))
    distances = np.linalg.norm(b[:, None] - a[None], axis=2)
    expected = [set(np.argsort(row)[:4].tolist()) for row in distances]
    assert [set(row.tolist()) for row in nearest(a, b, 4)] == expected


def test_posteriors_of_known_kinds() -> None:
    rng = np.random.default_rng(0)
    a = rng.normal(size=(90, 5))
    a[:30, 0] += 4
    a[30:60, 1] += 4
    kinds = ["x"] * 30 + ["y"] * 30 + ["z"] * 30
    likely = posteriors(a, kinds, a)
    np.testing.assert_allclose(likely.sum(1), 1)
    assert (likely.argmax(1) == np.repeat([0, 1, 2], 30)).mean() > 0.9


def test_rare_kinds_are_left_out() -> None:
    shares = sharpened(["receipt", "old", "print"], np.array([0.6, 0.08, 0.32]))
    assert list(shares) == ["receipt", "print"]
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["receipt"] == pytest.approx(0.36 / (0.36 + 0.32**2))
    said = sharpened(["receipt", "old", "print"], np.array([0.6, 0.08, 0.32]), {"receipt": 0.01})
    assert said == {"print": 1.0}


def test_votes_elect_families() -> None:
    families = [f"F{i % 10}" for i in range(30)]
    voted = np.array([[0, 0, 0, 1, 1, 20, 20, 20, 21, 0]] * 10 + [[5] * 10])
    chosen = elected(families, voted)
    assert chosen[:2] == ("F0", "F1")
    assert len(chosen) == 6


def test_a_maker_of_akin_lines(maker: LineMaker) -> None:
    kindred = Kindred((("print", 1.0),), ("DejaVu Serif", "not installed"))
    akin = kindred.maker(maker)
    assert {font.family for font in akin.fonts} == {"DejaVu Serif"}
    assert akin.config.genres == (("print", 1.0),)
    assert akin.config.seed == maker.config.seed
    assert Kindred((("print", 1.0),), ("not installed",)).maker(maker).fonts == maker.fonts


def test_the_whole_way(maker: LineMaker) -> None:
    torch.manual_seed(0)
    recognizer = Crnn(CrnnConfig(LATIN.classes, (4, 6, 8, 10, 12), hidden=8)).eval()
    real = [prepare_line(maker.make(i).image, 36) for i in range(8)]
    kindred = find_kindred(maker, real, recognizer, 8)
    assert {genre for genre, _ in kindred.genres} <= {"receipt", "print"}
    assert set(kindred.families) <= {"DejaVu Sans", "DejaVu Serif"}


def test_a_look_says_what_its_lines_are_drawn_from(tmp_path: Path) -> None:
    network = Generator(GeneratorConfig(widths=(4, 8), blocks=1))
    setting = Setting("A Bold", 25.0, 0.5, 0.4, 1.5, 1.0, 3.0, 4.0)
    section = translator_section(
        network, 36, {}, {"old": 0.75, "print": 0.25}, ["A", "B"], [astuple(setting)]
    )
    look = save_look(tmp_path / "mine", translator=(network, section))
    expected = Kindred((("print", 0.25), ("old", 0.75)), ("A", "B"), (setting,))
    assert kindred_of(look) == expected
    assert kindred_of(Look.load(tmp_path / "mine")) == expected
    bare = save_look(tmp_path / "bare", translator=(network, translator_section(network, 36, {})))
    assert kindred_of(bare) is None


def test_characters_in_no_order_are_no_kind_of_scans(maker: LineMaker) -> None:
    """They are set in every font, so that they seem near to everything."""
    torch.manual_seed(0)
    network = Crnn(CrnnConfig(LATIN.classes, (4, 6, 8, 10, 12), "gru", 8, 1)).eval()
    config = replace(maker.config, genres=(("print", 1.0), ("scattered", 1.0)))
    both = LineMaker(config, maker.fonts, maker.corpora)
    only = replace(config, genres=(("scattered", 1.0),))
    real = [
        prepare_line(LineMaker(only, maker.fonts, maker.corpora).make(i).image, 36)
        for i in range(6)
    ]
    assert find_kindred(both, real, network, 6).genres == (("print", 1.0),)
