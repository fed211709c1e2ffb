"""Before an adaptation: what would be wrong after hours of work, and what it begins with."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from readapt.adapt.gate.make_gate import share_of
from readapt.adapt.journal import FILE_NAME as JOURNAL_NAME
from readapt.adapt.scans.names import name_files
from readapt.adapt.settings import AdaptConfig
from readapt.adapt.stages import NAMES
from readapt.adapt.teachers.engines import find_teacher
from readapt.errors import UsageError
from readapt.evaluate.truth import Truth
from readapt.gan.look import Look
from readapt.models.bundle import Bundle, file_sha256
from readapt.models.manifest import MANIFEST_NAME
from readapt.recognize.alphabet import Alphabet
from readapt.synth.corpus import Corpus, read_corpus, system_corpora

MOST_TEXT = 6_000_000
"""Characters of running text of a language, at most, of those that this system has."""
MOST_LACKING = 0.5
"""Share of the letters of the user's texts that the alphabet may lack."""


def check(out: Path, work: Path, config: AdaptConfig, resume: bool, scans: Sequence[str]) -> None:
    """Find out before hours of work what would be wrong after them."""
    if unknown := [name for name in config.only if name not in NAMES]:
        raise UsageError(f"--only {unknown[0]}: the stages are {', '.join(NAMES)}.")
    if not 0 < config.minutes < math.inf:
        raise UsageError(
            f"--minutes {config.minutes:g}: give the minutes that it may take, such as 60."
        )
    if config.steps < 0:
        raise UsageError(f"--steps {config.steps}: give 0 for the minutes' share, or more.")
    for option, given, stage in (
        ("--teacher", config.teachers, "ask"),
        ("--look", config.look, "look"),
    ):
        if given and config.only and stage not in config.only:
            raise UsageError(f"{option} is of no use without stage {stage}: add --only {stage}.")
    for name in config.teachers:
        find_teacher(name)
    if config.look:
        Look.load(config.look).translator()
    if out.exists() and not (out / MANIFEST_NAME).is_file():
        raise UsageError(f"{out}: is there already and no model; choose another -o.")
    if out.exists() and not (resume and (work / JOURNAL_NAME).is_file()):
        raise UsageError(
            f"{out}: is a model already; choose another -o, or remove it. What made it goes on "
            "with --resume."
        )
    for scan in () if resume else scans:
        if Path(scan).is_dir() and out.resolve().is_relative_to(Path(scan).resolve()):
            raise UsageError(
                f"{out}: lies in {scan}, where pictures of the work would be taken for scans; "
                "choose an -o elsewhere."
            )


def make_folder(out: Path, work: Path) -> None:
    """Make the folder to work in, beside where the model goes; :class:`UsageError` if none can."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        work.mkdir(exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{out}: cannot be written ({error.strerror}); choose another -o."
        ) from error


def load_corpora(text: str | Path | None) -> tuple[Mapping[str, Corpus], bool]:
    """Load the user's text, or those of this system; returns also whether it is the user's."""
    if text is None:
        return system_corpora(MOST_TEXT), False
    corpus = read_corpus(text)
    return {corpus.name: corpus}, True


def check_text(text: str | Path | None, corpora: Mapping[str, Corpus], alphabet: Alphabet) -> None:
    """Refuse a ``text`` of the user's most of whose letters the alphabet lacks: nothing is left."""
    for corpus in corpora.values():
        lacking = share_of(alphabet.missing(corpus.text), corpora)
        if lacking > MOST_LACKING:
            raise UsageError(
                f"{text}: {lacking:.0%} of its letters are none of the model's; --extend-alphabet "
                "gives them classes, or give texts in the model's script."
            )


def measured_among(truth: Truth, scans: Sequence[str]) -> str:
    """Say how many of the labelled documents are learnt from as images; "" if none is."""
    images = [page.image for page in truth.pages] + [line.image for line in truth.lines]
    learnt = {Path(scan).resolve() for scan in name_files(scans)[0]}
    count = sum(image.resolve() in learnt for image in images)
    if not count:
        return ""
    return (
        f"{count} of the {len(images)} labelled images of --truth are among the scans: what is "
        "measured there is of pages adapted to, not of others like them."
    )


def shared_settings(
    config: AdaptConfig,
    scans: Sequence[str],
    text: str | Path | None,
    bundle: Bundle,
    extend: bool,
) -> dict[str, Any]:
    """List what a resumed run must share with the one it resumes; minutes may be added."""
    entries = asdict(replace(config, shares=dict(config.shares)))
    for name in ("minutes", "threads", "device"):
        entries.pop(name)
    return entries | {
        "scans": list(scans),
        "text": None if text is None else [str(text), _content(Path(text))],
        "model": bundle.manifest.sha256,
        "extend_alphabet": extend,
    }


def _content(path: Path) -> str:
    """Identify a text by what is in it, which may change between two runs; "" if it is none."""
    return file_sha256(path) if path.is_file() else ""
