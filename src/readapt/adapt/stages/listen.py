"""Listening to itself, and to others where they were asked: rounds of self-training."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import JsonValue

from readapt.adapt.budget import Portion, stopwatch
from readapt.adapt.exported import as_read
from readapt.adapt.learning.finetune import finetune, part_way
from readapt.adapt.learning.known import known_lines
from readapt.adapt.learning.word_weight import FEWEST, WEIGHTS, search_of, spoil
from readapt.adapt.stage import Outcome, State
from readapt.adapt.teachers.heard import UNREAD, Readings, load_readings, with_teachers
from readapt.nets.crnn import Crnn
from readapt.recognize.decode import GREEDY, Decoder
from readapt.recognize.lm import CharacterModel
from readapt.recognize.recognizer import Recognizer
from readapt.train.selftrain import TEACHING_VIEWS, PseudoLabel, label, surest
from readapt.whole import written_whole

FADING = 0.75
"""Factor on the learning rate from one round to the next."""
LABELLING = 0.35
"""Share of a round's time that reading the lines may take; the rest is for learning from them."""
LATER = 0.1
"""Share of the best round's estimate that a later one may be worse by: it errs by as much, and
later rounds have the better labels."""
SPOILED = 150
"""Lines to learn from that tell how much words should count in labels."""
UNWEIGHED = WEIGHTS[2]
"""How much they count where too few lines can tell ..."""
UNHEARD = (0.0, 0.0)
"""... and where they have no say."""
_TOGETHER = 64


@dataclass(frozen=True)
class Listen:
    """The student learns from what its own slow average reads, the surest lines first.

    A round goes on from the one before it, even where that seemed to do harm: labels get better
    while it learns. The candidate is the last round that is about as good as the best one by the
    gate's quick judgement, part of the way from the present network.
    """

    name: str = "listen"
    title: str = "its own confident readings"

    def lacks(self, state: State) -> str:
        """Return "": it can always run."""
        return ""

    def run(self, state: State, portion: Portion, folder: Path) -> Outcome:
        """Label all lines, choose the surest, train on them and on known ones; again."""
        elapsed = stopwatch()
        known, _ = known_lines(state, portion)
        readings = load_readings(state)
        config = state.config.selftrain
        shares = config.taught if readings else config.shares
        ways = state.config.ways_taught if readings else (state.config.way,)
        taught = replace(state)  # the rounds' own present network
        judged = stopwatch()
        state.judge(state.network)
        lost = elapsed() + judged() * len(shares) * len(ways)  # every candidate is judged as well
        rounds: list[Crnn] = []
        records: list[JsonValue] = []
        rates: list[tuple[float, float]] = []
        labels = _Labels((UNREAD,) * len(state.target.lines))
        for number, share in enumerate(shares):
            place = folder / f"round-{number + 1}"
            part = replace(portion, seconds=max(1.0, portion.seconds - lost) / len(shares))
            first = number * len(state.target.lines) // len(shares)
            labels = self._labels(taught, readings, part, place / "labels.json", first, labels)
            chosen = surest(labels.all, share, config.most_doubt)
            real = [(state.target.lines[i], labels.all[i].text) for i in chosen]
            around = [state.target.around[i] for i in chosen] if state.target.around else ()
            lr = state.config.lr * FADING**number
            taught.network = finetune(
                taught, real, known, part, place, lr, number + 2, labels.seconds, around
            )
            for way in ways:
                candidate = part_way(state.network, taught.network, way)
                before, rate = state.judge(candidate)
                if rate < before:
                    break
            rounds.append(candidate)
            rates.append((before, rate))
            doubts = sorted(labels.all[i].doubt for i in chosen)
            records.append(
                {
                    "lines": len(real),
                    "median doubt": round(doubts[len(doubts) // 2], 4) if doubts else None,
                    "weight of words": labels.weights[0],
                    "part of the way": way,
                    "estimate": round(rate, 4),
                }
            )
        best = latest(rates, LATER)
        return Outcome(
            rounds[best],
            record={
                "of": len(state.target.lines),
                "rounds": records,
                "best round": best + 1,
                "teachers": ", ".join(sorted(readings)) or "none",
            },
        )

    def _labels(
        self,
        state: State,
        readings: Readings,
        portion: Portion,
        path: Path,
        first: int,
        before: _Labels,
    ) -> _Labels:
        """Read and vote, or take what an earlier run read.

        Begins with line ``first``; lines that there is no time for keep the label that they had
        ``before``. Of a line that others have read one view is enough: their votes say what is
        doubtful.
        """
        if path.is_file():
            kept = json.loads(path.read_text("utf-8"))
            read = tuple(PseudoLabel(*one) for one in kept["labels"])
            return _Labels(read, float(kept["seconds"]), tuple(kept.get("weights", UNWEIGHED)))
        elapsed = stopwatch()
        reader = as_read(state.network, state.alphabet, state.config.threads)
        models = [m for m in map(state.language_model, (0, 1)) if m is not None]
        weights = before.weights or _weigh(state, reader, models, portion)
        searches = _of_both(models, weights) if weights[0] else (GREEDY, GREEDY)
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
        made = _Labels(tuple(labels), elapsed(), weights)
        kept = {"seconds": made.seconds, "weights": weights}
        kept["labels"] = [[one.text, one.doubt] for one in labels]
        with written_whole(path) as scratch:
            scratch.write_text(json.dumps(kept, ensure_ascii=False), "utf-8")
        return made


@dataclass(frozen=True, slots=True)
class _Labels:
    """What a round learns from."""

    all: tuple[PseudoLabel, ...]
    """Of every line."""
    seconds: float = 0.0
    """That they took."""
    weights: tuple[float, ...] = ()
    """How much words count in them, as in ``WEIGHTS``; none before the first round."""


def _weigh(
    state: State, reader: Recognizer, models: Sequence[CharacterModel], portion: Portion
) -> tuple[float, ...]:
    """Find how much words should count in labels: what mends most on spoiled lines, or nothing.

    Lines of pages of either parity are read with the one of the ``models`` that has not seen what
    was read on them.
    """
    if not models:
        return UNHEARD
    lines, pages = state.target.lines, state.target.pages
    every = max(1, len(lines) // state.config.few(SPOILED))
    some, parities = lines[::every], [page % 2 for page in pages[::every]]
    spoiled = spoil(reader, some, state.config.seed, portion.tick)
    if len(spoiled.characters) < FEWEST:
        return UNWEIGHED
    greedy, gains = spoiled.wrong([GREEDY] * len(some)).sum(), {UNHEARD: 0.0}
    for weights in WEIGHTS:
        portion.tick()
        both = _of_both(models, weights)
        wrong = spoiled.wrong([both[parity] for parity in parities])
        gains[weights] = float(greedy - wrong.sum())
    return max(gains, key=lambda weights: gains[weights])


def _of_both(models: Sequence[CharacterModel], weights: Sequence[float]) -> tuple[Decoder, Decoder]:
    weight, length_weight = weights
    first, second = (search_of(model, weight, length_weight) for model in models)
    return first, second


def latest(rates: Sequence[tuple[float, float]], margin: float) -> int:
    """Return the last of the rounds that gain as much as the best one but for a margin; from 0.

    ``rates`` are of the present network and of each round's, of one judge; another round's may be
    another judge's, so that only their differences can be compared.
    """
    gains = [before - after for before, after in rates]
    allowed = margin * min(after for _, after in rates)
    return max(i for i, gain in enumerate(gains) if gain >= max(gains) - allowed)
