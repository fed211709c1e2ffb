"""Which characters of a corpus no line can show: outside the alphabet, or in no font."""

from collections.abc import Collection

from readapt.recognize.alphabet import LATIN, Alphabet
from readapt.recognize.alphabet import name as names
from readapt.synth.corpus import Corpus
from readapt.synth.fonts import find_fonts
from readapt.synth.marks import can_set


def drawing_problems(corpus: Corpus, alphabet: Alphabet = LATIN) -> list[str]:
    """Say which characters of a corpus will be left out, by name, and why; [] if none."""
    problems = []
    characters = set("".join(corpus.words)) | set(corpus.text)
    outside = sorted(c for c in characters if c not in alphabet)
    if outside:
        problems.append(
            f"{corpus.name}: the alphabet has no {names(outside)}; left out of the lines."
        )
    undrawn = undrawable(characters - set(outside))
    if undrawn:
        problems.append(
            f"{corpus.name}: no font here can draw {names(undrawn)}; texts with them are left "
            f"out: install a font that has them."
        )
    return problems


def undrawable(characters: Collection[str]) -> frozenset[str]:
    """Return those of some characters that no font here has, nor the parts of."""
    fonts = find_fonts()
    return frozenset(c for c in characters if not any(can_set(font, c) for font in fonts))
