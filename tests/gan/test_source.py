"""The source of a game: clean lines with their characters, matched to the target."""

import numpy as np
import pytest
from bar_lines import bars, rendered, texts
from matplotlib import font_manager

from readapt.gan.source import (
    letter_measures,
    logistic_fit,
    margins,
    matched,
    measures,
    source_lines,
    trimmed,
)
from readapt.synth.corpus import BUILT_IN, Corpus
from readapt.synth.fonts import read_font
from readapt.synth.lines import LineConfig, LineMaker


def test_source_lines_are_the_same_twice_and_bent_with_their_characters() -> None:
    fonts = [read_font(font_manager.findfont("DejaVu Sans"))]
    corpora = {k: Corpus(k, "", tuple(v.split())) for k, v in BUILT_IN.items()}
    maker = LineMaker(LineConfig(seed=1, clean=1.0), fonts, corpora)
    lines, again = (list(source_lines(maker, 12)) for _ in range(2))
    for a, b in zip(lines, again, strict=True):
        assert np.array_equal(a.image, b.image)
        assert np.array_equal(a.spans, b.spans)
        assert a.image.shape[0] == 36
        assert len(a.spans) == len(a.text)
        x = np.arange(a.image.shape[1]) + 0.5
        outside = a.image[:, (x < a.spans[:, 0].min() - 6) | (x > a.spans[:, 1].max() + 6)]
        assert outside.size == 0 or outside.min() > 100


def test_measures() -> None:
    thin = np.full((36, 120), 230, np.uint8)
    thin[10:26, 10:110:10] = 0
    thick = thin.copy()
    for dx in (1, 2):
        thick[10:26, 10 + dx : 110 + dx : 10] = 0
    a, b = measures(thin), measures(thick)
    assert b[1] > a[1]  # ink
    assert b[2] > a[2]  # stroke
    assert a[3] == b[3] == pytest.approx(16 / 36)
    assert a[4] == pytest.approx(0.5)
    assert a[5] == pytest.approx(b[5])  # as many strokes
    assert measures(np.full((36, 50), 230, np.uint8)).shape == (6,)


def test_matching_brings_the_measures_nearer() -> None:
    real = [bars(t, 40, 230, 3, i) for n in (3, 4, 5, 6) for i, t in enumerate(texts(15, n))]
    lengths = np.random.default_rng(0).integers(2, 12, 400)
    lines = [rendered(texts(1, int(n), i)[0]) for i, n in enumerate(lengths)]
    chosen = matched(lines, real, 60)
    assert len(chosen) == 60
    assert len({id(x) for x in chosen}) == 60

    def width(images: list[np.ndarray]) -> float:
        return float(np.mean([x.shape[1] for x in images]))

    far = abs(width([x.image for x in lines]) - width(real))
    near = abs(width([x.image for x in chosen]) - width(real))
    assert near < 0.3 * far
    assert matched(lines[:5], real, 9) == lines[:5]


def test_matching_by_features() -> None:
    """Two kinds of lines that measure the same: the features tell which kind the real ones are."""
    real = [bars(t) for t in texts(40, 4)]
    lines = [rendered(t) for t in texts(200, 4, 1)]
    kind = np.arange(200) % 2
    rng = np.random.default_rng(0)
    a = rng.normal(0, 0.1, (200, 5)) + kind[:, None]
    b = rng.normal(0, 0.1, (40, 5)) + 1
    chosen = {id(x) for x in matched(lines, real, 50, features=(a, b))}
    right = [k for line, k in zip(lines, kind, strict=True) if id(line) in chosen]
    assert np.mean(right) > 0.9


def test_logistic_fit_finds_the_ratio_of_densities() -> None:
    """N(1, 1) against N(0, 1): the log-odds are x - 1/2."""
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(0, 1, 4000), rng.normal(1, 1, 4000)])
    inputs = np.stack([np.ones_like(x), x], axis=1)
    target = np.repeat([0.0, 1.0], 4000)
    w = logistic_fit(inputs, target, np.full(8000, 1 / 8000), ridge=1e-9)
    assert w == pytest.approx([-0.5, 1.0], abs=0.08)


def test_matching_brings_the_letters_nearer() -> None:
    real = [bars(t, 40, 230, 3, i) for i, t in enumerate(texts(40, 5))]
    lines = [rendered(t) for i in range(6) for t in texts(40, 5, i + 1)]
    read = ["aaaab"] * 40
    chosen = matched(lines, real, 60, read=read)
    share = np.mean([line.text.count("a") for line in lines])
    assert np.mean([line.text.count("a") for line in chosen]) > share + 0.5


def test_letter_measures() -> None:
    a, b = letter_measures(["A1", "éa"], ["11", "A1"])
    assert a[:, :3].tolist() == [[0.5, 0.5, 0], [0, 0, 0.5]]
    assert b[0, 0] == 1
    assert b[0, 3] > a[0, 3] > a[1, 3]  # digits are what was read


def test_margins_are_those_of_real_lines() -> None:
    line = rendered("  ab ")
    assert margins(line.image) == (36, 20)
    rng = np.random.default_rng(0)
    tight = trimmed(line, [(3, 5)], rng)
    assert margins(tight.image) == (3, 5)
    np.testing.assert_allclose(tight.spans, line.spans - 33)
    wide = trimmed(tight, [(12, 1)], rng)
    assert margins(wide.image) == (12, 1)
    np.testing.assert_allclose(wide.spans, line.spans - 24)
    assert trimmed(line, [], rng) is line
    assert margins(np.full((36, 50), 230, np.uint8)) is None
