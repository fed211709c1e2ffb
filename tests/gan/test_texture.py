"""Textures: near for papers alike, far for others; what each channel answers to."""

import numpy as np

from readapt.gan.texture import BANDS, TextureScale, texture, texture_figures


def grain(deviation: float, seed: int, count: int = 60, level: float = 200.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.clip(rng.normal(level, deviation, (count, 64, 64)), 0, 255).astype(np.uint8)


def test_channels() -> None:
    fine = grain(6, 0)
    stripes = np.broadcast_to(200 + 20 * (np.arange(64) % 16 > 7)[None, :, None], (3, 64, 64))
    measured = texture(fine)
    assert measured.shape == (60, 13)  # level, two tails, eight rings, direction, white
    assert measured.shape[1] == BANDS + 5
    np.testing.assert_allclose(measured[:, 0], 200, atol=1)
    # White noise has the same power in every ring: its variance.
    np.testing.assert_allclose(measured[:, 4:11].mean(0), np.log(36), atol=0.3)
    assert texture(stripes.astype(np.uint8))[0, -2] > 2 > measured[0, -2] + 1
    assert texture(np.full((1, 64, 64), 255, np.uint8))[0, -1] == 1.0


def test_distance_grows_with_the_difference() -> None:
    real = grain(6, 0)
    scale = TextureScale.of(texture(real))
    same = texture_figures(real, grain(6, 1), scale)
    near = texture_figures(real, grain(7, 2), scale)
    far = texture_figures(real, grain(12, 3), scale)
    assert abs(same["kid"]) < 0.2 < near["kid"] < far["kid"]
    assert same["coverage"] > 0.8 > far["coverage"]
