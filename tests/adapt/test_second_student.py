"""A second student beside the first: the mean of both, and what happens where it is lost."""

from __future__ import annotations

import os
import pickle
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from bar_world import ALPHABET, bars, reading_network, words
from matplotlib import font_manager

from readapt.adapt.budget import Portion
from readapt.adapt.learning import finetune as finetuning
from readapt.adapt.learning import second_student as second
from readapt.adapt.learning.finetune import finetune, part_way
from readapt.adapt.learning.known import Known
from readapt.adapt.learning.training import LANE, Training
from readapt.adapt.learning.weights import load_weights
from readapt.adapt.scans.target import Target
from readapt.adapt.settings import AdaptConfig
from readapt.adapt.stage import State
from readapt.nets.crnn import Crnn
from readapt.synth.corpus import Corpus
from readapt.synth.fonts import read_font
from readapt.synth.lines import LineConfig, LineMaker
from readapt.train.checkpoint import load_checkpoint, save_checkpoint
from readapt.train.loop import LoopConfig
from readapt.train.selftrain import SelfTrainConfig

CONFIG = AdaptConfig(
    steps=2, threads=2, selftrain=SelfTrainConfig(pool=16, batch_columns=800, batch_lines=8)
)
REAL = tuple((bars(text, 30, 220, 5, i), text) for i, text in enumerate(words(8)))


@pytest.fixture(scope="module")
def known() -> Known:
    font = read_font(font_manager.findfont("DejaVu Sans Mono"))
    texts = {"en": Corpus("en", "", ("ab", "ba"))}
    maker = LineMaker(LineConfig(), [font], texts, ALPHABET)
    return Known(maker, maker, 36)


def learn(config: AdaptConfig, known: Known, folder: Path, told: list[str]) -> Crnn:
    state = State(config, reading_network(), ALPHABET, Target((), (), (), ()), {}, False)
    state.told = told.append
    return finetune(state, REAL, known, Portion(60.0), folder, 1e-3, 1)


def same(a: Crnn, b: Crnn) -> bool:
    pairs = zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    return all(torch.equal(x, y) for x, y in pairs)


def test_the_mean_of_two_students(known: Known, tmp_path: Path) -> None:
    told: list[str] = []
    alone = learn(replace(CONFIG, threads=1), known, tmp_path / "alone", told)
    both = learn(CONFIG, known, tmp_path / "both", told)
    other = load_weights(reading_network(), tmp_path / "both" / "second" / "average.safetensors")
    assert not (tmp_path / "alone" / "second").exists()
    assert not same(alone, other)
    assert same(both, part_way(alone, other, 0.5))
    assert not told
    assert not list((tmp_path / "both" / "second").glob("*.pickle"))
    again = learn(CONFIG, known, tmp_path / "both", told)  # resumed after its end
    assert same(both, again)


def test_one_does_where_the_other_is_lost(
    known: Known, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    alone = learn(replace(CONFIG, threads=1), known, tmp_path / "alone", told)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert same(learn(CONFIG, known, tmp_path / "lost", told), alone)
    assert "the second student has come to no end" in told[0]


def test_another_student_sees_other_lines(known: Known) -> None:
    training = Training(
        reading_network(), REAL, (), known, ALPHABET, CONFIG.selftrain, LoopConfig()
    )
    other = training.other(2).other(0.5)
    assert (other.config.seed, other.loop.seed) == (2500, 2500)
    (image, text), *_ = other.known(3, 1)
    (true, true_text), *_ = known(2 * LANE + LANE // 2 + 3, 1)
    assert text == true_text
    assert (image == true).all()


@pytest.fixture
def few_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def begun(known: Known, folder: Path, parent: int, loop: LoopConfig, seconds: float) -> None:
    """Write what a first student asks for."""
    training = Training(reading_network(), REAL, (), known, ALPHABET, CONFIG.selftrain, loop)
    asked = (training, time.time() + seconds, parent)
    (folder / "training.pickle").write_bytes(pickle.dumps(asked))


@pytest.mark.usefixtures("few_threads")
@pytest.mark.parametrize("alive", [True, False])
def test_it_ends_with_the_first(known: Known, tmp_path: Path, alive: bool) -> None:
    begun(known, tmp_path, os.getppid() if alive else 1_000_000_000, LoopConfig(steps=3), 60)
    with nullcontext() if alive else pytest.raises(SystemExit, match="gone"):
        second.main(tmp_path)
    assert (tmp_path / "average.safetensors").is_file() == alive


@pytest.mark.usefixtures("few_threads")
def test_resumed_it_has_the_time_that_the_first_has_left(known: Known, tmp_path: Path) -> None:
    """Its own clock may stand elsewhere: what counts is that both end together."""
    begun(known, tmp_path, os.getppid(), LoopConfig(minutes=9.0), 1.0)
    checkpoint = tmp_path / "checkpoint.pt"
    second.main(tmp_path)
    state = load_checkpoint(checkpoint)
    assert 0 < state["spent"] < 20
    save_checkpoint(checkpoint, {**state, "spent": 400.0})
    (tmp_path / "average.safetensors").unlink()
    begun(known, tmp_path, os.getppid(), LoopConfig(minutes=9.0), 5.0)
    second.main(tmp_path)
    state = load_checkpoint(checkpoint)
    assert 400 < state["spent"] < 440
    assert (tmp_path / "average.safetensors").is_file()


def test_who_was_given_up_stays_so(
    known: Known, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Later rounds have learnt from what came of one student alone."""
    monkeypatch.setattr(second, "STEPS_PATIENCE", 0.0)
    told: list[str] = []
    alone = learn(CONFIG, known, tmp_path, told)
    assert "has come to no end" in told[0]
    monkeypatch.undo()
    assert same(learn(CONFIG, known, tmp_path, told), alone)
    assert not (tmp_path / "second" / "average.safetensors").exists()


def test_its_memory_is_known(known: Known, tmp_path: Path) -> None:
    assert second.most_memory(tmp_path) == 0
    learn(CONFIG, known, tmp_path / "listen" / "round-1", [])
    assert 0.1 < second.most_memory(tmp_path) < 4
    (tmp_path / "listen" / "round-1" / "second" / "memory").write_text("")
    assert second.most_memory(tmp_path) == 0


@pytest.mark.parametrize("threads", [(1, 2), (2, 1)])
def test_resumed_on_other_cores_nothing_changes(
    known: Known, tmp_path: Path, threads: tuple[int, int]
) -> None:
    """Later rounds have learnt from what came of it."""
    began, later = (replace(CONFIG, threads=count) for count in threads)
    first = learn(began, known, tmp_path, [])
    assert same(learn(later, known, tmp_path, []), first)


def test_a_second_needs_a_core_a_processor_and_time() -> None:
    def two(config: AdaptConfig, minutes: float) -> bool:
        state = State(config, reading_network(), ALPHABET, Target((), (), (), ()), {}, False)
        loop = LoopConfig(minutes=minutes, steps=config.steps)
        return finetuning._two(state, loop, Path("nowhere"))

    timed = replace(CONFIG, steps=0, device="cpu")
    assert two(timed, 1.0)
    assert two(replace(timed, steps=2), 0.1)
    assert not two(timed, 0.1)
    assert not two(replace(timed, threads=1), 1.0)
