"""Noise -> paper: endless, tileable sheets of the paper that a user's scans are on.

A small spatial GAN (Jetchev et al. 2016) after DCGAN: the noise has rows and columns, every
convolution wraps around, so that a sheet of any size fits to itself at its edges. Three kinds of
noise: one value a sheet (its tone), one a coarse cell (stains, folds), one a pixel (grain).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from readapt.errors import InputError
from readapt.gan.critic import Gap, GapConfig, measure_gap
from readapt.gan.duel import Duel, DuelConfig
from readapt.gan.look import PAPER, Look, PaperSection, load_weights, save_look
from readapt.gan.objectives import OBJECTIVES, Name
from readapt.gan.play import PlayConfig, Result, play
from readapt.gan.scans import pages_of
from readapt.geometry import quad_size
from readapt.nets.discriminator import Discriminator, DiscriminatorConfig
from readapt.pages.load import PageImage
from readapt.reader import Reader
from readapt.recognize.preprocess import PAPER as PAPER_LEVEL
from readapt.types import Image

CELL = 8
"""Pixels a side of a coarse cell of noise: sheets are multiples of it."""
SIDE = 64
"""Pixels a side of the patches that are learnt from."""


@dataclass(frozen=True, slots=True)
class PaperConfig:
    """Networks, game and budget."""

    width: int = 24
    """Channels of the last but one layer; four times as many in the first."""
    latent: int = 16
    """Channels of the coarse noise; half of them have one value for the whole sheet."""
    objective: Name = "relativistic"
    critic: DiscriminatorConfig = field(
        default_factory=lambda: DiscriminatorConfig(width=24, layers=2, norm="none")
    )
    duel: DuelConfig = field(
        default_factory=lambda: DuelConfig(batch=16, noise=0.05, noise_until=0.7)
    )
    play: PlayConfig = field(default_factory=lambda: PlayConfig(minutes=10.0))
    gap: GapConfig = field(default_factory=lambda: GapConfig(steps=150, width=SIDE))


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


@dataclass(frozen=True, slots=True)
class Patches:
    """Text-free patches and the scale they are learnt in."""

    levels: NDArray[np.uint8]
    """`patch SIDE SIDE`."""
    mean: float
    scale: float
    pages: int

    def images(self) -> Tensor:
        """`patch 1 SIDE SIDE` float32 in [-1, 1]: `(level - mean) / scale`, clipped."""
        scaled = (self.levels.astype(np.float32) - self.mean) / self.scale
        return torch.from_numpy(np.clip(scaled, -1, 1)).to(torch.float32)[:, None]


def find_patches(
    scans: Sequence[str],
    reader: Reader,
    *,
    height: int = 36,
    most: int = 4000,
    least: int = 100,
    seed: int = 0,
) -> Patches:
    """Find text-free patches on scans, at the scale at which lines are `height` pixels high.

    A patch lies outside of every line that `reader` finds, with a margin, and is no darker in any
    place than paper is: :func:`plain_paper`. Raises :class:`InputError` where there are fewer than
    `least`.
    """
    rng = np.random.default_rng([seed, 11])
    found: list[Image] = []
    pages = 0
    for page in pages_of(scans):
        pages += 1
        found += _patches_of(page, reader, height, rng)
        if len(found) >= most:
            break
    if len(found) < least:
        raise InputError(
            f"Only {len(found)} patches of bare paper were found on {pages} "
            f"page{'s' if pages != 1 else ''}, and {least} are needed: add pages with margins."
        )
    levels = np.stack(found[:most])
    mean = float(np.median(levels))
    low, high = np.quantile(levels, (0.002, 0.998))
    return Patches(levels, mean, max(mean - float(low), float(high) - mean, 3.0), pages)


def _patches_of(
    page: PageImage, reader: Reader, height: int, rng: np.random.Generator
) -> list[Image]:
    image = page.image
    grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim == 3 else image)
    quads = [cut.quad for cut in reader.cut_lines(page)]
    if not quads:
        return []
    middle = float(np.median([quad_size(quad)[1] for quad in quads]))
    scale = min(height / max(1.2 * middle, 1.0), 2.0)
    blocked = np.zeros(grey.shape, np.uint8)
    for quad in quads:
        cv2.fillConvexPoly(blocked, np.round(quad).astype(np.int32), 255)
    reach = max(3, round(0.25 * middle)) | 1
    blocked = np.asarray(cv2.dilate(blocked, np.ones((reach, reach), np.uint8)))
    ink = float(np.quantile(grey[blocked > 0], 0.02))
    size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = np.asarray(cv2.resize(grey, size, interpolation=how), np.uint8)
    covered = np.asarray(cv2.resize(blocked, size, interpolation=cv2.INTER_NEAREST))
    patches = []
    step = SIDE // 2
    for y in range(0, small.shape[0] - SIDE + 1, step):
        for x in range(0, small.shape[1] - SIDE + 1, step):
            if covered[y : y + SIDE, x : x + SIDE].any():
                continue
            patch = small[y : y + SIDE, x : x + SIDE]
            if plain_paper(patch, ink):
                patches.append(np.ascontiguousarray(patch))
    order = rng.permutation(len(patches))[:300]
    return [patches[i] for i in order]


def plain_paper(patch: Image, ink: float) -> bool:
    """Whether a patch holds no ink the detector missed: no pixel near the page's `ink` level.

    Nor is it the scanner's bed (dark on the whole), nor dead (one level: a painted margin).
    """
    paper = float(np.median(patch))
    darkest = float(np.quantile(cv2.blur(patch, (3, 3)), 0.002))
    return paper > 100 and darkest > paper - 0.35 * (paper - min(ink, paper)) and patch.std() > 0.3


def draw_sheet(
    generator: PaperGenerator, section: PaperSection, height: int, width: int, seed: int
) -> Image:
    """Draw a sheet of paper, `height width` uint8. It tiles where both are multiples of 8."""
    rows, columns = -(-height // CELL), -(-width // CELL)
    random = torch.Generator().manual_seed(seed)
    with torch.inference_mode():
        noise = draw_noise(1, generator.latent, random, rows, columns)
        values = generator(noise)[0, 0, :height, :width].numpy()
    levels = np.clip(np.rint(section.mean + section.scale * values), 0, 255)
    return np.asarray(levels, np.uint8)


def lay_under(line: Image, sheet: Image) -> Image:
    """Lay paper under a clean line, both `height width` uint8: ink multiplies it.

    The paper's median becomes the level that prepared lines have.
    """
    light = sheet.astype(np.float32) / np.float32(max(float(np.median(sheet)), 1.0))
    printed = light * line.astype(np.float32) * np.float32(PAPER_LEVEL / 255)
    return np.asarray(np.clip(np.rint(printed), 0, 255), np.uint8)


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
class MadePaper:
    """A look with paper, and how far its sheets are from the patches it has learnt from."""

    look: Look
    result: Result
    gap: Gap


def train_paper(
    patches: Patches,
    folder: Path,
    work: Path,
    config: PaperConfig = PaperConfig(),
    resume: bool = False,
    echo: bool = False,
) -> MadePaper:
    """Learn paper from patches and write it into the look `folder`; `work` gets the checkpoint."""
    torch.manual_seed(config.play.seed)
    images = patches.images()

    def draw(count: int, random: torch.Generator) -> Tensor:
        """Patches, each turned or mirrored at random: paper has no up."""
        chosen = images[torch.randint(len(images), (count,), generator=random)]
        for i, (turns, flip) in enumerate(
            zip(
                torch.randint(4, (count,), generator=random).tolist(),
                torch.randint(2, (count,), generator=random).tolist(),
                strict=True,
            )
        ):
            chosen[i] = torch.rot90(chosen[i].flip(-1) if flip else chosen[i], turns, (-2, -1))
        return chosen

    def latent(count: int, random: torch.Generator) -> Tensor:
        return draw_noise(count, config.latent, random)

    networks = [PaperGenerator(config.width, config.latent) for _ in range(2)]
    duel = Duel(
        networks[0],
        Discriminator(config.critic),
        networks[1],
        OBJECTIVES[config.objective],
        draw,
        latent,
        config.duel,
        config.play.seed,
    )
    result = play(duel, replace(config.play, judge_every=0), work, resume, echo)
    generator = networks[1].eval()
    section = PaperSection(
        width=config.width,
        latent=config.latent,
        mean=patches.mean,
        scale=patches.scale,
        objective=config.objective,
    )
    count = min(len(patches.levels), 400)
    sheets = [draw_sheet(generator, section, SIDE, SIDE, 10_000 + i) for i in range(count)]
    gap = measure_gap(list(patches.levels), sheets, config.gap)
    section = section.model_copy(
        update={"figures": {"gap": gap.estimate, "gap_low": gap.low, "gap_high": gap.high}}
    )
    look = save_look(
        folder,
        paper=(generator, section),
        provenance={
            "paper": {
                "minutes": round(result.minutes, 2),
                "steps": result.steps,
                "patches": len(patches.levels),
                "pages": patches.pages,
            }
        },
    )
    return MadePaper(look, result, gap)
