"""The stages, one after the other: time for each, the gate, the journal, and what is recalled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from readapt.adapt.budget import Budget, Portion, stopwatch
from readapt.adapt.end.ending import Ending
from readapt.adapt.gate.lines import Gate, Score, hardly_read
from readapt.adapt.gate.make_gate import make_gate
from readapt.adapt.gate.page_trial import PageTrial
from readapt.adapt.journal import MINUTES, REMARK, Journal
from readapt.adapt.learning.weights import load_weights, save_weights
from readapt.adapt.settings import AdaptConfig
from readapt.adapt.stage import BACKGROUND_MODEL, HEARD, KNOWN, Stage, State
from readapt.adapt.stages import PAGE_STAGES, all_stages
from readapt.adapt.teachers.heard import load_votes
from readapt.models.bundle import Bundle
from readapt.models.manifest import ErrorEstimate
from readapt.nets.crnn import Crnn
from readapt.recognize.lm import CharacterModel

WEIGHTS = "weights.safetensors"
DETECTOR_WEIGHTS = "detector.safetensors"
READINGS = 3.5
"""How often all lines are read when training is over, about, by the time that the gate takes for
its own: to count words, and before and after."""


@dataclass(frozen=True)
class Told:
    """What a progress display shows."""

    stage: str
    text: str
    left: float
    """Seconds of the budget."""
    estimate: float | None
    """Error rate on the held-out lines, as far as it is known."""
    remark: bool = False
    """Whether it is something odd about the scans or the options, that should not be overlooked."""


Listener = Callable[[Told], None]


class Run:
    """Stages of an adaptation, one after the other, as far as one process comes."""

    def __init__(
        self,
        config: AdaptConfig,
        bundle: Bundle,
        journal: Journal,
        budget: Budget,
        work: Path,
        listener: Listener,
    ) -> None:
        self.config, self.bundle, self.journal = config, bundle, journal
        self.budget, self.work, self.listener = budget, work, listener
        self.gate: Gate
        self.now = "scans"
        self.rate: float | None = None
        self._page_trial: PageTrial | None = None

    def say(self, text: str, remark: bool = False) -> None:
        """Tell the listener, and the clock that time has gone by."""
        self.budget.tick()
        self.listener(Told(self.now, text, self.budget.left, self.rate, remark))

    def remark(self, text: str) -> None:
        """Say something odd, once, and note it for the end, which another process may come to."""
        if text not in self._remarks():
            self.say(text, remark=True)
            self.journal.add(REMARK, {"text": text})

    def _remarks(self) -> list[str]:
        return [str(e.data["text"]) for e in self.journal.entries if e.key == REMARK]

    def stages(self, state: State) -> None:
        """Run what is not done yet.

        A stage that is done is recalled: what it made, and its weights if the gate kept them.
        """
        errors = self.bundle.manifest.calibration.errors or ErrorEstimate()
        gate = self.gate = make_gate(state, self.bundle.alphabet, errors)
        self.now = "base"
        self.say("reading the held-out lines")
        elapsed = stopwatch()
        gate.begin(gate.score(state.network))
        of_gate = len(state.target.lines) / max(1, gate.lines)
        self.budget.read_at_end(READINGS * elapsed() * of_gate)
        state.judge, state.general = gate.glance, gate.general
        state.most_general = gate.allowed
        self._note_base(state, gate.base)
        stages = all_stages(self.config)
        started = state.network
        done = self._done(stages)
        for stage in done:
            self._recall(state, stage)
        if state.network is not started:
            gate.present = gate.score(state.network)
        self._hear(state)
        self._know(state)
        coming = [stage for stage in stages if stage not in done]
        given = [float(e.data["given"]) for e in self.journal.entries if e.key == MINUTES]
        if not coming and given[-1] > max(given[:-1], default=given[-1]):
            self.say(
                "every stage is done: more minutes change nothing; another -o begins anew", True
            )
        if coming and not self.budget.left and not self.config.steps:
            self.say("the minutes are spent; --resume with more --minutes gives it time", True)
        while coming:
            self._stage(state, coming)
            coming.pop(0)
        self.now, self.rate = "end", gate.present.estimate.rate

    def _done(self, stages: Sequence[Stage]) -> list[Stage]:
        """Stages that do not run again.

        Those that were left out last may, if none after them has begun: a teacher may have been
        installed since.
        """
        found = (self.journal.get(f"stage {stage.name}") for stage in stages)
        done = list(takewhile(lambda entry: entry is not None, found))
        begun = [stage for stage in stages[len(done) :] if self.journal.get(f"begun {stage.name}")]
        while not begun and done and "left out" in (done[-1] or {}):
            done.pop()
        return list(stages[: len(done)])

    def ending(self, state: State, remarks: Sequence[str]) -> Ending:
        """Put together what the end needs."""
        return Ending(
            state,
            self.gate,
            self.journal,
            self.budget,
            self.bundle,
            self.work,
            [*remarks, *self._remarks()],
            self.say,
        )

    def _stage(self, state: State, coming: Sequence[Stage]) -> None:
        """Run the first of the stages to come and put what it made through the gate."""
        stage = coming[0]
        self.now, self.rate = stage.name, self.gate.present.estimate.rate
        entry: dict[str, Any] = {"title": stage.title, "kept": False}
        started = self.budget.spent
        begun = f"begun {stage.name}"
        lacking, portion = stage.lacks(state), Portion(0.0)
        if not lacking:
            self.say(stage.title)
            times = self.journal.get(begun) or self._times(stage, coming, state)
            portion = Portion(float(times["seconds"]), lambda: self.say(stage.title))
        if not lacking and stage.name in PAGE_STAGES:
            portion = self._trial(state).beside(portion)
            if not portion.seconds and not self.config.steps:
                lacking = "there is no time for it beside its gate"
        if not lacking and self.journal.get(begun) is None:
            self.journal.add(begun, times)
        if lacking:
            self.journal.add(f"stage {stage.name}", {**entry, "left out": lacking})
            self.say(f"left out: {lacking}")
            return
        folder = self.work / stage.name
        outcome = stage.run(state, portion, folder)
        state.files.update(outcome.files)
        state.records[stage.name] = outcome.record
        entry |= {
            "record": dict(outcome.record),
            "files": {k: self._named(v) for k, v in outcome.files.items()},
        }
        if KNOWN in state.records:  # what it chose would be another thing after it has learnt
            entry[KNOWN] = dict(state.records[KNOWN])
        if HEARD in outcome.files:  # from now on others judge
            self._hear(state)
        if BACKGROUND_MODEL in outcome.files:
            self._know(state)
        if outcome.verdict is not None:
            entry |= {"kept": outcome.verdict.kept, "reason": outcome.verdict.reason}
        if outcome.network is not None:
            entry |= self._through(state, outcome.network, outcome.picked, folder)
        if outcome.detector is not None:
            verdict, figures = self._trial(state).decide(outcome.detector)
            entry |= {"kept": verdict.kept, "reason": verdict.reason, "detector": figures}
            if verdict.kept:
                save_weights(outcome.detector, folder / DETECTOR_WEIGHTS)
                state.detector = outcome.detector
        before = (self.journal.get(begun) or {}).get("spent", started)
        entry["seconds"] = round(self.budget.spent - before, 1)
        self.journal.add(f"stage {stage.name}", entry)
        decision = ("kept: " if entry["kept"] else "rejected: ") if "reason" in entry else ""
        self.say(decision + entry.get("reason", "done"))

    def _hear(self, state: State) -> None:
        """Let other engines judge, once they were asked."""
        votes = load_votes(state, self.gate.present.read)
        self.gate.hear(votes, state.config.selftrain.most_doubt)

    def _know(self, state: State) -> None:
        """Let the words judge, once there is a model of them."""
        path = state.files.get(BACKGROUND_MODEL)
        if path is not None:
            self.gate.know(CharacterModel.load(path, state.alphabet))

    def _named(self, path: Path) -> str:
        """Name a file for the journal: the folder may be moved, a look of the user's stays."""
        inside = path.is_relative_to(self.work)
        return str(path.relative_to(self.work) if inside else path.resolve())

    def _through(self, state: State, candidate: Crnn, picked: bool, folder: Path) -> dict[str, Any]:
        """Ask the gate; on a yes the candidate is the present network from now on."""
        score = self.gate.score(candidate)
        verdict = self.gate.decide(score, picked=picked)
        if verdict.kept:
            save_weights(candidate, folder / WEIGHTS)
            state.network = candidate
            self.rate = score.estimate.rate
        return {
            "kept": verdict.kept,
            "reason": verdict.reason,
            "estimate": [score.estimate.rate, score.estimate.low, score.estimate.high],
            "replay": score.replay,
        }

    def _trial(self, state: State) -> PageTrial:
        if self._page_trial is None:
            self._page_trial = PageTrial(state, self.journal, self.budget, self.say)
        return self._page_trial

    def _recall(self, state: State, stage: Stage) -> None:
        entry = self.journal.get(f"stage {stage.name}") or {}
        state.records[stage.name] = entry.get("record", {})
        files = entry.get("files", {})
        state.files.update({name: self.work / path for name, path in files.items()})
        if entry.get("kept") and "replay" in entry:
            state.network = load_weights(state.network, self.work / stage.name / WEIGHTS)
        elif entry.get("kept") and "detector" in entry and state.detector is not None:
            path = self.work / stage.name / DETECTOR_WEIGHTS
            state.detector = load_weights(state.detector, path)
        if KNOWN in entry:
            state.records[KNOWN] = entry[KNOWN]

    def _times(self, stage: Stage, coming: Sequence[Stage], state: State) -> dict[str, float]:
        """Seconds for a stage, and those spent before it; one that was begun keeps its own."""
        keys = [one.name for one in coming if not one.lacks(state)]
        seconds = self.budget.portion(stage.name, keys, self.config.shares)
        return {"seconds": round(seconds, 1), "spent": round(self.budget.spent, 1)}

    def _note_base(self, state: State, base: Score) -> None:
        """Note what the base model does on the scans, once, and say it if that is little."""
        if self.journal.get("base") is not None:
            return
        if doubt := hardly_read(base.unreadable):
            self.say(doubt, remark=True)
        self.journal.add(
            "base",
            {
                "estimate": [base.estimate.rate, base.estimate.low, base.estimate.high],
                "replay": base.replay,
                "unreadable": round(base.unreadable, 3),
                "lines": len(state.target.lines),
                "held out": len(state.target.held_out),
            },
        )
