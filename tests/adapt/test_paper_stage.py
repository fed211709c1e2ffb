"""The paper stage: it learns from bare paper alone, its sheets reach the pages, and it may fail."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bar_world import ALPHABET, bars, reading_network
from page_world import Ink, finding_network

from readapt.adapt.budget import Portion
from readapt.adapt.learning.composed import SHEETS, compose
from readapt.adapt.learning.known import Known
from readapt.adapt.scans.sheets import Sheets
from readapt.adapt.scans.target import Target
from readapt.adapt.settings import AdaptConfig
from readapt.adapt.stage import PAPER_FOLDER, State
from readapt.adapt.stages import paper
from readapt.adapt.stages.paper import LearnPaper
from readapt.gan.duel import DuelConfig
from readapt.gan.look import save_look, translator_section
from readapt.gan.make_paper import PaperConfig
from readapt.gan.paper import LookPaper
from readapt.gan.play import PlayConfig
from readapt.nets.discriminator import DiscriminatorConfig
from readapt.nets.generator import Generator, GeneratorConfig
from readapt.synth.lines import LineConfig, LineMaker
from readapt.types import Image

SMALL_GAME = PaperConfig(
    width=4,
    latent=4,
    critic=DiscriminatorConfig(width=4, layers=1, norm="none"),
    duel=DuelConfig(batch=4),
    play=PlayConfig(log_every=1, judge_every=2, patience=0),
)
BOX = [[60, 240], [200, 240], [200, 276], [60, 276]]


def sheet(seed: int) -> Image:
    """A page with one line and much paper."""
    page = np.random.default_rng(seed).normal(205, 3, (512, 512))
    line = bars("ab a", 20, 205)
    page[240 : 240 + line.shape[0], 60 : 60 + line.shape[1]] = line
    return np.clip(page, 0, 255).astype(np.uint8)


def state(minutes: float = 30, look: str = "") -> State:
    line = bars("ab", 30, 200)
    target = Target((line,), (line,), (line,), (0,), sheets=Sheets(tuple(map(sheet, range(5)))))
    config = AdaptConfig(minutes=minutes, steps=2, look=look)
    found = State(config, reading_network(), ALPHABET, target, {}, False)
    found.detector = finding_network()
    return found


@pytest.fixture(autouse=True)
def small_world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper, "as_found", lambda *_: Ink([BOX]))
    monkeypatch.setattr(paper, "PaperConfig", lambda: SMALL_GAME)


def test_what_it_needs(tmp_path: Path) -> None:
    assert LearnPaper().lacks(state()) == ""
    assert "5 minutes are too few" in LearnPaper().lacks(state(minutes=5))
    lines_only = state()
    lines_only.target = replace(lines_only.target, sheets=Sheets())
    assert "too few whole pages" in LearnPaper().lacks(lines_only)
    network = Generator(GeneratorConfig(blocks=1))
    save_look(tmp_path / "lines", translator=(network, translator_section(network, 36, {})))
    assert LearnPaper().lacks(state(look=str(tmp_path / "lines"))) == ""


def test_its_sheets_lie_under_composed_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("readapt.gan.make_paper.paper_collapse", lambda *_: "")
    outcome = LearnPaper().run(state(), Portion(60.0), tmp_path / "paper")
    assert outcome.verdict is None
    assert "kid" in outcome.record
    folder = outcome.files[PAPER_FOLDER]
    maker = LineMaker(LineConfig())
    pages = compose(Known(maker, maker, 36), {"receipt": 1.0}, [folder], 0)
    assert pages.paper == LookPaper(str(folder), SHEETS)
    again = LearnPaper().run(state(), Portion(60.0), tmp_path / "paper")  # as a resumed run has it
    assert again.record == outcome.record


def test_a_game_that_is_lost_leaves_the_pages_as_they_are(tmp_path: Path) -> None:
    outcome = LearnPaper().run(state(), Portion(60.0), tmp_path / "paper")  # two steps are nothing
    assert outcome.verdict is not None
    assert not outcome.verdict.kept
    assert PAPER_FOLDER not in outcome.files
