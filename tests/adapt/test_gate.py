"""What the gate lets through."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from bar_world import ALPHABET, bars, reading_network, words

from readapt.adapt.exported import as_read
from readapt.adapt.gate.evidence import better_share, likelier_share, together
from readapt.adapt.gate.lines import Gate, Score
from readapt.adapt.gate.make_gate import share_of
from readapt.adapt.gate.verdict import Verdict
from readapt.adapt.settings import GateConfig
from readapt.adapt.teachers.rover import Vote
from readapt.evaluate.estimate import Estimate
from readapt.evaluate.rates import cer, total
from readapt.models.manifest import ErrorEstimate
from readapt.recognize.greedy import best_path
from readapt.recognize.lm import learn
from readapt.synth.corpus import Corpus

LENGTH = np.full(40, 10.0)
OTHER = {"a": "b", "b": "a"}


def score(edits: float, replay: float, noise: float = 0.0) -> Score:
    each = edits + noise * np.random.default_rng(0).normal(size=40)
    rate = float(each.sum() / LENGTH.sum())
    return Score(Estimate(rate, rate / 2, rate * 2, 40), replay, each, LENGTH)


def decide(gate: Gate, present: Score, candidate: Score, base: Score) -> Verdict:
    gate.base, gate.present = base, present
    return gate.decide(candidate)


@pytest.fixture
def gate() -> Gate:
    return Gate([], [], ALPHABET, ErrorEstimate(), GateConfig(replay_relative=0.15))


def test_better_on_the_scans_and_no_worse_elsewhere_is_kept(gate: Gate) -> None:
    base = score(1.0, 0.10)
    verdict = decide(gate, base, score(0.8, 0.11), base)
    assert verdict.kept
    assert "10.00% -> 8.00%" in verdict.reason


def test_every_other_candidate_is_rejected_and_the_reason_said(gate: Gate) -> None:
    base = score(1.0, 0.10)
    assert "not better" in decide(gate, base, score(1.0, 0.10), base).reason
    worse = decide(gate, base, score(0.8, 0.119), base)
    assert not worse.kept
    assert "worse on others than 11.80% allows" in worse.reason
    unsure = decide(gate, base, score(0.99, 0.10, noise=1.0), base)
    assert not unsure.kept
    assert "of resampled lines only" in unsure.reason


def test_the_replay_is_compared_with_the_base_not_with_the_last_stage(gate: Gate) -> None:
    """Otherwise every stage could lose the margin once more."""
    base, present = score(1.0, 0.10), score(0.9, 0.117)
    assert decide(gate, present, score(0.8, 0.1179), base).kept
    assert not decide(gate, present, score(0.8, 0.13), base).kept


def test_resampling_knows_luck_from_gain() -> None:
    one = np.ones(40)
    luck = np.where(np.arange(40) % 2, 0.5, 1.5)  # as many lines better as worse, by as much
    characters = np.stack([LENGTH, LENGTH])
    assert better_share(np.stack([one, 0.9 * one]), characters) == 1.0
    assert better_share(np.stack([one, luck]), characters) == pytest.approx(0.5, abs=0.1)


def spoken(read: tuple[str, ...], edits: float, noise: float = 0.0) -> Score:
    return replace(score(edits, 0.10, noise), read=read)


WORDS = learn(["abab abba"] * 50, ALPHABET, 3, least=1)
LIKELY, ODD = ("abab abba",) * 40, ("bbbb aaaa",) * 40


def test_likelier_words_are_a_judge_of_their_own() -> None:
    """A student is often no surer of what it reads better; its words show it."""
    gate = Gate([], [], ALPHABET, ErrorEstimate(), GateConfig())
    gate.know(WORDS)
    base, unsure = spoken(ODD, 1.0), spoken(LIKELY, 1.0, noise=0.3)
    better = decide(gate, base, unsure, base)
    assert better.kept
    assert "likelier words on 100%" in better.reason
    worse = decide(gate, spoken(LIKELY, 1.0), replace(unsure, read=ODD), base)
    assert not worse.kept
    assert "over 50% needed" in worse.reason
    certain = decide(gate, spoken(LIKELY, 1.0), spoken(ODD, 0.5), base)
    assert not certain.kept  # certainty does not outvote words, nor they it
    assert not decide(gate, base, spoken(LIKELY, 1.5), base).kept
    assert not decide(gate, base, base, base).kept


def test_what_was_picked_has_to_be_surely_better() -> None:
    """The best of three by chance is surer than its judges are right."""
    gate = Gate([], [], ALPHABET, ErrorEstimate(), GateConfig())
    gate.know(WORDS)
    gate.base = gate.present = base = spoken(ODD, 1.0)
    candidate = spoken((*LIKELY[:1], *ODD[1:]), 1.0, noise=0.2)  # both judges: rather better
    assert not (doubted := gate.decide(candidate, picked=True)).kept
    assert "over 90% needed" in doubted.reason
    assert gate.present is base
    assert gate.decide(candidate).kept


def test_a_judge_without_an_opinion_is_none() -> None:
    """Texts in another script see no difference: certainty is the only judge, as before them."""
    gate = Gate([], [], ALPHABET, ErrorEstimate(), GateConfig())
    gate.know(WORDS)
    base, rather = spoken(ODD, 1.0), spoken(ODD, 0.99, noise=0.2)
    verdict = decide(gate, base, rather, base)
    assert not verdict.kept
    assert "over 90% needed" in verdict.reason
    assert "words" not in verdict.reason


def test_few_held_out_lines_have_to_be_sure() -> None:
    gate = Gate([], [], ALPHABET, ErrorEstimate(), GateConfig())
    gate.know(WORDS)
    base, candidate = spoken(ODD, 1.0), spoken((*LIKELY[:1], *ODD[1:]), 0.99, noise=0.2)
    assert decide(gate, base, candidate, base).kept
    few = [
        replace(s, edits=s.edits[28:36], characters=s.characters[28:36], read=s.read[:8])
        for s in (base, candidate)
    ]
    assert "over 90% needed" in decide(gate, *few, few[0]).reason


def test_leaving_characters_out_is_no_likelier() -> None:
    shorter = tuple(text[:5] for text in LIKELY)
    assert likelier_share(WORDS, LIKELY, shorter) < 0.5
    assert likelier_share(WORDS, ODD, LIKELY) == 1.0
    assert likelier_share(WORDS, LIKELY, LIKELY) == 0.5
    few = np.zeros(200)
    few[:2] = 1.0
    edits, characters = np.stack([few, np.zeros(200)]), np.full((2, 200), 10.0)
    strict = better_share(edits, characters)
    assert strict == pytest.approx(1 - np.exp(-2), abs=0.05)  # neither line is drawn: no gain
    assert better_share(edits, characters, 0.5) == pytest.approx((1 + strict) / 2)


def test_judges_are_heard_together() -> None:
    """Two of one mind are surer than either; one that says nothing takes some of it away."""
    assert together(0.9) == pytest.approx(0.9)
    assert together(0.8, 0.8) == pytest.approx(0.883, abs=1e-3)  # Phi(2 * 0.8416 / sqrt(2))
    assert together(0.8, 0.5) == pytest.approx(0.724, abs=1e-3)
    assert together(0.3, 0.7) == pytest.approx(0.5)
    assert together(1.0, 0.0) == pytest.approx(0.5)


def test_lines_in_new_characters_judge_by_their_texts() -> None:
    """However certain a reader is: one that has no class for a character is certain of others."""
    network, texts = reading_network(), words(30, seed=3)
    lines = [bars(text, 30, 220, 10, i) for i, text in enumerate(texts)]
    labelled = list(zip(lines, texts, strict=True))
    gate = Gate(lines, labelled, ALPHABET, ErrorEstimate(), GateConfig(), 1, labelled, True)
    found = gate.score(network)
    assert found.labelled is not None
    gate.present = found
    assert gate.glance(network) == (found.labelled[0].sum() / found.labelled[1].sum(),) * 2
    poor = replace(found, labelled=(found.labelled[1], found.labelled[1]))
    unsure = replace(found, estimate=replace(found.estimate, rate=0.9), edits=found.characters)
    assert decide(gate, poor, unsure, unsure).kept
    verdict = decide(gate, found, replace(poor, estimate=replace(found.estimate, rate=0.0)), found)
    assert not verdict.kept
    assert "on lines of the corpus" in verdict.reason


def test_some_new_characters_must_not_get_worse(gate: Gate) -> None:
    """Where a text has few of them, the scans' own lines decide, and these have a veto."""
    errors = np.full(20, 2.0), np.full(20, 10.0)
    fewer = np.full(20, 1.0), np.full(20, 10.0)
    base = replace(score(1.0, 0.10), labelled=errors)
    assert decide(gate, base, replace(score(0.8, 0.10), labelled=fewer), base).kept
    assert not decide(gate, base, replace(score(1.2, 0.10), labelled=fewer), base).kept
    worse = decide(
        gate, replace(base, labelled=fewer), replace(score(0.8, 0.10), labelled=errors), base
    )
    assert not worse.kept
    assert "worse on lines in new characters (" in worse.reason


def test_words_alone_do_not_decide() -> None:
    gate = Gate([], [], ALPHABET, ErrorEstimate(), GateConfig())
    gate.know(WORDS)
    doubtful = decide(gate, spoken(ODD, 1.0), spoken(LIKELY, 1.5), spoken(ODD, 1.0))
    assert "less certain than before" in doubtful.reason


def test_silence_is_not_golden() -> None:
    """Lines that are read as nothing are doubted by no judge, and are the likeliest of texts."""
    gate = Gate([], [], ALPHABET, ErrorEstimate(), GateConfig())
    base = spoken(ODD, 1.0)
    silent = replace(spoken(("",) * 10 + ODD[10:], 0.5), edits=np.repeat([0.0, 1.0], [10, 30]))
    hardly = replace(base, edits=np.repeat([4.0, 1.0], [10, 30]))
    assert (base.unreadable, silent.unreadable, hardly.unreadable) == (0.0, 0.25, 0.25)
    for told in (False, True):
        if told:
            gate.know(WORDS)
        verdict = decide(gate, base, silent, base)
        assert "reads less than before (360 -> 270 characters)" in verdict.reason
        # What could not be read may be no text: silence there is no fault, nor a gain.
        assert not decide(gate, hardly, silent, hardly).kept
        better = replace(silent, read=("",) * 10 + LIKELY[10:], edits=0.8 * silent.edits)
        assert decide(gate, hardly, better, hardly).kept


def test_the_share_of_new_letters() -> None:
    texts = {"a": Corpus("a", "αβγ abc", ()), "b": Corpus("b", "", ("αα", "ab"))}
    assert share_of(frozenset("αβγ"), texts) == pytest.approx(0.5)
    assert share_of(frozenset("x"), {}) == 0


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


def test_engines_judge_beside_certainty() -> None:
    network = reading_network()
    lines = [bars(text, 30, 220, 60, i) for i, text in enumerate(words(24, seed=3))]
    read = as_read(network, ALPHABET, 1).log_posteriors(lines)
    said = [ALPHABET.decode(best_path(p).ids) for p in read]
    judge = Gate(lines, [], ALPHABET, ErrorEstimate(), GateConfig(), 1)
    alone = judge.score(network)
    assert alone.read == tuple(said)
    heard = [[Vote(text, 0.9)] for text in said]
    judge.present = alone
    judge.hear([*heard[:10], *[[]] * 14], 0.2)  # too few
    assert "estimate" in decide(judge, alone, alone, alone).reason
    judge.hear([*heard[:10], *[[Vote("ba" * 9, 0.9)]] * 14], 0.2)  # too few that agree with it
    assert judge.glance(network) == pytest.approx((alone.estimate.rate,) * 2)
    judge.hear(heard, 0.2)
    assert judge.glance(network) == (0, 0)
    worse = replace(alone, read=tuple(f"{text[:-1]}{OTHER[text[-1]]}" for text in said))
    judge.present = worse
    was, now = judge.glance(network)
    assert was > now == 0  # one engine is enough for the better one to be it
    assert decide(judge, worse, alone, alone).kept
    verdict = decide(judge, alone, worse, alone)
    assert not verdict.kept
    assert "engines' votes 0.00% -> " in verdict.reason
    assert not decide(judge, alone, alone, alone).kept  # no difference is no reason


def test_what_stands_for_a_network_has_to_read_as_well() -> None:
    """The network itself does; one whose last layer is spoiled does not, and it is said where."""
    network, texts = deepcopy(reading_network()), words(8, seed=3)
    lines = [bars(text, 30, 220, 10, i) for i, text in enumerate(texts)]
    replay = list(zip(lines, texts, strict=True))
    gate = Gate(lines, replay, ALPHABET, ErrorEstimate(), GateConfig(), 1)
    exact = gate.score(network)
    gate.begin(exact)
    assert gate.as_good(as_read(network, ALPHABET, 1)) == ""
    with torch.no_grad():
        network.head.weight.mul_(0.05)
    assert "held-out lines" in gate.as_good(as_read(network, ALPHABET, 1))
    spoiled = replace(exact, estimate=replace(exact.estimate, rate=1.0))
    gate.begin(spoiled)
    with torch.no_grad():
        network.head.bias[0] += 100.0  # reads nothing at all
    assert "general lines" in gate.as_good(as_read(network, ALPHABET, 1))


def test_what_stands_for_a_network_has_to_pass_as_well() -> None:
    """A little worse than the network is allowed; worse than the base, or than the margin, not."""
    network, texts = reading_network(), words(8, seed=3)
    lines = [bars(text, 30, 220, 60, i) for i, text in enumerate(texts)]
    replay = list(zip(lines, texts, strict=True))
    gate = Gate(lines, replay, ALPHABET, ErrorEstimate(), GateConfig(), 1)
    quick, reader = gate.score(network), as_read(network, ALPHABET, 1)
    rate = quick.estimate.rate
    gate.begin(replace(quick, estimate=replace(quick.estimate, rate=rate * 0.999)))
    assert "held-out lines" in gate.as_good(reader)
    gate.begin(quick)
    assert gate.as_good(reader) == ""
    gate.config = GateConfig(replay_relative=0.0, replay_absolute=-0.001)
    assert "general lines" in gate.as_good(reader)


def test_scans_that_nobody_can_read_may_cost_nothing_elsewhere(gate: Gate) -> None:
    """An estimate that falls on another script is no reason to read one's own worse."""
    base, present = (replace(score(1.0, 0.10), edits=LENGTH * 0.5) for _ in range(2))
    assert base.unreadable == 1.0
    better = replace(score(0.8, 0.101), edits=LENGTH * 0.4)
    assert not decide(gate, present, better, base).kept
    assert decide(gate, present, replace(better, replay=0.10), base).kept
