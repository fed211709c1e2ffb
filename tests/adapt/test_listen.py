"""Rounds of self-training: what they read, and in which order."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bar_world import ALPHABET, bars, reading_network, words

from readapt.adapt.budget import Portion
from readapt.adapt.learning import labelling, word_weight
from readapt.adapt.learning.labelling import Labels, label_lines
from readapt.adapt.scans.target import Target
from readapt.adapt.settings import AdaptConfig
from readapt.adapt.stage import LANGUAGE_MODEL, State
from readapt.adapt.stages.listen import A_SECOND, MOST_ROUNDS, PASSES, latest, rounds_of
from readapt.adapt.teachers.heard import UNREAD, Readings
from readapt.recognize.decode import GREEDY
from readapt.recognize.lm import learn
from readapt.train.selftrain import PseudoLabel, Reads, surest
from readapt.types import Image


def test_lines_there_is_no_time_for_keep_what_they_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading may take a third of a round; the next one begins elsewhere."""
    lines = tuple(bars(text, 30, 220, 5, i) for i, text in enumerate(words(8)))
    target = Target(lines, (), lines, tuple(range(8)))
    state = State(AdaptConfig(threads=1), reading_network(), ALPHABET, target, {}, False)
    monkeypatch.setattr(labelling, "_TOGETHER", 2)
    unread = Labels((UNREAD,) * 8)
    read = [
        label_lines(state, {}, Portion(0.0), tmp_path / f"{first}.json", first, unread).all
        for first in (0, 5, 7)
    ]
    assert [[i for i, one in enumerate(labels) if one != UNREAD] for labels in read] == [
        [0, 1],
        [5, 6],
        [0, 7],
    ]
    again = label_lines(state, {}, Portion(0.0), tmp_path / "5.json", 5, unread)
    assert again.all == read[1]
    assert again.seconds > 0  # of the run that read them: they are gone from the round's time
    known = Labels((PseudoLabel("ab", 0.3),) * 8)
    later = label_lines(state, {}, Portion(0.0), tmp_path / "later.json", 5, known).all
    assert later[:5] + later[7:] == known.all[:6]  # the label of a round before stays
    assert later[5:7] == read[1][5:7]
    path = tmp_path / "all.json"
    everything = label_lines(state, {}, Portion(600.0), path, 3, unread).all
    assert UNREAD not in everything
    assert surest(everything, 1.0, 1.0) == list(range(8))


def test_lines_that_no_engine_has_read_are_looked_at_in_all_views(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = tuple(bars(text, 30, 220, 5, i) for i, text in enumerate(words(8)))
    target = Target(lines, (), lines, tuple(range(8)))
    state = State(AdaptConfig(threads=1), reading_network(), ALPHABET, target, {}, False)
    seen: list[tuple[int, int]] = []
    plain = labelling.label

    def noted(reader: Reads, cut: Sequence[Image], *args: Any) -> list[PseudoLabel]:
        seen.append((len(cut), len(args[-1])))
        return plain(reader, cut, *args)

    monkeypatch.setattr(labelling, "label", noted)
    heard: Readings = {"one": [("ab", 0.9)] * 3 + [None] * 5, "two": [None] * 2 + [("b", 0.9)] * 6}
    heard["two"][6:] = [None, None]
    labels = label_lines(
        state, heard, Portion(600.0), tmp_path / "labels.json", 0, Labels((UNREAD,) * 8)
    )
    assert seen == [(6, 0), (2, 3)]
    assert UNREAD not in labels.all


def test_the_last_of_the_good_rounds_is_taken() -> None:
    def of_one_judge(*rates: float) -> list[tuple[float, float]]:
        return [(0.04, rate) for rate in rates]

    assert latest(of_one_judge(0.040, 0.030, 0.032), 0.1) == 2
    assert latest(of_one_judge(0.040, 0.030, 0.034), 0.1) == 1  # it did harm
    assert latest(of_one_judge(0.040, 0.030, 0.030), 0.0) == 2
    assert latest(of_one_judge(0.0, 0.1), 0.1) == 0
    # Where networks vote with engines, one that mends nothing makes the present one look good.
    assert latest([(0.02, 0.01), (0.0, 0.0)], 0.1) == 0


@pytest.mark.parametrize(("words_known", "count"), [("abba abba", True), ("bbbbbb", False)])
def test_words_count_in_labels_only_where_spoiled_lines_are_read_better_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words_known: str, count: bool
) -> None:
    def spoil(line: Image, seed: int) -> Image:
        noise = np.random.default_rng(seed).normal(0, 110, line.shape)
        return np.clip(line + noise, 0, 255).astype(np.uint8)

    monkeypatch.setattr(word_weight, "dressed", spoil)
    monkeypatch.setattr(word_weight, "READABLE", 1.0)
    if not count:
        heavy = partial(word_weight.search_of, weight=3.0, length_weight=0.0)
        monkeypatch.setattr(labelling, "search_of", heavy)
    lines = tuple(bars("abba abba", 20, 225, 4, i) for i in range(30))
    target = Target(lines, (), lines, tuple(range(30)))
    state = State(AdaptConfig(threads=1), reading_network(), ALPHABET, target, {}, False)
    for parity in (0, 1):
        path = tmp_path / f"{parity}.npz"
        learn([words_known] * 50, ALPHABET, 6).save(path)
        state.files[f"{LANGUAGE_MODEL} {parity}"] = path
    path = tmp_path / "labels.json"
    unread = Labels((UNREAD,) * 30)
    labels = label_lines(state, {}, Portion(600.0), path, 0, unread)
    assert labels.words == count
    assert label_lines(state, {}, Portion(600.0), path, 0, unread) == labels
    monkeypatch.setattr(labelling, "words_help", None)  # asked once: later rounds do as the first
    later = label_lines(state, {}, Portion(600.0), tmp_path / "later.json", 0, labels)
    assert later.words == labels.words


def test_few_lines_and_much_time_make_more_rounds() -> None:
    lines = tuple(bars("abab", 30, 220, 5, i) for i in range(40))
    target = Target(lines, (), lines, tuple(range(40)))
    state = State(AdaptConfig(), reading_network(), ALPHABET, target, {}, False)
    a_pass = sum(line.shape[1] for line in lines) / A_SECOND
    shares = (0.4, 0.7, 0.9)
    assert rounds_of(state, 3 * PASSES * a_pass, shares) == ([0.4, 0.7, 0.9], [1 / 3] * 3)
    more, parts = rounds_of(state, 5 * PASSES * a_pass + 0.1, shares)
    assert more == [0.4, 0.7, 0.9, 0.9, 0.9]
    assert sum(parts) == pytest.approx(1)
    assert parts[0] < parts[1] < parts[2] == parts[4]
    assert len(rounds_of(state, 1e6, shares)[0]) == MOST_ROUNDS
    state.config = AdaptConfig(steps=3)
    assert rounds_of(state, 1e6, shares)[0] == [0.4, 0.7, 0.9]  # tests have no clock


@pytest.mark.parametrize(("better_without", "heard"), [(1, True), (40, False)])
def test_spoiled_lines_have_to_be_sure_that_words_do_harm(
    monkeypatch: pytest.MonkeyPatch, better_without: int, heard: bool
) -> None:
    class Trial:
        characters = np.full(40, 10.0)

        def wrong(self, decoders: Sequence[Any]) -> Any:
            found = np.full(40, 2.0)
            if decoders[0] == GREEDY:
                found[:better_without] = 1.0
            return found

    monkeypatch.setattr(labelling, "spoil", lambda *_: Trial())
    lines = tuple(bars("abab", 30, 220, 5, i) for i in range(40))
    target = Target(lines, (), lines, tuple(range(40)))
    state = State(AdaptConfig(), reading_network(), ALPHABET, target, {}, False)
    models = [learn(["ab"], ALPHABET, 3)] * 2
    reader: Any = None
    assert labelling.words_help(state, reader, models, Portion(9.0)) == heard


def test_lines_from_all_over_the_scans_judge_the_words(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[Image] = []

    class Nothing:
        characters = np.zeros(0)

    def noted(reader: Any, some: list[Image], *_: Any) -> Nothing:
        tried.extend(some)
        return Nothing()

    monkeypatch.setattr(labelling, "spoil", noted)
    monkeypatch.setattr(labelling, "TRIED", 4)
    lines = tuple(bars("abab", 30, 220, 5, i) for i in range(10))
    target = Target(lines, (), lines, tuple(range(10)))
    state = State(AdaptConfig(), reading_network(), ALPHABET, target, {}, False)
    reader: Any = None
    models = [learn(["ab"], ALPHABET, 3)] * 2
    # Too few of them can be read: words are heard.
    assert labelling.words_help(state, reader, models, Portion(9.0))
    assert [next(i for i, one in enumerate(lines) if one is line) for line in tried] == [0, 3, 6, 9]


def test_a_line_is_labelled_by_the_model_that_has_not_seen_its_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = tuple(bars(text, 30, 220, 5, i) for i, text in enumerate(words(6)))
    target = Target(lines, (), lines, (0, 0, 1, 1, 2, 3))
    state = State(AdaptConfig(threads=1), reading_network(), ALPHABET, target, {}, False)
    for parity, text in enumerate(("aaaa", "bbbb")):
        path = tmp_path / f"{parity}.npz"
        learn([text] * 9, ALPHABET, 3).save(path)
        state.files[f"{LANGUAGE_MODEL} {parity}"] = path
    used: list[str] = []

    def noted(reader: Reads, cut: Sequence[Image], alphabet: Any, search: Any, views: Any) -> Any:
        models = [search(i).language_model for i in range(len(cut))]
        likelier = [m.log_probability("aa") > m.log_probability("bb") for m in models]
        used.extend("a" if one else "b" for one in likelier)
        return [PseudoLabel("ab", 0.1)] * len(cut)

    monkeypatch.setattr(labelling, "label", noted)
    known = Labels((UNREAD,) * 6, words=True)
    label_lines(state, {}, Portion(600.0), tmp_path / "labels.json", 0, known)
    assert used == ["a", "a", "b", "b", "a", "b"]  # model 0 has not seen pages 0, 2, ...
