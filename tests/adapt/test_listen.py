"""Teachers' votes beside the student's own reading."""

import pytest

from readapt.adapt.stages.listen import with_teachers
from readapt.recognize.alphabet import LATIN
from readapt.train.selftrain import PseudoLabel, SelfTrainConfig


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
