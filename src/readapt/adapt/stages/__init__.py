"""The stages of the adaptation, in the order in which they run."""

from __future__ import annotations

from readapt.adapt.settings import AdaptConfig
from readapt.adapt.stage import Stage
from readapt.adapt.stages.ask import Ask
from readapt.adapt.stages.free import Free
from readapt.adapt.stages.listen import Listen
from readapt.adapt.stages.look import LearnLook
from readapt.adapt.stages.teach import Teach
from readapt.adapt.stages.words import Words

NAMES = ("look", "free", "words", "teach", "ask", "listen")
"""What ``--only`` takes."""


def all_stages(config: AdaptConfig) -> list[Stage]:
    """List the stages that were asked for, in order; listening has several rounds."""
    rounds = [Listen(number) for number in range(len(config.selftrain.shares))]
    stages: list[Stage] = [LearnLook(), Free(), Words(), Teach(), Ask(), *rounds]
    if not config.only:
        return stages
    return [stage for stage in stages if share_key(stage.name) in config.only]


def share_key(name: str) -> str:
    """Return the key of a stage's share of the budget: its name without the number of the round."""
    return name.rstrip("0123456789").rstrip("-")
