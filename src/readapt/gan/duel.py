"""One generator against one critic, under any objective."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Adam, Optimizer, RMSprop

from readapt.gan.objectives import Objective, clip_weights, noise_deviation, with_noise
from readapt.gan.play import Verdict, linear_decay, set_rates
from readapt.train.loop import average_weights


@dataclass(frozen=True, slots=True)
class DuelConfig:
    """How the two meet."""

    batch: int = 64
    """Samples a step."""
    noise: float = 0.0
    """Deviation of the instance noise at the start, on samples in [-1, 1]."""
    noise_until: float = 1.0
    """Fraction of the budget at which the instance noise is gone."""
    hold: float = 0.5
    """Fraction of the budget with constant learning rates; then they fall linearly to 0."""
    average: float = 0.999
    """Decay of the running average of the generator's weights."""


def make_optimizer(network: nn.Module, objective: Objective) -> Optimizer:
    """Build the optimizer of the objective's reference."""
    if objective.optimizer == "rmsprop":
        return RMSprop(network.parameters(), lr=objective.lr)
    return Adam(network.parameters(), lr=objective.lr, betas=objective.betas)


def freeze(network: nn.Module, frozen: bool) -> None:
    """Spare the gradients of a player that does not move."""
    network.requires_grad_(not frozen)


class Duel:
    """A game of two. `draw` and `latent` give real samples and noise, `batch ...`.

    Both take a count and a generator of random numbers, and nothing else may be random in them.
    """

    def __init__(
        self,
        generator: nn.Module,
        critic: nn.Module,
        average: nn.Module,
        objective: Objective,
        draw: Callable[[int, torch.Generator], Tensor],
        latent: Callable[[int, torch.Generator], Tensor],
        config: DuelConfig,
        seed: int = 0,
        judge: Callable[[nn.Module], Verdict] | None = None,
    ) -> None:
        self.generator, self.critic, self.average = generator, critic, average
        self.objective, self.config = objective, config
        self.draw, self.latent, self.judged = draw, latent, judge
        self.random = torch.Generator().manual_seed(seed)
        self.optimizers = {
            "generator": make_optimizer(generator, objective),
            "critic": make_optimizer(critic, objective),
        }
        average.load_state_dict(generator.state_dict())
        self.best: dict[str, Tensor] = {}

    def fakes(self, count: int) -> Tensor:
        """Draw fakes of the present generator, with a graph."""
        fake: Tensor = self.generator(self.latent(count, self.random))
        return fake

    def _step(self, player: str, loss: Tensor) -> None:
        optimizer = self.optimizers[player]
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    def critic_step(self, deviation: float) -> float:
        """One step of the critic; its loss without penalties."""
        real = with_noise(self.draw(self.config.batch, self.random), deviation, self.random)
        with torch.no_grad():
            fake = with_noise(self.fakes(self.config.batch), deviation, self.random)
        plain, whole = self.objective.critic_loss(self.critic, real, fake, self.random)
        self._step("critic", whole)
        if self.objective.clip:
            clip_weights(self.critic.parameters(), self.objective.clip)
        return float(plain.detach())

    def turn(self, step: int, elapsed: float) -> Mapping[str, float]:
        """Several steps of the critic, one of the generator."""
        deviation = noise_deviation(elapsed, self.config.noise, self.config.noise_until)
        set_rates(self.optimizers.values(), linear_decay(elapsed, self.config.hold))
        critic = 0.0
        for _ in range(self.objective.critic_turns(step)):
            critic = self.critic_step(deviation)
        freeze(self.critic, True)
        real = with_noise(self.draw(self.config.batch, self.random), deviation, self.random)
        fake = with_noise(self.fakes(self.config.batch), deviation, self.random)
        loss = self.objective.generator_loss(self.critic, real, fake)
        self._step("generator", loss)
        freeze(self.critic, False)
        average_weights(
            self.average, self.generator, min(self.config.average, (1 + step) / (10 + step))
        )
        return {"critic": critic, "generator": float(loss.detach())}

    def judge(self, step: int) -> Verdict:
        """Ask the judge about the averaged generator; without one, the latest state is the best."""
        return self.judged(self.average) if self.judged else Verdict(-float(step), {})

    def keep(self) -> None:
        """Remember the averaged generator."""
        self.best = {k: v.detach().clone() for k, v in self.average.state_dict().items()}

    def state(self) -> dict[str, Any]:
        """Weights, averages, optimizers, random state, the best generator."""
        return {
            "generator": self.generator.state_dict(),
            "critic": self.critic.state_dict(),
            "average": self.average.state_dict(),
            "optimizers": {k: v.state_dict() for k, v in self.optimizers.items()},
            "random": self.random.get_state(),
            "best": self.best,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take back what :meth:`state` gave."""
        self.generator.load_state_dict(state["generator"])
        self.critic.load_state_dict(state["critic"])
        self.average.load_state_dict(state["average"])
        for name, optimizer in self.optimizers.items():
            optimizer.load_state_dict(state["optimizers"][name])
        self.random.set_state(state["random"])
        self.best = dict(state["best"])
