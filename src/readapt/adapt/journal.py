"""What happened so far, on disk: after a kill at any moment the run goes on from here.

One JSON object a line, appended and synced when it is true: the files that it names are in place.
The last line may be cut off; it is then as if it had not been written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from readapt.errors import UsageError

FILE_NAME: Final = "journal.jsonl"
MINUTES: Final = "minutes"
REMARK: Final = "remark"
_OPTIONS = {
    "scans": "SCANS",
    "model": "--model",
    "target": "--lines",
    "teachers": "--teacher",
    **{name: f"--{name}" for name in ("text", "seed", "only", "look", "steps")},
    "extend_alphabet": "--extend-alphabet",
}
"""How settings are called on the command line."""
_SHOWN = ("scans", "teachers", "seed", "only", "look", "steps")
"""Of these, it is said what they were ..."""
_MOST = 3
"""... or so many of them: a shell makes thousands of scans of a pattern."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that is done, and will not be done again."""

    key: str
    data: Mapping[str, Any]


class Journal:
    """The journal of one adaptation."""

    def __init__(self, folder: Path, settings: Mapping[str, Any], resume: bool) -> None:
        """Open or begin the journal in ``folder``.

        Raises:
            UsageError: there is a journal and this is not to resume it, or it was begun with other
                settings.

        """
        self._path = folder / FILE_NAME
        self.entries = _load(self._path)
        begun = self.get("begun")
        done = [entry for entry in self.entries if entry.key not in ("begun", MINUTES)]
        self.begun_anew = begun is None or not (resume or done)
        """Whether there was nothing to go on with, or nothing that would be lost."""
        if begun is None or self.begun_anew:
            folder.mkdir(parents=True, exist_ok=True)
            self._path.unlink(missing_ok=True)
            self.entries = []
            self.add("begun", dict(settings))
        elif not resume:
            raise UsageError(
                f"{folder} holds an adaptation: go on with --resume, or remove it to begin anew."
            )
        elif other := _differing(begun, json.loads(json.dumps(dict(settings)))):
            raise UsageError(
                f"{folder} was begun with other settings ({', '.join(other)}): resume with the "
                "same, or choose another -o."
            )

    def get(self, key: str) -> Mapping[str, Any] | None:
        """Return what was last noted under a key; None where nothing was."""
        for entry in reversed(self.entries):
            if entry.key == key:
                return entry.data
        return None

    def add(self, key: str, data: Mapping[str, Any]) -> None:
        """Note something that is done, and be sure that it is on the disk."""
        text = json.dumps({"key": key, **data})  # ASCII: names of files need not be Unicode
        with self._path.open("a+b") as stream:
            if stream.tell():
                stream.seek(-1, os.SEEK_END)
                if stream.read(1) != b"\n":
                    text = "\n" + text
            stream.write(text.encode("utf-8") + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        self.entries.append(Entry(key, json.loads(json.dumps(dict(data)))))


def _differing(begun: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Say what two runs do not share; both as JSON has them."""
    keys = sorted(key for key in begun.keys() | now.keys() if begun.get(key) != now.get(key))
    found = []
    for key in keys:
        then, name = begun.get(key, ""), _OPTIONS.get(key, f"{key}, by another version of readapt")
        words = [str(one) for one in then] if isinstance(then, list) else [str(then)]
        more = f" and {len(words) - _MOST} more" if len(words) > _MOST else ""
        known = key in _SHOWN and any(words)
        found.append(f"{name} {' '.join(words[:_MOST])}{more}" if known else name)
    return found


def _load(path: Path) -> list[Entry]:
    try:
        lines = path.read_text("utf-8", "replace").split("\n")
    except FileNotFoundError:
        return []
    entries = []
    for line in lines:
        try:
            found = json.loads(line)
            entries.append(Entry(str(found.pop("key")), found))
        except (ValueError, KeyError, AttributeError):
            continue  # the line that was being written when the run was cut off
    return entries


def minutes_before(folder: Path) -> float | None:
    """Minutes that the last run in ``folder`` was given; None where there was none."""
    found = [entry.data for entry in _load(folder / FILE_NAME) if entry.key == MINUTES]
    return float(found[-1]["given"]) if found else None
