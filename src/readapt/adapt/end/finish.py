"""The end of an adaptation: the model on disk, what it reads now, and the report."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from readapt.adapt.budget import Portion, peak_memory
from readapt.adapt.end.calibrated import CALIBRATED, Weights, fit_confidences, fit_weights
from readapt.adapt.end.changes import Changes, find_changes, words_of
from readapt.adapt.end.draft import draft_model
from readapt.adapt.end.ending import Ending
from readapt.adapt.end.measured import Measured, measure
from readapt.adapt.end.report import write_report
from readapt.adapt.gate.lines import hardly_read
from readapt.adapt.learning.known import known_lines
from readapt.adapt.learning.second_student import most_memory
from readapt.adapt.teachers.heard import load_readings
from readapt.errors import ReadaptError
from readapt.evaluate.estimate import Estimate
from readapt.models.bundle import Bundle, save_bundle
from readapt.models.manifest import ErrorEstimate
from readapt.reader import load_recognizer
from readapt.recognize.decode import GREEDY

FITTING = 0.35
"""Share of the time left at the end that the calibration of the estimate may take ..."""
LEAST = 15.0
"""... and seconds that it has where none is left: estimates are not a matter of luck."""
_DRAFT = "draft-"


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
    """Gigabytes that the two processes of a training held at most; engines have their own."""
    truth: Measured | None = None
    pages: tuple[tuple[str, Estimate, Estimate], ...] = ()
    """Pages with their estimates before and after, the most doubtful first."""


def finish(
    ending: Ending, out: Path, truth: str | Path | None, ignore_case: bool = False
) -> Adapted:
    """Write the model and the report; measure where there is a truth."""
    ending = replace(ending, remarks=(*ending.remarks, *_doubts(ending)))
    for left in ending.work.glob(f"{_DRAFT}*"):  # by a run that was killed here
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=ending.work, prefix=_DRAFT) as scratch:
        ending.say("writing the model")
        bundle, remark = draft_model(ending, Path(scratch) / _plain(out.name))
        if remark:
            ending = replace(ending, remarks=(*ending.remarks, remark))
        bundle, weights = _calibrated(ending, bundle)
        ending.say("reading lines before and after")
        changes = find_changes(ending, bundle, weights, 0.7 * ending.budget.left)
        if changes.unread:
            ending = replace(ending, remarks=(*ending.remarks, changes.unread))
        provenance = ending.bundle.manifest.provenance | {"adapted": _provenance(ending)}
        update = {"metrics": _metrics(ending, changes), "provenance": provenance}
        bundle = _saved(bundle, out, update)
    measured = None
    if truth is not None:
        ending.say("measuring on the labelled documents")
        try:
            threads = ending.state.config.threads
            measured = measure(ending.bundle, bundle, truth, threads, ignore_case)
        except ReadaptError as error:  # the model stands, and is reported
            remark = f"Nothing could be measured on the labelled documents: {error}"
            ending = replace(ending, remarks=(*ending.remarks, remark))
    minutes = round(ending.budget.spent / 60, 2)
    memory = peak_memory() + most_memory(ending.work)
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


def _metrics(ending: Ending, changes: Changes) -> dict[str, float]:
    known = ending.bundle.manifest.metrics
    if ending.kept:  # those of the base were of another recognizer, or of another way of reading
        known = {k: v for k, v in known.items() if not k.startswith(("cer", "wer", "ms_"))}
    return known | {
        "estimated_cer_scans": round(changes.after.rate, 4),
        "estimated_cer_scans_before": round(changes.before.rate, 4),
        "cer_general_synthetic": round(ending.gate.present.replay, 4),
    }


def _provenance(ending: Ending) -> dict[str, Any]:
    """Say how it was made; never names of scans."""
    return {
        "base": ending.bundle.manifest.name,
        "stages": ending.kept,
        "minutes": round(ending.budget.spent / 60, 1),
        "lines": len(ending.state.target.lines),
        "seed": ending.state.config.seed,
        "teachers": sorted(load_readings(ending.state)),
    }


def _doubts(ending: Ending) -> list[str]:
    base = ending.journal.get("base") or {}
    found = [doubt] if (doubt := hardly_read(float(base.get("unreadable", 0.0)))) else []
    if not ending.kept:
        found.append("No stage helped: the model reads as the one that was begun with.")
    return found


def _saved(bundle: Bundle, out: Path, update: Mapping[str, object]) -> Bundle:
    """Write a bundle somewhere else, or where it is, with other sections."""
    files = {name: bundle.folder / name for name in bundle.manifest.sha256}
    manifest = bundle.manifest.model_copy(update=dict(update))
    return save_bundle(out, manifest, files, replace=True)


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", name).lstrip("._-") or "adapted"
