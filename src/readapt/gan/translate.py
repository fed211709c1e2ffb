"""Lines through a generator: any width, each by itself, the same every time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from readapt.gan.colour import in_colour, to_images
from readapt.nets.generator import DIVISOR, Generator
from readapt.types import Image


def translate_line(generator: Generator, line: Image, seed: int = 0) -> Image:
    """Translate one prepared line, uint8 of any size; the same size and type.

    Grey lines are `height width`; a look in colour makes them, or those in colour already,
    `height width 3`. The noise is drawn from `seed`: other seeds, other specks. What does not fill
    a multiple of 4 pixels is filled with the line's own edge and cut off again.
    """
    height, width = line.shape[:2]
    fill = ((0, -height % DIVISOR), (0, -width % DIVISOR), (0, 0))[: line.ndim]
    image = to_images(np.pad(line, fill, mode="edge")[None], generator.config.channels)
    noise = None
    if generator.config.noise:
        random = torch.Generator().manual_seed(seed)
        noise = torch.randn(image[:, :1].shape, generator=random)
    with torch.inference_mode():
        translated = generator(image, noise)
    levels = to_levels(translated)[0, :, :height, :width]
    return levels[0] if len(levels) == 1 else np.ascontiguousarray(np.moveaxis(levels, 0, 2))


def translate_lines(generator: Generator, lines: Iterable[Image], seed: int = 0) -> Iterator[Image]:
    """Translate one line after another; line `i` with noise of its own."""
    for i, line in enumerate(lines):
        yield translate_line(generator, line, seed + i)


def to_levels(images: Tensor) -> Image:
    """Round float32 in [-1, 1], and a little beyond, to uint8 of the same shape."""
    levels = images.detach().clamp(-1, 1).add(1).mul(127.5).round()
    return np.asarray(levels.to(torch.uint8).numpy())


def beside(columns: Sequence[Sequence[Image]], gap: int = 4, paper: int = 255) -> Image:
    """Lay lines out in a grid, column by column, `gap` pixels apart; for the eye."""
    widths = [max((line.shape[1] for line in column), default=1) for column in columns]
    rows = max(len(column) for column in columns)
    height = max(line.shape[0] for column in columns for line in column)
    size = (rows * (height + gap) + gap, sum(widths) + gap * (len(widths) + 1))
    tinted = any(line.ndim == 3 for column in columns for line in column)
    grid = np.full((*size, 3) if tinted else size, paper, np.uint8)
    x = gap
    for column, width in zip(columns, widths, strict=True):
        for i, line in enumerate(column):
            y = gap + i * (height + gap)
            shown = in_colour(line) if tinted else line
            grid[y : y + line.shape[0], x : x + line.shape[1]] = shown
        x += width + gap
    return grid
