"""A script of two letters, bars, and a small network for it: what tests of learning are about."""

import numpy as np
import torch

from readapt.nets.crnn import Crnn, CrnnConfig
from readapt.recognize.alphabet import Alphabet
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


def small_network(seed: int = 0, alphabet: Alphabet = ALPHABET) -> Crnn:
    """A network whose norms have seen something."""
    torch.manual_seed(seed)
    network = Crnn(CrnnConfig(alphabet.classes, (4, 6, 8, 10, 12), hidden=8, layers=2)).train()
    with torch.no_grad():
        network(torch.randint(0, 255, (8, 36, 64), dtype=torch.uint8))
    return network.eval()
