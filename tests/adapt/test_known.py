"""Labelled lines to learn from: which texts they set."""

import pytest
from bar_world import ALPHABET, reading_network
from matplotlib import font_manager

from readapt.adapt.budget import Portion
from readapt.adapt.learning.known import known_lines
from readapt.adapt.scans.target import Target
from readapt.adapt.settings import AdaptConfig
from readapt.adapt.stage import KNOWN, State
from readapt.synth import lines
from readapt.synth.corpus import Corpus
from readapt.synth.fonts import read_font


def test_general_lines_keep_what_was_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A corpus in new letters is not all that is learnt: the old ones would be forgotten."""
    font = read_font(font_manager.findfont("DejaVu Sans Mono"))
    monkeypatch.setattr(lines, "find_fonts", lambda: [font])
    given = {"mine": Corpus("mine", "", ("ab", "ba"))}
    state = State(AdaptConfig(), reading_network(), ALPHABET, Target((), (), (), ()), given, True)
    state.records[KNOWN] = {"genres": {"book": 1.0}, "families": []}
    known, _ = known_lines(state, Portion(1.0))
    assert set(known.general.corpora) == set(known.akin.corpora) == {"mine"}
    state.others = {"en": Corpus("en", "", ("aab",))}
    known, _ = known_lines(state, Portion(1.0))
    assert set(known.general.corpora) == {"mine", "en"}
    assert set(known.akin.corpora) == {"mine"}
