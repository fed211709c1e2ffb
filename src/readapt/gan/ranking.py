"""What would bring the training lines nearer to the scans: candidates by their gap."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

from readapt.gan.candidates import Candidate
from readapt.gan.critic import Gap, GapConfig, measure_floor, measure_gap, new_critic
from readapt.types import Image


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate and how far it is from the scans."""

    group: str
    name: str
    gap: Gap
    nearer: float
    """Grey levels by which it is nearer than what it is compared with: the present training lines,
    or, for degradations, the clean lines they were done to. Negative: farther."""


@dataclass(frozen=True, slots=True)
class GapReport:
    """The answer of the gap meter."""

    present: Gap
    """Of the present training lines."""
    floor: Gap
    """One half of the scans against the other."""
    ranking: tuple[Ranked, ...]
    """By group, the nearest first."""

    @property
    def sentence(self) -> str:
        """How far it is, in one sentence."""
        gap, floor = self.present, self.floor
        if gap.low <= max(floor.high, floor.estimate):
            return (
                f"The training lines cannot be told from these scans: {gap.estimate:.1f} grey "
                f"levels apart ({gap.low:.1f} to {gap.high:.1f}), as two halves of the scans are "
                f"({floor.estimate:.1f})."
            )
        return (
            f"The training lines are {gap.estimate:.1f} grey levels from these scans "
            f"({gap.low:.1f} to {gap.high:.1f}); two halves of the scans are {floor.estimate:.1f} "
            f"apart{self._nearest}."
        )

    @property
    def _nearest(self) -> str:
        """What brings them nearest, of each group what helps at all."""
        best = [
            next(entry for entry in self.ranking if entry.group == group)
            for group in dict.fromkeys(entry.group for entry in self.ranking)
        ]
        helps = [
            f"{one.name} ({one.group}, {one.gap.estimate:.1f})" for one in best if one.nearer > 0
        ]
        return f"; nearest: {', '.join(helps)}" if helps else ""

    def table(self) -> str:
        """Return the ranking as aligned text."""
        rows = []
        for group in dict.fromkeys(entry.group for entry in self.ranking):
            against = "clean lines" if group == "degradations" else "present lines"
            rows.append(f"{group:<18}{'gap':>7}   nearer than {against} by")
            rows += [
                f"  {entry.name:<16}{entry.gap.estimate:7.1f}   {entry.nearer:+.1f}"
                for entry in self.ranking
                if entry.group == group
            ]
        return "\n".join(rows)


def rank(
    real: Sequence[Image],
    present: Sequence[Image],
    sets: Iterable[Candidate],
    config: GapConfig,
    told: Callable[[str], None] = lambda name: None,
    closer: Callable[[str], Iterable[Candidate]] = lambda kind: (),
) -> GapReport:
    """Measure the present lines, the floor and every candidate, all with the same seeds.

    The critics of candidates go on from the present lines' critic, for half of the steps, and are
    compared with the present lines' own, gone on likewise. `closer` gives more candidates once the
    nearest kind of font is known, such as its families. `told` hears what is measured now.
    """
    told("present lines")
    critic = new_critic(config)
    now = measure_gap(real, present, config, critic)
    further = replace(config, steps=max(1, config.steps // 2), hold=0.0)
    # Candidates' critics have had half as many steps more: so must the one they are compared with.
    again = measure_gap(real, present, further, deepcopy(critic))
    told("floor")
    floor = measure_floor(real, config)
    measured: list[tuple[Candidate, Gap]] = []

    def measure(some: Iterable[Candidate]) -> None:
        for one in some:
            told(f"{one.group}: {one.name}")
            measured.append((one, measure_gap(real, one.lines, further, deepcopy(critic))))

    measure(sets)
    kinds = [(gap.estimate, one.name) for one, gap in measured if one.group == "fonts"]
    if kinds:
        measure(closer(min(kinds)[1]))
    base = {"degradations": next((g for c, g in measured if c.name == "none"), again)}
    ranked = [
        Ranked(c.group, c.name, g, base.get(c.group, again).estimate - g.estimate)
        for c, g in measured
    ]
    groups = list(dict.fromkeys(entry.group for entry in ranked))
    ranked.sort(key=lambda entry: (groups.index(entry.group), entry.gap.estimate))
    return GapReport(now, floor, tuple(ranked))


def draw_report(report: GapReport, path: Path) -> None:
    """Draw the critic's curve and the ranking with its intervals to a PNG or SVG file."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    entries = report.ranking
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(11, max(3.2, 0.23 * len(entries) + 1.2)), width_ratios=(1, 1.3)
    )
    for gap, name, colour in (
        (report.present, "training lines", "#c0392b"),
        (report.floor, "half the scans", "#7f8c8d"),
    ):
        left.plot(gap.steps, gap.held_out, color=colour, alpha=0.3, linewidth=1)
        left.plot(gap.steps, gap.smoothed, color=colour, label=name)
    left.set(xlabel="steps of the critic", ylabel="distance on held-out lines, grey levels")
    left.axhline(0, color="black", linewidth=0.5)
    left.legend(fontsize=8)
    for row, entry in enumerate(reversed(entries)):
        colours = {"fonts": "#2980b9", "families": "#5dade2", "documents": "#8e44ad"}
        colour = colours.get(entry.group, "#16a085")
        right.plot([entry.gap.low, entry.gap.high], [row, row], color=colour, linewidth=2)
        right.plot(entry.gap.estimate, row, "o", color=colour, markersize=4)
    right.axvline(report.present.estimate, color="#c0392b", linewidth=1)
    right.axvline(report.floor.estimate, color="#7f8c8d", linewidth=1)
    right.set_yticks(
        range(len(entries)), [f"{e.name} ({e.group})" for e in reversed(entries)], fontsize=7
    )
    right.set_xlabel("distance from the scans, grey levels (5 to 95 %)")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)
