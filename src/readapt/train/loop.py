"""The only training loop: forward, backward, clip, step, log; checkpoints and resume.

What is learned is a :class:`Learner`. The loop owns the clock: schedules are functions of the
elapsed fraction of the budget, which is counted in minutes of training or in steps.
"""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from readapt.train.checkpoint import load_checkpoint, save_checkpoint
from readapt.train.parallel import agree, mean_gradients, rank, world


@dataclass(frozen=True, slots=True)
class LoopConfig:
    """Budget, optimizer and bookkeeping of a run."""

    minutes: float = 60.0
    """Budget of training time; evaluation and checkpoints count. Ignored where `steps` is set."""
    steps: int = 0
    """Budget in steps; 0 leaves it to `minutes`."""
    lr: float = 2e-3
    """Peak learning rate of AdamW."""
    warmup: float = 0.02
    """Fraction of the budget over which the rate rises; then it falls as a cosine to 0."""
    weight_decay: float = 0.01
    clip: float = 5.0
    """Largest norm of the gradient: the answer to exploding gradients (not to vanishing ones,
    which gates, first weights and short paths answer)."""
    clip_value: float = 0.0
    """Largest size of any one number in the gradient once its norm is clipped; 0: any size. The
    norm keeps the gradient's direction; this does not, but holds one wild weight alone."""
    average: float = 0.999
    """Decay of the running average of the weights, which is what is evaluated and exported."""
    log_every: int = 50
    """Steps per row of the log."""
    checkpoint_seconds: float = 120.0
    evaluate_seconds: float = 600.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """What a learner returns for one batch."""

    loss: Tensor
    """Scalar, with a graph behind it."""
    samples: int
    """Samples in the batch."""
    shown: dict[str, float]
    """Further figures for the log."""


class Learner(Protocol):
    """Something that learns from a stream of batches."""

    network: nn.Module

    def steps(self, position: list[int]) -> Iterator[tuple[list[int], Step]]:
        """Endless steps from stream `position`, each with the position after it.

        The loop steps the optimizer between two items, so a step is computed with the weights
        of its time.
        """
        ...

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        """Figures of merit of the averaged network, for the log."""
        ...


def learning_rate(fraction: float, config: LoopConfig) -> float:
    """Learning rate at an elapsed `fraction` in [0, 1]: linear warm-up, then a cosine to 0."""
    if fraction < config.warmup:
        return config.lr * (0.02 + 0.98 * fraction / config.warmup)
    rest = (fraction - config.warmup) / (1 - config.warmup)
    return config.lr * 0.5 * (1 + math.cos(math.pi * min(rest, 1.0)))


def clip_gradient(network: nn.Module, config: LoopConfig) -> tuple[float, bool]:
    """Clip by norm, then by value where asked for; returns the norm before, and if it was clipped.

    The norm is taken first, since clipping by value would hide a gradient that overflowed.
    """
    norm = float(nn.utils.clip_grad_norm_(network.parameters(), config.clip))
    clipped = norm > config.clip
    if config.clip_value and math.isfinite(norm):
        gradients = (p.grad for p in network.parameters() if p.grad is not None)
        largest = max(float(gradient.abs().max()) for gradient in gradients)
        if largest > config.clip_value:
            nn.utils.clip_grad_value_(network.parameters(), config.clip_value)
            clipped = True
    return norm, clipped


def average_weights(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Move `average` towards `network`: `a <- decay a + (1 - decay) w`; statistics are copied."""
    with torch.no_grad():
        targets: list[Tensor] = list(average.parameters())
        sources: list[Tensor] = list(network.parameters())
        torch._foreach_lerp_(targets, sources, 1 - decay)
        for target, source in zip(average.buffers(), network.buffers(), strict=True):
            target.copy_(source)


class Log:
    """Rows of figures in a CSV file, flushed one by one, and echoed."""

    def __init__(self, path: Path, echo: bool) -> None:
        self.path = path
        self.echo = echo

    def write(self, row: dict[str, float]) -> None:
        """Append `row`; a new column starts a new header line."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        known: list[str] = []
        if self.path.exists():
            with self.path.open(newline="") as file:
                headers = [r for r in csv.reader(file) if r and r[0] == "step"]
            known = headers[-1] if headers else []
        with self.path.open("a", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(row))
            if list(row) != known:
                writer.writeheader()
            writer.writerow({k: f"{v:.6g}" for k, v in row.items()})
        if self.echo:
            print("  ".join(f"{k} {v:.4g}" for k, v in row.items()), flush=True)


def train(
    learner: Learner,
    average: nn.Module,
    config: LoopConfig,
    folder: Path,
    resume: bool = False,
    echo: bool = True,
) -> dict[str, float]:
    """Train until the budget is spent; returns the last evaluation.

    `average` is a second instance of the learner's network; it ends as the running average of
    the weights. `folder` gets `checkpoint.pt`, `log.csv` and `evaluation.csv`. With `resume`, goes
    on from the checkpoint there: weights, average, optimizer, budget, position in the data and
    random state are restored, so that the end is the same as without the stop (on one processor,
    with a budget in steps).
    """
    network = learner.network
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=config.lr, weight_decay=config.weight_decay, betas=(0.9, 0.98)
    )
    step, samples, clipped, spent, position = 0, 0, 0, 0.0, [0, 0]
    checkpoint = folder / "checkpoint.pt"
    if resume and checkpoint.exists():
        state = load_checkpoint(checkpoint)
        network.load_state_dict(state["network"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        step, samples, clipped = state["step"], state["samples"], state["clipped"]
        spent, position = state["spent"], list(state["position"])
        torch.set_rng_state(state["random"])
    else:
        torch.manual_seed(config.seed)
        average.load_state_dict(network.state_dict())

    def save() -> None:
        state: dict[str, Any] = {
            "network": network.state_dict(),
            "average": average.state_dict(),
            "optimizer": optimizer.state_dict(),
            "step": step,
            "samples": samples,
            "clipped": clipped,
            "spent": spent + time.monotonic() - started,
            "position": position,
            "random": torch.get_rng_state(),
        }
        save_checkpoint(checkpoint, state)

    def elapsed() -> float:
        if config.steps:
            return min(step / config.steps, 1.0)
        return min((spent + time.monotonic() - started) / (60 * config.minutes), 1.0)

    log, evaluations = Log(folder / "log.csv", echo), Log(folder / "evaluation.csv", echo)
    started = saved = evaluated = logged = time.monotonic()
    since, figures, count = 0, dict[str, float](), 0
    network.train()
    if elapsed() < 1:
        for new_position, result in learner.steps(position):
            optimizer.zero_grad(set_to_none=True)
            result.loss.backward()  # type: ignore[no-untyped-call]
            mean_gradients(network)
            norm, was_clipped = clip_gradient(network, config)
            fraction = agree(elapsed())
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(fraction, config)
            if math.isfinite(norm):  # a batch that overflowed teaches nothing
                optimizer.step()
                average_weights(average, network, min(config.average, (1 + step) / (10 + step)))
            step, position = step + 1, new_position
            samples += result.samples * world()
            clipped += was_clipped
            since, count = since + result.samples * world(), count + 1
            for key, value in {"loss": float(result.loss.detach()), **result.shown}.items():
                figures[key] = figures.get(key, 0.0) + value
            now = time.monotonic()
            if step % config.log_every == 0:
                row = {
                    "step": float(step),
                    "samples": float(samples),
                    "elapsed": fraction,
                    "lr": optimizer.param_groups[0]["lr"],
                    "norm": norm,
                    "clipped": clipped / step,
                    **{k: v / count for k, v in figures.items()},
                    "per_second": since / (now - logged),
                }
                if rank() == 0:
                    log.write(row)
                logged, since, figures, count = now, 0, {}, 0
            done = (step >= config.steps) if config.steps else fraction >= 1
            if rank():
                if done:
                    return {}
                continue
            if not done and now - evaluated > config.evaluate_seconds:
                evaluations.write({"step": float(step), **learner.evaluate(average)})
                evaluated = time.monotonic()
            if done or now - saved > config.checkpoint_seconds:
                save()
                saved = time.monotonic()
            if done:
                break
    last = learner.evaluate(average)
    evaluations.write({"step": float(step), **last})
    return last
