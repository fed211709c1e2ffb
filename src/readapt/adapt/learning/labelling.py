"""Labels of the scans' lines: what the present network reads, corrected by words and engines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from readapt.adapt.budget import Portion, stopwatch
from readapt.adapt.exported import as_read
from readapt.adapt.gate.evidence import better_share
from readapt.adapt.learning.word_weight import FEWEST, search_of, spoil
from readapt.adapt.stage import State
from readapt.adapt.teachers.heard import UNREAD, Readings, with_teachers
from readapt.recognize.decode import GREEDY, Decoder
from readapt.recognize.lm import CharacterModel
from readapt.recognize.recognizer import Recognizer
from readapt.train.selftrain import TEACHING_VIEWS, PseudoLabel, label
from readapt.whole import written_whole

LABELLING = 0.35
"""Share of a round's time that reading the lines may take; the rest is for learning from them."""
TRIED = 300
"""Lines to learn from that tell whether words help in labels."""
SURE = 0.9
"""Share of resampled sets of spoiled lines that are read better without words, from which on words
have no say: what is sure there is the network's own reading, so that these lines are hard on words
that mend what it misreads always."""
_TOGETHER = 64


@dataclass(frozen=True, slots=True)
class Labels:
    """What a round learns from."""

    all: tuple[PseudoLabel, ...]
    """Of every line."""
    seconds: float = 0.0
    """That they took."""
    words: bool | None = None
    """Whether words have a say in them; None before the first round."""


def label_lines(
    state: State,
    readings: Readings,
    portion: Portion,
    path: Path,
    first: int,
    before: Labels,
) -> Labels:
    """Read and vote, or take what an earlier run read.

    Begins with line ``first``; lines that there is no time for keep the label that they had
    ``before``. Of a line that others have read one view is enough: their votes say what is
    doubtful.
    """
    if path.is_file():
        kept = json.loads(path.read_text("utf-8"))
        read = tuple(PseudoLabel(*one) for one in kept["labels"])
        return Labels(read, float(kept["seconds"]), bool(kept.get("words", True)))
    elapsed = stopwatch()
    reader = as_read(state.network, state.alphabet, state.config.threads)
    models = [m for m in map(state.language_model, (0, 1)) if m is not None]
    words = before.words
    if words is None:
        words = words_help(state, reader, models, portion)
    searches = tuple(map(search_of, models)) if words else (GREEDY, GREEDY)
    lines, pages = state.target.lines, state.target.pages
    order = [*range(first, len(lines)), *range(first)]
    labels, anew = list(before.all), set[int]()
    heard = {i for found in readings.values() for i, one in enumerate(found) if one is not None}
    for start in range(0, len(order), _TOGETHER):
        portion.tick()
        together = order[start : start + _TOGETHER]
        for some, views in (
            ([i for i in together if i in heard], ()),
            ([i for i in together if i not in heard], TEACHING_VIEWS),
        ):

            def search(i: int, some: Sequence[int] = some) -> Decoder:
                return searches[pages[some[i]] % 2]

            cut = [lines[i] for i in some]
            found = label(reader, cut, state.alphabet, search, views)
            for i, one in zip(some, found, strict=True):
                labels[i] = one
        anew.update(together)
        if elapsed() > LABELLING * portion.seconds:
            break
    voted = with_teachers(labels, readings, state.alphabet)
    for i, one in enumerate(voted):
        if i in anew or before.all[i] == UNREAD:  # of the others, engines have had their say
            labels[i] = one
    path.parent.mkdir(parents=True, exist_ok=True)
    made = Labels(tuple(labels), elapsed(), words)
    kept = {"seconds": made.seconds, "words": words}
    kept["labels"] = [[one.text, one.doubt] for one in labels]
    with written_whole(path) as scratch:
        scratch.write_text(json.dumps(kept, ensure_ascii=False), "utf-8")
    return made


def words_help(
    state: State, reader: Recognizer, models: Sequence[CharacterModel], portion: Portion
) -> bool:
    """Say whether words should have a say in labels: unless spoiled lines surely speak against it.

    Lines of pages of either parity are read with the one of the ``models`` that has not seen what
    was read on them.
    """
    if not models:
        return False
    lines, pages = state.target.lines, state.target.pages
    count = min(len(lines), state.config.few(TRIED))
    evenly = np.linspace(0, len(lines) - 1, count).astype(int)
    some, parities = [lines[i] for i in evenly], [pages[i] % 2 for i in evenly]
    spoiled = spoil(reader, some, state.config.seed, portion.tick)
    characters = spoiled.characters
    if len(characters) < FEWEST:
        return True
    both = tuple(map(search_of, models))
    heard = spoiled.wrong([both[parity] for parity in parities])
    portion.tick()
    unheard = spoiled.wrong([GREEDY] * len(some))
    return better_share(np.stack([heard, unheard]), np.stack([characters] * 2)) < SURE
