"""What the gate lets through."""

import numpy as np
import pytest
from bar_world import ALPHABET, bars, reading_network, words

from readapt.adapt.gate import Gate, Score, as_read, better_share
from readapt.adapt.settings import GateConfig
from readapt.evaluate.estimate import Estimate
from readapt.evaluate.rates import cer, total
from readapt.models.manifest import ErrorEstimate
from readapt.recognize.greedy import best_path

LENGTH = np.full(40, 10.0)


def score(edits: float, replay: float, noise: float = 0.0) -> Score:
    each = edits + noise * np.random.default_rng(0).normal(size=40)
    rate = float(each.sum() / LENGTH.sum())
    return Score(Estimate(rate, rate / 2, rate * 2, 40), replay, each, LENGTH)


@pytest.fixture
def gate() -> Gate:
    return Gate([], [], ALPHABET, ErrorEstimate(), GateConfig(replay_relative=0.15))


def test_better_on_the_scans_and_no_worse_elsewhere_is_kept(gate: Gate) -> None:
    base = score(1.0, 0.10)
    verdict = gate.decide(base, score(0.8, 0.11), base)
    assert verdict.kept
    assert "10.00% -> 8.00%" in verdict.reason


def test_every_other_candidate_is_rejected_and_the_reason_said(gate: Gate) -> None:
    base = score(1.0, 0.10)
    assert "not better" in gate.decide(base, score(1.0, 0.10), base).reason
    worse = gate.decide(base, score(0.8, 0.119), base)
    assert not worse.kept
    assert "worse on others than 11.80% allows" in worse.reason
    unsure = gate.decide(base, score(0.99, 0.10, noise=1.0), base)
    assert not unsure.kept
    assert "of resampled lines only" in unsure.reason


def test_the_replay_is_compared_with_the_base_not_with_the_last_stage(gate: Gate) -> None:
    """Otherwise every stage could lose the margin once more."""
    base, present = score(1.0, 0.10), score(0.9, 0.117)
    assert gate.decide(present, score(0.8, 0.1179), base).kept
    assert not gate.decide(present, score(0.8, 0.13), base).kept


def test_resampling_knows_luck_from_gain() -> None:
    a = score(1.0, 0.1)
    assert better_share(a, score(0.9, 0.1)) == 1.0
    assert better_share(a, score(1.0, 0.1, noise=1.0)) == pytest.approx(0.5, abs=0.35)


def test_scores_are_those_of_the_exported_network() -> None:
    network = reading_network()
    texts = words(8, seed=3)
    lines = [bars(text, 30, 220, 60, i) for i, text in enumerate(texts)]
    found = Gate(
        lines, list(zip(lines, texts, strict=True)), ALPHABET, ErrorEstimate(), GateConfig(), 1
    ).score(network)
    read = as_read(network, ALPHABET, 1).log_posteriors(lines)
    said = [ALPHABET.decode(best_path(p).ids) for p in read]
    assert found.characters.tolist() == [max(1, len(text)) for text in said]
    assert found.estimate.lines == 8
    rates = (cer(true, read) for true, read in zip(texts, said, strict=True))
    assert found.replay == pytest.approx(total(rates).rate)
    assert not network.training


def test_what_engines_agree_on_is_the_better_judge() -> None:
    network = reading_network()
    lines = [bars(text, 30, 220, 60, i) for i, text in enumerate(words(24, seed=3))]
    read = as_read(network, ALPHABET, 1).log_posteriors(lines)
    said: list[str | None] = [ALPHABET.decode(best_path(p).ids) for p in read]
    judge = Gate(lines, [], ALPHABET, ErrorEstimate(), GateConfig(), 1)
    alone = judge.score(network)
    assert (alone.dissent, alone.rate) == (None, alone.estimate.rate)
    judge.hear([*said[:10], *[None] * 14])  # too few
    assert judge.score(network).dissent is None
    judge.hear([*said[:20], *[None] * 3, f"{said[23]}x"])
    found = judge.score(network)
    assert len(found.edits) == 21
    assert found.edits.sum() == 1
    assert found.rate == pytest.approx(1 / found.characters.sum())
    assert judge.glance(network) == found.rate
    assert "engines" in judge.decide(found, found, found).reason
