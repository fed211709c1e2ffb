"""Small lines with known characters, and a small recognizer, for the tests of this folder."""

import numpy as np
import torch

from readapt.gan.crops import Rendered
from readapt.gan.frozen import freeze_recognizer
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


def rendered(text: str) -> Rendered:
    edges = np.arange(len(text), dtype=np.float32) * SLOT
    return Rendered(bars(text), text, np.stack([edges, edges + SLOT], axis=1))


def texts(count: int, length: int, seed: int = 0) -> list[str]:
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(list("ab"), length)) for _ in range(count)]


def small_recognizer(seed: int = 0, alphabet: Alphabet = ALPHABET) -> Crnn:
    torch.manual_seed(seed)
    config = CrnnConfig(alphabet.classes, (4, 6, 8, 10, 12), hidden=8, layers=2)
    network = Crnn(config).train()
    with torch.no_grad():  # norms that have seen something
        network(torch.randint(0, 255, (8, 36, 64), dtype=torch.uint8))
    return freeze_recognizer(network)
