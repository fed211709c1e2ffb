import unicodedata

import jiwer
import pytest
from hypothesis import given
from hypothesis import strategies as st

from readapt.evaluate.rates import (
    ErrorRate,
    alignment,
    cer,
    confusions,
    graphemes,
    total,
    wer,
)

ascii_texts = st.text(alphabet="ab c,", min_size=1).map(lambda t: " ".join(t.split())).filter(bool)
any_texts = st.text(alphabet="aoͤu\u0308 ſe\u0301x")


def test_a_hand_worked_line() -> None:
    rate = cer("kitten", "sittings")
    assert (rate.insertions, rate.deletions, rate.substitutions, rate.length) == (2, 0, 2, 6)
    assert rate.edits == 4
    assert rate.correct == 4
    assert rate.rate == pytest.approx(4 / 6)
    assert rate.normalised == pytest.approx(4 / 8)


def test_a_letter_with_its_marks_is_one_character() -> None:
    assert graphemes("ko\u0364nne") == ["k", "o\u0364", "n", "n", "e"]
    assert cer("ko\u0364nne", "konne") == ErrorRate(0, 0, 1, 5)
    assert cer("u\u0308ber", "über").edits == 0


def test_words_are_what_white_space_separates() -> None:
    assert wer("ein rotes Haus", "ein totes Haus da") == ErrorRate(1, 0, 1, 3)
    assert wer("das\u00a0Haus", "das  Haus").edits == 0


def test_empty_truth() -> None:
    assert cer("", "").rate == 0.0
    assert cer("", "ab").rate == float("inf")
    assert cer("", "ab").normalised == 1.0


def test_rates_of_a_corpus_are_sums_over_sums() -> None:
    both = total([cer("abcd", "abcd"), cer("a", "b")])
    assert both.rate == pytest.approx(1 / 5)
    assert total([]) == ErrorRate()


@given(st.lists(st.tuples(ascii_texts, ascii_texts), min_size=1, max_size=5))
def test_agrees_with_jiwer(pairs: list[tuple[str, str]]) -> None:
    truths, readings = [t for t, _ in pairs], [r for _, r in pairs]
    assert total(cer(t, r) for t, r in pairs).rate == pytest.approx(jiwer.cer(truths, readings))
    assert total(wer(t, r) for t, r in pairs).rate == pytest.approx(jiwer.wer(truths, readings))


@given(any_texts, any_texts)
def test_laws(truth: str, reading: str) -> None:
    there, back = cer(truth, reading), cer(reading, truth)
    assert there.edits == back.edits
    assert (there.edits == 0) == (
        unicodedata.normalize("NFC", truth) == unicodedata.normalize("NFC", reading)
    )
    assert 0.0 <= there.normalised <= 1.0
    assert there.length - there.deletions + there.insertions == back.length


@given(any_texts, any_texts)
def test_an_alignment_gives_both_texts_again(truth: str, reading: str) -> None:
    steps = alignment(truth, reading)
    joined = ["".join(step[side] for step in steps) for side in (1, 2)]
    assert joined == [
        "".join(graphemes(truth)),
        "".join(graphemes(reading)),
    ]
    assert all((operation == "equal") == (a == b) for operation, a, b in steps)


def test_confusions_join_neighbouring_edits() -> None:
    assert confusions("modern", "modem") == {("rn", "m"): 1}
    assert confusions("a b", "ab") == {(" ", ""): 1}
    assert confusions("aaaa-x", "bbbb-x") == {("a", "b"): 4}
    assert not confusions("same", "same")
