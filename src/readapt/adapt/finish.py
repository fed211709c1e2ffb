"""The end of an adaptation: the model on disk, what it reads now, and the report."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from readapt import __version__
from readapt.adapt.budget import Budget, Portion, peak_memory
from readapt.adapt.calibrated import CALIBRATED, Weights, fit_confidences, fit_weights
from readapt.adapt.changes import Changes, find_changes, words_of
from readapt.adapt.gate import HARDLY, Score
from readapt.adapt.journal import Journal
from readapt.adapt.known import known_lines
from readapt.adapt.report import write_report
from readapt.adapt.stage import LANGUAGE_MODEL, State
from readapt.evaluate.boxes import Detection, match
from readapt.evaluate.estimate import Estimate
from readapt.evaluate.run import EvaluationConfig, evaluate
from readapt.evaluate.truth import Truth, load_truth
from readapt.export.detector import export_detector
from readapt.export.int8 import export_int8
from readapt.export.recognizer import export_recognizer
from readapt.models.bundle import Bundle, save_bundle
from readapt.models.manifest import ErrorEstimate, LanguageModelSection
from readapt.nets.crnn import STRIDE
from readapt.pages.load import load_page
from readapt.reader import Reader, load_detector, load_recognizer
from readapt.recognize.beam import NARROW
from readapt.recognize.decode import GREEDY
from readapt.recognize.recognizer import Recognizer

QUICK = "recognizer-int8.onnx"
"""What is read with: the same network, its convolutions in integers."""
FITTING = 0.35
"""Share of the time left at the end that the calibration of the estimate may take ..."""
LEAST = 15.0
"""... and seconds that it has where none is left: estimates are not a matter of luck."""


@dataclass(frozen=True)
class Ending:
    """What the stages left."""

    state: State
    base: Score
    last: Score
    journal: Journal
    budget: Budget
    bundle: Bundle
    """The model that was begun with."""
    work: Path
    remarks: Sequence[str]
    as_good: Callable[[Recognizer, Score], str]
    """The gate's word on what stands for the last network."""
    say: Callable[[str], None]

    @property
    def stages(self) -> dict[str, Mapping[str, Any]]:
        """What the journal says of each stage, in order."""
        entries = (e for e in self.journal.entries if e.key.startswith("stage "))
        return {entry.key.removeprefix("stage "): entry.data for entry in entries}

    @property
    def kept(self) -> list[str]:
        """Names of the stages whose weights were kept."""
        return [name for name, entry in self.stages.items() if entry.get("kept")]

    @property
    def reads_anew(self) -> bool:
        """Whether the recognizer is another than the base's."""
        return any("replay" in self.stages[name] for name in self.kept)

    @property
    def language(self) -> tuple[LanguageModelSection | None, Path | None]:
        """The new model's language model, how far reading relies on it, and where its file lies.

        The base's own, unless a better one was weighed; where it has none, that of the scans, for
        those who ask for a beam.
        """
        own, path = self.bundle.manifest.language_model, self.bundle.language_model
        learnt, weighed = self.state.files.get(LANGUAGE_MODEL), "weigh" in self.kept
        alphabet = self.state.alphabet if self.reads_anew else self.bundle.alphabet
        wanted = weighed or own is None or alphabet != self.bundle.alphabet
        if learnt is not None and alphabet == self.state.alphabet and wanted:
            section = LanguageModelSection(file="language-model.npz")
            if weighed:
                found = self.stages["weigh"]["record"]
                update = {
                    "weight": found["weight"],
                    "length_weight": found["length weight"],
                    "beam": NARROW.width,
                    "errors_left": found["errors left"],
                }
                section = section.model_copy(update=update)
            return section, learnt
        return (own, path) if alphabet == self.bundle.alphabet else (None, None)

    @property
    def finds_anew(self) -> bool:
        """Whether the detector is another than the base's."""
        return any("detector" in self.stages[name] for name in self.kept)


@dataclass(frozen=True)
class Measured:
    """Error rates on labelled lines that nothing was learnt from."""

    before: float
    after: float
    lines: int
    boxes: tuple[float, float] | None = None
    """H-mean of the found lines before and after, where there are pages and a detector."""


@dataclass(frozen=True)
class Adapted:
    """What came out of an adaptation."""

    model: Path
    report: Path
    before: Estimate
    """Of the base model on the lines of the scans ..."""
    after: Estimate
    """... and of the new one; by those held out, since it is too sure of those it learnt from."""
    kept: tuple[str, ...]
    """Stages that passed the gate; none: the model is the base model."""
    remarks: tuple[str, ...]
    minutes: float
    memory: float
    """Gigabytes that this process held at most; engines that teach have their own."""
    truth: Measured | None = None
    pages: tuple[tuple[str, Estimate, Estimate], ...] = ()
    """Pages with their estimates before and after, the most doubtful first."""


def finish(ending: Ending, out: Path, truth: str | Path | None) -> Adapted:
    """Write the model and the report; measure where there is a truth."""
    ending = replace(ending, remarks=(*ending.remarks, *_doubts(ending)))
    with tempfile.TemporaryDirectory(dir=ending.work) as scratch:
        ending.say("writing the model")
        bundle, remark = draft_model(ending, Path(scratch) / _plain(out.name))
        if remark:
            ending = replace(ending, remarks=(*ending.remarks, remark))
        bundle, weights = _calibrated(ending, bundle)
        ending.say("reading lines before and after")
        changes = find_changes(ending, bundle, weights, 0.7 * ending.budget.left)
        provenance = ending.bundle.manifest.provenance | {"adapted": _provenance(ending)}
        update = {"metrics": _metrics(ending, changes), "provenance": provenance}
        bundle = _saved(bundle, out, update)
    measured = None
    if truth is not None:
        ending.say("measuring on the labelled documents")
        measured = measure(ending.bundle, bundle, truth, ending.state.config.threads)
    minutes, memory = round(ending.budget.spent / 60, 2), peak_memory()
    report = write_report(ending, changes, measured, bundle, minutes, memory)
    return Adapted(
        out,
        report,
        changes.before,
        changes.after,
        tuple(ending.kept),
        tuple(ending.remarks),
        minutes,
        memory,
        measured,
        changes.pages,
    )


def draft_model(ending: Ending, folder: Path) -> tuple[Bundle, str]:
    """Write the bundle to ``folder``: the base's files, and what was learnt where something was.

    Returns also what is to be said of it, "" for nothing.
    """
    state, base = ending.state, ending.bundle
    manifest = base.manifest
    files = {name: base.folder / name for name in manifest.sha256}
    with tempfile.TemporaryDirectory() as scratch:
        remark, recognizer = "", manifest.recognizer
        if ending.reads_anew:
            path = Path(scratch) / recognizer.file
            export_recognizer(state.network, path)
            files[recognizer.file] = path
            files.pop(recognizer.int8 or "", None)  # that was another network
            quick = Path(scratch) / QUICK
            remark = _quick(ending, quick)
            if not remark:
                files[QUICK] = quick
            recognizer = recognizer.model_copy(update={"int8": None if remark else QUICK})
        if ending.finds_anew and state.detector is not None and manifest.detector is not None:
            path = Path(scratch) / manifest.detector.file
            export_detector(state.detector, path)
            files[manifest.detector.file] = path
        language, path_to_it = ending.language
        if manifest.language_model is not None:
            files.pop(manifest.language_model.file)
        if language is not None and path_to_it is not None:
            files[language.file] = path_to_it
        update = {
            "name": folder.name,
            "version": __version__,
            "alphabet": state.alphabet.characters if ending.reads_anew else manifest.alphabet,
            "recognizer": recognizer,
            "language_model": language,
        }
        return save_bundle(folder, manifest.model_copy(update=update), files), remark


def _saved(bundle: Bundle, out: Path, update: Mapping[str, object]) -> Bundle:
    """Write a bundle somewhere else, or where it is, with other sections."""
    files = {name: bundle.folder / name for name in bundle.manifest.sha256}
    manifest = bundle.manifest.model_copy(update=dict(update))
    return save_bundle(out, manifest, files, replace=True)


def _quick(ending: Ending, path: Path) -> str:
    """Write the network with integers to ``path``; says why it is not to be used, "" if it is."""
    state, height = ending.state, ending.state.network.config.height
    ending.say("the same in integers")
    try:
        export_int8(state.network, path, state.target.lines)
        quick = Recognizer(path, state.alphabet, height, STRIDE, state.config.threads)
    except Exception as error:  # of a library; an hour's work is not lost for some speed
        return f"The model reads in floating point: integers failed ({error})."
    worse = ending.as_good(quick, ending.last)
    return f"The model reads in floating point: in integers it is worse ({worse})." if worse else ""


def _calibrated(ending: Ending, bundle: Bundle) -> tuple[Bundle, Weights]:
    """Fit confidences and estimates anew, on labelled lines that no stage has seen.

    A model that reads as its base does keeps what was known of that.
    """
    present = (bundle.manifest.calibration.errors or ErrorEstimate()).without_words()
    if not ending.reads_anew:
        return bundle, Weights(present, present)
    ending.say("calibrating confidences")
    threads, alphabet = ending.state.config.threads, bundle.alphabet
    known, _ = known_lines(ending.state, Portion(0.0))
    base, new = (load_recognizer(one, threads, GREEDY) for one in (ending.bundle, bundle))
    count = ending.state.config.few(CALIBRATED)
    calibration = fit_confidences(new, known, alphabet, bundle.manifest.calibration, count)
    ending.say("calibrating the estimate")
    words = words_of(bundle)
    seconds = max(FITTING * ending.budget.left, min(LEAST, FITTING * ending.budget.seconds))
    weights = fit_weights((base, new), known, words, present, seconds, ending.budget.tick)
    calibration = calibration.model_copy(update={"errors": weights.after})
    return _saved(bundle, bundle.folder, {"calibration": calibration}), weights


def measure(before: Bundle, after: Bundle, truth: str | Path, threads: int | None) -> Measured:
    """Read labelled lines with both models; folded error rates."""
    known = load_truth([truth])
    config = EvaluationConfig(pages=False, worst=0)
    rates = [evaluate(known, Reader(bundle.folder, threads), config) for bundle in (before, after)]
    boxes = None
    if known.pages and before.detector is not None:
        boxes = (found_hmean(before, known, threads), found_hmean(after, known, threads))
    return Measured(rates[0].cer_folded.rate, rates[1].cer_folded.rate, len(rates[0].lines), boxes)


def found_hmean(bundle: Bundle, truth: Truth, threads: int | None) -> float:
    """Find the lines of labelled pages; H-mean at an intersection over union of 0.5."""
    detector, found = load_detector(bundle, threads), Detection()
    for page in truth.pages:
        quads = detector.detect(load_page(page.image).image)[0] if detector else ()
        polygons = [np.array(line.polygon, np.float32) for line in page.lines]
        found += match(polygons, list(quads), [line.ignore for line in page.lines]).detection
    return found.hmean


def _metrics(ending: Ending, changes: Changes) -> dict[str, float]:
    known = ending.bundle.manifest.metrics
    if ending.kept:  # those of the base were of another recognizer, or of another way of reading
        known = {k: v for k, v in known.items() if not k.startswith(("cer", "wer", "ms_"))}
    return known | {
        "estimated_cer_scans": round(changes.after.rate, 4),
        "estimated_cer_scans_before": round(changes.before.rate, 4),
        "cer_general_synthetic": round(ending.last.replay, 4),
    }


def _provenance(ending: Ending) -> dict[str, Any]:
    """Say how it was made; never names of scans."""
    return {
        "base": ending.bundle.manifest.name,
        "stages": ending.kept,
        "minutes": round(ending.budget.spent / 60, 1),
        "lines": len(ending.state.target.lines),
        "seed": ending.state.config.seed,
        "teachers": list(ending.state.config.teachers),
    }


def _doubts(ending: Ending) -> list[str]:
    base = ending.journal.get("base") or {}
    found = [doubt] if (doubt := unreadable(float(base.get("unreadable", 0.0)))) else []
    if not ending.kept:
        found.append("No stage helped: the model reads as the one that was begun with.")
    return found


def unreadable(share: float) -> str:
    """Say what it may mean that a ``share`` of the lines can hardly be read; "" for a small one."""
    if share < HARDLY:
        return ""
    return (
        f"{share:.0%} of the lines can hardly be read: another script than the alphabet's, "
        "handwriting, or scans upside down? What is learnt from such lines is worth little."
    )


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", name).lstrip("._-") or "adapted"
