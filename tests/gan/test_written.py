"""Translated lines on disk: what lost its text is dropped and counted."""

from pathlib import Path

import numpy as np
import pytest
import torch
from bar_lines import bars
from matplotlib import font_manager

from readapt.errors import ReadaptError
from readapt.gan.look import PaperSection, save_look, translator_section
from readapt.gan.paper import PaperGenerator
from readapt.gan.written import change_of, errors, keeps_its_text, write_look_lines
from readapt.nets.generator import Generator, GeneratorConfig
from readapt.synth.corpus import BUILT_IN, Corpus
from readapt.synth.fonts import read_font
from readapt.synth.lines import LineConfig, LineMaker
from readapt.types import Image


def test_rule() -> None:
    assert errors("abxd", "abcd") == 0.25
    assert errors("ab cd", "abcd") == 0.0
    assert keeps_its_text("abcd", "abcd", "abcd", 0.0)
    assert not keeps_its_text("abcd", "abxd", "abcd", 0.1)
    assert keeps_its_text("axyd", "abxd", "abcd", 0.0)  # hard before, no worse now
    assert keeps_its_text("abcd", "abxd", "abcd", 0.25)


@pytest.fixture(scope="module")
def maker() -> LineMaker:
    fonts = [read_font(font_manager.findfont("DejaVu Sans Mono"))]
    corpora = {k: Corpus(k, "", tuple(v.split())) for k, v in BUILT_IN.items()}
    return LineMaker(LineConfig(clean=1.0, max_characters=8), fonts, corpora)


def same(line: Image, seed: int) -> Image:
    return line


def test_failures_are_dropped_and_counted(maker: LineMaker, tmp_path: Path) -> None:
    calls = 0

    def reads(lines: list) -> list[str]:  # type: ignore[type-arg]
        """Every fourth line is misread once it is translated."""
        nonlocal calls
        calls += 1
        first = 32 * ((calls - 1) // 2)
        labels = [maker.make(first + i).text for i in range(32)]
        return [
            "?????????" if calls % 2 == 0 and i % 4 == 0 else label
            for i, label in enumerate(labels)
        ]

    progress = list(write_look_lines(tmp_path, 30, maker, same, reads))
    assert (progress[-1].kept, progress[-1].drawn) == (30, 40)
    written = sorted(tmp_path.glob("*.gt.txt"))
    assert len(written) == 30
    assert written[0].read_text().strip() == maker.make(1).text


def test_a_look_that_breaks_texts_is_named(maker: LineMaker, tmp_path: Path) -> None:
    calls = 0

    def reads(lines: list) -> list[str]:  # type: ignore[type-arg]
        nonlocal calls
        calls += 1
        first = 32 * ((calls - 1) // 2)
        return ["" if calls % 2 == 0 else maker.make(first + i).text for i in range(32)]

    with pytest.raises(ReadaptError, match="this look breaks texts"):
        list(write_look_lines(tmp_path, 4, maker, same, reads))


def test_a_look_changes_lines_by_its_translator_or_its_paper(tmp_path: Path) -> None:
    torch.manual_seed(0)
    section = PaperSection(width=4, latent=4, mean=200.0, scale=150.0, soft=50.0)
    look = save_look(tmp_path / "look", paper=(PaperGenerator(4, 4), section))
    line = bars("ab ab", paper=255)
    on_paper = change_of(look)(line, 1)
    assert on_paper.shape == line.shape
    assert len(np.unique(on_paper)) > 10
    assert on_paper[20, 6] < 90 < 170 < np.median(on_paper)
    network = Generator(GeneratorConfig(widths=(4, 8), blocks=1))
    torch.nn.init.zeros_(network.head.weight)
    both = save_look(tmp_path / "look", translator=(network, translator_section(network, 36, {})))
    assert np.array_equal(change_of(both)(line, 1), line)
