"""The whole way from lines to a look, in miniature; resume; the report."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from bar_lines import bars, texts
from matplotlib import font_manager

from readapt.errors import UsageError
from readapt.gan import monitor
from readapt.gan.critic import GapConfig
from readapt.gan.crops import FeedConfig
from readapt.gan.cyclegan import CycleGanConfig
from readapt.gan.frozen import freeze_recognizer, read_lines
from readapt.gan.look import Look
from readapt.gan.make_look import LookConfig, Made, make_look
from readapt.gan.monitor import MonitorConfig
from readapt.gan.play import CollapseError, PlayConfig
from readapt.gan.report import shuffled_grid
from readapt.gan.scans import ScanLines
from readapt.gan.source import SourceConfig
from readapt.nets.crnn import Crnn, CrnnConfig
from readapt.nets.discriminator import DiscriminatorConfig
from readapt.nets.generator import GeneratorConfig
from readapt.recognize.alphabet import LATIN
from readapt.synth.corpus import BUILT_IN, Corpus
from readapt.synth.fonts import read_font
from readapt.synth.lines import LineConfig, LineMaker

METER = GapConfig(
    steps=10,
    batch=4,
    width=48,
    windows=8,
    look_every=5,
    critic=DiscriminatorConfig(width=4, layers=1, norm="none"),
    bootstrap=20,
)
CONFIG = LookConfig(
    CycleGanConfig(
        GeneratorConfig(widths=(4, 8), blocks=1), DiscriminatorConfig(width=4, layers=1), pool=4
    ),
    PlayConfig(steps=4, judge_every=2, log_every=1, checkpoint_seconds=0.0),
    FeedConfig(columns=192, widths=(48, 64)),
    MonitorConfig(lines=10, real=20, held_out=0.4, gap=METER),
    METER,
    source=SourceConfig(kept=24),
)


def run(folder: Path, config: LookConfig = CONFIG, resume: bool = False, pages: int = 3) -> Made:
    fonts = [read_font(font_manager.findfont("DejaVu Sans Mono"))]
    corpora = {k: Corpus(k, "", tuple(v.split())) for k, v in BUILT_IN.items()}
    maker = LineMaker(LineConfig(clean=1.0, max_characters=12), fonts, corpora)
    torch.manual_seed(0)
    recognizer = freeze_recognizer(Crnn(CrnnConfig(LATIN.classes, (4, 6, 8, 10, 12), hidden=8)))
    real = tuple(bars(t, 60, 210, 10, i) for i, t in enumerate(texts(30, 6)))

    def reads(lines: list) -> list[str]:  # type: ignore[type-arg]
        return read_lines(recognizer, lines, LATIN)

    scans = ScanLines(real, pages, 0)
    work = folder.with_name(f"{folder.name}-training")
    return make_look(scans, maker, LATIN, recognizer, reads, folder, work, config, resume)


def test_the_whole_way(tmp_path: Path) -> None:
    made = run(tmp_path / "mine")
    assert made.result.steps == 4
    assert {"kid", "kid_floor", "kid_before", "preserved", "coverage"} <= set(made.figures)
    judged = (tmp_path / "mine-training" / "judge.csv").read_text("utf-8").splitlines()
    assert "gap" in judged[0].split(",")
    assert set(made.gaps) == {"rendered", "translated", "half the scans"}
    section = Look.load(tmp_path / "mine").manifest.translator
    assert section is not None
    assert section.figures["kid"] == pytest.approx(made.figures["kid"], abs=1e-5)
    html = made.report.read_text(encoding="utf-8")
    assert "data:image/png;base64," in html
    assert "<svg" in html
    assert "translated back" in html
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", html)
    assert any("reads only" in w for w in made.warnings)


def test_resume_goes_on_with_the_same_settings_only(tmp_path: Path) -> None:
    config = replace(CONFIG, game=replace(CONFIG.game, half=False))
    whole = run(tmp_path / "whole", config)
    short = replace(config, play=replace(config.play, steps=2))
    run(tmp_path / "parts", short)
    with pytest.raises(UsageError, match="--resume"):
        run(tmp_path / "parts", config)
    other = replace(config, game=replace(config.game, ink=9.0))
    with pytest.raises(UsageError, match=r"other settings or scans \(game ink\)"):
        run(tmp_path / "parts", other, resume=True)
    parts = run(tmp_path / "parts", config, resume=True)
    assert parts.result.steps == 4
    assert whole.result.steps == 4


def test_a_lost_game_leaves_a_report_and_no_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "collapse", lambda *_: monitor.BLACK)
    with pytest.raises(CollapseError, match="black"):
        run(tmp_path / "lost")
    assert not (tmp_path / "lost").exists()
    html = (tmp_path / "lost-training" / "report.html").read_text("utf-8")
    assert monitor.BLACK in html
    assert "data:image/png;base64," in html


def test_a_single_page_is_said(tmp_path: Path) -> None:
    assert any("one page" in warning for warning in run(tmp_path / "mine", pages=1).warnings)


def test_shuffled_grid_knows_the_answer() -> None:
    translated, real = [bars("ab")] * 3, [bars("ba")] * 3
    grid, key = shuffled_grid(translated, real)
    marks = key.replace(" ", "")
    assert sorted(marks) == ["R"] * 3 + ["T"] * 3
    assert grid.shape[0] == 3 * 40 + 4
    first = grid[4:40, 4:36]
    assert (first == bars("ab" if marks[0] == "T" else "ba")).all()
