"""The user's minutes shared out: drawing and matching, the game, measuring."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from readapt.gan.critic import GapConfig, measure_gap
from readapt.gan.play import PlayConfig

if TYPE_CHECKING:
    from readapt.gan.make_look import LookConfig

_END = 0.12
"""Share of the minutes kept for measuring and writing at the end."""
_GAME = 0.3
"""Share that the game has at least, however long drawing took."""
_GAPS = 3
"""Critics that are trained at the end."""
_FEWEST = 60
"""A critic of fewer steps says nothing."""
_SHORT = 20.0
"""Minutes below which fewer lines are drawn."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Counts from `started`, a time of `time.monotonic`, to `minutes` later."""

    started: float
    minutes: float

    @property
    def spent(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    @property
    def left(self) -> float:
        """Seconds to the end."""
        return 60 * self.minutes - self.spent

    def fitting(self, config: LookConfig) -> LookConfig:
        """Draw and compare fewer lines where there are few minutes; no less than a quarter."""
        if config.play.steps or self.minutes >= _SHORT:
            return config
        share = max(0.25, self.minutes / _SHORT)
        source = replace(
            config.source,
            pilot=max(20, round(share * config.source.pilot)),
            kept=round(share * config.source.kept),
        )
        return replace(config, source=source)

    def game(self, config: PlayConfig, end: float = 0.0) -> PlayConfig:
        """Give the game what is left but for the end; a budget in steps stays as it is.

        ``end`` is how many seconds that will take, where it can be foreseen; it has a share of the
        minutes anyway.
        """
        if config.steps:
            return config
        left = max(self.left / 60 - max(_END * self.minutes, end / 60), _GAME * self.minutes)
        return replace(config, minutes=left)

    def meter(self, config: GapConfig) -> GapConfig | None:
        """Give each critic as many steps as time is left for; None where they would be too few."""
        if config.steps == 0:
            return None
        if not np.isfinite(self.minutes):
            return config
        steps = min(config.steps, int(self.left / _GAPS / seconds_a_step(config)))
        return replace(config, steps=steps) if steps >= min(_FEWEST, config.steps) else None

    def warnings(self, config: LookConfig) -> tuple[str, ...]:
        """Say where the minutes were too few for all that was wanted."""
        if config.play.steps or self.left > -0.1 * 60 * self.minutes:
            return ()
        return (
            f"It took {self.spent / 60:.1f} minutes: drawing, matching and measuring alone need "
            "some, give it more with --minutes.",
        )


def seconds_a_step(config: GapConfig) -> float:
    """Try how long a step of a critic takes here and now."""
    lines = [np.full((36, config.width + 8), level, np.uint8) for level in (0, 230)] * 10
    begun = 0.0
    for steps in (1, 6):  # the first step of a process takes as long as ten
        begun = time.monotonic()
        short = replace(config, steps=steps, look_every=steps, bootstrap=10)
        measure_gap(lines[::2], lines[1::2], short)
    return (time.monotonic() - begun) / 6
