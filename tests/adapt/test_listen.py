"""Teachers' votes beside the student's own reading."""

from pathlib import Path

import pytest
from bar_world import ALPHABET, bars, reading_network, words

from readapt.adapt.budget import Portion
from readapt.adapt.settings import AdaptConfig
from readapt.adapt.stage import State
from readapt.adapt.stages import listen
from readapt.adapt.stages.listen import UNREAD, Listen, with_teachers
from readapt.adapt.target import Target
from readapt.recognize.alphabet import LATIN
from readapt.train.selftrain import PseudoLabel, SelfTrainConfig, surest


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


def test_without_teachers_nothing_changes() -> None:
    own = [PseudoLabel("a", 0.1)]
    assert with_teachers(own, {}, LATIN) == own


def test_characters_that_the_student_cannot_write_teach_nothing() -> None:
    own = [PseudoLabel("a", 0.1)]
    teachers = {"x": [("я", 0.9)], "y": [("я", 0.9)]}
    assert with_teachers(own, teachers, LATIN) == own


def test_lines_there_is_no_time_for_are_left_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading may take a third of a round; the next one begins elsewhere."""
    lines = tuple(bars(text, 30, 220, 5, i) for i, text in enumerate(words(8)))
    target = Target(lines, (), lines, tuple(range(8)))
    state = State(AdaptConfig(threads=1), reading_network(), ALPHABET, target, {}, False)
    monkeypatch.setattr(listen, "_TOGETHER", 2)
    read = [
        Listen()._labels(state, Portion(0.0), tmp_path / f"{first}.json", first)
        for first in (0, 5, 7)
    ]
    assert [[i for i, one in enumerate(labels) if one != UNREAD] for labels in read] == [
        [0, 1],
        [5, 6],
        [0, 7],
    ]
    again = Listen()._labels(state, Portion(0.0), tmp_path / "5.json", 5)
    assert again == read[1]
    everything = Listen()._labels(state, Portion(600.0), tmp_path / "all.json", 3)
    assert UNREAD not in everything
    assert surest(everything, 1.0, 1.0) == list(range(8))
