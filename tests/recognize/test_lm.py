import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reference.ngrams import END, Ngrams

from readapt.errors import ModelError, UsageError
from readapt.recognize.alphabet import LATIN, Alphabet
from readapt.recognize.beam import Beam, beam_search
from readapt.recognize.lm import BOUNDARY, CharacterModel, learn

ALPHABET = Alphabet(" abc")
texts = st.lists(st.text(alphabet=" abc", min_size=1, max_size=12), max_size=6)

ENGLISH = [
    "the cat sat on the mat and the dog lay on the rug",
    "a stitch in time saves nine, and the early bird catches the worm",
    "there is nothing to be done about the weather but to take the umbrella",
]


@given(texts, st.integers(1, 5), st.text(alphabet=" abc", max_size=8))
@settings(deadline=None)
def test_against_the_definition(lines: list[str], order: int, history: str) -> None:
    model = learn(lines, ALPHABET, order)
    expected = Ngrams(lines, ALPHABET.characters, order)
    p = np.exp(model.log_probabilities(history))
    assert p.sum() == pytest.approx(1, abs=1e-5)
    for k, c in enumerate([END, *ALPHABET.characters]):
        assert p[k] == pytest.approx(expected.probability(c, history), rel=1e-4)


@given(texts, st.text(alphabet=" abc", max_size=8))
@settings(deadline=None)
def test_steps_add_up_to_the_line(lines: list[str], line: str) -> None:
    model = learn(lines, ALPHABET, 3)
    total = sum(
        float(model.log_probabilities(line[:i])[k]) for i, k in enumerate(ALPHABET.encode(line))
    )
    total += float(model.log_probabilities(line)[BOUNDARY])
    assert model.log_probability(line) == pytest.approx(total, rel=1e-5)


def test_counting_in_chunks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = learn(ENGLISH, LATIN)
    monkeypatch.setattr("readapt.recognize.lm._CHUNK", 10)
    chunked = learn(ENGLISH, LATIN)
    for history in ["", "the ", "weat", "zq"]:
        np.testing.assert_array_equal(
            whole.log_probabilities(history), chunked.log_probabilities(history)
        )


def test_longer_histories_foresee_more() -> None:
    line = ENGLISH[0]
    scores = [learn(ENGLISH, LATIN, order).log_probability(line) for order in range(1, 7)]
    assert scores == sorted(scores)


def test_rare_ngrams_can_be_left_out() -> None:
    small, large = learn(ENGLISH, LATIN, least=2), learn(ENGLISH, LATIN)
    assert np.exp(small.log_probabilities("the ")).sum() == pytest.approx(1, abs=1e-5)
    assert small.log_probability("the mat") < large.log_probability("the mat")


@pytest.mark.parametrize("text", ["a☃b", "a\u0303\u0309b", "x\u0301ayb"])
def test_characters_without_a_class_are_passed_over(text: str) -> None:
    plain = "ab" if "\u0303" not in text else "b"
    expected = learn([plain], ALPHABET).log_probability("ab")
    assert learn([text], ALPHABET).log_probability("ab") == expected


@given(texts, texts, st.integers(1, 4), st.text(alphabet=" abc", max_size=6))
@settings(deadline=None)
def test_models_add_up(some: list[str], more: list[str], times: int, history: str) -> None:
    """Counting other texts several times is counting them once and adding them as often."""
    added = learn(some, ALPHABET, 3).plus(learn(more, ALPHABET, 3), times)
    counted = learn(some + more * times, ALPHABET, 3)
    np.testing.assert_allclose(
        added.log_probabilities(history), counted.log_probabilities(history), rtol=1e-5
    )


def test_only_models_of_one_kind_add_up() -> None:
    with pytest.raises(UsageError, match="one order"):
        learn(ENGLISH, LATIN, 3).plus(learn(ENGLISH, LATIN, 4))
    with pytest.raises(UsageError, match="one alphabet"):
        learn(ENGLISH, LATIN, 3).plus(learn(["abc"], ALPHABET, 3))


def test_save_and_load(tmp_path: Path) -> None:
    model = learn(ENGLISH, LATIN, 5)
    model.save(tmp_path / "lm.npz")
    loaded = CharacterModel.load(tmp_path / "lm.npz", LATIN)
    assert loaded.order == 5
    for history in ["", "the ", "weat", "zq"]:
        np.testing.assert_array_equal(
            loaded.log_probabilities(history), model.log_probabilities(history)
        )
    assert [path.name for path in tmp_path.iterdir()] == ["lm.npz"]


def test_files_that_are_no_language_model(tmp_path: Path) -> None:
    path = tmp_path / "lm.npz"
    with pytest.raises(ModelError, match="cannot be read"):
        CharacterModel.load(path, LATIN)
    path.write_bytes(b"not a model")
    with pytest.raises(ModelError, match="cannot be read"):
        CharacterModel.load(path, LATIN)
    path.write_bytes(pickle.dumps(ENGLISH))
    with pytest.raises(ModelError, match="cannot be read"):
        CharacterModel.load(path, LATIN)
    np.savez(path, format=np.array(9), alphabet=np.array(LATIN.characters))
    with pytest.raises(ModelError, match="format 1"):
        CharacterModel.load(path, LATIN)
    learn(ENGLISH, ALPHABET).save(path)
    with pytest.raises(ModelError, match="another alphabet"):
        CharacterModel.load(path, LATIN)
    np.savez(
        path,
        format=np.array(1),
        alphabet=np.array(ALPHABET.characters),
        steps1=np.array([7, 1]),
        counts1=np.array([1, 1]),
    )
    with pytest.raises(ModelError, match="damaged"):
        CharacterModel.load(path, ALPHABET)


def test_an_order_that_does_not_fit() -> None:
    for order in (0, 7):
        with pytest.raises(UsageError, match="from 1 to 6"):
            learn(ENGLISH, LATIN, order)


def test_it_tells_what_the_frames_cannot() -> None:
    # The fourth character is as much an o as an e: only the language knows.
    text = "the cat sat on th? mat"
    ids = [k for c in text.replace("?", "e") for k in (*LATIN.encode(c), 0)]
    log_probs = np.full((len(ids), LATIN.classes), np.log(1e-6), np.float32)
    log_probs[np.arange(len(ids)), ids] = np.log(0.99)
    (e,), (o,) = LATIN.encode("e"), LATIN.encode("o")
    at = 2 * text.index("?")
    log_probs[at, e], log_probs[at, o] = np.log(0.45), np.log(0.55)
    plain = beam_search(log_probs)[0]
    assert LATIN.decode(plain.ids) == text.replace("?", "o")
    informed = beam_search(log_probs, replace(Beam(), language_model=learn(ENGLISH, LATIN)))[0]
    assert LATIN.decode(informed.ids) == text.replace("?", "e")
