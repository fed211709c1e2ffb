"""The ranking: nearest first, clean lines as the base of degradations, said in words."""

from dataclasses import replace
from pathlib import Path

import pytest
from bar_lines import bars, texts

from readapt.gan.candidates import Candidate
from readapt.gan.critic import GapConfig
from readapt.gan.ranking import GapReport, draw_report, rank
from readapt.nets.discriminator import DiscriminatorConfig
from readapt.types import Image

CONFIG = GapConfig(
    steps=60,
    batch=12,
    width=32,
    windows=32,
    look_every=10,
    critic=DiscriminatorConfig(width=8, layers=1, norm="none"),
    bootstrap=50,
)


def lines(ink: int, seed: int) -> tuple[Image, ...]:
    return tuple(bars(t, ink, 220, 4, i + 999 * seed) for i, t in enumerate(texts(40, 5, seed)))


@pytest.fixture(scope="module")
def report() -> GapReport:
    sets = [
        Candidate("fonts", "far", lines(200, 1)),
        Candidate("fonts", "near", lines(70, 2)),
        Candidate("degradations", "none", lines(10, 3)),
        Candidate("degradations", "faded ink", lines(60, 4)),
    ]
    heard: list[str] = []

    def closer(kind: str) -> list[Candidate]:
        return [Candidate("families", f"a {kind} family", lines(70, 7))]

    made = rank(lines(60, 5), lines(140, 6), sets, CONFIG, heard.append, closer)
    assert heard[:3] == ["present lines", "floor", "fonts: far"]
    return made


def test_nearest_first(report: GapReport) -> None:
    names = [r.name for r in report.ranking]
    assert names == ["near", "far", "faded ink", "none", "a near family"]
    nearer = {r.name: r.nearer for r in report.ranking}
    assert nearer["near"] > 0 > nearer["far"]
    assert nearer["none"] == 0
    assert nearer["faded ink"] > 0


def test_said_in_words(report: GapReport) -> None:
    assert report.sentence.startswith("The training lines are ")
    table = report.table()
    assert "nearer than clean lines" in table
    assert table.index("near ") < table.index("far ")
    same = replace(report, present=report.floor)
    assert "cannot be told" in same.sentence


def test_picture(report: GapReport, tmp_path: Path) -> None:
    draw_report(report, tmp_path / "gap.png")
    assert (tmp_path / "gap.png").stat().st_size > 5000
