"""From scans to a look of whole pages: the game on patches, judged by textures and readings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.random import default_rng
from torch import nn

from readapt.gan.colour import grey
from readapt.gan.cyclegan import CycleGan, CycleGanConfig
from readapt.gan.look import Look, pages_section, save_look
from readapt.gan.monitor import LOST, Reads, collapse, coverage_density, kid, lost_texts, reads_as
from readapt.gan.page_patches import LINE, PatchConfig, PatchFeed, TextPage
from readapt.gan.play import CollapseError, PlayConfig, Result, Verdict, play
from readapt.gan.report import Outcome, Pictures, write_picture, write_report
from readapt.gan.resume import fingerprint, same_settings
from readapt.gan.texture import TextureScale, texture
from readapt.gan.translate import beside, translate_line, translate_lines
from readapt.lines.crop import crop_line
from readapt.nets.generator import Generator
from readapt.train.device import Device, find_device
from readapt.types import Image

HELD_OUT: Final = 0.25
"""Share of the pages, real and drawn, that are compared and never played with."""


@dataclass(frozen=True, slots=True)
class PageLookConfig:
    """Everything that decides what comes out."""

    game: CycleGanConfig = field(default_factory=CycleGanConfig)
    play: PlayConfig = field(default_factory=lambda: PlayConfig(judge_every=200))
    patches: PatchConfig = field(default_factory=PatchConfig)
    compared: int = 200
    """Patches of each kind whose textures are compared."""
    reread: int = 6
    """Drawn pages that are translated whole and read again at each look, at most."""
    preserved: float = 0.95
    """Share of the readable lines that must still read as their label."""
    device: Device = "auto"
    """Where the game is played."""


@dataclass(frozen=True, slots=True)
class MadePageLook:
    """A look of pages and what is known of it."""

    look: Look
    result: Result
    figures: dict[str, float]
    report: Path


class PageMonitor:
    """The judge of translated pages: KID of textures, subject to the texts being kept.

    `reads` has no part in the game, in which no recognizer plays at all.
    """

    def __init__(
        self,
        real: Sequence[TextPage],
        drawn: Sequence[TextPage],
        reads: Reads,
        config: PageLookConfig,
        grid: Path,
    ) -> None:
        self.config, self.reads, self.grid = config, reads, grid
        feed = PatchFeed(real, drawn, replace(config.patches, seed=config.patches.seed + 1))
        batches = [feed.batch(i) for i in range(-(-config.compared // config.patches.batch))]
        self.real = np.concatenate([batch.real for batch in batches])
        self.plain = np.concatenate([batch.rendered for batch in batches])
        real_textures = texture(_greys(self.real))
        self.scale = TextureScale.of(real_textures)
        self.textures = self.scale(real_textures)
        half = len(self.textures) // 2
        self.floor = kid(self.textures[:half], self.textures[half:])
        self.before, _ = self._nearness(self.plain)
        self.pages = feed.drawn[: config.reread]
        self.labels = [line.text for page in self.pages for line in page.lines]
        self.readable = self._right([page.image for page in self.pages])
        self.wrong = ""
        """What was wrong at the last look."""

    def _nearness(self, patches: Image) -> tuple[float, float]:
        """KID and coverage of patches by their textures."""
        found = self.scale(texture(_greys(patches)))
        return kid(self.textures, found), coverage_density(self.textures, found)[0]

    def _right(self, images: Sequence[Image]) -> list[bool]:
        """Which lines of the pages, shown as `images`, read as their label."""
        pairs = zip(self.pages, images, strict=True)
        cuts = [crop_line(grey(i), line.quad, 0.0) for page, i in pairs for line in page.lines]
        found = zip(self.reads(cuts), self.labels, strict=True)
        return [reads_as(text, label) for text, label in found]

    def translated(self, generator: Generator) -> list[Image]:
        """Translate the compared patches, always with the same noise."""
        return list(translate_lines(generator, self.plain, self.config.patches.seed))

    def figures(self, generator: Generator, patches: Sequence[Image]) -> dict[str, float]:
        """KID with floor and start, coverage, and the share of readable lines that still are."""
        pages = [translate_line(generator, page.image, i) for i, page in enumerate(self.pages)]
        still = [r for r, before in zip(self._right(pages), self.readable, strict=True) if before]
        near, coverage = self._nearness(np.stack(patches))
        return {
            "kid": near,
            "coverage": coverage,
            "kid_floor": self.floor,
            "kid_before": self.before,
            "preserved": sum(still) / max(len(still), 1),
            "readable": sum(self.readable) / max(len(self.readable), 1),
        }

    def __call__(self, generator: nn.Module) -> Verdict:
        """Judge a generator. A state that has lost half of its texts is never kept."""
        assert isinstance(generator, Generator)
        patches = self.translated(generator)
        figures = self.figures(generator, patches)
        write_picture(self.grid, beside([list(self.plain[:8]), patches[:8], list(self.real[:8])]))
        wrong = self.wrong = collapse(list(self.plain), patches)
        if lost_texts(figures):
            self.wrong = wrong or LOST
        missing = max(0.0, self.config.preserved - figures["preserved"])
        score = float("inf") if self.wrong else figures["kid"] + 100 * missing
        heard = figures["readable"] > 0
        return Verdict(score, figures, wrong, too_few_texts=missing > 0 and heard)


def make_page_look(
    real: Sequence[TextPage],
    drawn: Sequence[TextPage],
    reads: Reads,
    folder: Path,
    work: Path,
    config: PageLookConfig = PageLookConfig(),
    resume: bool = False,
    echo: bool = False,
) -> MadePageLook:
    """Learn to translate drawn pages, and write it into the look `folder`.

    `work` gets checkpoint, logs, `grid.png` and `report.html`. Nothing but the ink loss guards the
    texts in the game; what it is worth, `reads` says. The look is written at the end. Raises
    :class:`CollapseError` where no state was worth keeping, and then writes none.
    """
    settings = asdict(replace(config, play=PlayConfig(seed=config.play.seed), device="auto"))
    seen = fingerprint(*(page.image for page in (*real, *drawn)))
    same_settings(work, settings | {"pages": seen}, resume)
    played, compared = _parted(real, config.play.seed)
    played_drawn, compared_drawn = _parted(drawn, config.play.seed)
    monitor = PageMonitor(compared, compared_drawn, reads, config, work / "grid.png")
    feed = PatchFeed(played, played_drawn, config.patches)
    game = CycleGan(feed, None, config.game, monitor, find_device(config.device))
    result = play(game, config.play, work, resume, echo)
    if not game.best:
        raise CollapseError(monitor.wrong or LOST)
    generator = game.best_generator()
    patches = monitor.translated(generator)
    figures = monitor.figures(generator, patches)
    look = save_look(
        folder,
        pages=(generator, pages_section(generator, LINE, figures)),
        provenance={
            "pages": {
                "minutes": round(result.minutes, 2),
                "steps": result.steps,
                "kept_step": result.best_step,
                "pages": len(real),
            }
        },
    )
    report = work / "report.html"
    pictures = Pictures(list(monitor.plain[:16]), patches[:16], [], list(monitor.real[:24]))
    facts = {"steps": str(result.steps), "kept_step": str(result.best_step)}
    write_report(report, Outcome(folder.name, figures, {}, facts, ()), pictures, work)
    return MadePageLook(look, result, figures, report)


def _parted(pages: Sequence[TextPage], seed: int) -> tuple[list[TextPage], list[TextPage]]:
    """Pages to play with, and pages to compare; of a single page both."""
    order = default_rng([seed, 12]).permutation(len(pages))
    count = max(1, round(HELD_OUT * len(pages)))
    return [pages[i] for i in order[count:]] or list(pages), [pages[i] for i in order[:count]]


def _greys(patches: Image) -> Image:
    return np.stack([grey(patch) for patch in patches])
