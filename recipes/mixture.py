"""Every objective on a ring of eight Gaussians: modes covered, and where the gradient starves.

    python recipes/mixture.py [OUT] [--steps 3000] [--seeds 3] [--only lsgan]

Writes OUT/mixture.md (two tables), OUT/mixture.png (samples of each objective) and
OUT/starvation.png (what reaches the generator while the critic is trained on alone).
One loop, one pair of networks, one learning rate; the clipped critic is clipped at 0.1 and the
gradient penalty weighs 0.1, which suits data this small.
"""

import argparse
import math
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from readapt.gan.duel import Duel, DuelConfig
from readapt.gan.objectives import OBJECTIVES, Name, Objective
from readapt.gan.play import PlayConfig, Verdict, play

MODES = 8
SPREAD = 0.04
"""Standard deviation of each mode; the ring has radius 0.8."""
LATENT = 4
CENTRES = 0.8 * torch.stack(
    [
        torch.tensor([math.cos(t), math.sin(t)])
        for t in (2 * math.pi * k / MODES for k in range(MODES))
    ]
)


def draw(count: int, random: torch.Generator) -> Tensor:
    """Real samples `count 2`."""
    modes = torch.randint(MODES, (count,), generator=random)
    return CENTRES[modes] + SPREAD * torch.randn(count, 2, generator=random)


def latent(count: int, random: torch.Generator) -> Tensor:
    return torch.randn(count, LATENT, generator=random)


def network(inputs: int, outputs: int) -> nn.Sequential:
    width = 64
    return nn.Sequential(
        nn.Linear(inputs, width),
        nn.LeakyReLU(0.2),
        nn.Linear(width, width),
        nn.LeakyReLU(0.2),
        nn.Linear(width, outputs),
    )


def coverage(samples: Tensor) -> tuple[int, float]:
    """Modes with at least a quarter of their fair share; share of samples within 4 deviations."""
    distance, nearest = torch.cdist(samples, CENTRES).min(1)
    good = distance < 4 * SPREAD
    counts = torch.bincount(nearest[good], minlength=MODES)
    return int((counts >= 0.25 * len(samples) / MODES).sum()), float(good.float().mean())


@dataclass(frozen=True)
class Entry:
    """What is trained."""

    label: str
    objective: Objective
    noise: float = 0.0


def entries() -> list[Entry]:
    """List the objectives, and three of them with instance noise."""
    chosen: dict[Name, Objective] = {
        name: replace(objective, lr=5e-4) for name, objective in OBJECTIVES.items()
    }
    # Wasserstein critics on data this small: a limit and a weight that let the critic bend.
    chosen["wgan"] = replace(chosen["wgan"], clip=0.1)
    chosen["wgan-gp"] = replace(chosen["wgan-gp"], penalty=0.1)
    plain = [Entry(name, objective) for name, objective in chosen.items()]
    noisy = [
        replace(entry, label=f"{entry.label} + noise", noise=0.3)
        for entry in plain
        if entry.label in ("minimax", "non-saturating", "lsgan")
    ]
    return plain + noisy


def make(entry: Entry, seed: int, batch: int = 128) -> Duel:
    torch.manual_seed(seed)
    return Duel(
        network(LATENT, 2),
        network(2, 1),
        network(LATENT, 2),
        entry.objective,
        draw,
        latent,
        DuelConfig(batch=batch, noise=entry.noise, noise_until=0.7, average=0.99),
        seed,
    )


class Watch:
    """Looks at the averaged generator as it goes: modes and good samples at each look."""

    def __init__(self) -> None:
        self.modes: list[int] = []
        self.good: list[float] = []
        self.latent = latent(2000, torch.Generator().manual_seed(123))

    def __call__(self, generator: nn.Module) -> Verdict:
        """Judge: the more samples on a mode the better."""
        with torch.no_grad():
            modes, good = coverage(generator(self.latent))
        self.modes.append(modes)
        self.good.append(good)
        return Verdict(-good, {"modes": modes, "good": good})


@dataclass(frozen=True)
class Outcome:
    """A row of the table."""

    label: str
    modes: list[int]
    good: list[float]
    first: list[int]
    """Steps after which all modes were first covered; 0 where they never were."""
    seconds: float
    samples: Tensor
    """Of the first seed, `n 2`."""


def run(entry: Entry, steps: int, seeds: int) -> Outcome:
    modes, good, first, samples, started = [], [], [], torch.empty(0), time.perf_counter()
    looks = max(steps // 30, 1)
    for seed in range(seeds):
        duel, watch = make(entry, seed), Watch()
        duel.judged = watch
        with tempfile.TemporaryDirectory() as folder:
            config = PlayConfig(
                steps=steps, judge_every=looks, patience=0, log_every=steps + 1, seed=seed
            )
            play(duel, config, Path(folder))
        modes.append(watch.modes[-1])
        good.append(watch.good[-1])
        whole = [i for i, m in enumerate(watch.modes) if m == MODES]
        first.append(looks * (whole[0] + 1) if whole else 0)
        if seed == 0:
            with torch.no_grad():
                samples = duel.average(watch.latent[:1000])
    return Outcome(
        entry.label, modes, good, first, (time.perf_counter() - started) / seeds, samples
    )


# --- starvation -----------------------------------------------------------------------------------

CHECKS = (0, 25, 50, 100, 200, 400, 800)


def starve(entry: Entry, seed: int = 0) -> list[float]:
    """Train the critic alone against fakes far from the data; what then reaches a fake sample.

    Mean norm of the generator's gradient per sample, `|dL_G / df|`, times the batch, after each
    number of critic steps in CHECKS. The fakes are a blob of the data's own spread beside the ring.
    """
    duel = make(entry, seed)

    def blob(count: int) -> Tensor:
        place = torch.tensor([0.0, 0.0])
        return place + SPREAD * torch.randn(count, 2, generator=duel.random)

    norms, done = [], 0
    duel.fakes = blob  # type: ignore[method-assign]
    for check in CHECKS:
        for _ in range(check - done):
            duel.critic_step(entry.noise)
        done = check
        fake = blob(512).requires_grad_()
        seen = fake + entry.noise * torch.randn(512, 2, generator=duel.random)
        real = draw(512, duel.random)
        loss = entry.objective.generator_loss(duel.critic, real, seen)
        (gradient,) = torch.autograd.grad(loss, fake)
        norms.append(float(512 * gradient.norm(dim=1).mean()))
    return norms


# --- what is written ------------------------------------------------------------------------------


def table(outcomes: Sequence[Outcome], steps: int) -> str:
    rows = [
        "| objective | modes of 8 | samples on a mode | all modes first seen at step | s per run |",
        "|---|---|---|---|---|",
    ]
    for x in outcomes:
        first = ", ".join(str(f) if f else "never" for f in x.first)
        good = sum(x.good) / len(x.good)
        rows.append(
            f"| {x.label} | {', '.join(map(str, x.modes))} | {good:.0%} | {first} | "
            f"{x.seconds:.0f} |"
        )
    return f"{steps} steps of the generator, one column entry per seed.\n\n" + "\n".join(rows)


def starvation_table(norms: dict[str, list[float]]) -> str:
    rows = [
        "| objective | " + " | ".join(map(str, CHECKS)) + " |",
        "|---|" + "---|" * len(CHECKS),
    ]
    rows += [f"| {k} | " + " | ".join(f"{x:.2g}" for x in v) + " |" for k, v in norms.items()]
    return "Gradient that reaches a fake after so many steps of the critic alone.\n\n" + "\n".join(
        rows
    )


def draw_samples(outcomes: Sequence[Outcome], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    columns = 5
    figure, axes = plt.subplots(
        -(-len(outcomes) // columns), columns, figsize=(10, 4.4), squeeze=False
    )
    real = draw(1000, torch.Generator().manual_seed(0))
    for axis in axes.flat:
        axis.axis("off")
    for axis, outcome in zip(axes.flat, outcomes, strict=False):
        axis.scatter(*real.T, s=2, c="#bbbbbb", linewidths=0)
        axis.scatter(*outcome.samples.T, s=2, c="#c0392b", linewidths=0)
        axis.set(xlim=(-1.2, 1.2), ylim=(-1.2, 1.2), aspect="equal")
        axis.set_title(f"{outcome.label}: {outcome.modes[0]}/{MODES}", fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def draw_starvation(norms: dict[str, list[float]], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axis = plt.subplots(figsize=(6.5, 3.8))
    for label, values in norms.items():
        style = "--" if "noise" in label else "-"
        axis.plot([c + 1 for c in CHECKS], values, style, label=label, linewidth=1.4)
    axis.set(xscale="log", yscale="log", xlabel="steps of the critic alone (+1)")
    axis.set_ylabel("gradient at a fake sample")
    axis.legend(fontsize=7, ncols=2)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("out", nargs="?", type=Path, default=Path("mixture"))
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--only", action="append", help="label of an objective; repeatable")
    options = parser.parse_args()
    torch.set_num_threads(1)  # networks this small only wait for a second thread
    chosen = [e for e in entries() if not options.only or e.label in options.only]
    options.out.mkdir(parents=True, exist_ok=True)
    outcomes = []
    for entry in chosen:
        outcomes.append(run(entry, options.steps, options.seeds))
        print(table(outcomes[-1:], options.steps).splitlines()[-1], flush=True)
    norms = {entry.label: starve(entry) for entry in chosen}
    text = table(outcomes, options.steps) + "\n\n" + starvation_table(norms) + "\n"
    (options.out / "mixture.md").write_text(text, encoding="utf-8")
    draw_samples(outcomes, options.out / "mixture.png")
    draw_starvation(norms, options.out / "starvation.png")
    print(starvation_table(norms))


if __name__ == "__main__":
    main()
