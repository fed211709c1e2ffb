"""Alignment and voting, against what can be worked out by hand."""

from hypothesis import given, settings
from hypothesis import strategies as st

from readapt.adapt.teachers.rover import Vote, align, vote

TEXTS = st.lists(st.text(alphabet="abc s", max_size=8), min_size=1, max_size=4)


@given(TEXTS)
@settings(max_examples=150, deadline=None)
def test_slots_spell_every_text(texts: list[str]) -> None:
    slots = align(texts)
    assert ["".join(slot[i] for slot in slots) for i in range(len(texts))] == texts
    assert all(any(slot) for slot in slots)


@given(st.text(alphabet="abc", min_size=1, max_size=8))
@settings(max_examples=30, deadline=None)
def test_one_mind(text: str) -> None:
    voted = vote([Vote(text, 0.4), Vote(text, 0.9), Vote(text, 0.1)])
    assert voted.text == text
    assert voted.dissent == 0


def test_two_of_three_outvote_each_single_error() -> None:
    read = ("Grurid und Boden", "Grund nnd Boden", "Grund und Bodcn")
    voted = vote([Vote(text, 0.9) for text in read])
    assert voted.text == "Grund und Boden"
    assert 0 < voted.dissent < 0.15


def test_confidence_outvotes() -> None:
    assert vote([Vote("7", 0.2), Vote("1", 0.9)]).text == "1"
    assert vote([Vote("7", 0.9), Vote("1", 0.2)]).text == "7"


def test_spaces_are_voted_too() -> None:
    votes = [Vote("zu dem", 0.5), Vote("zudem", 0.4), Vote("zu dem", 0.3)]
    assert vote(votes).text == "zu dem"


def test_folding_is_no_dissent_and_the_first_spelling_stands() -> None:
    """The student's alphabet has a long s, most engines write a round one."""
    voted = vote([Vote("Waſſer⸗", 0.5), Vote("Wasser-", 0.9), Vote("Wasser-", 0.9)])
    assert voted.text == "Waſſer⸗"
    assert voted.dissent == 0


def test_nothing_read() -> None:
    assert vote([Vote("", 0.9), Vote("", 0.2)]).text == ""
    assert vote([Vote("", 0.9), Vote("x", 0.2)]).text == ""
