"""Fonts and texts that every system with the training extra has."""

from pathlib import Path

import matplotlib

from readapt.synth.corpus import BUILT_IN, Corpus
from readapt.synth.fonts import Font, read_font
from readapt.synth.page import PageConfig

_FOLDER = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
NAMES = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono", "DejaVuSerif", "DejaVuSerif-Italic")

FONTS: tuple[Font, ...] = tuple(read_font(_FOLDER / f"{name}.ttf") for name in NAMES)
CORPUS = Corpus("de", "", tuple(BUILT_IN["de"].split()))
SMALL = PageConfig(
    seed=1, width=(360, 520), pixels=400_000, fonts=FONTS, corpora=(CORPUS,), colour=0.5
)
