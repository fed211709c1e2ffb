"""A run is resumed as what it was started as."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from readapt.errors import UsageError


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
