"""Translation: any size, each line by itself, the same every time."""

import numpy as np
import pytest
import torch
from bar_lines import bars

from readapt.gan.translate import beside, translate_line, translate_lines
from readapt.nets.generator import Generator, GeneratorConfig


@pytest.fixture(scope="module")
def generator() -> Generator:
    torch.manual_seed(0)
    network = Generator(GeneratorConfig(widths=(4, 8), blocks=1)).eval()
    torch.nn.init.normal_(network.head.weight, 0, 0.1)
    return network


@pytest.mark.parametrize("width", [5, 36, 101, 1500])
def test_any_width(generator: Generator, width: int) -> None:
    line = np.random.default_rng(0).integers(0, 255, (36, width), dtype=np.uint8)
    translated = translate_line(generator, line)
    assert translated.shape == line.shape
    assert translated.dtype == np.uint8
    assert not np.array_equal(translated, line)


@pytest.mark.parametrize("shape", [(36, 37), (36, 37, 3)])
def test_a_look_in_colour_gives_colour(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    network = Generator(GeneratorConfig(channels=3, widths=(4, 8), blocks=1)).eval()
    line = np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)
    same = np.broadcast_to(line.reshape(36, 37, -1), (36, 37, 3))
    torch.nn.init.zeros_(network.head.weight)
    torch.nn.init.zeros_(network.head.bias)
    assert np.array_equal(translate_line(network, line), same)
    network.head.bias.data[4:8] = 0.2  # more green, at the four pixels of a cell
    greener = translate_line(network, line).astype(int) - same
    assert (greener[..., 1] >= 0).all()
    assert greener[..., 1].max() > 20
    assert not greener[..., (0, 2)].any()


def test_each_by_itself_and_the_same_every_time(generator: Generator) -> None:
    lines = [bars("abab"), bars("ba")]
    together = list(translate_lines(generator, lines, seed=3))
    assert np.array_equal(together[1], translate_line(generator, lines[1], 4))
    assert np.array_equal(together[0], translate_line(generator, lines[0], 3))
    assert not np.array_equal(together[0], translate_line(generator, lines[0], 5))


def test_colour_stands_beside_grey() -> None:
    line = np.zeros((36, 5), np.uint8)
    grid = beside([[line], [np.zeros((36, 7, 3), np.uint8)]])
    assert grid.shape == (44, 24, 3)


def test_beside() -> None:
    grid = beside([[bars("ab"), bars("a")], [bars("b")]], gap=2)
    assert grid.shape == (2 * 38 + 2, 32 + 16 + 6)
    assert np.array_equal(grid[2:38, 2:34], bars("ab"))
    assert np.array_equal(grid[2:38, 36:52], bars("b"))
