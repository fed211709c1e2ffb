"""Degradations are pure, keep shape and range, and do what they are named for."""

import numpy as np
import pytest

from readapt.synth import degrade
from readapt.synth.degrade import Grey, Warp

KINDS = [
    degrade.Blur,
    degrade.Noise,
    degrade.Light,
    degrade.LowResolution,
    degrade.Jpeg,
    degrade.Binarise,
    degrade.Spread,
    degrade.Break,
    degrade.Fade,
    degrade.Dropout,
    degrade.Specks,
    degrade.Strokes,
]


def page(height: int = 40, width: int = 120) -> Grey:
    image = np.ones((height, width), np.float32)
    image[10:30, 20:100:8] = 0.1
    return image


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.__name__)
def test_pure_and_repeatable(kind: type[degrade.Blur]) -> None:
    changed = 0
    for seed in range(12):
        record = kind.sample(np.random.default_rng(seed))
        assert record == kind.sample(np.random.default_rng(seed))
        image = page()
        before = image.copy()
        result = record.apply(image)
        np.testing.assert_array_equal(image, before)
        np.testing.assert_array_equal(result, record.apply(image))
        assert result.shape == image.shape
        assert result.dtype == np.float32
        assert result.min() >= -0.01
        assert result.max() <= 1.05
        changed += not np.array_equal(result, image)
    assert changed >= 3


def test_spread_and_break() -> None:
    ink = 1 - page()
    assert degrade.Spread(1.0).apply(ink).sum() > ink.sum() > degrade.Spread(-1.0).apply(ink).sum()
    assert degrade.Break(0.5, 3.0, 0).apply(ink).sum() < 0.9 * ink.sum()


def test_bleed_fills_counters() -> None:
    ring = np.zeros((40, 40), np.float32)
    ring[10:30, 10:30] = 1
    ring[16:24, 16:24] = 0
    soaked = degrade.Bleed.sample(np.random.default_rng(0), 40)
    assert soaked == degrade.Bleed.sample(np.random.default_rng(0), 40)
    heavy = degrade.Bleed(3.0, 2.5).apply(ring)
    assert heavy[20, 20] > 0.5
    assert heavy.sum() > ring.sum()
    assert heavy.max() <= 1


def test_binarise_is_two_tones() -> None:
    record = degrade.Binarise(threshold=0.5, waver=0.0, soft=0.3, seed=0)
    levels = record.apply(page())
    assert ((levels < 0.05) | (levels > 0.95)).mean() > 0.95


@pytest.mark.parametrize("seed", range(8))
def test_warp_moves_points_as_it_moves_ink(seed: int) -> None:
    rng = np.random.default_rng(seed)
    warp = Warp.sample(rng, 60)
    shape = (160, 400)
    points = np.array([[60, 60], [200, 80], [340, 100]], np.float32)
    image = np.zeros(shape, np.float32)
    for x, y in points:
        image[int(y) - 2 : int(y) + 3, int(x) - 2 : int(x) + 3] = 1  # centred on (x + .5, y + .5)
    moved = warp.apply(image, 0.0)
    for x, y in warp.points(points + np.float32(0.5), shape):
        window = moved[int(y) - 6 : int(y) + 7, int(x) - 6 : int(x) + 7]
        ys, xs = np.indices(window.shape)
        mass = window.sum()
        assert mass > 5
        assert (ys * window).sum() / mass + int(y) - 6 + 0.5 == pytest.approx(y, abs=0.75)
        assert (xs * window).sum() / mass + int(x) - 6 + 0.5 == pytest.approx(x, abs=0.75)
