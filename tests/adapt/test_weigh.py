"""Whether words count in reading: tried on lines spoiled on purpose, kept only where it helps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bar_world import ALPHABET, bars, reading_network, save_small_bundle, words
from numpy.typing import NDArray

from readapt.adapt.budget import Portion
from readapt.adapt.learning import word_weight
from readapt.adapt.scans.collection_language import with_readings
from readapt.adapt.scans.target import Target
from readapt.adapt.settings import AdaptConfig
from readapt.adapt.stage import BACKGROUND_MODEL, LANGUAGE_MODEL, State
from readapt.adapt.stages import weigh
from readapt.adapt.stages.weigh import Weigh
from readapt.evaluate.estimate import estimating
from readapt.models.bundle import Bundle, save_bundle
from readapt.models.manifest import ErrorEstimate, LanguageModelSection
from readapt.reader import choose_decoder, load_recognizer
from readapt.recognize.beam import NARROW, Beam
from readapt.recognize.decode import GREEDY
from readapt.recognize.lm import CharacterModel, learn
from readapt.types import Image


def spoil(line: Image, seed: int) -> NDArray[np.uint8]:
    """Grey bars in noise: some are lost, and which word it was only the others tell."""
    rng = np.random.default_rng(seed)
    return np.clip(line + rng.normal(0, 110, line.shape), 0, 255).astype(np.uint8)


def state(folder: Path, texts: list[str], background: list[str]) -> State:
    lines = tuple(bars(text, 20, 225, 4, i) for i, text in enumerate(texts))
    target = Target(lines, lines, lines, tuple(range(len(lines))), (), lines)
    config = AdaptConfig(threads=1)
    path = folder / "background.npz"
    learn(background, ALPHABET, 6).save(path)
    known = State(config, reading_network(), ALPHABET, target, {}, False)
    known.files[BACKGROUND_MODEL] = path
    return known


@pytest.fixture(autouse=True)
def spoilt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_weight, "dressed", spoil)
    monkeypatch.setattr(word_weight, "READABLE", 1.0)


def test_words_that_are_known_are_read_better(tmp_path: Path) -> None:
    outcome = Weigh().run(
        state(tmp_path, ["abba abba"] * 30, ["abba abba"] * 50), Portion(9.0), tmp_path
    )
    assert outcome.verdict is not None
    assert outcome.verdict.kept, outcome.verdict.reason
    assert weigh.BELIEVED <= outcome.record["errors left"] < 1  # type: ignore[operator]
    assert CharacterModel.load(outcome.files[LANGUAGE_MODEL], ALPHABET).order == 6


def test_a_model_of_other_words_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weigh, "search_of", lambda model: word_weight.search_of(model, 3.0, 0.0))
    monkeypatch.setattr(weigh, "sure_readings", lambda *_: [])
    outcome = Weigh().run(
        state(tmp_path, words(30, seed=3), ["bbbbbb"] * 50), Portion(9.0), tmp_path
    )
    assert outcome.verdict is not None
    assert not outcome.verdict.kept


@pytest.mark.parametrize(("share", "kept"), [(1.0, True), (0.51, True), (0.5, False), (0.0, False)])
def test_words_count_where_spoiled_lines_are_rather_read_better_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: float, kept: bool
) -> None:
    monkeypatch.setattr(weigh, "better_share", lambda *_: share)
    known = state(tmp_path, ["abba abba"] * 30, ["abba abba"] * 50)
    verdict = Weigh().run(known, Portion(9.0), tmp_path).verdict
    assert verdict is not None
    assert verdict.kept is kept


def test_few_lines_weigh_nothing(tmp_path: Path) -> None:
    outcome = Weigh().run(state(tmp_path, ["ab"] * 6, ["ab"]), Portion(9.0), tmp_path)
    assert outcome.verdict is not None
    assert not outcome.verdict.kept
    assert "only" in outcome.verdict.reason


def test_others_must_not_pay_for_it(tmp_path: Path) -> None:
    known = state(tmp_path, ["abba abba"] * 30, ["abba abba"] * 50)
    known.general, known.most_general = lambda network, decoder: 0.5, 0.4
    outcome = Weigh().run(known, Portion(9.0), tmp_path)
    assert outcome.verdict is not None
    assert not outcome.verdict.kept
    assert "worse on others" in outcome.verdict.reason


def test_it_needs_a_model_to_weigh(tmp_path: Path) -> None:
    known = state(tmp_path, ["ab"], ["ab"])
    assert not Weigh().lacks(known)
    known.files.clear()
    assert "language model" in Weigh().lacks(known)


def test_misreadings_that_stand_alone_do_not_count() -> None:
    background = learn(["ab ab"], ALPHABET, 6)
    once = with_readings(background, ["bbb a", "ab"], ALPHABET)
    twice = with_readings(background, ["bbb a", "bbb a"], ALPHABET)
    assert twice.log_probability("bbb a") > once.log_probability("bbb a") + 1


@pytest.fixture
def weighed(tmp_path: Path) -> Bundle:
    """A bundle that says how much its language model counts."""
    base = save_small_bundle(tmp_path / "base", reading_network())
    learn(["abba"] * 9, ALPHABET, 3).save(tmp_path / "lm.npz")
    section = LanguageModelSection(file="lm.npz", weight=0.3, beam=6, errors_left=0.5)
    manifest = base.manifest.model_copy(update={"language_model": section})
    files = {name: base.folder / name for name in base.manifest.sha256}
    return save_bundle(tmp_path / "mine", manifest, files | {"lm.npz": tmp_path / "lm.npz"})


def test_a_bundle_reads_as_it_says(weighed: Bundle) -> None:
    decoder = choose_decoder(weighed)
    assert isinstance(decoder, Beam)
    assert decoder == replace(
        NARROW, width=6, weight=0.3, length_weight=0.5, language_model=decoder.language_model
    )
    assert load_recognizer(weighed, 1).decoder.language_model is not None  # type: ignore[union-attr]
    assert load_recognizer(weighed, 1, GREEDY).decoder == GREEDY
    assert choose_decoder(weighed, beam=0) == GREEDY


def test_its_estimate_is_of_what_it_reads(weighed: Bundle) -> None:
    assert weighed.manifest.errors_left == 0.5
    assert weighed.manifest.model_copy(update={"language_model": None}).errors_left == 1.0
    by, words = estimating(weighed)
    assert words is None  # its weights know of none
    assert by.scaled(0.5).doubt == 0.5 * by.doubt


def test_words_have_a_sign_where_the_weights_say_so(weighed: Bundle) -> None:
    errors = ErrorEstimate(doubt=0.4, changed=0.8, words=0.5)
    calibration = weighed.manifest.calibration.model_copy(update={"errors": errors})
    manifest = weighed.manifest.model_copy(update={"calibration": calibration})
    by, words = estimating(replace(weighed, manifest=manifest))
    assert by == errors
    assert isinstance(words, Beam)
    without = manifest.model_copy(update={"language_model": None})
    by, words = estimating(replace(weighed, manifest=without))
    assert (by.doubt, by.words, words) == (pytest.approx(0.6), 0.0, None)
