from dataclasses import replace

import numpy as np
import pytest

from readapt.synth.noise import grain_noise, smooth_noise
from readapt.synth.paper import reflectance, sample_paper, surroundings


@pytest.mark.parametrize("seed", range(12))
def test_reflectance_is_light(seed):
    rng = np.random.default_rng(seed)
    paper = sample_paper(rng)
    light = reflectance(paper, rng, 203, 151)
    assert light.shape == (203, 151)
    assert light.dtype == np.float32
    assert light.min() >= 0
    assert light.max() <= np.float32(1.1)
    assert np.median(light) > 0.4
    assert all(0 < part <= 1 for part in paper.colour)


def test_every_fault_at_once():
    paper = replace(
        sample_paper(np.random.default_rng(0)),
        grain=0.1, fibre=0.1, mottle=0.1, gradient=0.3, vignette=0.3, gutter=0.5,
        stains=3, folds=2, creases=2, specks=30,
    )  # fmt: skip
    light = reflectance(paper, np.random.default_rng(1), 120, 90)
    assert light.std() > 0.05


def test_the_same_seed_makes_the_same_sheet():
    sheets = []
    for _ in range(2):
        rng = np.random.default_rng(5)
        sheets.append(reflectance(sample_paper(rng), rng, 100, 80))
    assert np.array_equal(*sheets)


@pytest.mark.parametrize("cell", [1.0, 2.5])
def test_grain_has_unit_deviation(cell):
    noise = grain_noise(np.random.default_rng(2), 700, 500, cell)
    assert noise.shape == (700, 500)
    assert abs(noise.mean()) < 0.05
    assert noise.std() == pytest.approx(1, abs=0.1)


def test_clouds_are_smooth():
    noise = smooth_noise(np.random.default_rng(3), 200, 200, 40)
    assert np.abs(np.diff(noise, axis=1)).max() < 0.25
    assert noise.std() > 0.3


def test_surroundings_are_a_colour_picture():
    ground = surroundings(np.random.default_rng(4), 81, 66)
    assert ground.shape == (81, 66, 3)
    assert ground.dtype == np.uint8
