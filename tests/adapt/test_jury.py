"""Two networks compared by what other engines read."""

from readapt.adapt.gate.jury import compare
from readapt.adapt.teachers.rover import Vote

TRUE = "Grund und Boden"


def test_where_the_networks_differ_the_engines_decide() -> None:
    heard = [[Vote(TRUE, 0.9), Vote("Gruud und Boden", 0.8)]]  # the second one errs elsewhere
    found = compare(heard, ["Grund nnd Boden"], [TRUE], 0.2)
    assert (found.before.tolist(), found.after.tolist()) == ([1], [0])
    back = compare(heard, [TRUE], ["Grund nnd Boden"], 0.2)
    assert (back.before.tolist(), back.after.tolist()) == ([0], [1])


def test_neither_network_is_the_judge_where_engines_are_of_two_minds() -> None:
    """The present one among the voters would win this, right or wrong."""
    heard = [[Vote("Bodcn", 0.9), Vote("Boden", 0.8)]]
    for pair in (("Boden", "Bodcn"), ("Bodcn", "Boden")):
        found = compare(heard, [pair[0]], [pair[1]], 0.5)
        assert found.before[0] + found.after[0] == 1
        assert (found.after[0] == 0) == (pair[1] == "Bodcn")  # the surer engine, on either side


def test_what_the_networks_share_changes_nothing_between_them() -> None:
    heard = [[Vote("Boden", 0.9), Vote("Boden", 0.9)]]
    found = compare(heard, ["Bodcn"], ["Bodcn"], 0.5)
    assert found.rates == (0.2, 0.2)


def test_a_network_has_no_say_in_which_lines_count() -> None:
    """One that reads nothing would leave its own worst lines out."""
    heard = [[Vote(TRUE, 0.9)]]
    found = compare(heard, [TRUE], [""], 0.2)
    assert (found.before.tolist(), found.after.tolist()) == ([0], [len(TRUE)])


def test_lines_without_an_engine_or_an_agreement_are_left_out() -> None:
    heard = [[], [Vote("xyz", 0.9), Vote("12345", 0.9)]]
    found = compare(heard, ["Boden", "Boden"], ["Boden", "Boden"], 0.2)
    assert len(found.characters) == 0
    assert found.rates == (0, 0)
