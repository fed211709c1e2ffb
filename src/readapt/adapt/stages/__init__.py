"""The stages of the adaptation, in the order in which they run."""

from __future__ import annotations

from readapt.adapt.settings import AdaptConfig
from readapt.adapt.stage import Stage
from readapt.adapt.stages.ask import Ask
from readapt.adapt.stages.free import Free
from readapt.adapt.stages.listen import Listen
from readapt.adapt.stages.listen_pages import ListenPages
from readapt.adapt.stages.look import LearnLook
from readapt.adapt.stages.paper import LearnPaper
from readapt.adapt.stages.survey import Survey
from readapt.adapt.stages.teach import Teach
from readapt.adapt.stages.teach_pages import TeachPages
from readapt.adapt.stages.weigh import Weigh
from readapt.adapt.stages.words import Words

STAGES: tuple[Stage, ...] = (
    Words(),
    Survey(),
    Free(),
    LearnLook(),
    Teach(),
    Ask(),
    Listen(),
    Weigh(),
    LearnPaper(),
    TeachPages(),
    ListenPages(),
)
"""All there are."""
NAMES = tuple(stage.name for stage in STAGES)
"""What ``--only`` takes."""
PAGE_STAGES = ("teach-pages", "listen-pages")
"""Those that teach the detector, which has a gate of its own. They, and the paper that serves them,
run only where they are asked for: no collection is known to gain by them yet."""


def all_stages(config: AdaptConfig) -> list[Stage]:
    """List the stages that were asked for, in order; those for the recognizer, if none was."""
    asked = config.only or tuple(name for name in NAMES if name not in ("paper", *PAGE_STAGES))
    return [stage for stage in STAGES if stage.name in asked]
