"""Teachers' votes beside the student's own reading, and asking for them."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from bar_world import ALPHABET, bars, reading_network, words

from readapt.adapt.budget import Portion
from readapt.adapt.scans.target import Target
from readapt.adapt.settings import AdaptConfig
from readapt.adapt.stage import State
from readapt.adapt.stages import ask
from readapt.adapt.stages.ask import Ask
from readapt.adapt.teachers.engines import Answer
from readapt.adapt.teachers.heard import (
    UNREAD,
    Readings,
    load_readings,
    load_votes,
    never_written,
    with_teachers,
)
from readapt.adapt.teachers.rover import Vote
from readapt.pages.spread import evenly
from readapt.recognize.alphabet import LATIN
from readapt.train.selftrain import PseudoLabel, SelfTrainConfig
from readapt.types import Image


def test_agreement_between_engines_is_the_filter() -> None:
    own = [
        PseudoLabel("Grund und Boden", 0.30),
        PseudoLabel("Grnnd nnd Boden", 0.02),
        PseudoLabel("allein", 0.10),
        PseudoLabel("gefallen", 0.04),
    ]
    teachers = {
        "tesseract": [("Grund und Boden", 0.9), ("Grund und Boden", 0.9), None, ("x", 0.9)],
        "rapidocr": [("Grund und Boden", 0.8), ("Grund und Boden", 0.8), None, ("y", 0.8)],
    }
    voted = with_teachers(own, teachers, LATIN)
    assert [one.text for one in voted[:3]] == ["Grund und Boden", "Grund und Boden", "allein"]
    assert voted[0].doubt == pytest.approx(0)  # three engines of one mind, whatever it doubted
    assert 0 < voted[1].doubt < 0.1
    assert voted[2] == own[2]  # nobody else read it
    assert voted[3].doubt > SelfTrainConfig().most_doubt  # nobody agrees: never learnt from


def test_nobody_has_a_say_about_letters_that_it_never_writes() -> None:
    """Long s is an f to engines that do not know it, and they are sure of it, both of them."""
    own = [PseudoLabel("deſ Grnndes", 0.1), *[PseudoLabel("iſt fein", 0.1)] * 9]
    teachers: Readings = {
        "x": [("def Grundes", 0.9), *[("ift fein", 0.9)] * 9],
        "y": [("def Grundes", 0.9), *[("ift fein", 0.9)] * 9],
    }
    voted = with_teachers(own, teachers, LATIN)
    assert [one.text for one in voted] == ["deſ Grundes", *["iſt fein"] * 9]
    teachers["y"][1] = ("iſt fein", 0.9)  # one that does know it
    assert never_written([one.text for one in own], teachers["y"]) == frozenset()
    assert never_written([one.text for one in own], teachers["x"]) == frozenset("ſ")


def test_without_teachers_nothing_changes() -> None:
    own = [PseudoLabel("a", 0.1)]
    assert with_teachers(own, {}, LATIN) == own


def test_characters_that_the_student_cannot_write_teach_nothing() -> None:
    own = [PseudoLabel("a", 0.1)]
    teachers = {"x": [("я", 0.9)], "y": [("я", 0.9)]}
    assert with_teachers(own, teachers, LATIN) == own


def test_two_others_can_label_what_the_student_had_no_time_for() -> None:
    own = [UNREAD, UNREAD]
    teachers = {"x": [("Boden", 0.9), ("Boden", 0.9)], "y": [("Boden", 0.8), None]}
    voted = with_teachers(own, teachers, LATIN)
    assert (voted[0].text, voted[0].doubt) == ("Boden", pytest.approx(0))
    assert voted[1] == UNREAD


@dataclass
class Counting:
    """Reads every line as its number among all that it was ever given."""

    name: str
    asked: list[int] = field(default_factory=list)

    def missing(self) -> str:
        return ""

    def without(self) -> str:
        return ""

    def read(self, lines: Sequence[Image]) -> Generator[Answer]:
        for line in lines:
            self.asked.append(int(line[0, 0]))
            yield "ab", 0.9


def test_where_time_is_short_all_have_read_the_same_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = tuple(bars(text, 30, 220, 0, i) for i, text in enumerate(words(12)))
    for number, line in enumerate(lines):
        line[0, 0] = number
    target = Target(lines[:10], lines[10:], lines[:10], tuple(range(10)), (), lines[10:])
    state = State(AdaptConfig(threads=1), reading_network(), ALPHABET, target, {}, False)
    engines = [Counting("x"), Counting("y")]
    monkeypatch.setattr(ask, "_TOGETHER", 4)
    monkeypatch.setattr(ask, "GIVEN_UP", 4)
    monkeypatch.setattr(ask, "_teachers", lambda state: engines)
    seconds = iter([0.0, 0.0, 2.0])  # after one turn the portion is spent
    monkeypatch.setattr(ask, "stopwatch", lambda: lambda: next(seconds, 2.0))
    outcome = Ask().run(state, Portion(1.0), tmp_path)
    turn = [10, 11, *evenly(10)[:2]]  # held-out lines first
    assert [engine.asked for engine in engines] == [turn, turn]
    assert outcome.record["x"] == "4 of 12 lines"
    state.files.update(outcome.files)
    readings = load_readings(state)
    assert [i for i, one in enumerate(readings["x"]) if one] == sorted(turn[2:])
    both = [Vote("ab", 0.9), Vote("ab", 0.9)]
    assert load_votes(state, ["ab", "ba"]) == [both, both]

    seconds = iter([0.0] * 20)
    engines.append(Counting("z"))  # installed meanwhile
    more = Ask().run(state, Portion(3.0), tmp_path)  # killed, and gone on with
    assert engines[0].asked == [10, 11, *evenly(10)]
    assert more.record["y"] == "12 of 12 lines"
    assert more.record["z"] == "8 of 12 lines"
    assert load_readings(state)["z"][turn[2]] is None


class Hanging(Counting):
    """Answers nothing, and takes its time for it."""

    def read(self, lines: Sequence[Image]) -> Generator[Answer]:
        for line in lines:
            self.asked.append(int(line[0, 0]))
            yield None

    def complaint(self, line: Image) -> str:
        return "no time"


def test_an_engine_that_hangs_does_not_break_the_budget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = tuple(bars(text, 30, 220, 0, i) for i, text in enumerate(words(12)))
    target = Target(lines[:10], lines[10:], lines[:10], tuple(range(10)), (), lines[10:])
    state = State(AdaptConfig(threads=1), reading_network(), ALPHABET, target, {}, False)
    engines = [Hanging("x"), Counting("y")]
    monkeypatch.setattr(ask, "_TOGETHER", 8)
    monkeypatch.setattr(ask, "_teachers", lambda state: engines)
    monkeypatch.setattr(ask, "stopwatch", lambda: lambda: 60.0 * len(engines[0].asked))
    outcome = Ask().run(state, Portion(100.0), tmp_path)
    assert len(engines[0].asked) == 2
    assert outcome.record == {"x": "0 of 12 lines", "y": "8 of 12 lines"}
