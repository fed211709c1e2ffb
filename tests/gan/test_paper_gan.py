"""Paper: it wraps around, its seams are as its inside, and it lies under lines and pages."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from bar_lines import bars

from readapt.errors import InputError
from readapt.gan.look import PaperSection, save_look, translator_section
from readapt.gan.paper import (
    LookPaper,
    PaperGenerator,
    draw_noise,
    draw_sheet,
    lay_under,
    load_paper,
    look_paper,
)
from readapt.nets.generator import Generator, GeneratorConfig

SECTION = PaperSection(width=4, latent=4, mean=200.0, scale=150.0, soft=50.0, ink=(0.2, 0.3))


def generator() -> PaperGenerator:
    torch.manual_seed(0)
    return PaperGenerator(4, 4).eval()


@pytest.fixture
def look(tmp_path: Path) -> Path:
    return save_look(tmp_path / "look", paper=(generator(), SECTION)).folder


def test_paper_wraps_around() -> None:
    """Noise rolled by a cell is paper rolled by 8 pixels: no edge is special, so sheets tile."""
    network = generator()
    noise = draw_noise(2, 4, torch.Generator().manual_seed(0), 5, 7)
    with torch.no_grad():
        plain = network(noise)
        rolled = network(torch.roll(noise, (2, 3), (-2, -1)))
    assert plain.shape == (2, 1, 40, 56)
    torch.testing.assert_close(torch.roll(plain, (16, 24), (-2, -1)), rolled)


def smooth() -> PaperGenerator:
    """A generator without grain, whose seams would show."""
    network = generator()
    with torch.no_grad():
        network.layer4.weight[:, -1] = 0
        network.head.weight[:, -1] = 0
    return network


def seams(width: int) -> tuple[np.ndarray, np.ndarray]:
    """Steps over the seams of laid tiles `width` wide, and over borders of cells inside."""
    wide = SECTION.model_copy(update={"mean": 120.0, "scale": 900.0, "soft": 900.0})
    across, inside = [], []
    for seed in range(40):
        sheet = draw_sheet(smooth(), wide, 64, 128, seed).astype(np.float64)[:, :width]
        across.append(sheet[:, 0] - sheet[:, -1])
        inside.append(np.diff(sheet, axis=1)[:, 7::8].ravel())
    return np.concatenate(across), np.concatenate(inside)


def test_seams_are_as_the_inside() -> None:
    across, inside = seams(128)
    spread = inside.std()
    assert spread > 1
    assert abs(across.std() / spread - 1) < 0.12
    assert abs(across.mean() - inside.mean()) < 0.15 * spread
    for share in (0.05, 0.25, 0.75, 0.95):
        assert abs(np.quantile(across, share) - np.quantile(inside, share)) < 0.25 * spread


def test_a_sheet_that_does_not_tile_would_be_found_out() -> None:
    across, inside = seams(101)
    assert across.std() > 1.2 * inside.std()


def test_one_tone_a_sheet() -> None:
    noise = draw_noise(3, 4, torch.Generator().manual_seed(0))
    assert noise.shape == (3, 4 + 64, 8, 8)
    assert float(noise[:, :2].std(dim=(-2, -1)).max()) < 1e-6
    assert float(noise[:, 2:].std(dim=(-2, -1)).min()) > 0.5


def test_sheets_of_any_size_and_the_same_twice() -> None:
    a, b = (draw_sheet(generator(), SECTION, 36, 501, 3) for _ in range(2))
    assert a.shape == (36, 501)
    assert np.array_equal(a, b)
    assert not np.array_equal(a, draw_sheet(generator(), SECTION, 36, 501, 4))


def test_lay_under() -> None:
    line = bars("ab", paper=255)
    rng = np.random.default_rng(0)
    sheet = rng.normal(150, 2, line.shape).astype(np.uint8)
    sharp, faint = lay_under(line, sheet), lay_under(line, sheet, 0.7)
    for laid in (sharp, faint):  # as every prepared line: paper near 230, ink near 0
        assert abs(float(np.median(laid[:, :4])) - 230) < 15
        assert laid[20, 8] < 70
    assert faint[:, :4].std() > 2 * sharp[:, :4].std()  # faint ink: the grain is stretched as well


def test_paper_of_a_look(look: Path) -> None:
    for source in (look_paper(look), look_paper(look, sheets=3)):
        again = pickle.loads(pickle.dumps(source))
        a, b = (s.sheet(np.random.default_rng(5), 50, 120, 36) for s in (source, again))
        assert a.shape == (50, 120)
        assert a.dtype == np.uint8
        assert np.array_equal(a, b)
        assert not np.array_equal(a, source.sheet(np.random.default_rng(6), 50, 120, 36))
        assert 0.2 <= source.ink(np.random.default_rng(0)) <= 0.3


def test_grain_scales_with_the_lines(look: Path) -> None:
    """Where lines are twice as high, so is the grain."""
    source = LookPaper(str(look))

    def rough(line: float) -> float:
        sheet = source.sheet(np.random.default_rng(0), 256, 256, line).astype(float)
        return float(np.abs(np.diff(sheet)).mean() / sheet.std())

    assert rough(72) < 0.75 * rough(36)


def test_tiles_cover_more_than_a_tile(look: Path) -> None:
    source = LookPaper(str(look), sheets=2, side=64)
    sheet = source.sheet(np.random.default_rng(0), 100, 200, 36)
    assert np.array_equal(sheet[:36], sheet[64:])
    assert np.array_equal(sheet[:, :64], sheet[:, 64:128])


def test_a_look_without_paper(tmp_path: Path) -> None:
    network = Generator(GeneratorConfig(blocks=1))
    look = save_look(tmp_path / "x", translator=(network, translator_section(network, 36, {})))
    with pytest.raises(InputError, match="has no paper"):
        load_paper(look)
