"""A small world for the tests of this folder: scans of bars, and a model that reads them a bit."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import torch

from readapt.export.recognizer import save_recognizer_bundle
from readapt.models.bundle import Bundle
from readapt.nets.crnn import Crnn, CrnnConfig
from readapt.recognize.alphabet import Alphabet
from readapt.train.data import collate
from readapt.train.recognizer import ctc_loss
from readapt.types import Image

ALPHABET = Alphabet(" ab")
SLOT = 16
"""Pixels of width of a character."""


def bars(text: str, ink: int = 0, paper: int = 230, noise: float = 0.0, seed: int = 0) -> Image:
    """A line of 36 rows: `a` is a bar of full height, `b` of half the height."""
    line = np.full((36, SLOT * len(text)), paper, np.float32)
    for i, c in enumerate(text):
        if c != " ":
            line[6 if c == "a" else 18 : 30, SLOT * i + 4 : SLOT * i + 12] = ink
    line += np.random.default_rng(seed).normal(0, noise, line.shape)
    return np.clip(line, 0, 255).astype(np.uint8)


def words(count: int, length: int = 6, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(list("ab"), length)) for _ in range(count)]


def write_lines(folder: Path, count: int, noise: float = 20.0, truth: bool = False) -> Path:
    folder.mkdir(parents=True)
    for i, text in enumerate(words(count, seed=5)):
        cv2.imwrite(str(folder / f"{i:03}.png"), bars(text, 40, 220, noise, i))
        if truth:
            (folder / f"{i:03}.gt.txt").write_text(text + "\n", "utf-8")
    return folder


def small_network(seed: int = 0, alphabet: Alphabet = ALPHABET) -> Crnn:
    """A network whose norms have seen something."""
    torch.manual_seed(seed)
    network = Crnn(CrnnConfig(alphabet.classes, (4, 6, 8, 10, 12), hidden=8, layers=2)).train()
    with torch.no_grad():
        network(torch.randint(0, 255, (8, 36, 64), dtype=torch.uint8))
    return network.eval()


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
