"""The whole way from unlabelled scans to a model that reads them better."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from readapt.adapt.beginning import begin
from readapt.adapt.budget import FILE_NAME as CLOCK_NAME
from readapt.adapt.budget import Budget
from readapt.adapt.end.finish import Adapted, finish
from readapt.adapt.failures import said_plainly
from readapt.adapt.journal import FILE_NAME as JOURNAL_NAME
from readapt.adapt.journal import MINUTES, Journal, minutes_before
from readapt.adapt.learning.weights import trainable
from readapt.adapt.lock import FILE_NAME as LOCK_NAME
from readapt.adapt.lock import only_one
from readapt.adapt.preparation import (
    check,
    make_folder,
    measured_among,
    shared_settings,
)
from readapt.adapt.run import Listener, Run
from readapt.adapt.scans.target import FILE_NAME
from readapt.adapt.settings import AdaptConfig
from readapt.errors import InputError, UsageError
from readapt.evaluate.truth import load_truth
from readapt.models.bundle import Bundle, find_bundle
from readapt.train.device import find_device
from readapt.train.threads import torch_threads


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
    ignore_case: bool = False,
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
        ignore_case: measure in upper case, where the truth has no other.
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
    named = [str(scan) for scan in ([scans] if isinstance(scans, (str, Path)) else scans)]
    check(out, work, config, resume, named)
    if ignore_case and truth is None:
        raise UsageError("--ignore-case is of no use without --truth, which it measures by.")
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
    make_folder(out, work)
    with said_plainly(work), only_one(work):
        settings = shared_settings(config, named, text, bundle, extend_alphabet)
        journal = Journal(work, settings, resume)
        if journal.begun_anew:  # what an interrupted start may have left
            for name in (FILE_NAME, CLOCK_NAME):
                (work / name).unlink(missing_ok=True)
        journal.add(MINUTES, {"given": config.minutes})
        budget = Budget(60 * config.minutes, work)
        run = Run(config, bundle, journal, budget, work, listener)
        try:
            if resume and journal.begun_anew:
                run.say(f"{work}: there is nothing to go on with; begun anew", remark=True)
            state, remarks = begin(run, network, named, text, extend_alphabet)
            if labelled and (remark := measured_among(labelled, named)):
                run.say(remark, remark=True)
                remarks.append(remark)
            run.stages(state)
            return finish(run.ending(state, remarks), out, truth, ignore_case)
        except (InputError, UsageError):
            if journal.begun_anew and not (work / FILE_NAME).exists():
                _leave_nothing(work)
            raise
        finally:
            if work.is_dir() and shutil.disk_usage(work).free > 100_000:
                with suppress(OSError):  # what went wrong first is what is said
                    budget.tick(force=True)


def _leave_nothing(work: Path) -> None:
    """Remove the folder of an adaptation that could not begin."""
    for name in (JOURNAL_NAME, CLOCK_NAME, LOCK_NAME):
        (work / name).unlink(missing_ok=True)
    with suppress(OSError):  # there is something of the user's
        work.rmdir()
