"""Teachers: found or missing, crashing on a line, and what they wrote."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from readapt.adapt.teachers.engines import (
    RAPIDOCR_PYTHON,
    Answer,
    RapidOcr,
    Tesseract,
    find_teacher,
    parse_tsv,
)
from readapt.errors import UsageError
from readapt.types import Image

LINE = np.full((20, 60), 200, np.uint8)

WORKER = """
import json, sys
seen = 0
for line in sys.stdin:
    with open({log!r}, "a") as log: log.write("x")
    number = len(open({log!r}).read())
    if number == 2: sys.exit(3)
    if number == 4: print("no json", flush=True); continue
    print(json.dumps([f"line  {{number}}", 0.5]), flush=True)
"""


def test_a_crash_costs_one_line(tmp_path: Path) -> None:
    worker = tmp_path / "worker.py"
    worker.write_text(WORKER.format(log=str(tmp_path / "log")))
    answers = list(RapidOcr(worker=worker).read([LINE] * 5))
    assert answers == [("line 1", 0.5), None, ("line 3", 0.5), None, ("line 5", 0.5)]


def test_an_engine_that_hangs_costs_one_line(tmp_path: Path) -> None:
    worker = tmp_path / "worker.py"
    worker.write_text("import time\ntime.sleep(30)\n")
    assert list(RapidOcr(worker=worker, seconds=0.3).read([LINE])) == [None]


def test_an_engine_that_cannot_even_start_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = tmp_path / "worker.py"
    worker.write_text("raise OSError('no models here.')\n")
    assert RapidOcr(worker=worker).complaint(LINE) == "OSError: no models here"
    worker.write_text("import time\ntime.sleep(30)\n")
    assert "timed out" in RapidOcr(worker=worker, seconds=0.3).complaint(LINE)
    program = tmp_path / "tesseract"
    program.write_text("#!/bin/sh\necho loading; echo no such data >&2; exit 1\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert Tesseract("tesseract:eng", "eng").complaint(LINE) == "no such data"
    monkeypatch.setenv("PATH", "")
    assert "tesseract" in Tesseract("tesseract:eng", "eng").complaint(LINE)


def test_missing_engines_say_how_to_install_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "apt-get install tesseract-ocr" in Tesseract("tesseract").missing()
    false = tmp_path / "python"
    false.write_text("#!/bin/sh\nexit 1\n")
    false.chmod(false.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv(RAPIDOCR_PYTHON, str(false))
    assert "pip install 'rapidocr>=3.4'" in RapidOcr().missing()


def fake_tesseract(folder: Path, crashes_on: str) -> None:
    """A program that knows two languages, and dies on lists with more than one bad image."""
    program = folder / "tesseract"
    program.write_text(
        "#!/bin/sh\n"
        'if [ "$1" = --list-langs ]; then printf "List:\\neng\\nfra\\n"; exit 0; fi\n'
        f'if grep -q "{crashes_on}" "$1"; then exit 139; fi\n'
        "{ echo head; n=0; while read -r line; do n=$((n+1));\n"
        'printf "5\\t%s\\t1\\t1\\t1\\t1\\t0\\t0\\t9\\t9\\t80\\tword\\n" $n; done < "$1"; }'
        ' > "$2.tsv"\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def test_tesseract_goes_on_after_a_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_tesseract(tmp_path, "001.png")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    # The list as a whole names 001.png and dies; one by one, every image is number 000.
    answers = list(Tesseract("tesseract").read([LINE] * 3))
    assert answers == [("word", 0.8)] * 3
    fake_tesseract(tmp_path, "000.png")
    assert list(Tesseract("tesseract").read([LINE] * 2)) == [None, None]


def test_a_tesseract_that_hangs_is_asked_line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has no more time stops asking: no answer waits for those after it."""
    asked: list[int] = []

    def run(self: Tesseract, lines: Sequence[Image], codes: str) -> None:
        asked.append(len(lines))

    monkeypatch.setattr(Tesseract, "_run", run)
    answers = Tesseract("tesseract", "eng").read([LINE] * 5)
    assert next(answers) is None
    assert asked == [5, 1]


def test_tesseracts_languages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_tesseract(tmp_path, "never")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert Tesseract("t", languages=("fr", "de")).codes == "fra"
    assert Tesseract("t", languages=("pl",)).codes == "eng"
    assert "reads with eng and without pol: apt-get" in Tesseract("t", languages=("pl",)).without()
    assert Tesseract("t", languages=("fr",)).without() == ""
    assert Tesseract("t", "deu+fra").codes == "deu+fra"
    assert "apt-get install tesseract-ocr-deu" in Tesseract("t", "deu+fra").missing()
    assert Tesseract("t", "fra").missing() == ""


def test_tesseract_reads_as_old_print_where_that_is_nearer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever the spelling says: a modern text may be set in Fraktur, an old one may not."""

    def run(self: Tesseract, lines: Sequence[Image], codes: str) -> list[Answer]:
        return [("Auſgabe" if "frk" in codes else "Aufgabe", 0.9)] * len(lines)

    monkeypatch.setattr(Tesseract, "_run", run)
    monkeypatch.setattr(Tesseract, "_installed", lambda _: ("deu", "frk", "fra"))
    for old in (False, True):
        teacher = Tesseract("t", "", ("de",), old)
        assert teacher.fitted([LINE] * 3, ["Ausgabe"] * 3).codes == "frk+deu"
        assert teacher.fitted([LINE] * 3, ["Aufgabe"] * 3).codes == "deu"
        assert Tesseract("t", "deu", ("de",), old).fitted([LINE], ["Ausgabe"]).codes == "deu"


def test_a_tesseract_that_hangs_is_not_tried_line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def run(self: Tesseract, lines: Sequence[Image], codes: str) -> None:
        asked.append(len(lines))

    monkeypatch.setattr(Tesseract, "_run", run)
    monkeypatch.setattr(Tesseract, "_installed", lambda _: ("deu", "frk"))
    teacher = Tesseract("t", "", ("de",))
    assert teacher.fitted([LINE] * 24, ["Ausgabe"] * 24) is teacher
    assert asked == [24, 1]


def test_the_table_of_tesseract() -> None:
    table = "\n".join(
        [
            "level\tpage_num\t...",
            "1\t1\t0\t0\t0\t0\t0\t0\t60\t20\t-1\t",
            "5\t1\t1\t1\t1\t1\t0\t0\t9\t9\t90.5\tGrund",
            "5\t1\t1\t1\t1\t2\t0\t0\t9\t9\t50\tu.",
            "1\t2\t0\t0\t0\t0\t0\t0\t60\t20\t-1\t",
        ]
    )
    first, second = parse_tsv(table, 2)
    assert first is not None
    assert first[0] == "Grund u."
    assert first[1] == pytest.approx((5 * 0.905 + 2 * 0.5) / 7)
    assert second == ("", 0.0)


def test_names() -> None:
    teacher = find_teacher("tesseract:fra+eng")
    assert isinstance(teacher, Tesseract)
    assert teacher.wanted == "fra+eng"
    assert isinstance(find_teacher("rapidocr"), RapidOcr)
    with pytest.raises(UsageError, match="no such teacher"):
        find_teacher("abbyy")
