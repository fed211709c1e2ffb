"""What has been read into a folder, so that an interrupted run goes on where it stopped.

One JSON object a line, appended when all outputs of an input are in place. An input counts as done
only if it is the same file (path, size, time of change), read in the same way (model, version,
formats, resolution), and its outputs are still there.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

FILE_NAME = ".readapt-journal.jsonl"


class Journal:
    """The journal of one output folder."""

    def __init__(self, folder: Path, settings: Sequence[str]) -> None:
        """Open the journal; ``settings`` is all that an output depends on besides its input."""
        self._folder = folder
        self._path = folder / FILE_NAME
        self._settings = hashlib.sha256(json.dumps(list(settings)).encode()).hexdigest()
        self._done = self._load()

    def _load(self) -> dict[str, list[str]]:
        try:
            lines = self._path.read_text("utf-8", "replace").splitlines()
        except FileNotFoundError:
            return {}
        done: dict[str, list[str]] = {}
        owner: dict[str, str] = {}
        for line in lines:
            try:
                entry = json.loads(line)
                key, outputs = str(entry["key"]), [str(name) for name in entry["outputs"]]
            except (ValueError, KeyError, TypeError):
                continue  # the line that was being written when the run was cut off
            done[key] = outputs
            for name in outputs:
                if owner.get(name, key) != key:
                    done.pop(owner[name], None)  # another input has been written over it since
                owner[name] = key
        return done

    def _key(self, name: str) -> str | None:
        """Identify an input in its present state; None for one that has none, like stdin."""
        try:
            state = Path(name).stat()
        except OSError:
            return None
        parts = [str(Path(name).resolve()), str(state.st_size), str(state.st_mtime_ns)]
        text = "\0".join([*parts, self._settings])
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def is_done(self, name: str) -> bool:
        """Whether this input was read in this way and its outputs are still there."""
        outputs = self._done.get(self._key(name) or "")
        return outputs is not None and all((self._folder / file).is_file() for file in outputs)

    def add(self, name: str, outputs: Sequence[Path]) -> None:
        """Note that an input is done; its outputs lie in the folder."""
        key = self._key(name)
        if key is None:
            return
        entry = {"key": key, "outputs": [path.name for path in outputs]}
        with self._path.open("a", encoding="utf-8") as stream:
            if stream.tell() and not self._ends_whole():
                stream.write("\n")
            stream.write(json.dumps(entry) + "\n")
        self._done[key] = [path.name for path in outputs]

    def _ends_whole(self) -> bool:
        with self._path.open("rb") as stream:
            stream.seek(-1, 2)
            return stream.read(1) == b"\n"
