"""Labelled lines to learn from beside the real ones: akin to the scans, general, in the look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from readapt.adapt.budget import Portion
from readapt.adapt.scans.languages import in_old_spelling
from readapt.adapt.stage import KNOWN, LOOK, State
from readapt.evaluate.truth import TEXT_SUFFIX
from readapt.gan.kindred import LEAST_FAMILIES, Kindred, find_kindred
from readapt.pages.load import load_page
from readapt.recognize.preprocess import prepare_line
from readapt.synth.corpus import Corpus
from readapt.synth.genres import Genre
from readapt.synth.lines import LineConfig, LineMaker
from readapt.synth.wording import LANGUAGES, OLD, OLD_KINDS
from readapt.train.disturb import disturb
from readapt.types import Image

FRESH = 1_000_000
"""Number of the first rendered line to calibrate with: of a lane that no training has."""
SPARE = 8
"""One in so many lines in the look is kept back to calibrate with."""
GENERAL = 3
"""Of five rendered lines so many are of all kinds, whatever the scans look like: for variety."""
VOTERS = 300
"""Real lines that vote for kinds of documents and fonts ..."""
PILOT = 200
"""... of so many rendered lines of each kind."""
UNLIKELY = 0.1
"""Least that a kind counts, whatever the lines say: readings may be wrong."""


@dataclass(frozen=True)
class Known:
    """A :class:`readapt.train.selftrain.Draw`: rendered lines, every other one in the look."""

    akin: LineMaker
    """Draws the kinds and fonts that the scans look like ..."""
    general: LineMaker
    """... and all there are."""
    height: int
    translated: tuple[tuple[Image, str], ...] = ()
    """Prepared lines in the look; none: all lines are rendered."""
    spare: tuple[tuple[Image, str], ...] = ()
    """More of these, which :meth:`fresh` alone gives."""
    seed: int = 0
    """Of how those in the look are changed."""

    def __call__(self, start: int, count: int) -> list[tuple[Image, str]]:
        """Draw lines ``start`` to ``start + count - 1``."""
        return [self._line(i) for i in range(start, start + count)]

    def _line(self, index: int) -> tuple[Image, str]:
        if self.translated and index % 2:
            image, text = self.translated[index // 2 % len(self.translated)]
            # They come again and again, and are set straight: a little otherwise each time.
            return disturb(image, np.random.default_rng([self.seed, index, 9]), 0.0), text
        maker = self.general if index // 2 % 5 < GENERAL else self.akin
        sample = maker.make(index)
        return prepare_line(sample.image, self.height), sample.text

    def fresh(self, start: int, count: int) -> list[tuple[Image, str]]:
        """Draw lines that nothing was learnt from; every other one in the look, where any are."""
        return [self._fresh(i) for i in range(start, start + count)]

    def _fresh(self, index: int) -> tuple[Image, str]:
        if self.spare and index % 2:
            return self.spare[index // 2 % len(self.spare)]
        sample = self.akin.make(FRESH + index)
        return prepare_line(sample.image, self.height), sample.text


def read_translated(folder: Path, height: int) -> tuple[tuple[Image, str], ...]:
    """Read lines in a look from ``x.png`` + ``x.gt.txt``, prepared."""
    found = []
    for path in sorted(folder.glob("*.png")):
        text = path.with_name(path.stem + TEXT_SUFFIX).read_text("utf-8").strip()
        found.append((prepare_line(load_page(path).image, height), text))
    return tuple(found)


def kindred_here(state: State, portion: Portion) -> Kindred:
    """Return of which kinds the scans are: found out once, for all stages."""
    record = dict(state.records.get(KNOWN, {}))
    if not record:
        voters, pilot = state.config.few(VOTERS), state.config.few(PILOT)
        real = state.target.lines[:: max(1, len(state.target.lines) // voters)][:voters]
        portion.tick()
        general, height = _general(state), state.network.config.height
        likely = likely_kinds(state.records.get("words", {}), state.given)
        found = find_kindred(general, real, state.network, pilot, height, likely)
        genres = {genre: round(share, 3) for genre, share in found.genres}
        record = {"genres": genres, "families": list(found.families)}
        if len(found.families) < LEAST_FAMILIES:
            state.remark(
                f"Fonts like the scans' ({', '.join(genres)}) are few here: {len(found.families)}; "
                'docs/adapt.md, "Fonts", says where more are, for another run.'
            )
        state.records[KNOWN] = record
        portion.tick()
    return Kindred(tuple(record["genres"].items()), tuple(record["families"]))


def likely_kinds(words: Mapping[str, Any], given: bool = False) -> Mapping[Genre, float]:
    """Say how likely kinds of documents are by what the lines say, from ``UNLIKELY`` to 1.

    ``words`` is what the stage of that name found. Print in old letters has them, and blackletter
    is in few languages: thermal receipts in English can look like Fraktur, but they are none. Of
    texts that the user has ``given`` nobody knows the language.
    """
    languages = words.get("languages", {})
    if not languages:
        return {}
    old = min(1.0, float(words["old spelling"]) / OLD)
    total = sum(languages.values())
    likely: dict[Genre, float] = {
        genre: max(UNLIKELY, old if genre in OLD_KINDS else 1 - old) for genre in LANGUAGES
    }
    if not given:
        spoken = sum(languages.get(name, 0.0) for name in LANGUAGES["blackletter"]) / total
        likely["blackletter"] *= max(UNLIKELY, spoken)
    return likely


def known_lines(state: State, portion: Portion) -> tuple[Known, dict[str, Any]]:
    """Return labelled lines for this collection, and what was chosen: once, for all stages."""
    general, height = _general(state), state.network.config.height
    kindred = kindred_here(state, portion)
    record = dict(state.records[KNOWN])
    translated = read_translated(state.files[LOOK], height) if LOOK in state.files else ()
    favoured = tuple(record.get("favoured", ()))
    leaning = replace(
        general.config,
        favoured=favoured,
        old_spelling=old_spelling(state),
        languages=languages_here(state),
    )
    maker = LineMaker(leaning, corpora=texts_here(state), alphabet=state.alphabet)
    akin = kindred.maker(maker, clean=general.config.clean)
    spare = translated[::SPARE]
    learnt = tuple(line for i, line in enumerate(translated) if i % SPARE)
    known = Known(akin, general, height, learnt, spare, state.config.seed)
    return known, {**record, "translated": len(learnt)}


def _general(state: State) -> LineMaker:
    config = LineConfig(
        seed=state.config.seed + 31, height=state.network.config.height, textless=0.05
    )
    texts = {**state.others, **texts_here(state)}
    return LineMaker(config, corpora=texts, alphabet=state.alphabet)


def old_spelling(state: State) -> float:
    """Share of lines of old kinds in old letters: about that of the readings, where it is known."""
    read = state.records.get("words", {}).get("old spelling")
    return OLD if read is None else in_old_spelling(float(read))


def languages_here(state: State) -> tuple[tuple[str, float], ...]:
    """Languages of the collection with their shares, where they are known."""
    return tuple(state.records.get("words", {}).get("languages", {}).items())


def texts_here(state: State) -> Mapping[str, Corpus]:
    """Texts in the languages of the collection, where they are known."""
    known = {name: state.corpora[name] for name, _ in languages_here(state)}
    return state.corpora if state.given or not known else known
