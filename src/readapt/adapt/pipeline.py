"""The whole way from unlabelled scans to a model that reads them better, stage by stage."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from readapt.adapt.budget import FILE_NAME as CLOCK_NAME
from readapt.adapt.budget import Budget, Portion
from readapt.adapt.end.ending import Ending
from readapt.adapt.end.finish import Adapted, finish
from readapt.adapt.gate.lines import Gate, Score, hardly_read
from readapt.adapt.gate.make_gate import make_gate
from readapt.adapt.gate.page_trial import PageTrial
from readapt.adapt.journal import FILE_NAME as JOURNAL_NAME
from readapt.adapt.journal import MINUTES, Journal, minutes_before
from readapt.adapt.learning.detector_weights import trainable_detector
from readapt.adapt.learning.weights import (
    extended,
    extended_alphabet,
    load_weights,
    save_weights,
    trainable,
)
from readapt.adapt.lock import FILE_NAME as LOCK_NAME
from readapt.adapt.lock import only_one
from readapt.adapt.preparation import (
    check,
    check_text,
    load_corpora,
    make_folder,
    measured_among,
    shared_settings,
)
from readapt.adapt.scans.target import FILE_NAME, Target, find_target, load_target, save_target
from readapt.adapt.settings import LEAST_JUDGES, AdaptConfig
from readapt.adapt.stage import BACKGROUND_MODEL, HEARD, KNOWN, Stage, State
from readapt.adapt.stages import PAGE_STAGES, all_stages
from readapt.adapt.teachers.heard import load_votes
from readapt.errors import InputError, ModelError, ReadaptError, UsageError
from readapt.evaluate.truth import load_truth
from readapt.models.bundle import Bundle, find_bundle
from readapt.models.manifest import ErrorEstimate
from readapt.nets.crnn import Crnn
from readapt.reader import Reader, choose_decoder, load_detector
from readapt.recognize.alphabet import name as names_of
from readapt.recognize.lm import CharacterModel
from readapt.synth.fonts import find_fonts
from readapt.train.device import find_device
from readapt.train.threads import torch_threads
from readapt.whole import is_full

WEIGHTS = "weights.safetensors"
DETECTOR_WEIGHTS = "detector.safetensors"
LOOKING = 0.1
"""Share of the budget after which no more pages are opened, if there are lines enough."""
LEAST_MINUTES = 1.0
"""Of a run that can keep to them."""
MOST_LOOKING = 0.5
"""Share of the budget after which none are, however few lines there are."""


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


def work_folder(out: Path) -> Path:
    """Return where an adaptation works whose model goes to ``out``."""
    return out.with_name(f"{out.name}-adapting")


@torch_threads(1)
def adapt(
    scans: Sequence[str | Path] | str | Path,
    out: str | Path,
    *,
    text: str | Path | None = None,
    base: str | Path | None = None,
    truth: str | Path | None = None,
    config: AdaptConfig | None = None,
    resume: bool = False,
    extend_alphabet: bool = False,
    listener: Listener = lambda told: None,
) -> Adapted:
    """Adapt a model to scans without a label, and write it to the folder ``out``.

    Args:
        scans: images, PDFs, folders of them, globs.
        out: where the model goes; ``<out>-adapting`` beside it holds what a resumed run needs,
            and the report.
        text: a UTF-8 corpus of the same kind of text; None for the texts of this system in the
            languages found.
        base: the model to begin with; None for the one that comes with readapt.
        truth: labelled pages or lines to measure by, before and after; nothing is learnt from it.
        config: budget, stages, teachers; see ``readapt.adapt.settings``. None for those settings,
            and the minutes of what is resumed.
        resume: go on with what an earlier run began.
        extend_alphabet: give the characters of ``text`` that the alphabet lacks classes of their
            own.
        listener: hears what is being done, how much time is left, and the present estimate.

    Returns:
        The model's folder, the report, and the figures before and after. The model is never one
        that the gate did not pass: if no stage helped, it is the base model.

    Raises:
        InputError: no scans, or too few lines on them.
        UsageError: the options do not go together, or ``out`` is taken.
        ModelError: the base model, or the look, cannot be loaded or trained.
        ReadaptError: the disk is full; ``resume`` goes on from there.

    """
    out = Path(out)
    if not out.name:
        raise UsageError(f"{out}: is no folder that can be made; give -o a name.")
    work = work_folder(out)
    if config is None:
        config = AdaptConfig()
        config = replace(config, minutes=minutes_before(work) or config.minutes)
    check(out, work, config, resume)
    if extend_alphabet and text is None:
        raise UsageError(
            "--extend-alphabet takes new characters from a corpus: give one by --text."
        )
    bundle = Bundle.load(find_bundle(base))
    if bundle.folder.resolve() == out.resolve():
        raise UsageError(f"{out}: is the model to begin with; choose another -o.")
    # What is wrong with it is said before hours of work.
    labelled = None if truth is None else load_truth([truth])
    find_device(config.device)
    network = trainable(bundle)  # as is a model that cannot learn
    named = [str(scan) for scan in ([scans] if isinstance(scans, (str, Path)) else scans)]
    make_folder(out, work)
    budget: Budget | None = None
    journal: Journal | None = None
    try:
        with only_one(work):
            settings = shared_settings(config, named, text, bundle, extend_alphabet)
            journal = Journal(work, settings, resume)
            if journal.begun_anew:  # what an interrupted start may have left
                for name in (FILE_NAME, CLOCK_NAME):
                    (work / name).unlink(missing_ok=True)
            journal.add(MINUTES, {"given": config.minutes})
            budget = Budget(60 * config.minutes, work)
            run = _Run(config, bundle, network, journal, budget, work, listener)
            if resume and journal.begun_anew:
                run.say(f"{work}: there is nothing to go on with; begun anew", remark=True)
            state, remarks = run.begin(named, text, extend_alphabet)
            if labelled and (remark := measured_among(labelled, named)):
                run.say(remark, remark=True)
                remarks.append(remark)
            run.stages(state)
            return finish(run.ending(state, remarks), out, truth)
    except PermissionError as error:
        raise ReadaptError(
            f"{error.filename or work}: not allowed ({error.strerror}); change its rights, and go "
            "on with --resume."
        ) from error
    except (OSError, RuntimeError, SafetensorError) as error:
        if is_full(work, error):
            file = error.filename if isinstance(error, OSError) else None
            places = (work, Path(tempfile.gettempdir()))
            place = file or min(places, key=lambda folder: shutil.disk_usage(folder).free)
            raise ReadaptError(
                f"{place}: the disk is full; free some of it and go on with --resume."
            ) from error
        raise
    except (InputError, UsageError):
        if journal is not None and journal.begun_anew and not (work / FILE_NAME).exists():
            for name in (JOURNAL_NAME, CLOCK_NAME, LOCK_NAME):  # nothing has been done
                (work / name).unlink(missing_ok=True)
            with suppress(OSError):  # there is something of the user's
                work.rmdir()
        raise
    finally:
        if budget is not None and work.is_dir() and shutil.disk_usage(work).free > 100_000:
            with suppress(OSError):  # what went wrong first is what is said
                budget.tick(force=True)


class _Run:
    """One process's part of an adaptation."""

    def __init__(
        self,
        config: AdaptConfig,
        bundle: Bundle,
        network: Crnn,
        journal: Journal,
        budget: Budget,
        work: Path,
        listener: Listener,
    ) -> None:
        self.config, self.bundle, self.journal = config, bundle, journal
        self.network = network
        self.budget, self.work, self.listener = budget, work, listener
        self.gate: Gate
        self.now = "scans"
        self.rate: float | None = None
        self._page_trial: PageTrial | None = None

    def say(self, text: str, remark: bool = False) -> None:
        """Tell the listener, and the clock that time has gone by."""
        self.budget.tick()
        self.listener(Told(self.now, text, self.budget.left, self.rate, remark))

    def begin(
        self, scans: Sequence[str], text: str | Path | None, extend: bool
    ) -> tuple[State, list[str]]:
        """Cut the lines, load texts and network, and say what is odd about any of them."""
        corpora, given = load_corpora(text)
        if given and not extend:
            check_text(corpora, self.bundle.alphabet)
        target = self._target(scans)
        remarks = list(target.remarks)
        if self.config.minutes < LEAST_MINUTES and not self.config.steps:
            remarks.append("Less than a minute: looking for lines and the end alone take longer.")
        alphabet, network = self.bundle.alphabet, self.network
        if given:
            lacking = alphabet.missing("".join(corpus.text for corpus in corpora.values()))
            if extend:
                lacking, remark = _drawn(lacking)
                remarks += filter(None, [remark])
            if lacking and extend:
                added = extended_alphabet(alphabet, lacking)
                network = extended(network, added.classes - alphabet.classes)
                alphabet = added
                remarks.append(f"New in the alphabet, if a stage passes: {names_of(lacking)}.")
                # New classes start from nothing: part of the way to them is none.
                self.config = replace(self.config, way=1.0, ways_taught=(1.0,))
            elif lacking:
                remarks.append(
                    f"The alphabet lacks {names_of(lacking)}, which the corpus has: they are left "
                    "out; --extend-alphabet gives them classes of their own."
                )
        state = State(self.config, network, alphabet, target, corpora, given, told=self.say)
        if alphabet == self.bundle.alphabet:
            state.decoder = choose_decoder(self.bundle)
        else:
            state.others, _ = load_corpora(None)
        for remark in remarks:
            self.say(remark, remark=True)
        self._with_detector(state)
        return state, remarks

    def _with_detector(self, state: State) -> None:
        """Give the state a detector that learns, where there are pages it could learn from."""
        finder = load_detector(self.bundle, self.config.threads)
        if finder is None or not state.target.sheets.learnt:
            return
        try:
            state.detector = trainable_detector(self.bundle)
        except ModelError:  # made elsewhere: it finds lines as ever, and does not learn
            return
        state.detector_config = finder.config
        state.pad = self.bundle.manifest.recognizer.pad

    def _target(self, scans: Sequence[str]) -> Target:
        path = self.work / FILE_NAME
        target = load_target(path)
        if target is None:
            self.say("looking for lines")
            reader = Reader(self.bundle.folder, self.config.threads)
            few, wanted = self.config.few, self.config.target
            wanted = replace(
                wanted,
                height=self.bundle.manifest.recognizer.height,
                most=max(few(wanted.most), wanted.least),
                most_held_out=few(wanted.most_held_out, LEAST_JUDGES),
            )
            target = find_target(
                scans,
                reader,
                wanted,
                LOOKING * self.budget.seconds,
                self.config.seed,
                # a count first: a log has no line for each page
                lambda done, count: self.say(f"{done} of {count} pages looked at for lines"),
                MOST_LOOKING * self.budget.seconds,
            )
            save_target(target, path)
        return target

    def stages(self, state: State) -> None:
        """Run what is not done yet.

        A stage that is done is recalled: what it made, and its weights if the gate kept them.
        """
        errors = self.bundle.manifest.calibration.errors or ErrorEstimate()
        gate = self.gate = make_gate(state, self.bundle.alphabet, errors)
        self.now = "base"
        self.say("reading the held-out lines")
        gate.begin(gate.score(state.network))
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
            remarks,
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
        self.say(entry.get("reason", "done"))

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


def _drawn(lacking: frozenset[str]) -> tuple[frozenset[str], str]:
    """Return which new characters some font here can draw, and what is to be said of the others."""
    if not lacking:
        return lacking, "The alphabet has all characters of the corpus: there is none to add."
    covered = frozenset().union(*(font.covers for font in find_fonts()))
    none = frozenset(character for character in lacking if ord(character) not in covered)
    if not none:
        return lacking, ""
    return lacking - none, (
        f"No font here has {names_of(none)}: left out, since nothing could be drawn to learn from; "
        "install a font that has them."
    )
