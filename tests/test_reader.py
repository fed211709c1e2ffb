import io
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from readapt import InputError, Line, ModelError, Page, Reader, read
from readapt.models.bundle import Bundle
from tiny_model import draw, draw_page, save_tiny_model

TEXTS = [(20, 30, "abba ab"), (20, 100, "ba"), (300, 100, "a b a"), (40, 200, "bbbb")]


@pytest.fixture(scope="module")
def reader(tiny_model: Bundle) -> Reader:
    return Reader(tiny_model.folder, threads=1)


def test_a_page_is_read_whole(reader: Reader) -> None:
    page = reader.read(draw_page(TEXTS))
    assert (page.width, page.height, page.source, page.index) == (512, 320, "", 0)
    assert [line.text for line in page.lines] == ["abba ab", "ba", "a b a", "bbbb"]
    assert page.text == "abba ab\nba\na b a\nbbbb"
    for line, (x, y, text) in zip(page.lines, TEXTS, strict=True):
        assert line.text == " ".join(word.text for word in line.words)
        assert np.allclose(line.polygon[0], (x, y), atol=2)
        assert np.allclose(line.polygon[2], (x + 32 * len(text) + 16, y + 32), atol=2)
        assert 0.9 < line.confidence <= 1
        start = 0
        for word in line.words:
            start = text.index(word.text, start)
            left, right = x + 16 + 32 * start, x + 32 * (start + len(word.text))
            assert np.allclose(word.polygon[0], (left, y), atol=10)
            assert np.allclose(word.polygon[2], (right, y + 32), atol=10)
            start += len(word.text)


def test_every_kind_of_source_gives_the_same_lines(reader: Reader, tmp_path: Path) -> None:
    pixels = draw_page(TEXTS)
    picture = PIL.Image.fromarray(pixels)
    path = tmp_path / "a.png"
    picture.save(path)
    lines = reader.read(pixels).lines
    assert reader.read(path) == Page(512, 320, lines, str(path), 0)
    assert reader.read(str(path)).lines == lines
    assert reader.read(picture).lines == lines
    assert reader.read(picture.convert("RGB")).lines == lines
    assert reader.read(np.repeat(pixels[:, :, None], 4, axis=2) | np.uint8([0, 0, 0, 255]))
    assert list(reader.read_pages(path)) == [reader.read(path)]


def test_every_page_of_a_tiff_is_read(reader: Reader, tmp_path: Path) -> None:
    pages = [PIL.Image.fromarray(draw_page([(20, 30, text)])) for text in ("a", "bb")]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    read_pages = list(reader.read_pages(tmp_path / "a.tif"))
    assert [(page.index, page.text) for page in read_pages] == [(0, "a"), (1, "bb")]


def test_blank_and_tiny_pages_have_no_lines(reader: Reader) -> None:
    for shape in ((320, 512), (1, 1), (7, 900), (900, 1, 3)):
        page = reader.read(np.full(shape, 255, np.uint8))
        assert page.lines == ()
        assert page.text == ""
        assert (page.height, page.width) == shape[:2]


def test_lines_read_with_too_little_confidence_are_left_out(tmp_path: Path) -> None:
    sure = Reader(save_tiny_model(tmp_path / "sure", min_confidence=0.5).folder)
    surer = Reader(save_tiny_model(tmp_path / "surer", min_confidence=1.0).folder)
    assert len(sure.read(draw_page(TEXTS)).lines) == 4
    assert surer.read(draw_page(TEXTS)).lines == ()
    assert len(surer.read_lines([draw("ab")])) == 1


def test_line_images_of_any_size_give_a_line_each(reader: Reader) -> None:
    images = [
        draw("ab ba"),
        np.full((1, 1), 255, np.uint8),
        np.repeat(draw("b")[:, :, None], 3, axis=2),
        draw("ab " * 60 + "a"),
    ]
    lines = reader.read_lines(images)
    assert [line.text for line in lines] == ["ab ba", "", "b", "ab " * 60 + "a"]
    assert lines[0].polygon == ((0, 0), (176, 0), (176, 32), (0, 32))
    assert lines == [reader.read_lines([image])[0] for image in images]
    assert reader.read_lines([]) == []


def test_threads_may_share_a_reader(reader: Reader) -> None:
    pages = [draw_page([(20, 30, text)]) for text in ("a", "ab", "ba b", "bb")] * 3
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(reader.read, pages)) == [reader.read(page) for page in pages]


def test_what_is_wrong_is_said(reader: Reader, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="uint8"):
        reader.read(np.zeros((9, 9)))
    with pytest.raises(InputError, match="no such file"):
        reader.read(tmp_path / "none.png")
    with pytest.raises(ModelError, match="no such model"):
        Reader("none-of-that-name")
    lines_only = Reader(save_tiny_model(tmp_path / "lines", detector=False).folder)
    assert lines_only.read_lines([draw("ab")])[0].text == "ab"
    with pytest.raises(ModelError, match="cannot find lines"):
        lines_only.read(draw_page(TEXTS))


def test_a_damaged_pillow_image_is_an_input_error(reader: Reader) -> None:
    out = io.BytesIO()
    PIL.Image.fromarray(draw_page(TEXTS)).save(out, "PNG")
    with pytest.raises(InputError, match="damaged"):
        reader.read(PIL.Image.open(io.BytesIO(out.getvalue()[:200])))


def test_settings_of_the_detector_must_be_known(tmp_path: Path) -> None:
    bundle = save_tiny_model(tmp_path / "tiny")
    path = bundle.folder / "model.json"
    entries = json.loads(path.read_text("utf-8"))
    for settings, where in (
        ({"hue": 1}, "hue"),
        ({"tile": "big"}, "tile"),
        ({"scoremap": {"x": 1}}, "scoremap.x"),
    ):
        entries["detector"]["settings"] = settings
        path.write_text(json.dumps(entries), "utf-8")
        with pytest.raises(ModelError, match=f"detector.settings.{where}"):
            Reader(bundle.folder)


def test_from_parts() -> None:
    class Finds:
        def detect(self, page: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return np.empty((0, 4, 2), np.float32), np.empty(0, np.float32)

    class Reads:
        def read(self, lines: list) -> list:
            return []

    reader = Reader.from_parts(Finds(), Reads(), model="fake")
    assert reader.model == "fake"
    assert reader.read(np.zeros((50, 60), np.uint8)) == Page(60, 50, ())


def test_one_page_with_a_model_of_its_own(tiny_model: Bundle) -> None:
    page = read(draw_page(TEXTS), tiny_model.folder)
    assert isinstance(page.lines[0], Line)
    assert page.lines[0].text == "abba ab"


def test_a_model_is_found_by_name(tiny_model: Bundle) -> None:
    script = "from readapt import Reader; print(Reader('tiny').model)"
    environment = os.environ | {"READAPT_MODEL_PATH": str(tiny_model.folder.parent)}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "tiny\n"
