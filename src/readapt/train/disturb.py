"""A real line as the student sees it: a little changed each time, with columns hidden.

Hiding columns makes the student read a character from its neighbours (Kiss, Benes and Hradis 2021,
"AT-ST: Self-Training Adaptation Strategy for OCR", arXiv 2104.13037), and keeps it from learning
its teacher's labels by heart.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from readapt.recognize.preprocess import PAPER
from readapt.types import Image


def disturb(line: Image, rng: Generator, masked: float = 0.1) -> Image:
    """Change a prepared line, `height width` uint8: size, place, weight, focus, noise, gaps.

    The height stays; the width changes by a tenth at most. `masked` is the share of the columns
    that are hidden, on average.
    """
    height = line.shape[0]
    changed = _moved(line, rng) if rng.random() < 0.7 else line
    if rng.random() < 0.6:
        table = np.clip(PAPER * (np.arange(256) / PAPER) ** np.exp(rng.normal(0, 0.35)), 0, 255)
        changed = table.astype(np.uint8)[changed]
    if rng.random() < 0.3:
        changed = np.asarray(cv2.GaussianBlur(changed, (0, 0), rng.uniform(0.3, 0.9)), np.uint8)
    if rng.random() < 0.4:
        noise = rng.normal(0, rng.uniform(2, 14), changed.shape)
        changed = np.clip(changed + noise, 0, 255).astype(np.uint8)
    return hide_columns(changed, rng, masked, height) if masked > 0 else changed


def _moved(line: Image, rng: Generator) -> Image:
    """Stretch to another width, and shift and scale a little up or down."""
    height, width = line.shape
    wide = max(8, round(width * float(np.exp(rng.uniform(-0.1, 0.1)))))
    x, y = wide / width, float(np.exp(rng.normal(0, 0.05)))
    down = float(rng.normal(0, 0.03)) * height + (1 - y) * height / 2
    slant = float(rng.normal(0, 0.03))
    matrix = np.array([[x, slant, -slant * height / 2], [0.0, y, down]], np.float32)
    return np.asarray(
        cv2.warpAffine(
            line, matrix, (wide, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        ),
        np.uint8,
    )


def hide_columns(line: Image, rng: Generator, share: float, widest: int) -> Image:
    """Fill runs of columns, each up to `widest` / 3 pixels, with paper, noise or the mean."""
    changed = line.copy()
    width = line.shape[1]
    runs = int(rng.poisson(share * width / (widest / 5)))
    for _ in range(runs):
        length = int(rng.integers(2, max(3, widest // 3)))
        start = int(rng.integers(max(1, width - length)))
        part = changed[:, start : start + length]
        form = rng.random()
        if form < 0.5:
            part[:] = PAPER
        elif form < 0.75:
            part[:] = int(line.mean())
        else:
            part[:] = rng.integers(0, 256, part.shape, dtype=np.uint8)
    return changed
