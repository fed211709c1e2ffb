"""The gap meter: near zero for equal sets, larger for larger changes, honest about its doubts."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from bar_lines import bars, texts

from readapt.errors import InputError
from readapt.gan.critic import (
    Gap,
    GapConfig,
    bootstrap_interval,
    doubts,
    measure_floor,
    measure_gap,
    median_filter,
)
from readapt.nets.discriminator import DiscriminatorConfig
from readapt.types import Image

CONFIG = GapConfig(
    steps=70,
    batch=16,
    width=32,
    windows=48,
    look_every=10,
    lr=2e-3,
    critic=DiscriminatorConfig(width=8, layers=1, norm="none"),
    bootstrap=100,
)
COUNT = 48


def plain(seed: int = 0) -> list[Image]:
    return [bars(t, 30, 220, 4, i + 1000 * seed) for i, t in enumerate(texts(COUNT, 5, seed))]


def noisy(amount: float) -> list[Image]:
    return [bars(t, 30, 220, amount, i + 9000) for i, t in enumerate(texts(COUNT, 5, 9))]


def blurred(sigma: float) -> list[Image]:
    return [np.asarray(cv2.GaussianBlur(line, (0, 0), sigma), np.uint8) for line in noisy(4)]


def sized(scale: float) -> list[Image]:
    """Text smaller than the line is high, on the same paper."""
    lines = []
    for line in noisy(4):
        small = cv2.resize(line, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        canvas = np.full_like(line, 220)
        canvas[: small.shape[0], : small.shape[1]] = small
        lines.append(canvas)
    return lines


@pytest.mark.parametrize(
    ("change", "grades"),
    [(noisy, (4, 12, 36)), (blurred, (0.3, 1.2, 3.0)), (sized, (1.0, 0.8, 0.5))],
)
def test_grows_with_what_is_done(change, grades) -> None:  # type: ignore[no-untyped-def]
    gaps = [measure_gap(plain(), change(grade), CONFIG) for grade in grades]
    estimates = [gap.estimate for gap in gaps]
    assert estimates == sorted(estimates)
    assert estimates[2] > estimates[0] + 2
    assert gaps[2].low > gaps[0].high


def test_near_zero_for_equal_sets() -> None:
    same = measure_gap(plain(0), plain(1), CONFIG)
    floor = measure_floor(plain(0) + plain(1), CONFIG)
    far = measure_gap(plain(0), noisy(36), CONFIG)
    assert abs(same.estimate) < 0.2 * far.estimate
    assert abs(floor.estimate) < 0.2 * far.estimate
    assert same.low < 1.5


def test_the_unit_is_the_grey_level() -> None:
    """Paper that is 40 levels darker everywhere is 40 away, and no critic may say much more."""
    config = replace(CONFIG, steps=100)
    white = [np.full((36, 48), 220, np.uint8) for _ in range(20)]
    grey = [np.full((36, 48), 180, np.uint8) for _ in range(20)]
    assert 25 < measure_gap(white, grey, config).estimate < 50


def test_deterministic_and_leaves_no_trace() -> None:
    a, b = (measure_gap(plain(), noisy(20), CONFIG) for _ in range(2))
    assert a == b
    assert a.low <= a.estimate + 2
    assert a.low < a.high
    assert len(a.steps) == len(a.held_out) == len(a.training) == 7


def test_too_few_lines() -> None:
    with pytest.raises(InputError, match="3 rendered lines are 32 pixels wide"):
        measure_gap(plain(), plain()[:3], CONFIG)


def test_median_filter() -> None:
    assert median_filter([1, 9, 2, 3, 100, 4], 3) == (5, 2, 3, 3, 4, 52)


def test_bootstrap_interval_covers_the_mean() -> None:
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(100):
        a, b = rng.normal(3, 1, 30), rng.normal(1, 1, 40)
        low, high = bootstrap_interval(a, b, 200, rng)
        inside += low < 2 < high
    assert 78 <= inside <= 99


def gap(held_out: list[float], training: list[float], lines: tuple[int, int] = (900, 900)) -> Gap:
    steps = tuple(range(len(held_out)))
    estimate = float(np.median(held_out[-5:]))
    return Gap(estimate, 0, 0, steps, tuple(held_out), tuple(training), lines)


def test_doubts() -> None:
    flat = [8.0] * 12
    assert doubts(gap(flat, flat)) == []
    (rising,) = doubts(gap([float(i) for i in range(12)], flat))
    assert "still learning" in rising
    (heart,) = doubts(gap([1.0] * 12, flat))
    assert "by heart" in heart
    (few,) = doubts(gap(flat, flat, (50, 900)))
    assert "Only 50 real" in few
    assert any("jump" in d for d in doubts(gap([2.0, 14.0] * 6, flat)))


def test_global_random_state_is_the_only_thing_touched() -> None:
    measure_gap(plain(), noisy(10), replace(CONFIG, steps=10))
    assert torch.is_grad_enabled()
