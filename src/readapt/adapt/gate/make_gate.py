"""The lines that a gate judges by, and the gate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from readapt.adapt.gate.lines import FEWEST, Gate
from readapt.adapt.settings import LEAST_JUDGES
from readapt.adapt.stage import State
from readapt.models.manifest import ErrorEstimate
from readapt.recognize.alphabet import Alphabet
from readapt.recognize.preprocess import prepare_line
from readapt.synth.corpus import Corpus
from readapt.synth.lines import LineConfig, LineMaker
from readapt.types import Image

SCRIPT = 0.3
"""Share of new characters in a corpus from which on it is another script's."""
TRIES = 5
"""Lines that are drawn for each one with a new character, at most."""


def make_gate(state: State, known: Alphabet, errors: ErrorEstimate) -> Gate:
    """Draw labelled lines, always the same ones; ``known`` are the base model's characters."""
    config, height = state.config, state.network.config.height
    count = config.few(config.gate.replay_lines, LEAST_JUDGES)
    general = LineMaker(LineConfig(seed=config.seed + 10_000_019), alphabet=known)
    new = frozenset(state.alphabet.characters) - frozenset(known.characters)
    labelled: list[tuple[Image, str]] = []
    if new:
        look = LineConfig(seed=config.seed + 20_000_003)
        maker = LineMaker(look, corpora=state.corpora, alphabet=state.alphabet)
        labelled = _lines_with(new, maker, count, height)
    enough = len(labelled) >= FEWEST
    return Gate(
        state.target.held_out,
        [_line(general, i, height) for i in range(count)],
        state.alphabet,
        errors.without_words(),  # they are heard by themselves, once they are known
        config.gate,
        config.threads,
        labelled if enough else (),
        enough and share_of(new, state.corpora) >= SCRIPT,
    )


def share_of(characters: frozenset[str], corpora: Mapping[str, Corpus]) -> float:
    """Share of the letters of texts that are among ``characters``."""
    texts = "".join(f"{corpus.text} {' '.join(corpus.words)}" for corpus in corpora.values())
    counts = Counter(texts)
    letters = sum(count for character, count in counts.items() if not character.isspace())
    return sum(counts[character] for character in characters) / max(1, letters)


def _lines_with(
    characters: frozenset[str], maker: LineMaker, count: int, height: int
) -> list[tuple[Image, str]]:
    found: list[tuple[Image, str]] = []
    for index in range(TRIES * count):
        image, text = _line(maker, index, height)
        if not characters.isdisjoint(text):
            found.append((image, text))
        if len(found) == count:
            break
    return found


def _line(maker: LineMaker, index: int, height: int) -> tuple[Image, str]:
    sample = maker.make(index)
    return prepare_line(sample.image, height), sample.text
