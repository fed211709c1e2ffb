import json

import pytest
from typer.testing import CliRunner

from readapt.cli.synth import synth


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text("the quick brown fox jumps over the lazy dog " * 30)
    return str(path)


def test_lines(tmp_path, corpus):
    out = tmp_path / "out"
    result = CliRunner().invoke(synth, ["lines", "-o", str(out), "-n", "2", "--text", corpus])
    assert result.exit_code == 0, result.output
    names = ["000000.gt.txt", "000000.png", "000001.gt.txt", "000001.png"]
    assert sorted(path.name for path in out.iterdir()) == names


def test_pages(tmp_path, corpus):
    out = tmp_path / "out"
    call = ["pages", "-o", str(out), "-n", "1", "--text", corpus, "--seed", "3", "--page-xml"]
    result = CliRunner().invoke(synth, call)
    assert result.exit_code == 0, result.output
    truth = json.loads((out / "000000.json").read_text())
    assert set(truth) == {"image", "width", "height", "level", "doc", "lines"}
    assert (out / "page" / "000000.xml").is_file()


def test_nothing_to_make_is_wrong_use(tmp_path):
    result = CliRunner().invoke(synth, ["pages", "-o", str(tmp_path), "-n", "0"])
    assert result.exit_code == 2


def test_what_cannot_be_written_is_named(tmp_path):
    corpus = tmp_path / "words.txt"
    corpus.write_text("hello 漢字 world", encoding="utf-8")
    call = ["lines", "-o", str(tmp_path / "out"), "-n", "1", "--text", str(corpus)]
    result = CliRunner().invoke(synth, call)
    assert result.exit_code == 0, result.output
    assert "'字' (U+5B57)" in result.stderr
    assert "left out" in result.stderr
