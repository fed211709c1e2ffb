"""The survey: measures that mean what they are called, and a ranking that decides something."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bar_world import ALPHABET, bars, reading_network, words
from matplotlib import font_manager

from readapt.adapt.budget import Portion
from readapt.adapt.learning import known
from readapt.adapt.learning.known import known_lines
from readapt.adapt.scans.measures import describe, measure_line
from readapt.adapt.scans.target import Target
from readapt.adapt.settings import AdaptConfig
from readapt.adapt.stage import KNOWN, State
from readapt.adapt.stages import survey
from readapt.adapt.stages.survey import Survey, helpful
from readapt.gan.critic import Gap
from readapt.gan.ranking import Ranked
from readapt.synth import lines
from readapt.synth.corpus import Corpus
from readapt.synth.fonts import read_font


def test_measures_of_a_line_of_rules() -> None:
    line = np.full((36, 400), 200, np.uint8)
    for x in range(10, 390, 20):
        line[8:28, x : x + 4] = 30
    found = measure_line(line)
    assert found is not None
    assert found.stroke == pytest.approx(4, abs=0.8)
    assert found.density == pytest.approx(0.19, abs=0.01)
    assert found.contrast == 170


def test_strokes_twice_as_wide_measure_as_wider() -> None:
    thin, thick = np.full((36, 400), 200, np.uint8), np.full((36, 400), 200, np.uint8)
    for x in range(10, 390, 20):
        thin[8:28, x : x + 3], thick[8:28, x : x + 6] = 30, 30
    a, b = measure_line(thin), measure_line(thick)
    assert a is not None
    assert b is not None
    assert b.stroke > 1.6 * a.stroke


def test_a_line_without_ink_has_no_measures() -> None:
    assert measure_line(np.full((36, 100), 200, np.uint8)) is None
    assert describe([np.full((36, 100), 200, np.uint8)]) == {}


def entry(name: str, estimate: float, high: float) -> Ranked:
    return Ranked("degradations", name, Gap(estimate, 0.0, high, (), (), (), (9, 9)), 0.0)


def test_only_what_is_nearer_beyond_doubt_helps() -> None:
    ranking = [entry("blur", 2.0, 3.0), entry("noise", 4.0, 6.5), entry("none", 5.0, 6.0)]
    assert helpful(ranking) == ["blur"]
    assert helpful([]) == []


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> State:
    font = read_font(font_manager.findfont("DejaVu Sans Mono"))
    monkeypatch.setattr(lines, "find_fonts", lambda: [font])
    monkeypatch.setattr(known, "PILOT", 8)
    monkeypatch.setattr(survey, "DRAWN", 16)
    real = tuple(bars(text, 30, 200, 20, i) for i, text in enumerate(words(40)))
    wide = tuple(np.tile(line, (1, 3)) for line in real)
    heights = tuple(range(20, 60))
    target = Target(wide, wide[:2], wide, tuple(range(40)), heights=heights)
    texts = {"en": Corpus("en", "", ("ab ba aab bba", "ba ab bb aa"))}
    return State(
        AdaptConfig(minutes=30, steps=2), reading_network(), ALPHABET, target, texts, False
    )


def test_what_is_found_reaches_the_lines_that_teach(
    state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "helpful", lambda ranking: ["blur"])
    record: dict[str, Any] = dict(Survey().run(state, Portion(90.0), tmp_path / "survey").record)
    assert record["scans"]["line height, pixels"] == [24.0, 40.0, 55.0]
    assert "grey levels" in record["gap"]
    assert len(record["nearest"]["degradations"]) == 13
    assert (tmp_path / "survey" / "gap.png").is_file()
    assert state.records[KNOWN]["favoured"] == ["blur"]
    known, _ = known_lines(state, Portion(1.0))
    assert known.akin.config.favoured == ("blur",)
    assert known.general.config.favoured == ()


def test_a_short_budget_measures_and_ranks_nothing(state: State, tmp_path: Path) -> None:
    state.config = AdaptConfig(minutes=5)
    record: dict[str, Any] = dict(Survey().run(state, Portion(2.0), tmp_path / "survey").record)
    assert record["nearest"] == "not ranked: too few minutes"
    assert "stroke width, pixels" in record["training lines"]
    assert "favoured" not in record
