"""From scans to a look: match the source, play, judge, measure, report."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, astuple, dataclass, field, replace
from pathlib import Path

import numpy as np
from pydantic import JsonValue
from torch import nn

from readapt.errors import InputError
from readapt.gan.clock import Clock
from readapt.gan.colour import grey
from readapt.gan.critic import Gap, GapConfig, measure_floor, measure_gap
from readapt.gan.crops import Feed, FeedConfig, Rendered
from readapt.gan.cyclegan import CycleGan, CycleGanConfig, Judge
from readapt.gan.kindred import Kindred
from readapt.gan.look import Look, save_look, translator_section
from readapt.gan.monitor import LOST, Monitor, MonitorConfig, Reads
from readapt.gan.play import CollapseError, PlayConfig, Result, Verdict, play
from readapt.gan.report import Outcome, Pictures, write_picture, write_report
from readapt.gan.resume import fingerprint, same_settings
from readapt.gan.scans import ScanLines
from readapt.gan.setting import rounded
from readapt.gan.source import Source, SourceConfig, choose_source
from readapt.gan.translate import beside, translate_line, translate_lines
from readapt.nets.crnn import Crnn
from readapt.nets.generator import Generator
from readapt.recognize.alphabet import Alphabet
from readapt.synth.lines import LineMaker
from readapt.train.device import Device, find_device
from readapt.train.threads import torch_threads
from readapt.types import Image

_WIDEST = 400
"""Pixels of a line that are shown."""
_SETTINGS = 200
"""Settings that a look remembers."""
ALIKE = 0.3
"""Share of the real lines with a translated one nearby below which that is said."""
BOTH_SIDES = 30.0
"""Minutes from which on a game has time for the way back; before, one-sided looks are better."""
_MEASURED = 400
"""Rendered lines whose distance from the scans is measured, as they are and translated."""


@dataclass(frozen=True, slots=True)
class LookConfig:
    """Everything that decides what comes out."""

    game: CycleGanConfig = field(default_factory=CycleGanConfig)
    play: PlayConfig = field(default_factory=lambda: PlayConfig(judge_every=200))
    feed: FeedConfig = field(default_factory=FeedConfig)
    monitor: MonitorConfig = field(
        default_factory=lambda: MonitorConfig(gap=GapConfig(steps=45, batch=16, bootstrap=20))
    )
    gap: GapConfig = field(default_factory=lambda: GapConfig(steps=200))
    source: SourceConfig = field(default_factory=SourceConfig)
    device: Device = "auto"
    """Where the game is played; judging, translating and measuring are done on the processor."""


@dataclass(frozen=True, slots=True)
class Made:
    """A look and what is known of it."""

    look: Look
    result: Result
    figures: dict[str, float]
    gaps: dict[str, Gap]
    warnings: tuple[str, ...]
    report: Path


@torch_threads(1)
def make_look(
    scans: ScanLines,
    maker: LineMaker,
    alphabet: Alphabet,
    recognizer: Crnn,
    reads: Reads,
    folder: Path,
    work: Path,
    config: LookConfig,
    resume: bool = False,
    told: Callable[[str], None] = lambda text: None,
    echo: bool = False,
    started: float | None = None,
    tick: Callable[[], None] = lambda: None,
    kindred: Kindred | None = None,
) -> Made:
    """Make the look `folder`; `work` gets checkpoint, logs and `report.html`.

    `reads` is the judge: a reader that is not the `recognizer` in the loop. A quarter of the real
    lines is never played with: they are what is compared with. The minutes of `config.play` are
    those from `started`, a time of `time.monotonic`, to the end, drawing and measuring included.
    `tick` is called at every turn of the game. `kindred` says which kinds of documents the scans
    are, where that is known.
    The look is written at the end, so that a run that fails leaves none broken. Raises
    :class:`CollapseError` where no state was worth keeping.
    """
    minutes = float("inf") if config.play.steps else config.play.minutes
    clock = Clock(time.monotonic() if started is None else started, minutes)
    settings = asdict(replace(config, play=PlayConfig(seed=config.play.seed), device="auto"))
    given = fingerprint(*scans.lines, *recognizer.state_dict().values(), *maker.corpora.values())
    same_settings(work, settings | {"lines, model and texts": given}, resume)
    config = clock.fitting(config)
    real, judged = _parted(scans.lines, config)
    told(f"{len(scans.lines)} real lines; drawing rendered ones to match")
    chosen = replace(config.source, least_width=config.feed.widths[0], judged=config.monitor.lines)
    twinned, compared = ([grey(line) for line in some] for some in (real, judged))
    seed = config.game.seed
    source = choose_source(
        maker, twinned, compared, alphabet, recognizer, chosen, seed, kindred, tick
    )
    shares = ", ".join(f"{genre} {share:.0%}" for genre, share in source.kindred.genres)
    told(f"{len(source.kindred.families)} font families; drawn as {shares}")
    if source.kindred.settings:
        told(f"set as {len(source.kindred.settings)} lines are, in {_faces(source)}")
    monitor = Monitor(recognizer, reads, judged, source.judged, config.monitor)
    told(f"the judge reads {monitor.readable.mean():.0%} of the rendered lines")
    feed = Feed(real, source.played, alphabet, config.feed)
    game = CycleGan(feed, recognizer, config.game, monitor, find_device(config.device))
    game.judged, game.glanced = _drawing(game, monitor, work / "grid.png"), monitor.glance
    try:
        result = play(game, clock.game(config.play, monitor.end), work, resume, echo, tick)
        if not game.best:
            raise CollapseError(monitor.wrong or LOST)
    except CollapseError as error:
        _report_lost(str(error), monitor, folder.name, work)
        raise
    generator = game.best_generator()
    translated = monitor.translated(generator)
    told("measuring the distance from the scans")
    degraded = monitor.degraded(monitor.plain)
    figures = monitor.figures(translated) | {"kid_degraded": min(degraded.values())}
    gaps = _distances(
        scans.lines, [*source.judged, *source.played], generator, clock.meter(config.gap)
    )
    warnings = (*clock.warnings(config), *_warnings(result, figures, config, scans.pages))
    if game.strength < 1:
        warnings += (
            f"It is kept at {game.strength:.0%} of its strength: stronger, it lost too many texts.",
        )
    if config.gap.steps and not gaps:
        warnings += ("How far it is from the scans was not measured: too few minutes or lines.",)
    section = translator_section(
        generator,
        real[0].shape[0],
        {**figures, **{f"gap {name}": gap.estimate for name, gap in gaps.items()}},
        dict(source.kindred.genres),
        source.kindred.families,
        [astuple(rounded(one)) for one in source.kindred.settings[:_SETTINGS]],
    )
    facts: dict[str, JsonValue] = {
        "minutes": round(clock.spent / 60, 2),
        "minutes_of_the_game": round(result.minutes, 2),
        "steps": result.steps,
        "kept_step": result.best_step,
        "strength": game.strength,
        "real_lines": len(scans.lines),
        "pages": scans.pages,
        "rendered_lines": len(source.played),
        "best_degradation": next(iter(degraded)),
    }
    look = save_look(folder, translator=(generator, section), provenance={"translator": facts})
    report = work / "report.html"
    back = [] if config.game.one_sided else _back(game, translated[:12])
    pictures = Pictures(monitor.plain[:16], translated[:16], back, monitor.real[:24])
    outcome = Outcome(folder.name, figures, gaps, {k: str(v) for k, v in facts.items()}, warnings)
    write_report(report, outcome, pictures, work)
    return Made(look, result, figures, gaps, warnings, report)


def _report_lost(why: str, monitor: Monitor, name: str, work: Path) -> None:
    """Show what a lost game looked like: the run's report, without a look."""
    if not monitor.history:
        return
    figures = monitor.history[-1]
    pictures = Pictures(monitor.plain[:16], monitor.seen[:16], [], monitor.real[:24])
    write_report(work / "report.html", Outcome(name, figures, {}, {}, (why,)), pictures, work)


def _parted(lines: Sequence[Image], config: LookConfig) -> tuple[list[Image], list[Image]]:
    """Lines to play with, and lines to compare with."""
    order = np.random.default_rng([config.game.seed, 11]).permutation(len(lines))
    count = min(config.monitor.real, round(config.monitor.held_out * len(lines)))
    return [lines[i] for i in order[count:]], [lines[i] for i in order[:count]]


def _faces(source: Source) -> str:
    """Name the most frequent faces."""
    names = Counter(setting.face for setting in source.kindred.settings)
    return ", ".join(name for name, _ in names.most_common(3))


def _distances(
    real: Sequence[Image],
    source: Sequence[Rendered],
    generator: Generator,
    config: GapConfig | None,
) -> dict[str, Gap]:
    if config is None:
        return {}
    plain = [line.image for line in source[:_MEASURED]]
    changed = [grey(line) for line in translate_lines(generator, plain, 1000)]
    real = [grey(line) for line in real]
    try:
        return {
            "rendered": measure_gap(real, plain, config),
            "translated": measure_gap(real, changed, config),
            "half the scans": measure_floor(real, config),
        }
    except InputError:  # too few are wide enough: no reason to lose the look
        return {}


def _drawing(game: CycleGan, monitor: Monitor, path: Path) -> Judge:
    """Let the monitor judge, and leave a picture of what it saw: there, back, and real lines."""

    def judge(generator: nn.Module) -> Verdict:
        verdict = monitor(generator)
        assert isinstance(generator, Generator)
        shown = [line[:, :_WIDEST] for line in monitor.plain[:16]]
        there = list(translate_lines(generator, shown, 1))
        back = [] if game.config.one_sided else _back(game, there)
        real = [line[:, :_WIDEST] for line in monitor.real[:16]]
        write_picture(path, beside([x for x in (shown, there, back, real) if x]))
        return verdict

    return judge


def _back(game: CycleGan, translated: list[Image]) -> list[Image]:
    other = game.here(game.to_rendered)
    assert isinstance(other, Generator)
    return [translate_line(other, line) for line in translated]


def _warnings(
    result: Result, figures: dict[str, float], config: LookConfig, pages: int
) -> list[str]:
    found = []
    if figures["preserved"] < config.monitor.preserved:
        found.append(
            f"Only {figures['preserved']:.1%} of the readable lines kept their text: let "
            "`readapt synth lines --look` drop the others, or train with --text-weight 5."
        )
    if figures["readable"] < 0.3:
        found.append(
            f"The judge reads only {figures['readable']:.0%} of the rendered lines themselves: its "
            "verdict on the texts says little; name a better one with --judge."
        )
    if figures["coverage"] < ALIKE:
        found.append(
            f"Only {figures['coverage']:.0%} of the real lines have a like among the translated "
            "ones, which may be too much alike: more minutes, or scans of one kind."
        )
    if figures["kid"] > 0.9 * figures["kid_before"]:
        found.append("The translated lines are hardly nearer to the scans: more minutes.")
    if pages == 1:
        found.append("All lines are from one page: the look is that page's, not a collection's.")
    if result.early:
        found.append(f"Nothing improved any more after step {result.best_step}: it ended early.")
    return found
