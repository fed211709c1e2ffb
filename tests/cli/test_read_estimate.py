"""``readapt read --estimate``: pages on stdout as ever, estimates on stderr."""

from pathlib import Path

import cv2
import pytest

from command_line import Run
from readapt.models.bundle import Bundle
from tiny_model import draw_page


@pytest.fixture
def cli(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Run:
    return Run(capfdbinary, monkeypatch)


def test_every_page_and_all_of_them(cli: Run, tmp_path: Path, tiny_model: Bundle) -> None:
    for name, text in (("a", "abba"), ("b", "bab")):
        cv2.imwrite(str(tmp_path / f"{name}.png"), draw_page([(64, 64, text), (64, 160, "aa")]))
    code, out, err = cli("read", tmp_path, "-m", tiny_model.folder, "--estimate")
    assert code == 0
    assert out == "abba\naa\n\fbab\naa\n"
    rows = err.splitlines()
    assert [row.split(":")[1].split("/")[-1].strip() for row in rows] == [
        "a.png",
        "b.png",
        "all pages",
    ]
    assert rows[0].endswith("2 lines")
    assert rows[2].endswith("4 lines")
    assert all("estimated wrong characters" in row for row in rows)


def test_pages_that_cannot_be_read_do_not_count(
    cli: Run, tmp_path: Path, tiny_model: Bundle
) -> None:
    (tmp_path / "bad.png").write_bytes(b"no")
    cv2.imwrite(str(tmp_path / "a.png"), draw_page([(64, 64, "ab")]))
    code, _, err = cli("read", tmp_path, "-m", tiny_model.folder, "--estimate")
    assert code == 3
    assert "all pages: estimated wrong characters" in err
    assert "1 lines" in err


def test_stdin_cannot_be_looked_at_twice(cli: Run, tiny_model: Bundle) -> None:
    code, _, err = cli("read", "-", "-m", tiny_model.folder, "--estimate")
    assert code == 2
    assert "needs files, not stdin" in err
