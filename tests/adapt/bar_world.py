"""A small world for the tests of this folder: scans of bars, and a model that reads them a bit."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import torch

from bar_script import ALPHABET, bars, small_network, words
from readapt.export.recognizer import save_recognizer_bundle
from readapt.models.bundle import Bundle
from readapt.nets.crnn import Crnn
from readapt.train.data import collate
from readapt.train.recognizer import ctc_loss

__all__ = [
    "ALPHABET",
    "bars",
    "reading_network",
    "save_small_bundle",
    "small_network",
    "words",
    "write_lines",
]


def write_lines(folder: Path, count: int, noise: float = 20.0, truth: bool = False) -> Path:
    folder.mkdir(parents=True)
    for i, text in enumerate(words(count, seed=5)):
        cv2.imwrite(str(folder / f"{i:03}.png"), bars(text, 40, 220, noise, i))
        if truth:
            (folder / f"{i:03}.gt.txt").write_text(text + "\n", "utf-8")
    return folder


@lru_cache(maxsize=1)
def reading_network() -> Crnn:
    """A network that reads clean bars, and noisy ones less well."""
    network = small_network().train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-2)
    texts = words(64, seed=1)
    lines = [(bars(text, 20, 225, 4, i), ALPHABET.encode(text)) for i, text in enumerate(texts)]
    for step in range(90):
        batch = collate(lines[8 * step % 64 :][:8])
        optimizer.zero_grad()
        ctc_loss(network(torch.from_numpy(batch.images)), batch).backward()
        optimizer.step()
    return network.eval()


def save_small_bundle(folder: Path, network: Crnn | None = None) -> Bundle:
    """Write a bundle that reads line images only."""
    return Bundle.load(save_recognizer_bundle(network or small_network(), ALPHABET, folder))
