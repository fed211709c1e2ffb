"""Labelled lines to learn from: which texts they set, and how these are spelled."""

import pytest
from bar_world import ALPHABET, bars, reading_network
from matplotlib import font_manager

from readapt.adapt.budget import Portion
from readapt.adapt.learning import known
from readapt.adapt.learning.known import UNLIKELY, kindred_here, known_lines, likely_kinds
from readapt.adapt.scans.target import Target
from readapt.adapt.settings import AdaptConfig
from readapt.adapt.stage import KNOWN, State
from readapt.gan.kindred import Kindred
from readapt.synth import lines
from readapt.synth.corpus import Corpus
from readapt.synth.fonts import read_font
from readapt.synth.wording import OLD


def test_general_lines_keep_what_was_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A corpus in new letters is not all that is learnt: the old ones would be forgotten."""
    font = read_font(font_manager.findfont("DejaVu Sans Mono"))
    monkeypatch.setattr(lines, "find_fonts", lambda: [font])
    given = {"mine": Corpus("mine", "", ("ab", "ba"))}
    state = State(AdaptConfig(), reading_network(), ALPHABET, Target((), (), (), ()), given, True)
    state.records[KNOWN] = {"genres": {"book": 1.0}, "families": []}
    made, _ = known_lines(state, Portion(1.0))
    assert set(made.general.corpora) == set(made.akin.corpora) == {"mine"}
    state.others = {"en": Corpus("en", "", ("aab",))}
    made, _ = known_lines(state, Portion(1.0))
    assert set(made.general.corpora) == {"mine", "en"}
    assert set(made.akin.corpora) == {"mine"}


def test_labelled_lines_are_in_the_languages_and_letters_of_the_readings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    font = read_font(font_manager.findfont("DejaVu Sans Mono"))
    monkeypatch.setattr(lines, "find_fonts", lambda: [font])
    texts = {name: Corpus(name, "", ("ab", "ba")) for name in ("fr", "de", "pl")}
    state = State(AdaptConfig(), reading_network(), ALPHABET, Target((), (), (), ()), texts, False)
    state.records[KNOWN] = {"genres": {"old": 1.0}, "families": []}
    made, _ = known_lines(state, Portion(1.0))
    assert made.akin.config.old_spelling == OLD
    assert set(made.akin.corpora) == set(texts)
    found = {"languages": {"fr": 0.87, "de": 0.13}, "old spelling": 0.5}
    state.records["words"] = found
    made, _ = known_lines(state, Portion(1.0))
    assert made.akin.config.old_spelling == pytest.approx(0.55)
    assert made.general.config.old_spelling == OLD  # for variety
    assert set(made.akin.corpora) == {"fr", "de"}
    assert made.akin.config.languages == (("fr", 0.87), ("de", 0.13))


@pytest.mark.parametrize(("families", "said"), [(3, True), (6, False)])
def test_few_fonts_like_the_scans_are_said(
    monkeypatch: pytest.MonkeyPatch, families: int, said: bool
) -> None:
    font = read_font(font_manager.findfont("DejaVu Sans Mono"))
    monkeypatch.setattr(lines, "find_fonts", lambda: [font])
    found = Kindred((("blackletter", 1.0),), tuple("ABCDEF"[:families]))
    monkeypatch.setattr(known, "find_kindred", lambda *_: found)
    texts = {"de": Corpus("de", "", ("ab", "ba"))}
    target = Target((bars("ab", 30, 220, 5, 0),), (), (), (0,))
    state = State(AdaptConfig(), reading_network(), ALPHABET, target, texts, False)
    told: list[str] = []
    state.remark = told.append
    assert kindred_here(state, Portion(1.0)).families == found.families
    kindred_here(state, Portion(1.0))  # found out once
    assert len(told) == said
    assert all("(blackletter) are few here: 3; docs/adapt.md" in text for text in told)


def test_what_lines_say_tells_kinds_as_well() -> None:
    """Seen from afar a thermal receipt can be Fraktur; but it is in English, without a long s."""
    receipts = likely_kinds({"languages": {"en": 0.8, "da": 0.1, "es": 0.1}, "old spelling": 0.0})
    assert receipts["receipt"] == 1
    assert receipts["blackletter"] == pytest.approx(UNLIKELY * UNLIKELY)
    assert likely_kinds({"languages": {"da": 1.0}, "old spelling": 0.0})["receipt"] == 1
    mine = likely_kinds({"languages": {"mine": 1.0}, "old spelling": OLD}, given=True)
    assert mine["blackletter"] == 1  # a name of a file is no language
    fraktur = likely_kinds({"languages": {"de": 0.96}, "old spelling": OLD})
    assert fraktur["blackletter"] == 1
    assert fraktur["receipt"] == pytest.approx(UNLIKELY)
    assert likely_kinds({}) == {}  # nothing has been read yet
