"""The detector's stages in the whole way: kept, rejected, killed and resumed, left out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from bar_world import write_lines
from matplotlib import font_manager
from page_world import STUDENT, BarPages, save_page_bundle, write_pages

from readapt.adapt import preparation
from readapt.adapt.budget import Portion
from readapt.adapt.end import calibrated
from readapt.adapt.end.finish import Adapted
from readapt.adapt.gate import page_trial
from readapt.adapt.gate.pages import PageGate
from readapt.adapt.gate.verdict import Verdict
from readapt.adapt.learning import known
from readapt.adapt.pipeline import adapt
from readapt.adapt.run import Told
from readapt.adapt.scans.target import TargetConfig
from readapt.adapt.settings import AdaptConfig, GateConfig
from readapt.adapt.stages import teach_pages
from readapt.models.bundle import Bundle
from readapt.synth import corpus, fonts, lines
from readapt.synth.corpus import Corpus

CONFIG = AdaptConfig(
    minutes=600.0,
    only=("teach-pages", "listen-pages"),
    target=TargetConfig(least=5),
    gate=GateConfig(replay_lines=8, general_pages=3),
    student=STUDENT,
    steps=2,
    threads=1,
)


@pytest.fixture(autouse=True)
def small_world(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bars instead of fonts on the pages; one font for the lines that kinds are chosen by."""
    monkeypatch.setattr(calibrated, "CALIBRATED", 8)
    monkeypatch.setattr(calibrated, "SETS", 4)
    monkeypatch.setattr(calibrated, "A_SET", 6)
    monkeypatch.setattr(known, "PILOT", 4)
    font = fonts.read_font(font_manager.findfont("DejaVu Sans Mono"))
    monkeypatch.setattr(lines, "find_fonts", lambda: [font])
    texts = {"en": Corpus("en", "", ("ab", "ba", "aab"))}
    for module in (preparation, lines, corpus):
        monkeypatch.setattr(module, "system_corpora", lambda *_: texts)
    monkeypatch.setattr(page_trial, "SyntheticPages", lambda config: BarPages())
    monkeypatch.setattr(teach_pages, "compose", lambda *_: Composed())


class Composed(BarPages):
    """Pages of bars for composed ones."""

    paper = None


@pytest.fixture
def kind_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PageGate, "decide", lambda *_: Verdict(True, "let through"))


def run(folder: Path, config: AdaptConfig = CONFIG, **more: object) -> Adapted:
    if not (folder / "scans").exists():
        write_pages(folder / "scans", 8)
        save_page_bundle(folder / "base", folder / "files")
    return adapt(folder / "scans", folder / "mine", base=folder / "base", config=config, **more)  # type: ignore[arg-type]


def detector(adapted: Adapted) -> bytes:
    path = Bundle.load(adapted.model).detector
    assert path is not None
    return path.read_bytes()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Path]:
    """The detector of a run that nobody stopped, and where it lies."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        small_world.__wrapped__(patch)  # type: ignore[attr-defined]
        kind_gate.__wrapped__(patch)  # type: ignore[attr-defined]
        return detector(run(folder)), folder


def test_the_detector_of_the_model_is_the_one_that_learnt(whole: tuple[bytes, Path]) -> None:
    learnt, folder = whole
    base, mine = Bundle.load(folder / "base"), Bundle.load(folder / "mine")
    assert base.detector is not None
    assert learnt != base.detector.read_bytes()
    assert mine.recognizer.read_bytes() == base.recognizer.read_bytes()
    assert mine.manifest.provenance["adapted"]["stages"] == ["teach-pages", "listen-pages"]  # type: ignore[index,call-overload]
    html = (folder / "mine-adapting" / "report.html").read_text("utf-8")
    assert "<td>teach-pages</td>" in html
    assert "steady lines" in html


@pytest.mark.usefixtures("kind_gate")
@pytest.mark.parametrize("at", ["listen-pages", "end"])
def test_killed_and_resumed(tmp_path: Path, at: str, whole: tuple[bytes, Path]) -> None:
    class Kill(BaseException):
        pass

    count = 0

    def die(told: Told) -> None:
        nonlocal count
        count += told.stage == at
        if count == (12 if at == "listen-pages" else 1):  # in the first round's training
            raise Kill

    with pytest.raises(Kill):
        run(tmp_path, listener=die)
    assert detector(run(tmp_path, resume=True)) == whole[0]


def test_a_detector_that_is_not_better_does_not_stay(tmp_path: Path) -> None:
    config = replace(CONFIG, only=("teach-pages",), gate=replace(CONFIG.gate, sure=1.1))
    adapted = run(tmp_path, config)
    base = Bundle.load(tmp_path / "base").detector
    assert base is not None
    assert adapted.kept == ()
    assert detector(adapted) == base.read_bytes()
    assert "well-read characters" in adapted.report.read_text("utf-8")


def test_a_stage_that_had_no_time_has_it_when_minutes_are_added(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = [0.0]

    def beside(self: page_trial.PageTrial, portion: Portion) -> Portion:
        self._score_present()
        return replace(portion, seconds=min(portion.seconds, given[0]))

    monkeypatch.setattr(page_trial.PageTrial, "beside", beside)
    config = replace(CONFIG, steps=0, minutes=5.0, only=("teach-pages",))
    said = "no time for it beside its gate"
    assert said in run(tmp_path, config).report.read_text("utf-8")
    given[0] = 1.0
    more = run(tmp_path, replace(config, minutes=50.0), resume=True)
    assert said not in more.report.read_text("utf-8")


def test_lines_have_no_pages(tmp_path: Path) -> None:
    write_lines(tmp_path / "scans", 20)
    save_page_bundle(tmp_path / "base", tmp_path / "files")
    config = replace(CONFIG, target=TargetConfig(single=True, least=5))
    adapted = run(tmp_path, config)
    assert adapted.report.read_text("utf-8").count("there are too few whole pages") == 2
