from dataclasses import replace

import numpy as np
import pytest

from readapt.synth.capture import (
    Capture,
    Inking,
    expose,
    print_on,
    sample_capture,
    sample_inking,
    take_ink,
)

STILL = Capture(1.0, 0.0, 1.0, None, 0.0, 0.0, 1.0, None, 0.0, None)
SOUND = Inking((0.0, 0.0, 0.0), 1.0, 0.0, 0.0, 0.0, 0.0)


def page(channels=()):
    picture = np.full((90, 120, *channels), 230, np.uint8)
    picture[30:40, 20:100] = 40
    return picture


@pytest.mark.parametrize("channels", [(), (3,)])
@pytest.mark.parametrize("seed", range(8))
def test_any_camera_keeps_shape_and_type(seed, channels):
    rng = np.random.default_rng(seed)
    taken = expose(sample_capture(rng), page(channels), rng)
    assert taken.shape == page(channels).shape
    assert taken.dtype == np.uint8


def test_a_perfect_camera_changes_nothing():
    taken = expose(STILL, page(), np.random.default_rng(0)).astype(int)
    assert np.abs(taken - page()).max() <= 1


@pytest.mark.parametrize("channels", [(), (3,)])
def test_black_and_white_is_only_that_and_keeps_the_text(channels):
    camera = replace(STILL, threshold=0.5, jpeg=None)
    taken = expose(camera, page(channels), np.random.default_rng(0))
    assert set(np.unique(taken)) == {0, 255}
    assert np.all(taken[31:39, 25:95] == 0)
    assert np.all(taken[:20] == 255)


def test_sound_ink_is_what_was_drawn():
    drawn = np.zeros((40, 50), np.uint8)
    drawn[10:20, 10:30] = 255
    wet = take_ink(SOUND, drawn, np.random.default_rng(0))
    assert wet.dtype == np.float32
    assert np.allclose(wet, drawn / 255)


@pytest.mark.parametrize("seed", range(10))
def test_ink_is_coverage_and_never_where_nothing_was_drawn(seed):
    rng = np.random.default_rng(seed)
    drawn = np.zeros((60, 80), np.uint8)
    drawn[20:30, 10:40] = 255
    wet = take_ink(sample_inking(rng), drawn, rng)
    assert wet.min() >= 0
    assert wet.max() <= 1
    assert wet[40:].max() == 0
    assert wet[25, 20] > 0.05


def test_ink_filters_the_light_of_the_paper():
    light = np.ones((4, 4), np.float32)
    ink = np.zeros((4, 4), np.float32)
    ink[0] = 1.0
    sheet = print_on(light, (1.0, 0.8, 0.6), [(ink, (0.5, 0.0, 0.0))], colour=True)
    assert sheet[0, 0].tolist() == [128, 0, 0]
    assert sheet[1, 0].tolist() == [255, 204, 153]
    grey = print_on(light, (1.0, 0.8, 0.6), [(ink, (0.0, 0.0, 0.0))], colour=False)
    assert grey.shape == (4, 4)
    assert grey[0, 0] == 0


def test_whitened_paper_is_white_and_ink_is_not():
    taken = expose(replace(STILL, white=270.0), page(), np.random.default_rng(0))
    assert np.all(taken[:20] == 255)
    assert taken[35, 50] < 60
