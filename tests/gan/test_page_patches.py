"""Pages for the game: one size of text, patches around lines, and translated pages as truth."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
from matplotlib import font_manager

from readapt.errors import InputError, ModelError
from readapt.export.recognizer import save_recognizer_bundle
from readapt.gan.look import Look, pages_section, save_look
from readapt.gan.page_look import LookPages
from readapt.gan.page_patches import (
    LINE,
    PatchConfig,
    PatchFeed,
    TextPage,
    akin,
    at_one_size,
    draw_page,
    scan_pages,
)
from readapt.models.bundle import Bundle
from readapt.nets.crnn import Crnn, CrnnConfig
from readapt.nets.generator import Generator, GeneratorConfig
from readapt.reader import Reader
from readapt.recognize.alphabet import LATIN
from readapt.synth.corpus import BUILT_IN, Corpus
from readapt.synth.fonts import read_font
from readapt.synth.layout import LAYOUTS
from readapt.synth.lines import LineConfig, LineMaker
from readapt.synth.page import PageConfig, PageLine
from tiny_model import draw_page as drawn_by_tiny_model

PAGES = PageConfig(
    width=(500, 600),
    layouts=tuple(layout for layout in LAYOUTS if layout.name == "letter"),
    fonts=(read_font(font_manager.findfont("DejaVu Sans Mono")),),
    corpora=(Corpus("en", "", tuple(BUILT_IN["en"].split())),),
)


def box(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)


def page(height: int = 48, shape: tuple[int, ...] = (600, 800)) -> TextPage:
    """Lines of stripes, each `height` pixels high."""
    image = np.full(shape, 255, np.uint8)
    lines = []
    for y in range(40, shape[0] - 80, 90):
        image[y + 10 : y + height - 10, 60:-60:6] = 30
        lines.append(PageLine(box(60, y, shape[1] - 60, y + height), "iiii", ()))
    return at_one_size(image, lines)


def test_lines_have_one_height_and_paper_one_level() -> None:
    small = page()
    assert small.image.shape == (300, 400)
    heights = [np.ptp(line.quad[:, 1]) for line in small.lines]
    assert heights == pytest.approx([LINE] * len(heights), abs=0.5)
    assert np.median(small.image) == pytest.approx(230, abs=2)
    assert page(shape=(600, 800, 3)).image.shape == (300, 400, 3)


def test_patches_hold_lines_and_are_always_the_same() -> None:
    feed = PatchFeed([page()], [page(30)], PatchConfig(side=96, batch=5))
    batch = feed.batch(3)
    assert batch.real.shape == batch.rendered.shape == (5, 96, 96)
    assert (batch.real.min(axis=(1, 2)) < 100).all()
    assert not batch.labels.size
    assert np.array_equal(batch.real, feed.batch(3).real)
    assert not np.array_equal(batch.real, feed.batch(4).real)


def test_pages_that_are_too_small_are_named() -> None:
    with pytest.raises(InputError, match="no real page is 512 pixels high and wide"):
        PatchFeed([page()], [page()], PatchConfig(side=512))


def test_scans_with_too_little_text_are_left_out(tiny_model: Bundle, tmp_path: Path) -> None:
    three = drawn_by_tiny_model([(20, 20, "abab"), (30, 100, "ba"), (10, 200, "aab")])
    PIL.Image.fromarray(three).save(tmp_path / "a.png")
    one = drawn_by_tiny_model([(20, 20, "abab")])
    PIL.Image.fromarray(one).save(tmp_path / "b.png")
    reader = Reader(tiny_model.folder, 1)
    (found,) = scan_pages([str(tmp_path)], reader)
    assert len(found.lines) == 3
    with pytest.raises(InputError, match="Only 1 of 2 pages have 3 lines of text or more"):
        scan_pages([str(tmp_path)], reader, least=2)


def test_pages_are_akin_to_scans(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = Crnn(CrnnConfig(LATIN.classes, (4, 6, 8, 10, 12), hidden=8, layers=1))
    bundle = Bundle.load(save_recognizer_bundle(network, LATIN, tmp_path / "small"))
    corpora = {"en": PAGES.corpora[0]}
    maker = LineMaker(LineConfig(clean=1.0), fonts=PAGES.fonts, corpora=corpora, alphabet=LATIN)
    found = akin(replace(PAGES, layouts=LAYOUTS, fonts=()), [page()], maker, bundle, pilot=8)
    assert found.fonts == PAGES.fonts
    assert found.layouts
    assert all(layout.weight > 0 for layout in found.layouts)


def test_pages_of_a_look_have_their_truth(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = Generator(GeneratorConfig(widths=(4, 8), blocks=1))
    torch.nn.init.zeros_(network.head.weight)
    torch.nn.init.constant_(network.head.bias, -0.2)
    save_look(tmp_path / "look", pages=(network, pages_section(network, LINE, {})))
    made = LookPages(str(tmp_path / "look"))(1, PAGES)
    clean = draw_page(1, PAGES)
    assert clean is not None
    assert [line.text for line in made.lines] == [line.text for line in clean.lines]
    pairs = zip(made.lines, clean.lines, strict=True)
    assert all(np.array_equal(a.quad, b.quad) for a, b in pairs)
    darker = clean.image.astype(int) - made.image
    assert darker[clean.image > 200] == pytest.approx(25.5, abs=1)
    with pytest.raises(ModelError, match="no lines"):
        Look.load(tmp_path / "look").translator()
