"""Which characters of a corpus no line can show: outside the alphabet, or in no font."""

from readapt.recognize.alphabet import LATIN, Alphabet
from readapt.recognize.alphabet import name as names
from readapt.synth.corpus import Corpus
from readapt.synth.fonts import find_fonts


def drawing_problems(corpus: Corpus, alphabet: Alphabet = LATIN) -> list[str]:
    """Say which characters of a corpus will be left out, by name, and why; [] if none."""
    problems = []
    characters = set("".join(corpus.words)) | set(corpus.text)
    outside = sorted(c for c in characters if c not in alphabet)
    if outside:
        problems.append(
            f"{corpus.name}: the alphabet has no {names(outside)}; left out of the lines."
        )
    inside = "".join(sorted(characters - set(outside)))
    undrawn = set(inside).intersection(*(font.lacks(inside) for font in find_fonts()))
    if undrawn:
        problems.append(
            f"{corpus.name}: no font here can draw {names(undrawn)}; texts with them are left "
            f"out: install a font that has them."
        )
    return problems
