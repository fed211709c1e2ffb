"""A run is resumed as what it was started as."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from pydantic import JsonValue

from readapt.errors import UsageError
from readapt.synth.corpus import Corpus


def fingerprint(*parts: object) -> str:
    """Short hash of what a run was given: arrays, tensors and texts."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, Corpus):
            digest.update("\0".join((part.name, part.text, *part.words)).encode())
        else:
            digest.update(np.asarray(part).tobytes())
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
        other = ", ".join(
            _differing(json.loads(path.read_text(encoding="utf-8")), json.loads(text))
        )
        raise UsageError(
            f"{work} was started with other settings or scans ({other}): resume with the same "
            "ones, or begin anew in another folder."
        )
    work.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _differing(before: JsonValue, now: JsonValue, name: str = "") -> Iterator[str]:
    """Name the settings that two runs do not share, as `group entry`."""
    if isinstance(before, dict) and isinstance(now, dict):
        for key in sorted(before.keys() | now.keys()):
            place = f"{name} {key.replace('_', ' ')}".strip()
            yield from _differing(before.get(key), now.get(key), place)
    elif before != now:
        yield name
