"""Everything that decides what an adaptation does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from readapt.adapt.scans.target import TargetConfig
from readapt.train.detector_student import DetectorStudentConfig
from readapt.train.device import Device
from readapt.train.selftrain import SelfTrainConfig

SHARES: Final[Mapping[str, float]] = MappingProxyType(
    {
        "words": 0.03,
        "survey": 0.08,
        "free": 0.02,
        "look": 0.35,
        "teach": 0.2,
        "ask": 0.15,
        "listen": 0.4,
        "weigh": 0.005,
        "paper": 0.04,
        "teach-pages": 0.05,
        "listen-pages": 0.05,
    }
)
"""Of the time less the end's, in proportion among the stages that run. `weigh` only reads, and has
its time with the end."""

ENOUGH_MINUTES: Final = 10.0
"""From so many on, all lines that there are for it are looked at, measured and judged by ..."""
LEAST_SHARE: Final = 0.1
"""... and never fewer than this share of them ..."""
LEAST_JUDGES: Final = 60
"""... nor, of the lines that the gate judges by, fewer than these."""


@dataclass(frozen=True)
class GateConfig:
    """What a stage has to do to be kept."""

    replay_lines: int = 200
    """General synthetic lines that must not get worse."""
    replay_relative: float = 0.25
    """By how much their error rate may rise over the base model's, relatively ..."""
    replay_absolute: float = 0.003
    """... and beyond that absolutely."""
    sure: float = 0.9
    """Share of resampled held-out lines, or pages, on which a candidate has to be better where
    one judge says so, or picked it among others ..."""
    sure_together: float = 0.5
    """... and more than this where several do, together: rather better than worse
    (benchmarks/gate.py) ..."""
    least_certain: float = 0.25
    """... of which certainty by itself must not fall below this, unless other engines judge as
    well: words were what labels were corrected by, so they alone do not decide."""
    general_pages: int = 8
    """General synthetic pages for the detector ..."""
    general_margin: float = 0.01
    """... whose H-mean may fall by so much below the base model's."""


@dataclass(frozen=True)
class AdaptConfig:
    """The whole of it."""

    minutes: float = 60.0
    """Of wall-clock time in all."""
    seed: int = 0
    only: tuple[str, ...] = ()
    """Stages to run; none: all that can but those of pages, which no collection is known to gain
    by."""
    teachers: tuple[str, ...] = ()
    """Other engines to ask, such as `tesseract` or `tesseract:fra+eng`."""
    look: str = ""
    """Folder of a look that was learnt before; none: one is learnt, where there is time for it."""
    target: TargetConfig = field(default_factory=TargetConfig)
    gate: GateConfig = field(default_factory=GateConfig)
    selftrain: SelfTrainConfig = field(default_factory=SelfTrainConfig)
    student: DetectorStudentConfig = field(default_factory=DetectorStudentConfig)
    """How the detector is taught."""
    lr: float = 3e-4
    """Peak learning rate of the fine-tuning."""
    way: float = 0.75
    """How far candidates go from the weights before their training to those after it, and ..."""
    ways_taught: tuple[float, ...] = (1.0, 0.8, 0.65)
    """... where other engines taught: the first of these that they find better than before."""
    steps: int = 0
    """Steps of each training, instead of its share of the minutes; for tests."""
    threads: int | None = None
    """Processor threads; None: all there are."""
    device: Device = "auto"
    """Where networks learn; `auto`: on a GPU where there is one."""
    shares: Mapping[str, float] = field(default_factory=lambda: SHARES)
    """Of the time; see ``SHARES``."""

    def few(self, count: int, least: int = 1) -> int:
        """Take less of what is looked at, measured or counted, where there are few minutes.

        At least ``least``, if ``count`` is not below it.
        """
        share = 1.0 if self.steps else min(1.0, max(LEAST_SHARE, self.minutes / ENOUGH_MINUTES))
        return max(min(count, least), round(share * count))
