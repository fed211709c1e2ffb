"""Fine-tuning on labelled lines: the collection's texts in fonts and a look near to its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from readapt.adapt.budget import Portion
from readapt.adapt.finetune import finetune, part_way
from readapt.adapt.known import SPARE, Known, line_maker, read_translated
from readapt.adapt.stage import KNOWN, LOOK, Outcome, State
from readapt.gan.kindred import Kindred, find_kindred
from readapt.synth.corpus import Corpus
from readapt.synth.lines import LineConfig

VOTERS = 300
"""Real lines that vote for kinds of documents and fonts ..."""
PILOT = 100
"""... of so many rendered lines of each kind."""


@dataclass(frozen=True)
class Teach:
    """The recognizer learns from lines whose text is known exactly."""

    name: str = "teach"
    title: str = "labelled lines like those of the scans"

    def lacks(self, state: State) -> str:
        """Return "": it can always run."""
        return ""

    def run(self, state: State, portion: Portion, folder: Path) -> Outcome:
        """Choose genres and texts, then fine-tune."""
        known, record = known_lines(state, portion)
        taught = finetune(state, (), known, portion, folder, state.config.lr)
        return Outcome(part_way(state.network, taught, state.config.way), record=record)


def known_lines(state: State, portion: Portion) -> tuple[Known, dict[str, Any]]:
    """Return labelled lines for this collection, and what was chosen; the same ones every time."""
    height = state.network.config.height
    config = LineConfig(seed=state.config.seed + 31, height=height, textless=0.05)
    general = line_maker(config, _texts(state), state.alphabet)
    record = dict(state.records.get(KNOWN, {}))
    if not record:
        real = state.target.lines[:: max(1, len(state.target.lines) // VOTERS)][:VOTERS]
        portion.tick()
        found = find_kindred(general, real, state.network, PILOT, height)
        genres = {genre: round(share, 3) for genre, share in found.genres}
        record = {"genres": genres, "families": list(found.families)}
        state.records[KNOWN] = record
        portion.tick()
    kindred = Kindred(tuple(record["genres"].items()), tuple(record["families"]))
    translated = read_translated(state.files[LOOK], height) if LOOK in state.files else ()
    leaning = replace(config, favoured=tuple(record.get("favoured", ())))
    akin = kindred.maker(line_maker(leaning, _texts(state), state.alphabet), clean=config.clean)
    spare = translated[::SPARE]
    learnt = tuple(line for i, line in enumerate(translated) if i % SPARE)
    return Known(akin, general, height, learnt, spare), {**record, "translated": len(learnt)}


def _texts(state: State) -> Mapping[str, Corpus]:
    """Texts in the languages of the collection, where they are known."""
    languages = state.records.get("words", {}).get("languages", {})
    known = {name: corpus for name, corpus in state.corpora.items() if name in languages}
    return state.corpora if state.given or not known else known
