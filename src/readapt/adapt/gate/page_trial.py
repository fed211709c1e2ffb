"""Candidate detectors before their gate: who scores them, against what, and how long it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from readapt.adapt.budget import Budget, Portion
from readapt.adapt.exported import as_found, as_read
from readapt.adapt.gate.pages import PageGate, PageScore
from readapt.adapt.gate.verdict import Verdict
from readapt.adapt.journal import Journal
from readapt.adapt.stage import State
from readapt.nets.crnn import Crnn
from readapt.nets.detector import DetectorNet
from readapt.synth.page import PageConfig
from readapt.train.detector import SyntheticPages


class PageTrial:
    """Scores the present detector once, and every candidate beside it."""

    def __init__(
        self, state: State, journal: Journal, budget: Budget, say: Callable[[str], None]
    ) -> None:
        self._state, self._journal, self._budget, self._say = state, journal, budget, say
        self._gate: PageGate | None = None
        self._present: tuple[Crnn, PageScore] | None = None
        self._seconds = 0.0

    def beside(self, portion: Portion) -> Portion:
        """Take the gate's time off a portion: it is known once the present detector is scored."""
        started = self._budget.spent
        self._score_present()
        gate = self._budget.spent - started + self._seconds
        return replace(portion, seconds=max(0.0, portion.seconds - gate))

    def decide(self, candidate: DetectorNet) -> tuple[Verdict, dict[str, float]]:
        """Ask the gate; returns also what the candidate does."""
        before, gate = self._score_present()
        after = self._score(candidate, gate)
        base = float((self._journal.get("base pages") or {})["general"])
        verdict = gate.decide(before, after, base)
        self._present = (self._state.network, after if verdict.kept else before)
        return verdict, {"worth": float(after.worth.sum()), "general pages": after.general}

    def _score_present(self) -> tuple[PageScore, PageGate]:
        """Score the present detector; once, as long as the same recognizer reads its boxes."""
        state = self._state
        assert state.detector is not None
        self._gate = gate = self._gate or self._make_gate()
        if self._present is not None and self._present[0] is state.network:
            return self._present[1], gate
        score = self._score(state.detector, gate)
        if self._journal.get("base pages") is None:  # the first time, before anything was kept
            self._journal.add("base pages", {"general": score.general})
        self._present = (state.network, score)
        return score, gate

    def _score(self, network: DetectorNet, gate: PageGate) -> PageScore:
        self._say("finding the lines of held-out pages")
        started, state = self._budget.spent, self._state
        finder = as_found(network, state.detector_config, state.config.threads)
        reader = as_read(state.network, state.alphabet, state.config.threads)
        score = gate.score(finder, reader, self._budget.tick)
        self._seconds = self._budget.spent - started
        return score

    def _make_gate(self) -> PageGate:
        config = self._state.config
        general = SyntheticPages(PageConfig(seed=config.seed + 10_000_019, colour=0.1))
        pages = []
        for i in range(config.gate.general_pages):
            self._say("general pages")
            pages.append(general(i))
        return PageGate(self._state.target.sheets.held_out, pages, config.gate, self._state.pad)
