"""Small lines with known characters, and a small recognizer, for the tests of this folder."""

import numpy as np

from bar_script import ALPHABET, SLOT, bars, small_network
from bar_script import words as texts
from readapt.gan.crops import Rendered
from readapt.gan.frozen import freeze_recognizer
from readapt.nets.crnn import Crnn
from readapt.recognize.alphabet import Alphabet

__all__ = ["ALPHABET", "SLOT", "bars", "rendered", "small_recognizer", "texts"]


def rendered(text: str) -> Rendered:
    edges = np.arange(len(text), dtype=np.float32) * SLOT
    return Rendered(bars(text), text, np.stack([edges, edges + SLOT], axis=1))


def small_recognizer(seed: int = 0, alphabet: Alphabet = ALPHABET) -> Crnn:
    return freeze_recognizer(small_network(seed, alphabet))
