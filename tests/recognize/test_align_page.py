import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from readapt.recognize.align_page import AligningConfig, PageAlignment, align_page
from readapt.recognize.alphabet import Alphabet

ALPHABET = Alphabet(" abcdefghijklmnopqrstuvwxyzſ.-¬0123456789\u0304")


def seen(text: str, noise: float = 0.0, seed: int = 0) -> NDArray[np.float32]:
    """Posteriors of a line that says ``text``: two frames a character, a blank after each."""
    rng = np.random.default_rng(seed)
    rows = [0]
    for k in ALPHABET.encode(text):
        rows += [k, k, 0]
    logits = noise * rng.standard_normal((len(rows), ALPHABET.classes))
    logits[np.arange(len(rows)), rows] += 8
    return (logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)).astype(np.float32)


def shared(text: str, *lines: str, noise: float = 0.0) -> PageAlignment:
    return align_page([seen(x, noise, i) for i, x in enumerate(lines)], text, ALPHABET)


def sure(found: PageAlignment) -> list[str | None]:
    """The text of each sure line, None for the others."""
    return [None if line.reason else line.text for line in found.lines]


@given(st.lists(st.text("abc", min_size=1, max_size=4), min_size=1, max_size=12), st.data())
@settings(deadline=None, max_examples=60)
def test_any_way_to_break_a_text_is_found(words: list[str], data: st.DataObject) -> None:
    lines = [[words[0]]]
    for word in words[1:]:
        if data.draw(st.booleans()):
            lines.append([word])
        else:
            lines[-1].append(word)
    texts = [" ".join(line) for line in lines]
    found = shared(" \n".join(words), *texts)
    assert sure(found) == texts
    assert found.missing == ()
    assert all(line.confidence > 0.9 for line in found.lines)
    assert [found.text[line.start : line.end] for line in found.lines] == texts


def test_a_word_broken_on_the_page_gets_the_page_s_hyphen() -> None:
    found = shared("this is an example of it", "this is an exam-", "ple of it")
    assert sure(found) == ["this is an exam-", "ple of it"]
    found = shared("this is an example of it", "this is an exam¬", "ple of it")
    assert sure(found) == ["this is an exam¬", "ple of it"]


@pytest.mark.parametrize("text", ["an exam- ple of it", "an exam-\nple of it", "an exam-ple of it"])
def test_hyphens_that_the_text_has_kept(text: str) -> None:
    assert sure(shared(text, "an exam-", "ple of it")) == ["an exam-", "ple of it"]
    # The lines of somebody else's copy: the hyphen is not on this page.
    assert sure(shared(text, "an example", "of it")) == ["an example", "of it"]


def test_a_hyphen_of_its_own_stays() -> None:
    assert sure(shared("a well-known man", "a well-known", "man")) == ["a well-known", "man"]
    assert sure(shared("a well-known man", "a well-", "known man")) == ["a well-", "known man"]


def test_a_word_broken_without_a_hyphen_is_unsure() -> None:
    found = shared("this is an example of it", "this is an exam", "ple of it")
    assert [line.text for line in found.lines] == ["this is an exam", "ple of it"]
    assert [bool(line.reason) for line in found.lines] == [True, True]
    assert "within a word" in found.lines[0].reason


def test_lines_that_are_not_in_the_text() -> None:
    found = shared("the cat sat on the mat", "12", "the cat sat", "chapter two", "on the mat", "7")
    assert sure(found) == [None, "the cat sat", None, "on the mat", None]
    assert [line.reason for line in found.lines][::2] == ["not in the text"] * 3
    assert found.lines[2].text == "chapter two"
    assert found.lines[2].start == -1
    # Not even between the halves of a word.
    found = shared("the cat sat on the mat", "the cat sat on th-", "17", "e mat")
    assert sure(found) == ["the cat sat on th-", None, "e mat"]


def test_text_that_is_not_on_the_page() -> None:
    found = shared("once upon a time there was a cat in town", "once upon a time", "in town")
    assert sure(found) == ["once upon a time", "in town"]
    assert [found.text[a:b].strip() for a, b in found.missing] == ["there was a cat"]
    assert shared("", "a line").missing == ()
    assert sure(shared("", "a line")) == [None]
    nothing = align_page([], "some text", ALPHABET)
    assert nothing.lines == ()
    assert nothing.missing == ((0, 9),)


def test_a_word_too_many_makes_the_line_unsure() -> None:
    found = shared("the old cat sat on the mat", "the cat sat", "on the mat")
    assert sure(found) == [None, "on the mat"]
    assert "'old' does not fit" in found.lines[0].reason or "read as" in found.lines[0].reason


def test_lines_out_of_order_are_found() -> None:
    found = shared(
        "the cat sat on the mat and a note stands beside it",
        "a note stands",
        "the cat sat",
        "on the mat and",
        "beside it",
    )
    assert sure(found) == ["a note stands", "the cat sat", "on the mat and", "beside it"]
    assert found.missing == ()


def test_what_a_transcriber_writes_otherwise() -> None:
    # A long s, a letter in two classes, a character that the alphabet lacks.
    assert sure(shared("the lost ones", "the loſt ones")) == ["the lost ones"]
    assert sure(shared("ḡ ab cd", "ḡ ab", "cd")) == ["ḡ ab", "cd"]
    assert sure(shared("a Ω b c", "a x b", "c")) == ["a Ω b", "c"]


def test_a_badly_read_page_is_aligned_all_the_same() -> None:
    words = "one two three four five six seven eight nine ten eleven twelve".split()
    lines = [" ".join(words[i : i + 3]) for i in range(0, 12, 3)]
    found = shared(" ".join(words), *lines, noise=2.2)
    assert [line.text for line in found.lines] == lines
    wrong = align_page([seen(x, 2.2, 9) for x in lines[::-1]], "quite another text", ALPHABET)
    assert sure(wrong) == [None] * 4


def test_lines_without_text() -> None:
    blank = seen("")
    found = align_page([blank, seen("a b"), blank, np.zeros((0, 42), np.float32)], "a b", ALPHABET)
    assert sure(found) == [None, "a b", None, None]


def test_costs_are_the_caller_s() -> None:
    found = align_page([seen("a b", 3.0)], "a b", ALPHABET, AligningConfig(least=0.999))
    assert found.lines[0].text == "a b"
    assert "read as" in found.lines[0].reason
