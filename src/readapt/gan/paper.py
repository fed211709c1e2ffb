"""Noise -> paper: endless, tileable sheets of the paper that a user's scans are on.

A small spatial GAN (Jetchev et al. 2016) after DCGAN: the noise has rows and columns, every
convolution wraps around, so that a sheet of any size fits to itself at its edges. Three kinds of
noise: one value a sheet (its tone), one a coarse cell (stains, folds), one a pixel (grain).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from readapt.errors import InputError
from readapt.gan.look import PAPER, Look, PaperSection, load_weights
from readapt.gan.patches import LINE, SIDE, Tone
from readapt.recognize.preprocess import stretch
from readapt.synth.paper import print_on_sheet
from readapt.types import Image

CELL = 8
"""Pixels a side of a coarse cell of noise: sheets are multiples of it."""


class PaperGenerator(nn.Module):
    """Noise `batch latent + 64 rows columns` to paper `batch 1 8 rows 8 columns` in [-1, 1].

    The last 64 channels are the grain, one value a pixel, folded into the cells. A generator is
    the same function of any number of rows and columns, and its output wraps around.
    """

    def __init__(self, width: int, latent: int) -> None:
        super().__init__()
        self.width, self.latent = width, latent
        self.layer1 = _wrapped(latent, 4 * width)
        self.layer2 = _wrapped(4 * width, 2 * width)
        self.layer3 = _wrapped(2 * width, width)
        self.layer4 = _wrapped(width + 1, width)
        self.head = _wrapped(width + 1, 1)
        with torch.no_grad():
            self.head.weight *= 0.1  # begins as nearly plain paper: less to unlearn than noise

    def forward(self, noise: Tensor) -> Tensor:
        """Draw paper."""
        grain = F.pixel_shuffle(noise[:, self.latent :], CELL)
        x = F.leaky_relu(self.layer1(noise[:, : self.latent]), 0.2)
        for layer in (self.layer2, self.layer3):
            x = F.leaky_relu(layer(F.interpolate(x, scale_factor=2.0)), 0.2)
        x = torch.cat([F.interpolate(x, scale_factor=2.0), grain], 1)
        x = F.leaky_relu(self.layer4(x), 0.2)
        paper: Tensor = self.head(torch.cat([x, grain], 1))
        return torch.tanh(paper)


def _wrapped(inputs: int, outputs: int) -> nn.Conv2d:
    layer = nn.Conv2d(inputs, outputs, 3, 1, 1, padding_mode="circular")
    nn.init.kaiming_normal_(layer.weight, 0.2)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer


def draw_noise(
    count: int, latent: int, random: torch.Generator, rows: int = SIDE // CELL, columns: int = 0
) -> Tensor:
    """Noise for `count` sheets of `rows` by `columns` cells (0: as many as rows)."""
    columns = columns or rows
    noise = torch.randn(count, latent + CELL * CELL, rows, columns, generator=random)
    sheet = torch.randn(count, latent // 2, 1, 1, generator=random)
    noise[:, : latent // 2] = sheet
    return noise


def draw_sheet(
    generator: PaperGenerator, section: PaperSection, height: int, width: int, seed: int
) -> Image:
    """Draw a sheet of paper, `height width` uint8. It tiles where both are multiples of 8."""
    rows, columns = -(-height // CELL), -(-width // CELL)
    random = torch.Generator().manual_seed(seed)
    with torch.inference_mode():
        noise = draw_noise(1, generator.latent, random, rows, columns)
        values = generator(noise)[0, 0, :height, :width].numpy()
    return Tone(section.mean, section.scale, section.soft).levels(values)


def lay_under(line: Image, sheet: Image, ink: float = 0.0) -> Image:
    """Lay paper under a clean prepared line, both `height width` uint8, and prepare it again.

    Ink lets the share `ink` of the paper's light through; the contrast is stretched as that of
    any line is, so that faint ink means coarse grain, as on scans.
    """
    cover = 1 - line.astype(np.float32) / np.float32(max(int(line.max()), 1))
    return stretch(print_on_sheet(sheet, cover, ink))


def load_paper(look: Look) -> tuple[PaperGenerator, PaperSection]:
    """Load the paper of a look; :class:`InputError` where it has none."""
    section = look.manifest.paper
    if section is None:
        raise InputError(
            f"{look.folder}: this look has no paper; add it with `readapt train paper`.",
            str(look.folder),
        )
    generator = PaperGenerator(section.width, section.latent)
    load_weights(generator, look.folder / PAPER)
    return generator.eval(), section


@dataclass(frozen=True, slots=True)
class LookPaper:
    """The paper of a look as :class:`readapt.synth.paper.PaperSource`: for lines and pages.

    Pickles as the name of a folder; every process loads the generator once.
    """

    folder: str
    sheets: int = 0
    """Sheets of `side` pixels that are drawn once, and laid as tiles, moved and mirrored; 0 draws
    every sheet anew, at about 3 seconds a million pixels and core."""
    side: int = 512

    def sheet(self, rng: np.random.Generator, height: int, width: int, line: float) -> Image:
        """Draw bare paper at the scale at which cut lines are `line` pixels high."""
        scale = line / LINE
        rows, columns = max(1, round(height / scale)), max(1, round(width / scale))
        seed = int(rng.integers(2**31))
        if not self.sheets:
            drawn = draw_sheet(*_loaded(self.folder), rows, columns, seed)
        else:
            tile = _tile(self.folder, self.side, seed % self.sheets)
            shift = (int(rng.integers(self.side)), int(rng.integers(self.side)))
            turned = np.rot90(np.roll(tile, shift, (0, 1)), int(rng.integers(4)))
            repeats = (-(-rows // self.side), -(-columns // self.side))
            drawn = np.tile(turned, repeats)[:rows, :columns]
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        drawn = np.ascontiguousarray(drawn)
        return np.asarray(cv2.resize(drawn, (width, height), interpolation=how), np.uint8)

    def ink(self, rng: np.random.Generator) -> float:
        """Draw the share of light that ink lets through, from the range of the scans."""
        return float(rng.uniform(*_loaded(self.folder)[1].ink))


def look_paper(folder: Path, sheets: int = 0) -> LookPaper:
    """Check that a look has paper, and return it; :class:`InputError` where it has none."""
    load_paper(Look.load(folder))
    return LookPaper(str(folder), sheets)


@lru_cache(maxsize=4)
def _loaded(folder: str) -> tuple[PaperGenerator, PaperSection]:
    return load_paper(Look.load(folder))


@lru_cache(maxsize=256)
def _tile(folder: str, side: int, number: int) -> Image:
    return draw_sheet(*_loaded(folder), side, side, number)
