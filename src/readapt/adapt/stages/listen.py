"""Listening to itself, and to others where they were asked: rounds of self-training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import JsonValue

from readapt.adapt.budget import Portion, stopwatch
from readapt.adapt.learning.finetune import finetune, part_way
from readapt.adapt.learning.known import known_lines
from readapt.adapt.learning.labelling import Labels, label_lines
from readapt.adapt.stage import Outcome, State
from readapt.adapt.teachers.heard import UNREAD, load_readings
from readapt.nets.crnn import Crnn
from readapt.train.selftrain import surest

FADING = 0.56
"""Factor on the learning rate from the first round to the last."""
PASSES = 15
"""How often a round may learn from its lines, about: then others have better labels for them."""
A_SECOND = 10_000
"""Pixels of width of real lines that a core learns from in a second, about."""
MOST_ROUNDS = 8
LATER = 0.1
"""Share of the best round's estimate that a later one may be worse by: it errs by as much, and
later rounds have the better labels."""


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
        shares, parts = rounds_of(
            state, portion.seconds, config.taught if readings else config.shares
        )
        ways = state.config.ways_taught if readings else (state.config.way,)
        taught = replace(state)  # the rounds' own present network
        judged = stopwatch()
        state.judge(state.network)
        lost = elapsed() + judged() * len(shares) * len(ways)  # every candidate is judged as well
        rounds: list[Crnn] = []
        records: list[JsonValue] = []
        rates: list[tuple[float, float]] = []
        labels = Labels((UNREAD,) * len(state.target.lines))
        for number, share in enumerate(shares):
            place = folder / f"round-{number + 1}"
            part = replace(portion, seconds=max(1.0, portion.seconds - lost) * parts[number])
            first = number * len(state.target.lines) // len(shares)
            labels = label_lines(taught, readings, part, place / "labels.json", first, labels)
            chosen = surest(labels.all, share, config.most_doubt)
            real = [(state.target.lines[i], labels.all[i].text) for i in chosen]
            around = [state.target.around[i] for i in chosen] if state.target.around else ()
            lr = state.config.lr * FADING ** (number / max(1, len(shares) - 1))
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
                    "of": sum(one != UNREAD for one in labels.all),
                    "median doubt": round(doubts[len(doubts) // 2], 4) if doubts else None,
                    "words": bool(labels.words),
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


def rounds_of(
    state: State, seconds: float, shares: Sequence[float]
) -> tuple[list[float], list[float]]:
    """Return which share of the lines each round learns from, and its share of the time.

    Few lines and much time make more rounds than there are ``shares``: a student that sees the
    same labels a hundred times learns their errors. The last share comes again, with new labels;
    and then the surest lines, which say what is known, have the least time.
    """
    a_pass = sum(line.shape[1] for line in state.target.lines) / A_SECOND
    fitting = 0 if state.config.steps else int(seconds / (PASSES * max(a_pass, 1e-3)))
    count = min(MOST_ROUNDS, fitting)
    if count <= len(shares):
        return list(shares), [1 / len(shares)] * len(shares)
    more = [*shares, *[shares[-1]] * (count - len(shares))]
    return more, [share / sum(more) for share in more]


def latest(rates: Sequence[tuple[float, float]], margin: float) -> int:
    """Return the last of the rounds that gain as much as the best one but for a margin; from 0.

    ``rates`` are of the present network and of each round's, of one judge; another round's may be
    another judge's, so that only their differences can be compared.
    """
    gains = [before - after for before, after in rates]
    allowed = margin * min(after for _, after in rates)
    return max(i for i, gain in enumerate(gains) if gain >= max(gains) - allowed)
