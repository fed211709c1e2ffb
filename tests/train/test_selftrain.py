"""Labels of a teacher, the choice of the surest, and what a student is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from readapt.nets.crnn import Crnn, CrnnConfig
from readapt.recognize.alphabet import Alphabet
from readapt.recognize.beam import NARROW
from readapt.recognize.lm import learn
from readapt.train.disturb import disturb, hide_columns
from readapt.train.selftrain import (
    PseudoLabel,
    SelfTrainConfig,
    Student,
    label,
    mean_of_views,
    surest,
)
from readapt.types import Image

ALPHABET = Alphabet(" abc")
CONFIG = SelfTrainConfig(pool=12, batch_columns=600, batch_lines=4, masked=0.2)


def line(text: str, seed: int = 0) -> Image:
    image = np.full((36, 16 * len(text)), 230, np.uint8)
    for i, c in enumerate(text):
        if c != " ":
            image[6 + 6 * "abc".index(c) : 30, 16 * i + 4 : 16 * i + 12] = 20
    return image


class Reader:
    """Gives prepared posteriors: those of the plain line, then those of its views."""

    def __init__(self, *rows: Sequence[NDArray[np.float32]]) -> None:
        self.rows = list(rows)

    def log_posteriors(self, lines: Sequence[Image]) -> Sequence[NDArray[np.float32]]:
        return self.rows.pop(0)


def posteriors(text: str, sure: float = 0.97) -> NDArray[np.float32]:
    """A blank frame, then a frame for each character, and blanks between."""
    p = np.full((2 * len(text) + 1, ALPHABET.classes), (1 - sure) / (ALPHABET.classes - 1))
    p[::2, 0] = sure
    for i, c in enumerate(text):
        p[2 * i + 1, ALPHABET.encode(c)[0]] = sure
    return np.log(p).astype(np.float32)


def test_what_all_views_agree_on_is_least_doubted() -> None:
    one, two = line("abc"), line("abb")
    agreed = [posteriors("abc"), posteriors("abc")]
    split = [posteriors("abc"), posteriors("acc")]
    reader = Reader(agreed, agreed, split, agreed)
    labels = label(reader, [one, two], ALPHABET)
    assert [found.text for found in labels] == ["abc", "abc"]
    assert labels[0].doubt == pytest.approx(0.03, abs=1e-3)
    # One view of four reads one of three characters otherwise, and the mean is less sure of it.
    assert labels[1].doubt > 1 / 12 + 0.03


def test_the_mean_of_views_outvotes_the_line_itself() -> None:
    right, wrong = posteriors("abc"), posteriors("cbc", 0.6)
    found = label(Reader([wrong], [right], [right], [right]), [line("abc")], ALPHABET)
    assert found[0].text == "abc"
    mean, own = mean_of_views(Reader([wrong], [right], [right], [right]), [line("abc")])[0]
    assert len(own) == 4
    np.testing.assert_allclose(np.exp(mean).sum(1), 1, atol=1e-5)


def test_a_language_model_corrects_what_is_open() -> None:
    language = learn(["abc", "abc abc"] * 50, ALPHABET, 3)
    search = replace(NARROW, language_model=language, weight=0.25, length_weight=0.55)
    open_ = posteriors("aac", 0.4)
    rows = [[open_]] * 4
    with_model = label(Reader(*rows), [line("abc")], ALPHABET, lambda i: search)
    without = label(Reader(*rows), [line("abc")], ALPHABET)
    assert without[0].text == "aac"
    assert with_model[0].text == "abc"
    assert with_model[0].doubt > without[0].doubt


def test_the_surest_come_first_and_the_doubtful_never() -> None:
    labels = [
        PseudoLabel("a", 0.3),
        PseudoLabel("b", 0.01),
        PseudoLabel("", 0.0),
        PseudoLabel("c", 0.1),
        PseudoLabel("d", 0.05),
    ]
    assert surest(labels, 0.4, 1.0) == [1, 4]
    assert surest(labels, 1.0, 0.2) == [1, 3, 4]
    assert surest(labels, 1.0, 0.001) == [1]  # a quarter of the share, though all are doubtful


def known(start: int, count: int) -> list[tuple[Image, str]]:
    return [(line("ab"), "ab") for _ in range(count)]


def small() -> Crnn:
    torch.manual_seed(0)
    return Crnn(CrnnConfig(ALPHABET.classes, (4, 6, 8, 10, 12), hidden=8))


def test_pools_are_half_known_and_always_the_same() -> None:
    real = [(line("cab" * (i % 3 + 1)), "cab" * (i % 3 + 1)) for i in range(10)]
    students = [Student(small(), real, known, ALPHABET, CONFIG) for _ in range(2)]
    first, again = (student.batches(3) for student in students)
    assert sum(len(batch.images) for batch in first) == 12
    assert sum(int((batch.label_lengths == 2).sum()) for batch in first) == 6
    for a, b in zip(first, again, strict=True):
        assert (a.images == b.images).all()
        assert (a.labels == b.labels).all()
    other = students[0].batches(4)
    assert any(
        a.images.shape != b.images.shape or (a.images != b.images).any()
        for a, b in zip(first, other, strict=False)
    )


def test_every_real_line_comes_before_any_comes_again() -> None:
    real = [(line("a" * (i + 1)), "a" * (i + 1)) for i in range(9)]
    student = Student(small(), real, known, ALPHABET, CONFIG)
    turns = [i for pool in range(3) for i in student._turn(pool, 3)]
    assert sorted(turns) == list(range(9))


def test_real_lines_are_cut_anew_where_what_is_around_them_is_known() -> None:
    real = [(line("cab"), "cab")] * 5
    around = [np.full((64, 500), 220, np.uint8)] * 5  # another width tells them apart
    config = replace(CONFIG, reframed=1.0, known=0.0)
    plain, anew = (
        Student(small(), real, known, ALPHABET, config, around=some) for some in ((), around)
    )
    assert max(b.images.shape[2] for b in plain.batches(0)) < 200
    assert min(b.images.shape[2] for b in anew.batches(0)) > 200


def test_without_real_lines_all_are_known() -> None:
    student = Student(small(), [], known, ALPHABET, CONFIG)
    assert sum(len(batch.images) for batch in student.batches(0)) == 12


def test_labels_that_do_not_fit_are_left_out() -> None:
    real = [(line("a"), "abcabcabcabcabc")]
    student = Student(small(), real, known, ALPHABET, CONFIG)
    assert sum(len(batch.images) for batch in student.batches(0)) == 6


def test_steps_go_on_from_any_position() -> None:
    real = [(line("cab"), "cab")] * 5
    network = small().eval()
    with torch.no_grad():
        student = Student(network, real, known, ALPHABET, CONFIG)
        run = student.steps([0, 0])
        positions, losses = zip(
            *((p, float(s.loss)) for p, s in (next(run) for _ in range(9))), strict=True
        )
        again = student.steps(positions[4])
        assert [float(next(again)[1].loss) for _ in range(4)] == list(losses[5:])


def test_hidden_columns_are_about_the_share_asked_for() -> None:
    rng = np.random.default_rng(0)
    wide = np.full((36, 2000), 77, np.uint8)
    shares = [float((hide_columns(wide, rng, 0.1, 36) != 77).any(axis=0).mean()) for _ in range(20)]
    assert 0.05 < np.mean(shares) < 0.15
    assert (wide == 77).all()


def test_disturbed_lines_keep_their_height_and_nearly_their_width() -> None:
    rng = np.random.default_rng(1)
    original = line("abc" * 8)
    for _ in range(30):
        changed = disturb(original, rng, 0.1)
        assert changed.dtype == np.uint8
        assert changed.shape[0] == 36
        assert abs(changed.shape[1] / original.shape[1] - 1) < 0.12
