"""The look of the scans, learnt by a CycleGAN, and labelled lines in it."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

from readapt.adapt.budget import Portion, stopwatch
from readapt.adapt.exported import as_read
from readapt.adapt.gate.verdict import Verdict
from readapt.adapt.learning.known import (
    kindred_here,
    languages_here,
    old_spelling,
    texts_here,
)
from readapt.adapt.stage import LOOK, LOOK_FOLDER, Outcome, State
from readapt.adapt.teachers.engines import find_teacher
from readapt.cores import cores
from readapt.errors import InputError
from readapt.gan.frozen import freeze_recognizer
from readapt.gan.kindred import Kindred, kindred_of
from readapt.gan.look import LOOK_NAME, Look
from readapt.gan.make_look import BOTH_SIDES, LookConfig, make_look
from readapt.gan.monitor import Reads, rough_reader
from readapt.gan.play import CollapseError
from readapt.gan.scans import ScanLines
from readapt.gan.written import BrokenTextsError, change_of, write_look_lines
from readapt.recognize.greedy import best_path
from readapt.synth.lines import LineConfig, LineMaker
from readapt.types import Image

PLAYING = 0.75
"""Share of the portion that the game has; the rest draws, measures and writes lines."""
JUDGE = "rapidocr"
"""Of the teachers, the one that judges whether texts survive in the look."""
FEWEST = 150
"""Lines that a look is learnt from, at least; with those held out about as many as
``readapt train cyclegan`` asks for."""
LEAST_MINUTES = 20.0
"""Of the whole budget: in less the game hardly begins."""
WRITTEN = 3000
"""Lines written in the look, at most."""
A_MINUTE = 100
"""Lines written for each minute of the whole budget."""


@dataclass(frozen=True)
class LearnLook:
    """Rendered lines learn to look like the scans; those that keep their text are written."""

    name: str = "look"
    title: str = "the look of the scans"

    def lacks(self, state: State) -> str:
        """Needs minutes and lines: a game that hardly began, or saw little, translates badly."""
        if state.config.look:
            return ""
        minutes, lines = state.config.minutes, len(state.target.lines)
        if minutes < LEAST_MINUTES:
            return f"it takes {LEAST_MINUTES:g} minutes in all, and there are {minutes:g}"
        return "" if lines >= FEWEST else f"{lines} lines are too few for it, {FEWEST} are needed"

    def run(self, state: State, portion: Portion, folder: Path) -> Outcome:
        """Play, then write lines, as many as there is time for.

        The game goes on where it was stopped; the lines are written again, the same ones.
        """
        config, given = state.config, state.config.look
        place = Path(given) if given else folder / "look"
        recognizer = as_read(state.network, state.alphabet, config.threads)

        def reads(images: Sequence[Image]) -> list[str]:
            portion.tick()
            found = recognizer.log_posteriors(images)
            return [state.alphabet.decode(best_path(p).ids) for p in found]

        kindred = kindred_here(state, portion)
        maker = LineMaker(
            LineConfig(
                seed=config.seed + 41,
                clean=1.0,
                height=state.network.config.height,
                old_spelling=old_spelling(state),
                languages=languages_here(state),
            ),
            corpora=texts_here(state),
            alphabet=state.alphabet,
        )
        try:
            figures: dict[str, float] = {}
            if not given and not (place / LOOK_NAME).is_file():
                figures = _learnt(state, portion, maker, kindred, reads, place, folder / "game")
            seconds = portion.seconds * (1.0 if given else 1 - PLAYING)
            look, lines = Look.load(place), folder / "lines"
            share = _written(state, look, maker, kindred, reads, lines, seconds)
        except (CollapseError, InputError, BrokenTextsError) as error:  # others do without it
            return Outcome(verdict=Verdict(False, str(error)))
        return Outcome(
            files={LOOK: lines, LOOK_FOLDER: place},
            record={"kept their text": share, **{k: round(v, 5) for k, v in figures.items()}},
        )


def _learnt(
    state: State,
    portion: Portion,
    maker: LineMaker,
    kindred: Kindred,
    reads: Reads,
    place: Path,
    work: Path,
) -> dict[str, float]:
    """Play the game in ``work`` and write the look to ``place``; returns its judge's figures."""
    config, plain, minutes = state.config, LookConfig(), portion.minutes * PLAYING
    play = replace(
        plain.play,
        minutes=minutes,
        steps=config.steps,
        seed=config.seed,
        checkpoint_seconds=30.0,
    )
    game = replace(plain.game, one_sided=minutes < BOTH_SIDES, seed=config.seed)
    feed = replace(plain.feed, seed=config.seed)
    made = make_look(
        ScanLines(state.target.lines, 0, 0),
        maker,
        state.alphabet,
        freeze_recognizer(deepcopy(state.network)),
        _judge(state, portion) or rough_reader(reads),
        place,
        work,
        replace(plain, play=play, game=game, feed=feed, gap=_NO_GAP, device=config.device),
        (work / "checkpoint.pt").is_file(),
        state.told,
        tick=portion.tick,
        kindred=kindred,
    )
    return made.figures


_NO_GAP = replace(LookConfig().gap, steps=0)
"""It is measured at every look of the judge; at the end it would take a tenth of the time."""


def _written(
    state: State,
    look: Look,
    maker: LineMaker,
    kindred: Kindred,
    reads: Reads,
    folder: Path,
    seconds: float,
) -> float:
    """Write labelled lines in the look to ``folder``; returns the share that kept their text.

    What they say is of the kinds of the scans, and set as the look remembers it.
    """
    config, remembered = state.config, kindred_of(look)
    if remembered is not None:
        kindred = replace(remembered, genres=kindred.genres)
    share, elapsed = 0.0, stopwatch()
    for written in write_look_lines(
        folder,
        min(WRITTEN, round(A_MINUTE * config.minutes)),
        kindred.maker(maker),
        change_of(look),
        reads,
        seed=config.seed,
        height=state.network.config.height,
        settings=kindred.settings,
    ):
        share = round(written.share, 4)
        if elapsed() > seconds and written.kept >= FEWEST and not config.steps:
            break
    return share


def _judge(state: State, portion: Portion) -> Reads | None:
    """Find who says whether texts survive: RapidOCR, where it was named and is installed.

    A reader that is not in the loop cannot be gamed. Tesseract reads many scans too badly to judge.
    """
    if JUDGE not in state.config.teachers:
        return None
    engine = find_teacher(JUDGE, threads=state.config.threads or cores())
    if engine.missing():
        return None

    def reads(images: Sequence[Image]) -> list[str]:
        portion.tick()
        return [answer[0] if answer else "" for answer in engine.read(images)]

    return reads
