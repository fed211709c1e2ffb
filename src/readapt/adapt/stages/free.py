"""Normalisation statistics of the scans: the one change that costs no training."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from readapt.adapt.budget import Portion
from readapt.adapt.learning.weights import open_norms, renormalise
from readapt.adapt.stage import Outcome, State
from readapt.recognize.preprocess import prepare_line
from readapt.synth.lines import LineConfig, LineMaker

SHARES = (0.2, 0.5, 1.0)
"""How far the statistics are moved towards those of the scans; the best way wins."""
LINES = 80
"""Rendered and real lines that are measured."""


@dataclass(frozen=True)
class Free:
    """The batch norms of the recognizer see what channels are like on the scans.

    A bundle's norms are folded into its convolutions, so they are first opened again on rendered
    lines, which changes nothing of what is read.
    """

    name: str = "free"
    title: str = "normalisation statistics of the scans"

    def lacks(self, state: State) -> str:
        """Return "": it can always run."""
        return ""

    def run(self, state: State, portion: Portion, folder: Path) -> Outcome:
        """Move the statistics by several shares; the lowest estimate is the candidate."""
        height = state.network.config.height
        config = LineConfig(seed=state.config.seed + 21)
        maker = LineMaker(config, corpora=state.corpora, alphabet=state.alphabet)
        lines = state.config.few(LINES)
        rendered = [prepare_line(maker.make(i).image, height) for i in range(lines)]
        opened = deepcopy(state.network)
        open_norms(opened, rendered)
        real = state.target.lines[:: max(1, len(state.target.lines) // lines)][:lines]
        found = {}
        for share in SHARES:
            portion.tick()
            moved = deepcopy(opened)
            renormalise(moved, real, share)
            found[share] = (state.judge(moved)[1], moved)
        best = min(found, key=lambda share: found[share][0])
        figures = {f"{share:.0%}": round(rate, 5) for share, (rate, _) in found.items()}
        return Outcome(
            found[best][1], picked=True, record={"share": best, "estimates": dict(figures)}
        )
