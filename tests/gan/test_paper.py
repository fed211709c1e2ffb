"""Paper: it tiles, it is learnt from text-free patches, and a look keeps it beside its lines."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
from bar_lines import bars

from readapt.errors import InputError
from readapt.gan.critic import GapConfig
from readapt.gan.duel import DuelConfig
from readapt.gan.look import Look, PaperSection, save_look, translator_section
from readapt.gan.paper import (
    SIDE,
    PaperConfig,
    PaperGenerator,
    Patches,
    draw_noise,
    draw_sheet,
    find_patches,
    lay_under,
    load_paper,
    plain_paper,
    train_paper,
)
from readapt.gan.play import PlayConfig
from readapt.models.bundle import Bundle
from readapt.nets.discriminator import DiscriminatorConfig
from readapt.nets.generator import Generator, GeneratorConfig
from readapt.reader import Reader
from tiny_model import draw_page

SECTION = PaperSection(width=4, latent=4, mean=200.0, scale=20.0)
CONFIG = PaperConfig(
    4,
    4,
    "relativistic",
    DiscriminatorConfig(width=4, layers=1, norm="none"),
    DuelConfig(batch=4),
    PlayConfig(steps=3, log_every=1),
    GapConfig(
        steps=6,
        batch=4,
        windows=8,
        look_every=3,
        bootstrap=10,
        critic=DiscriminatorConfig(width=4, layers=1, norm="none"),
    ),
)


def generator() -> PaperGenerator:
    torch.manual_seed(0)
    return PaperGenerator(4, 4).eval()


def test_paper_wraps_around() -> None:
    """Noise rolled by a cell is paper rolled by 8 pixels: no edge is special, so sheets tile."""
    network = generator()
    noise = draw_noise(2, 4, torch.Generator().manual_seed(0), 5, 7)
    with torch.no_grad():
        plain = network(noise)
        rolled = network(torch.roll(noise, (2, 3), (-2, -1)))
    assert plain.shape == (2, 1, 40, 56)
    torch.testing.assert_close(torch.roll(plain, (16, 24), (-2, -1)), rolled)


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
    sheet = np.full(line.shape, 150, np.uint8)
    laid = lay_under(line, sheet)
    assert laid[0, 0] == 230
    assert laid[20, 8] == 0


def test_plain_paper() -> None:
    rng = np.random.default_rng(0)
    paper = rng.normal(220, 3, (SIDE, SIDE)).clip(0, 255).astype(np.uint8)
    assert plain_paper(paper, 30.0)
    inked = paper.copy()
    inked[10:20, 10:14] = 40
    assert not plain_paper(inked, 30.0)
    assert not plain_paper((paper // 4).astype(np.uint8), 10.0)
    assert not plain_paper(np.full((SIDE, SIDE), 255, np.uint8), 30.0)


def test_patches_are_found_beside_the_text(tiny_model: Bundle, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    page = draw_page([(20, 20, "abab"), (30, 90, "ba"), (10, 160, "aab")], 512, 560)
    page = (page - rng.integers(0, 12, page.shape)).clip(0).astype(np.uint8)
    PIL.Image.fromarray(page).save(tmp_path / "a.png")
    reader = Reader(tiny_model.folder, 1)
    found = find_patches([str(tmp_path)], reader, least=10)
    assert found.levels.shape[1:] == (SIDE, SIDE)
    assert found.levels.min() > 200  # no strip, which is 160, and no letter
    images = found.images()
    assert float(images.abs().max()) <= 1
    assert abs(float(images.median())) < 0.2
    with pytest.raises(InputError, match="patches of bare paper were found on 1 page"):
        find_patches([str(tmp_path)], reader, least=10_000)


def test_from_patches_to_a_look(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    levels = rng.normal(210, 6, (20, SIDE, SIDE)).clip(0, 255).astype(np.uint8)
    patches = Patches(levels, 210.0, 20.0, 2)
    folder = tmp_path / "mine"
    network = Generator(GeneratorConfig(widths=(4, 8, 8), blocks=1))
    save_look(folder, translator=(network, translator_section(network, 36, {})))
    made = train_paper(patches, folder, tmp_path / "work", CONFIG)
    assert made.result.steps == 3
    look = Look.load(folder)
    look.translator()  # what was there stays
    loaded, section = load_paper(look)
    assert section.objective == "relativistic"
    assert draw_sheet(loaded, section, 64, 64, 1).shape == (64, 64)
    longer = replace(CONFIG, play=replace(CONFIG.play, steps=5))
    assert train_paper(patches, folder, tmp_path / "work", longer, resume=True).result.steps == 5


def test_a_look_without_paper(tmp_path: Path) -> None:
    network = Generator(GeneratorConfig(widths=(4, 8, 8), blocks=1))
    look = save_look(tmp_path / "x", translator=(network, translator_section(network, 36, {})))
    with pytest.raises(InputError, match="has no paper"):
        load_paper(look)
