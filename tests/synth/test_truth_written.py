from pathlib import Path

import pytest

from pages import SMALL
from readapt.errors import InputError, UsageError
from readapt.evaluate.truth import load_truth, read_page_xml
from readapt.synth.lines import LineConfig
from readapt.synth.page import make_page
from readapt.synth.truth import write_lines, write_page, write_pages


@pytest.fixture
def corpus(tmp_path: Path) -> str:
    path = tmp_path / "corpus.txt"
    path.write_text("Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. " * 40)
    return str(path)


def test_pages_are_read_back_as_written(tmp_path):
    page = next(p for p in (make_page(i, SMALL) for i in range(9)) if len(p.lines) > 3)
    write_page(tmp_path / "", 7, page, page_xml=True)
    (known,) = load_truth([tmp_path / "000007.json"]).pages
    assert known.image == tmp_path / "000007.png"
    assert (known.height, known.width) == page.image.shape[:2]
    assert [line.text for line in known.lines] == [line.text for line in page.lines]
    for line, truth in zip(page.lines, known.lines, strict=True):
        assert [x for point in truth.polygon for x in point] == pytest.approx(
            line.quad.ravel().tolist(), abs=0.06
        )
    xml = read_page_xml(tmp_path / "page" / "000007.xml")
    assert sorted(line.text for line in xml.lines) == sorted(line.text for line in page.lines)


def test_lines_are_read_back_as_written(tmp_path, corpus):
    folder = tmp_path / "lines"
    assert list(write_lines(folder, 3, LineConfig(seed=4), corpus, 1)) == [1, 2, 3]
    known = load_truth([folder])
    assert len(known.lines) == 3
    assert all(line.text for line in known.lines)


def test_processes_share_the_work_and_change_nothing(tmp_path, corpus):
    config = SMALL
    for jobs in (1, 2):
        assert max(write_pages(tmp_path / str(jobs), 5, config, corpus, jobs)) == 5
    names = sorted(path.name for path in (tmp_path / "1").iterdir())
    assert len(names) == 10
    for name in names:
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()


def test_a_missing_corpus_is_named_before_anything_is_written(tmp_path):
    for write in (
        lambda: write_pages(tmp_path / "out", 1, SMALL, str(tmp_path / "no.txt"), 1),
        lambda: write_lines(tmp_path / "out", 1, LineConfig(), str(tmp_path / "no.txt"), 1),
    ):
        with pytest.raises(InputError, match=r"no\.txt"):
            write()
    assert not (tmp_path / "out").exists()


def test_a_file_in_the_way_of_the_folder_is_wrong_use(tmp_path, corpus):
    (tmp_path / "out").write_text("here already")
    with pytest.raises(UsageError, match="name another"):
        list(write_pages(tmp_path / "out", 1, SMALL, corpus, 1))
