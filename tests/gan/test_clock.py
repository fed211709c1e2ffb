"""Minutes shared out: the user's minutes are all of them."""

import time
from dataclasses import replace

import pytest

from readapt.gan.clock import Clock
from readapt.gan.critic import GapConfig
from readapt.gan.make_look import LookConfig
from readapt.gan.play import PlayConfig
from readapt.nets.discriminator import DiscriminatorConfig

SMALL = GapConfig(width=16, critic=DiscriminatorConfig(width=4, layers=1, norm="none"))


def test_the_game_has_what_is_left_but_for_the_end() -> None:
    clock = Clock(time.monotonic() - 300, 20)
    assert clock.game(PlayConfig(minutes=20)).minutes == pytest.approx(20 - 5 - 2.4, abs=0.1)
    late = Clock(time.monotonic() - 1190, 20)
    assert late.game(PlayConfig(minutes=20)).minutes == pytest.approx(6)
    assert clock.game(PlayConfig(steps=9, minutes=20)).minutes == 20
    slow = clock.game(PlayConfig(minutes=20), end=300.0)  # what it takes on a busy machine
    assert slow.minutes == pytest.approx(20 - 5 - 5, abs=0.1)


def test_few_minutes_draw_few_lines() -> None:
    plain = LookConfig()
    assert Clock(0, 30).fitting(plain) == plain
    short = Clock(0, 1).fitting(plain)
    assert short.source.kept == plain.source.kept // 4
    steps = replace(plain, play=PlayConfig(steps=3))
    assert Clock(0, 1).fitting(steps) == steps


def test_the_meter_has_as_many_steps_as_there_is_time() -> None:
    now = time.monotonic()
    endless = Clock(now, float("inf")).meter(SMALL)
    assert endless == SMALL
    assert Clock(now - 120, 2).meter(SMALL) is None
    whole = Clock(now, 60).meter(SMALL)
    assert whole is not None
    assert whole.steps == SMALL.steps
    assert Clock(now, 60).meter(replace(SMALL, steps=0)) is None


def test_too_few_minutes_are_said() -> None:
    config = LookConfig()
    assert Clock(time.monotonic(), 5).warnings(config) == ()
    assert "--minutes" in Clock(time.monotonic() - 400, 5).warnings(config)[0]
