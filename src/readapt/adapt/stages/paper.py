"""The bare paper of the scans, learnt by a GAN, for the pages that the detector is taught with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from readapt.adapt.budget import Portion, stopwatch
from readapt.adapt.exported import as_found
from readapt.adapt.gate.verdict import Verdict
from readapt.adapt.stage import PAPER_FOLDER, Outcome, State
from readapt.adapt.stages.teach_pages import lacks_pages
from readapt.errors import InputError
from readapt.gan.look import LOOK_NAME, Look
from readapt.gan.make_paper import PaperConfig, make_paper
from readapt.gan.patches import cut_patches
from readapt.gan.play import CollapseError
from readapt.types import Image, Quad

LEAST = 20.0
"""Minutes in all, at least: paper of a minute's game is flat."""


@dataclass(frozen=True)
class LearnPaper:
    """A generator of endless paper; what it draws lies under composed pages, and blank."""

    name: str = "paper"
    title: str = "the paper of the scans"

    def lacks(self, state: State) -> str:
        """Needs pages, minutes, and a look that was not given with paper of its own."""
        config = state.config
        if config.look and Look.load(config.look).manifest.paper is not None:
            return "the look that was given has paper"
        if config.minutes < LEAST:
            return f"{config.minutes:g} minutes are too few for it"
        return lacks_pages(state)

    def run(self, state: State, portion: Portion, folder: Path) -> Outcome:
        """Cut patches without text out of the pages to learn from, and play."""
        elapsed = stopwatch()
        place, work = folder / "paper", folder / "game"
        if not (place / LOOK_NAME).is_file():
            try:
                patches = cut_patches(
                    _pages(state, portion), np.random.default_rng([state.config.seed, 13])
                )
                plain, left = PaperConfig(), portion.seconds - elapsed()
                play = replace(plain.play, minutes=max(0.1, left / 60), seed=state.config.seed)
                play = replace(play, steps=state.config.steps, checkpoint_seconds=30.0)
                config, begun = replace(plain, play=play, gap=_NO_GAP), work / "checkpoint.pt"
                make_paper(patches, place, work, config, begun.is_file(), tick=portion.tick)
            except (InputError, CollapseError) as error:  # pages can do without it
                return Outcome(verdict=Verdict(False, str(error)))
        section = Look.load(place).manifest.paper
        figures = {} if section is None else dict(section.figures)
        return Outcome(
            files={PAPER_FOLDER: place}, record={k: round(v, 4) for k, v in figures.items()}
        )


_NO_GAP = replace(PaperConfig().gap, steps=0)
"""The gap meter is not asked: nobody decides by it here."""


def _pages(state: State, portion: Portion) -> Iterator[tuple[Image, list[Quad]]]:
    """Yield the pages to learn from with the lines that the present detector finds on them."""
    assert state.detector is not None
    finder = as_found(state.detector, state.detector_config, state.config.threads)
    for sheet in state.target.sheets.learnt:
        portion.tick()
        yield sheet, list(finder.detect(sheet)[0])
