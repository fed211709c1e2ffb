"""Before an adaptation: what would be wrong after hours of work, and what it begins with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from readapt.adapt.journal import FILE_NAME as JOURNAL_NAME
from readapt.adapt.scans.names import name_files
from readapt.adapt.settings import AdaptConfig
from readapt.adapt.stages import NAMES
from readapt.adapt.teachers.engines import find_teacher
from readapt.errors import UsageError
from readapt.evaluate.truth import Truth
from readapt.gan.look import Look
from readapt.models.bundle import Bundle
from readapt.models.manifest import MANIFEST_NAME
from readapt.synth.corpus import Corpus, read_corpus, system_corpora

MOST_TEXT = 6_000_000
"""Characters of running text of a language, at most, of those that this system has."""


def check(out: Path, work: Path, config: AdaptConfig, resume: bool) -> None:
    """Find out before hours of work what would be wrong after them."""
    if unknown := [name for name in config.only if name not in NAMES]:
        raise UsageError(f"--only {unknown[0]}: the stages are {', '.join(NAMES)}.")
    if config.minutes <= 0:
        raise UsageError(f"--minutes {config.minutes:g}: there is no time to adapt in.")
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
        "text": None if text is None else str(text),
        "model": bundle.manifest.sha256,
        "extend_alphabet": extend,
    }
