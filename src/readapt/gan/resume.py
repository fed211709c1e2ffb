"""A run is resumed as what it was started as."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from readapt.errors import UsageError
from readapt.synth.corpus import Corpus


def fingerprint(*parts: object) -> str:
    """Short hash of what a run was given: arrays, tensors and texts."""
    digest = hashlib.sha256()
    for part in parts:
        array = np.asarray(part) if not isinstance(part, Corpus) else None
        digest.update(repr(part).encode() if array is None else array.tobytes())
    return digest.hexdigest()[:16]


def same_settings(work: Path, settings: Mapping[str, object], resume: bool) -> None:
    """Write down with what settings a run in `work` starts; refuse to resume it with others.

    Raises :class:`UsageError` where they differ, or where there is a run and `resume` is not meant.
    """
    path = work / "settings.json"
    text = json.dumps(settings, sort_keys=True, indent=1)
    started = (work / "checkpoint.pt").exists()
    if started and not resume:
        raise UsageError(f"{work} holds a run: go on with --resume, or choose another -o.")
    if started and path.exists() and path.read_text(encoding="utf-8") != text:
        raise UsageError(
            f"{work} was started with other settings or scans: resume with the same ones, or "
            "begin anew in another folder."
        )
    work.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
