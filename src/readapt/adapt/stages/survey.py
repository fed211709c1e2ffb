"""How the scans look, before anything is learnt: measures, kinds and fonts, what comes near."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from readapt.adapt.budget import Portion
from readapt.adapt.learning.known import Known, known_lines
from readapt.adapt.scans.measures import describe, quantiles
from readapt.adapt.stage import KNOWN, Outcome, State
from readapt.errors import InputError
from readapt.gan.candidates import Group, candidates, draw_lines
from readapt.gan.clock import seconds_a_step
from readapt.gan.critic import GapConfig
from readapt.gan.ranking import GapReport, Ranked, draw_report, rank
from readapt.types import Image

RANKED: tuple[Group, ...] = ("fonts", "degradations")
DRAWN = 100
"""Lines of each candidate."""
COMPARED = 400
"""Lines of the scans that they are compared with."""
CRITIC = GapConfig(steps=90, batch=16, bootstrap=100)
"""How candidates are measured, for half of the steps; fewer say nothing, and are not taken."""
MEASURED = 0.7
"""Share of the portion that critics may take; drawing their lines takes about the rest."""
_SETS = 21
"""Critics, about: kinds of fonts and degradations, for half of the steps, and three for all."""


@dataclass(frozen=True)
class Survey:
    """Lines are measured, and the gap meter ranks fonts and degradations.

    Degradations that bring clean lines nearer, beyond doubt, happen more often to the labelled
    lines drawn for this collection (:attr:`readapt.synth.lines.LineConfig.favoured`).
    """

    name: str = "survey"
    title: str = "how the scans look"

    def lacks(self, state: State) -> str:
        """Return "": it can always run."""
        return ""

    def run(self, state: State, portion: Portion, folder: Path) -> Outcome:
        """Measure, find kinds and fonts, rank."""
        started = time.monotonic()
        known, _ = known_lines(state, portion)
        kinds = state.records[KNOWN]
        drawn = [image for image, text in known(0, DRAWN) if text]
        record: dict[str, Any] = {
            "scans": {**_heights(state), **describe(state.target.lines)},
            "training lines": describe(drawn),
            **kinds,
        }
        report = self._ranked(state, known, portion, started, record)
        if report is not None:
            folder.mkdir(parents=True, exist_ok=True)
            draw_report(report, folder / "gap.png")
            nearest = {g: [_said(e) for e in report.ranking if e.group == g] for g in RANKED}
            favoured = helpful(report.ranking)
            record |= {"gap": report.sentence, "nearest": nearest, "favoured": favoured}
            state.records[KNOWN] = {**kinds, "favoured": favoured}
        return Outcome(record=record)

    def _ranked(
        self,
        state: State,
        known: Known,
        portion: Portion,
        started: float,
        record: dict[str, Any],
    ) -> GapReport | None:
        """Rank as far as the portion goes; None where it does not, or where lines are too few."""
        config, maker = replace(CRITIC, seed=state.config.seed), known.general
        if not state.config.steps:
            left = MEASURED * (portion.seconds - (time.monotonic() - started))
            steps = int(left / (_SETS / 2 + 2) / seconds_a_step(config))
            if steps < CRITIC.steps:
                record["nearest"] = "not ranked: too few minutes"
                return None
        else:
            config = replace(config, steps=state.config.steps)
        height = known.height
        sets = candidates(
            maker.config, DRAWN, maker.fonts, maker.corpora, height, RANKED, maker.alphabet
        )
        some = _evenly(state.target.lines)
        try:
            return rank(
                some, draw_lines(maker, DRAWN, height), sets, config, lambda _: portion.tick()
            )
        except InputError as error:  # too few are wide enough
            record["nearest"] = f"not ranked: {error}"
            return None


def helpful(ranking: Sequence[Ranked]) -> list[str]:
    """Name the degradations whose lines are nearer than clean ones, whole interval and all."""
    harms = [entry for entry in ranking if entry.group == "degradations"]
    clean = next((entry.gap for entry in harms if entry.name == "none"), None)
    if clean is None:
        return []
    return [e.name for e in harms if e.name != "none" and e.gap.high < clean.estimate]


def _said(entry: Ranked) -> str:
    return f"{entry.name} {entry.gap.estimate:.1f}"


def _heights(state: State) -> dict[str, Any]:
    heights = state.target.heights
    return {"line height, pixels": quantiles(heights, 0)} if heights else {}


def _evenly(lines: Sequence[Image]) -> list[Image]:
    chosen = np.linspace(0, len(lines) - 1, min(COMPARED, len(lines))).astype(int)
    return [lines[i] for i in chosen]
