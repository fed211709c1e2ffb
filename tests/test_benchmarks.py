"""The parts of ``benchmarks/`` that a wrong table would come from."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"

TSV = """level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf
1\t1\t0\t0\t0\t0\t0\t0\t100\t50\t-1\t
4\t1\t1\t1\t1\t0\t5\t6\t70\t8\t-1\t
5\t1\t1\t1\t1\t1\t5\t6\t30\t8\t91.5\tdas
5\t1\t1\t1\t1\t2\t40\t6\t35\t8\t90.0\tHaus
4\t1\t1\t1\t2\t0\t5\t20\t70\t8\t-1\t
5\t1\t1\t1\t2\t1\t5\t20\t70\t8\t95.0\t\x20
1\t2\t0\t0\t0\t0\t0\t0\t100\t50\t-1\t
"""


@pytest.fixture(autouse=True)
def _beside_the_scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def test_tesseract_pages_are_parsed(tmp_path: Path) -> None:
    from engines import Tesseract

    (tmp_path / "out.tsv").write_text(TSV, "utf-8")
    box = [[5.0, 6.0], [75.0, 6.0], [75.0, 14.0], [5.0, 14.0]]
    assert Tesseract(2).pages(tmp_path / "out", 2) == [[(box, "das Haus")], []]
    with pytest.raises(SystemExit, match="2 readings of 3 images"):
        Tesseract(2).pages(tmp_path / "out", 3)


def test_tesseract_lines_are_parsed(tmp_path: Path) -> None:
    from engines import Tesseract

    (tmp_path / "out.txt").write_text("das  Haus\n\f\fzwei\nZeilen\n", "utf-8")
    assert Tesseract(2).lines(tmp_path / "out", 3) == ["das Haus", "", "zwei Zeilen"]


def test_a_process_is_measured_without_its_parent(tmp_path: Path) -> None:
    ballast = bytearray(300 * 2**20)
    out = tmp_path / "cost.json"
    command = [sys.executable, "-I", "-S", str(BENCHMARKS / "measure.py"), str(out), "1"]
    done = subprocess.run([*command, sys.executable, "-I", "-S", "-c", "raise SystemExit(3)"])
    cost = json.loads(out.read_text())
    assert done.returncode == 3
    assert 1 < cost["peak_mib"] < 100 < len(ballast) / 2**20
    assert 0 < cost["wall_s"] < 60


def test_time_per_line_leaves_the_start_up_out() -> None:
    from peers import costs

    part = {"count": 11, "startup_s": 1.0, "wall_s": 3.0, "cpu_s": 4.0, "peak_mib": 50.0}
    assert costs(part)["each_s"] == pytest.approx(0.2)
    assert costs(part | {"count": 1})["each_s"] is None


def test_pieces_cut_by_hand_make_the_line_again() -> None:
    import numpy as np
    from longlines import PIECE, LongLine

    image = np.arange(9000 * 2, dtype=np.int64).astype(np.uint8).reshape(2, 9000)
    line = LongLine(image, "", tuple(range(300, 9000, 700)))
    pieces = line.pieces()
    assert np.array_equal(np.hstack(pieces), image)
    assert max(piece.shape[1] for piece in pieces) <= PIECE


def test_errors_that_all_others_make_alike_are_none_of_reading() -> None:
    from attainable import counted
    from study import Half

    half = Half((), (), ("Guten Tag.", "Haus"), ignore_case=False)
    ours = {"shipped": ["Guten Tag", "Hans"], "adapted": ["Guten Tag", "Haus"]}
    others = [["Guten Tag", "Hans"], ["Gute Tag", "Maus"]]  # of one mind about the full stop alone
    found = counted(half, ours, others)
    assert found["characters"] == 14
    assert found["shipped"] == pytest.approx(2 / 14)
    assert found["adapted, alike"] == pytest.approx(1 / 14)
    assert found["fewer"] == pytest.approx(0.5)
    assert found["of reading"] == pytest.approx(1.0)
