"""Degradations are pure, keep shape and range, and do what they are named for."""

import numpy as np
import pytest

from readapt.synth import degrade
from readapt.synth.degrade import Grey
from readapt.synth.distort import Recut, Warp
from readapt.synth.ink import Bleed, Break, Dropout, Fade, Spread

KINDS = [
    degrade.Blur,
    degrade.Noise,
    degrade.Light,
    degrade.LowResolution,
    degrade.Jpeg,
    degrade.Binarise,
    Spread,
    Break,
    Fade,
    Dropout,
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
    assert Spread(1.0).apply(ink).sum() > ink.sum() > Spread(-1.0).apply(ink).sum()
    assert Break(0.5, 3.0, 0).apply(ink).sum() < 0.9 * ink.sum()


def test_bleed_fills_counters() -> None:
    ring = np.zeros((40, 40), np.float32)
    ring[10:30, 10:30] = 1
    ring[16:24, 16:24] = 0
    soaked = Bleed.sample(np.random.default_rng(0), 40)
    assert soaked == Bleed.sample(np.random.default_rng(0), 40)
    heavy = Bleed(3.0, 2.5).apply(ring)
    assert heavy[20, 20] > 0.5
    assert heavy.sum() > ring.sum()
    assert heavy.max() <= 1


def test_binarise_is_two_tones() -> None:
    record = degrade.Binarise(threshold=0.5, waver=0.0, soft=0.3, seed=0)
    levels = record.apply(page())
    assert ((levels < 0.05) | (levels > 0.95)).mean() > 0.95


def moved_marks(
    geometry: Warp | Recut, image: Grey, points: np.ndarray[tuple[int, int], np.dtype[np.float32]]
) -> None:
    """Check that ink around each point of `image` lies where the geometry moves the point."""
    moved = geometry.apply(image, 0.0) if isinstance(geometry, Warp) else geometry.apply(image)
    for x, y in geometry.points(points + np.float32(0.5), (image.shape[0], image.shape[1])):
        window = moved[int(y) - 6 : int(y) + 7, int(x) - 6 : int(x) + 7]
        ys, xs = np.indices(window.shape)
        mass = window.sum()
        assert mass > 5
        assert (ys * window).sum() / mass + int(y) - 6 + 0.5 == pytest.approx(y, abs=0.75)
        assert (xs * window).sum() / mass + int(x) - 6 + 0.5 == pytest.approx(x, abs=0.75)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("kind", [Warp, Recut])
def test_points_move_as_the_ink_does(kind: type[Warp] | type[Recut], seed: int) -> None:
    geometry = kind.sample(np.random.default_rng(seed), 60 if kind is Warp else 24)
    points = np.array([[60, 60], [200, 80], [340, 100]], np.float32)
    image = np.zeros((160, 400), np.float32)
    for x, y in points:
        image[int(y) - 2 : int(y) + 3, int(x) - 2 : int(x) + 3] = 1  # centred on (x + .5, y + .5)
    moved_marks(geometry, image, points)


def test_a_recut_bends_and_keeps_the_ink() -> None:
    image = 1 - page()
    recut = Recut(rows=1.0, columns=1.0, bend=0.5, cell=10.0, seed=3)
    bent = recut.apply(image)
    assert np.array_equal(bent, recut.apply(image))
    assert np.abs(bent - image).mean() > 0.02
    assert bent.sum() == pytest.approx(image.sum(), rel=0.15)
