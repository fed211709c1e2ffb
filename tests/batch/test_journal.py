from pathlib import Path

from readapt.batch.journal import Journal


def test_an_output_belongs_to_the_input_that_was_written_last(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    inputs = [tmp_path / "x.png", tmp_path / "y.png"]
    output = tmp_path / "out" / "a.txt"
    output.write_text("text")
    for path in inputs:
        path.write_text(path.name)
        Journal(tmp_path / "out", ["m"]).add(str(path), [output])
    journal = Journal(tmp_path / "out", ["m"])
    assert [journal.is_done(str(path)) for path in inputs] == [False, True]
    assert not Journal(tmp_path / "out", ["other"]).is_done(str(inputs[1]))
    assert not journal.is_done("-")
    journal.add("-", [output])
    assert not journal.is_done("-")
    output.unlink()
    assert not journal.is_done(str(inputs[1]))
