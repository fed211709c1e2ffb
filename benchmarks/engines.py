"""The engines that are compared: how each is called, and what it wrote.

Every engine is a command that reads a list of image files; its processes are measured from start
to end, files read and written included.
"""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from hardware import ROOT

PACKAGES = ("tesseract-ocr*", "libtesseract*", "liblept*")
HERE = Path(__file__).resolve().parent
Polygon = list[list[float]]
PageText = list[tuple[Polygon, str]]
"""What stands on a page: polygon and text of each line."""


class Engine(Protocol):
    """Something that reads listed images when it is run as a process."""

    @property
    def name(self) -> str:
        """What tables call it."""
        ...

    def version(self) -> str:
        """Return what exactly was run."""
        ...

    def command(self, kind: str, listed: Path, out: Path, languages: str) -> list[str]:
        """Return the command that reads ``lines`` or ``pages`` in ``listed``."""
        ...

    def environment(self) -> dict[str, str]:
        """Return the variables it runs with."""
        ...

    def lines(self, out: Path, count: int) -> list[str]:
        """Return the text of each line image."""
        ...

    def pages(self, out: Path, count: int) -> list[PageText]:
        """Return the lines of each page."""
        ...

    def install_bytes(self) -> int:
        """Return what an installation takes on disk, interpreter and system libraries apart."""
        ...


def _from_json(out: Path, count: int) -> list[Any]:
    found: list[Any] = json.loads(out.read_text("utf-8"))
    _check(len(found), count, out)
    return found


def _check(found: int, count: int, out: Path) -> None:
    if found != count:
        raise SystemExit(f"{out}: {found} readings of {count} images")


def _python_size(python: Path | str, names: Sequence[str]) -> int:
    command = [str(python), str(HERE / "install_size.py"), *names]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


class _Worker:
    """An engine in Python, which writes JSON."""

    def lines(self, out: Path, count: int) -> list[str]:
        """Return the text of each line image."""
        return [str(text) for text in _from_json(out, count)]

    def pages(self, out: Path, count: int) -> list[PageText]:
        """Return the lines of each page."""
        found: list[list[tuple[Polygon, str]]] = _from_json(out, count)
        return [[(polygon, text) for polygon, text in page] for page in found]


@dataclass(frozen=True)
class Readapt(_Worker):
    """The project itself, from this working tree."""

    threads: int
    model: str | None
    name: str = "readapt"

    def version(self) -> str:
        """Return what exactly was run."""
        import readapt

        return f"{readapt.__version__}, model {Path(self.model).name if self.model else 'latin'}"

    def command(self, kind: str, listed: Path, out: Path, languages: str) -> list[str]:
        """Return the command that reads ``lines`` or ``pages`` in ``listed``."""
        command = [sys.executable, str(HERE / "read_with_readapt.py"), kind]
        command += [str(listed), str(out), str(self.threads)]
        return command + (["--model", self.model] if self.model else [])

    def environment(self) -> dict[str, str]:
        """Return the variables it runs with."""
        return os.environ | {
            "OMP_NUM_THREADS": str(self.threads),
            "PYTHONPATH": str(ROOT / "src"),
        }

    def install_bytes(self) -> int:
        """Return what an installation takes on disk."""
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        names = [line.split(">")[0] for line in project["dependencies"]]
        own = sum(
            path.stat().st_size
            for path in (ROOT / "src" / "readapt").rglob("*")
            if path.is_file() and path.suffix != ".pyc"
        )
        return own + _python_size(sys.executable, names)


@dataclass(frozen=True)
class RapidOcr(_Worker):
    """RapidOCR with the models in its wheel, in an environment of its own."""

    threads: int
    python: Path
    name: str = "rapidocr"

    def version(self) -> str:
        """Return what exactly was run."""
        code = "from importlib.metadata import version as v; print(v('rapidocr'), v('onnxruntime'))"
        done = subprocess.run(
            [str(self.python), "-c", code], capture_output=True, text=True, check=True
        )
        own, runtime = done.stdout.split()
        models = self.python.parent.parent.glob("lib/python3*/site-packages/rapidocr/models/*.onnx")
        names = ", ".join(sorted(path.stem for path in models))
        return f"{own}, onnxruntime {runtime}, {names}"

    def command(self, kind: str, listed: Path, out: Path, languages: str) -> list[str]:
        """Return the command that reads ``lines`` or ``pages`` in ``listed``."""
        script = str(HERE / "read_with_rapidocr.py")
        return [str(self.python), script, kind, str(listed), str(out), str(self.threads)]

    def environment(self) -> dict[str, str]:
        """Return the variables it runs with."""
        return os.environ | {"OMP_NUM_THREADS": str(self.threads)}

    def install_bytes(self) -> int:
        """Return what an installation takes on disk."""
        return _python_size(self.python, ["rapidocr", "onnxruntime"])


@dataclass(frozen=True)
class Tesseract:
    """Tesseract 5 with the right languages for each collection."""

    threads: int
    name: str = "tesseract"

    def version(self) -> str:
        """Return what exactly was run."""
        done = subprocess.run(["tesseract", "--version"], capture_output=True, text=True)
        return (done.stdout + done.stderr).split("\n", 1)[0].removeprefix("tesseract ")

    def command(self, kind: str, listed: Path, out: Path, languages: str) -> list[str]:
        """Return the command that reads ``lines`` or ``pages`` in ``listed``."""
        # One process for the whole list: it loads its models once, as the other engines do.
        command = ["tesseract", str(listed), str(out), "-l", languages]
        return command + (["--psm", "7"] if kind == "lines" else ["tsv"])

    def environment(self) -> dict[str, str]:
        """Return the variables it runs with."""
        return os.environ | {"OMP_THREAD_LIMIT": str(self.threads)}

    def lines(self, out: Path, count: int) -> list[str]:
        """Return the text of each line image."""
        text = out.with_name(out.name + ".txt").read_text("utf-8")
        found = [" ".join(part.split()) for part in text.split("\f")]
        _check(len(found), count, out)
        return found

    def pages(self, out: Path, count: int) -> list[PageText]:
        """Return the lines of each page."""
        rows = out.with_name(out.name + ".tsv").read_text("utf-8").splitlines()[1:]
        boxes: dict[tuple[str, ...], Polygon] = {}
        words: dict[tuple[str, ...], list[str]] = {}
        numbers: list[str] = []
        for row in rows:
            level, *key, _, left, top, width, height, _, text = row.split("\t", 11)
            place = tuple(key)
            if level == "1":
                numbers.append(key[0])
            elif level == "4":
                x, y, w, h = (float(number) for number in (left, top, width, height))
                boxes[place] = [[x, y], [x + w, y], [x + w, y + h], [x, y + h]]
            elif level == "5" and text.strip():
                words.setdefault(place, []).append(text.strip())
        _check(len(numbers), count, out)
        return [
            [(boxes[k], " ".join(found)) for k, found in words.items() if k[0] == number]
            for number in numbers
        ]

    def install_bytes(self) -> int:
        """Return what an installation takes on disk."""
        done = subprocess.run(
            ["dpkg-query", "-W", "-f=${Installed-Size}\n", *PACKAGES],
            capture_output=True,
            text=True,
        )
        return 1024 * sum(int(line) for line in done.stdout.split())


def all_engines(threads: int, model: str | None, rapidocr: Path) -> dict[str, Engine]:
    """Return the engines by name; whether they are installed shows when they run."""
    engines: list[Engine] = [
        Readapt(threads, model),
        Tesseract(threads),
        RapidOcr(threads, rapidocr),
    ]
    return {engine.name: engine for engine in engines}
