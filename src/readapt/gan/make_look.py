"""From scans to a look: match the source, play, judge, measure, report."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from pydantic import JsonValue

from readapt.errors import UsageError
from readapt.gan.critic import Gap, GapConfig, measure_floor, measure_gap
from readapt.gan.crops import Feed, FeedConfig, Rendered
from readapt.gan.cyclegan import CycleGan, CycleGanConfig
from readapt.gan.look import Look, save_look, translator_section
from readapt.gan.monitor import Monitor, MonitorConfig, Reads, pooled_features
from readapt.gan.play import PlayConfig, Result, play
from readapt.gan.report import Outcome, Pictures, write_report
from readapt.gan.scans import ScanLines
from readapt.gan.source import matched, source_lines
from readapt.gan.translate import translate_line, translate_lines
from readapt.nets.crnn import Crnn
from readapt.nets.generator import Generator
from readapt.recognize.alphabet import Alphabet
from readapt.synth.lines import LineMaker
from readapt.types import Image


@dataclass(frozen=True, slots=True)
class LookConfig:
    """Everything that decides what comes out."""

    game: CycleGanConfig = field(default_factory=CycleGanConfig)
    play: PlayConfig = field(default_factory=lambda: PlayConfig(judge_every=200))
    feed: FeedConfig = field(default_factory=FeedConfig)
    monitor: MonitorConfig = field(default_factory=MonitorConfig)
    gap: GapConfig = field(default_factory=lambda: GapConfig(steps=200))
    drawn: int = 2400
    """Rendered lines drawn ..."""
    kept: int = 1000
    """... and kept after matching."""


@dataclass(frozen=True, slots=True)
class Made:
    """A look and what is known of it."""

    look: Look
    result: Result
    figures: dict[str, float]
    gaps: dict[str, Gap]
    warnings: tuple[str, ...]
    report: Path


def choose_source(
    maker: LineMaker, real: Sequence[Image], recognizer: Crnn, config: LookConfig
) -> list[Rendered]:
    """Draw clean lines and keep those that match the real ones, by measures and by features."""
    drawn = [
        line
        for line in source_lines(maker, config.drawn, config.game.seed, real[0].shape[0])
        if line.image.shape[1] >= config.feed.widths[0]
    ]
    some = list(real[: config.monitor.real])
    features = (
        pooled_features(recognizer, [line.image for line in drawn]),
        pooled_features(recognizer, some),
    )
    return matched(drawn, some, config.kept, config.game.seed, features)


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
) -> Made:
    """Make the look `folder`; `work` gets checkpoint, logs and `report.html`.

    `reads` is the judge: a reader that is not the `recognizer` in the loop. The look is written at
    the end, so that a run that fails leaves none broken.
    """
    _same_settings(work, config, resume)
    real = scans.lines
    told(f"{len(real)} real lines; drawing rendered ones to match")
    source = choose_source(maker, real, recognizer, config)
    monitor = Monitor(recognizer, reads, real, source, config.monitor)
    told(f"the judge reads {monitor.readable.mean():.0%} of the rendered lines")
    feed = Feed(real, source, alphabet, config.feed)
    game = CycleGan(feed, recognizer, config.game, monitor)
    result = play(game, config.play, work, resume, echo)
    generator = game.best_generator()
    translated = monitor.translated(generator)
    figures = monitor.figures(translated)
    gaps = _distances(real, source, generator, config.gap, told) if config.gap.steps else {}
    warnings = tuple(_warnings(result, figures, config))
    section = translator_section(
        generator,
        real[0].shape[0],
        {**figures, **{f"gap {name}": gap.estimate for name, gap in gaps.items()}},
    )
    facts: dict[str, JsonValue] = {
        "minutes": round(result.minutes, 2),
        "steps": result.steps,
        "kept_step": result.best_step,
        "real_lines": len(real),
        "pages": scans.pages,
        "rendered_lines": len(source),
    }
    look = save_look(folder, translator=(generator, section), provenance={"translator": facts})
    report = work / "report.html"
    back = [] if config.game.one_sided else _back(game, translated[:12])
    pictures = Pictures(monitor.plain[:12], translated[:12], back, monitor.real[:24])
    outcome = Outcome(folder.name, figures, gaps, {k: str(v) for k, v in facts.items()}, warnings)
    write_report(report, outcome, pictures, work)
    return Made(look, result, figures, gaps, warnings, report)


def _distances(
    real: Sequence[Image],
    source: Sequence[Rendered],
    generator: Generator,
    config: GapConfig,
    told: Callable[[str], None],
) -> dict[str, Gap]:
    told("measuring the distance from the scans")
    plain = [line.image for line in source[:500]]
    changed = list(translate_lines(generator, plain, 1000))
    return {
        "rendered": measure_gap(real, plain, config),
        "translated": measure_gap(real, changed, config),
        "half the scans": measure_floor(real, config),
    }


def _back(game: CycleGan, translated: list[Image]) -> list[Image]:
    other = game.to_rendered
    assert isinstance(other, Generator)
    return [translate_line(other, line) for line in translated]


def _warnings(result: Result, figures: dict[str, float], config: LookConfig) -> list[str]:
    found = []
    if figures["preserved"] < config.monitor.preserved:
        found.append(
            f"Only {figures['preserved']:.1%} of the readable lines kept their text: let "
            "`readapt synth lines --look` drop the others, or train with --text-weight 2."
        )
    if figures["readable"] < 0.3:
        found.append(
            f"The judge reads only {figures['readable']:.0%} of the rendered lines themselves: its "
            "verdict on the texts says little; name a better one with --judge."
        )
    if figures["kid"] > 0.9 * figures["kid_before"]:
        found.append("The translated lines are hardly nearer to the scans: more minutes.")
    if result.early:
        found.append(f"Nothing improved any more after step {result.best_step}: it ended early.")
    return found


def _same_settings(work: Path, config: LookConfig, resume: bool) -> None:
    """Refuse to resume a game as another one; the budget may change."""
    path = work / "settings.json"
    settings = asdict(replace(config, play=PlayConfig(seed=config.play.seed)))
    text = json.dumps(settings, sort_keys=True, indent=1)
    if resume and path.exists() and (work / "checkpoint.pt").exists():
        if path.read_text(encoding="utf-8") != text:
            raise UsageError(
                f"{work} was started with other settings: resume with the same options, or begin "
                "anew in another folder."
            )
        return
    if (work / "checkpoint.pt").exists():
        raise UsageError(f"{work} holds a run: go on with --resume, or choose another -o.")
    work.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
