"""Other OCR engines that may teach: looked for when they are named, each in a process of its own.

An engine that crashes on a line costs that line: it is started again for the next one.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Protocol, TypeAlias

import cv2
from rapidfuzz.distance import Levenshtein

from readapt.errors import UsageError
from readapt.evaluate.normalise import fold
from readapt.types import Image

Answer: TypeAlias = tuple[str, float] | None
"""Text and confidence in [0, 1]; None where the engine failed on the line."""

RAPIDOCR_PYTHON = "READAPT_RAPIDOCR_PYTHON"
"""Names the Python that has RapidOCR, where it is not this one."""
CLEARLY = 0.9
"""Of one model's distance that another's has to be below."""
_SECONDS = 60.0
"""An engine that says nothing for so long hangs."""
_COMPLAINING = 10.0
"""Seconds in which it has said what it lacks: most fail before they see a line."""
_TOGETHER = 40
_TESSERACT = {
    "en": "eng",
    "fr": "fra",
    "de": "deu",
    "es": "spa",
    "it": "ita",
    "pt": "por",
    "nl": "nld",
    "da": "dan",
    "pl": "pol",
    "la": "lat",
}


class Teacher(Protocol):
    """An engine that reads images of lines."""

    @property
    def name(self) -> str:
        """As the user names it."""
        ...

    def missing(self) -> str:
        """Say what is not installed and how to install it; "" where all is there."""
        ...

    def without(self) -> str:
        """Say what it will read worse for want of, and how to install it; "" for nothing."""
        ...

    def read(self, lines: Sequence[Image]) -> Generator[Answer]:
        """Yield an answer for each line, `height width` uint8 grey, in order."""
        ...

    def complaint(self, line: Image) -> str:
        """Try to read a line, and return the last that is said of what goes wrong; "" for nothing.

        For an engine that has failed on all of them.
        """
        ...


def find_teacher(
    name: str, languages: Sequence[str] = (), old: bool = False, threads: int = 1
) -> Teacher:
    """Find an engine by name; ``tesseract:fra+eng`` says its languages as well.

    ``languages`` are readapt's names of those of the collection, ``old`` whether it is in old
    print. Raises :class:`UsageError` for a name that is none.
    """
    engine, _, wanted = name.partition(":")
    if engine == "tesseract":
        return Tesseract(name, wanted, tuple(languages), old, threads)
    if engine == "rapidocr" and not wanted:
        return RapidOcr(name, threads)
    raise UsageError(
        f"{name}: no such teacher; there are rapidocr, tesseract and tesseract:LANG+LANG."
    )


@dataclass(frozen=True)
class Tesseract:
    """Tesseract 5, for single lines."""

    name: str
    wanted: str = ""
    """Its languages as the user gave them; "": by those of the collection."""
    languages: tuple[str, ...] = ()
    old: bool = False
    threads: int = 1

    def missing(self) -> str:
        """Look for the program and the languages named."""
        if shutil.which("tesseract") is None:
            return (
                "The teacher tesseract is not installed: apt-get install tesseract-ocr, and "
                "tesseract-ocr-fra for French."
            )
        lacking = [one for one in self.wanted.split("+") if one and one not in self._installed()]
        if lacking:
            packages = " ".join(f"tesseract-ocr-{one}" for one in lacking)
            return f"Tesseract has no {', '.join(lacking)}: apt-get install {packages}."
        return ""

    def without(self) -> str:
        """Name languages of the collection that it lacks."""
        here = self._installed()
        codes = {_TESSERACT[one] for one in self.languages if one in _TESSERACT}
        lacking = sorted(code for code in codes if code not in here and not self.wanted)
        packages = " ".join(f"tesseract-ocr-{code}" for code in lacking)
        return (
            f"Tesseract reads with {self.codes} and without {', '.join(lacking)}: apt-get install "
            f"{packages}."
            if lacking
            else ""
        )

    def _installed(self) -> tuple[str, ...]:
        return _languages_of(shutil.which("tesseract") or "tesseract")

    @property
    def codes(self) -> str:
        """The languages it reads with, as it names them."""
        if self.wanted:
            return self.wanted
        here = set(self._installed())
        fitting = [_TESSERACT[one] for one in self.languages if _TESSERACT.get(one) in here]
        if self.old and "frk" in here and "de" in self.languages:
            fitting.insert(0, "frk")
        return "+".join(fitting or ["eng"])

    def fitted(self, lines: Sequence[Image], texts: Sequence[str]) -> Tesseract:
        """Choose whether it reads as old print: by what is nearer to ``texts``, if clearly.

        Spelling alone does not tell: Fraktur was set until 1941. One that fails on a line is tried
        no further: each failure may take a minute.
        """
        other = replace(self, old=not self.old)
        if self.wanted or other.codes == self.codes:
            return self
        mine = _distance(self, lines, texts)
        its = None if mine is None else _distance(other, lines, texts)
        return other if mine is not None and its is not None and its < CLEARLY * mine else self

    def read(self, lines: Sequence[Image]) -> Generator[Answer]:
        """Read some at a time; where that fails, one by one."""
        codes = self.codes
        for start in range(0, len(lines), _TOGETHER):
            some = lines[start : start + _TOGETHER]
            answers = self._run(some, codes)
            if answers is not None:
                yield from answers
                continue
            for line in some:  # one by one, so that who asks may stop asking
                one = self._run([line], codes)
                yield one[0] if one else None

    def _run(self, lines: Sequence[Image], codes: str) -> list[Answer] | None:
        """One process for all of them; None where it failed."""
        with tempfile.TemporaryDirectory() as scratch:
            paths = [Path(scratch) / f"{i:03}.png" for i in range(len(lines))]
            for path, line in zip(paths, lines, strict=True):
                cv2.imwrite(str(path), line)
            listed = Path(scratch) / "list.txt"
            listed.write_text("\n".join(map(str, paths)) + "\n", "utf-8")
            out = Path(scratch) / "out"
            try:
                done = self._start(listed, out, codes, _SECONDS)
                table = out.with_name("out.tsv").read_text("utf-8")
                return None if done.returncode else parse_tsv(table, len(lines))
            except (OSError, ValueError, subprocess.TimeoutExpired):  # no table, or an odd one
                return None

    def _start(
        self, image: Path, out: Path, codes: str, seconds: float
    ) -> subprocess.CompletedProcess[bytes]:
        """Read an image, or a list of some, into a table."""
        return subprocess.run(
            ["tesseract", str(image), str(out), "-l", codes, "--psm", "7", "tsv"],
            capture_output=True,
            timeout=seconds,
            env=os.environ | {"OMP_THREAD_LIMIT": str(self.threads)},
        )

    def complaint(self, line: Image) -> str:
        """Return the last line of stderr."""
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "line.png"
            cv2.imwrite(str(path), line)
            try:
                done = self._start(path, path.with_name("out"), self.codes, _COMPLAINING)
            except (OSError, subprocess.TimeoutExpired) as error:
                return str(error)
            return _last_line(done.stderr)


def _distance(teacher: Teacher, lines: Sequence[Image], texts: Sequence[str]) -> int | None:
    """Edits between what it reads and texts, folded; None as soon as it fails on a line."""
    edits = 0
    for answer, text in zip(teacher.read(lines), texts, strict=True):
        if answer is None:
            return None
        edits += Levenshtein.distance(fold(answer[0]), fold(text))
    return edits


def parse_tsv(table: str, count: int) -> list[Answer]:
    """Read Tesseract's table of ``count`` images: words joined, confidences averaged by letters."""
    words: dict[int, list[tuple[str, float]]] = {}
    for row in table.splitlines()[1:]:
        level, page, *_, confidence, text = row.split("\t", 11)
        if level == "5" and text.strip():
            words.setdefault(int(page), []).append((text.strip(), float(confidence) / 100))
    answers: list[Answer] = []
    for number in range(1, count + 1):
        found = words.get(number, [])
        letters = sum(len(text) for text, _ in found)
        sure = sum(len(text) * c for text, c in found) / letters if letters else 0.0
        answers.append((" ".join(text for text, _ in found), min(max(sure, 0.0), 1.0)))
    return answers


@dataclass
class RapidOcr:
    """RapidOCR (PP-OCR), for single lines."""

    name: str = "rapidocr"
    threads: int = 1
    worker: Path = field(default=Path(__file__).with_name("rapidocr_worker.py"))
    seconds: float = _SECONDS

    def missing(self) -> str:
        """Import it where it would run."""
        if (found := shutil.which(_python())) and _imports_rapidocr(found):
            return ""
        return (
            f"The teacher rapidocr is not installed for {_python()}: pip install "
            f"'rapidocr>=3.4' (or name another Python that has it in {RAPIDOCR_PYTHON})."
        )

    def without(self) -> str:
        """Return "": it has one model for all it reads."""
        return ""

    def read(self, lines: Sequence[Image]) -> Generator[Answer]:
        """Ask one line after the other."""
        process: subprocess.Popen[str] | None = None
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "line.png"
            try:
                for line in lines:
                    cv2.imwrite(str(path), line)
                    process = process or self._start()
                    answer = self._ask(process, path)
                    if answer is None:
                        _end(process)
                        process = None
                    yield answer
            finally:
                if process is not None:
                    _end(process)

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [_python(), str(self.worker), str(self.threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def complaint(self, line: Image) -> str:
        """Return the last line of stderr."""
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "line.png"
            cv2.imwrite(str(path), line)
            command = [_python(), str(self.worker), str(self.threads)]
            seconds = min(_COMPLAINING, self.seconds)
            try:
                done = subprocess.run(
                    command, input=f"{path}\n".encode(), capture_output=True, timeout=seconds
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                return str(error)
            return _last_line(done.stderr)

    def _ask(self, process: subprocess.Popen[str], path: Path) -> Answer:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(f"{path}\n")
            process.stdin.flush()
            ready, _, _ = select.select([process.stdout], [], [], self.seconds)
            text, sure = json.loads(process.stdout.readline()) if ready else (None, 0.0)
        except (OSError, ValueError, TypeError):
            return None
        return None if text is None else (" ".join(str(text).split()), float(sure))


def _last_line(said: bytes) -> str:
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return lines[-1].strip().rstrip(".") if lines else ""


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    for pipe in (process.stdin, process.stdout):
        with suppress(OSError):  # what was still on its way to a process that is gone
            if pipe is not None:
                pipe.close()
    process.wait()


@cache
def _languages_of(tesseract: str) -> tuple[str, ...]:
    done = subprocess.run([tesseract, "--list-langs"], capture_output=True, text=True)
    return tuple(done.stdout.split("\n")[1:])


@cache
def _imports_rapidocr(python: str) -> bool:
    # Not from the user's folder, which may have one of that name.
    code = "import sys; sys.path = [p for p in sys.path if p]; import rapidocr"
    return not subprocess.call([python, "-c", code], stderr=subprocess.DEVNULL)


def _python() -> str:
    return os.environ.get(RAPIDOCR_PYTHON) or sys.executable
