"""Adversarial objectives: logits in, scalar out.

Letters, the same in every docstring: `D` is the discriminator or critic *before* any sigmoid,
`x` real, `f` fake, `sp(t) = log(1 + exp(t))`, `E` the mean over everything, batch and patches
alike. Every loss is minimised. The discriminator's probability is `p = sigmoid(D)`, so that
`-log p = sp(-D)` and `-log(1 - p) = sp(D)`: no logarithm of a rounded zero anywhere.

Losses take `real` and `fake` logits of any equal or unequal shapes, unless they pair them
(relativistic). Penalties take the critic itself and samples, `batch ...`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional as F

Critic: TypeAlias = Callable[[Tensor], Tensor]
"""Samples `batch ...` to logits `batch ...`."""

# --- losses ---------------------------------------------------------------------------------------


def minimax_critic(real: Tensor, fake: Tensor) -> Tensor:
    """`E sp(-D(x)) + E sp(D(f))` = `-V(D, G)`: the critic's step *maximises* V.

    Goodfellow et al. 2014, equation 1. With the best critic, `-V = log 4 - 2 JSD(x, f)`
    (theorem 1): `log 4` where the fakes are as good as real.
    """
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def minimax_generator(real: Tensor, fake: Tensor) -> Tensor:
    """`-E sp(D(f))` = `E log(1 - p)`: the generator's side of the same game; `real` plays no part.

    Its gradient in `D` is `-p`: it vanishes just where the critic is sure that a sample is fake.
    """
    return -F.softplus(fake).mean()


def non_saturating_generator(real: Tensor, fake: Tensor) -> Tensor:
    """`E sp(-D(f))` = `-E log p`: the loss of practice (Goodfellow et al. 2014, section 3).

    Its gradient in `D` is `-(1 - p)`: largest where the critic is sure.
    """
    return F.softplus(-fake).mean()


def least_squares_critic(real: Tensor, fake: Tensor) -> Tensor:
    """`1/2 E (D(x) - 1)^2 + 1/2 E D(f)^2` (Mao et al. 2017, equation 9: a = 0, b = 1).

    The best critic is `D = x / (x + f)` in densities; at equilibrium D = 1/2 and the loss 0.25.
    """
    return 0.5 * (real - 1).square().mean() + 0.5 * fake.square().mean()


def least_squares_generator(real: Tensor, fake: Tensor) -> Tensor:
    """`E (D(f) - 1)^2`, c = 1; without Mao's 1/2, as CycleGAN has it."""
    return (fake - 1).square().mean()


def wasserstein_critic(real: Tensor, fake: Tensor) -> Tensor:
    """`E D(f) - E D(x)` (Arjovsky et al. 2017, equation 2, negated).

    Over 1-Lipschitz critics, its minimum is minus the Wasserstein-1 distance: *this* number means
    progress, as far as the critic is near its optimum.
    """
    return fake.mean() - real.mean()


def wasserstein_generator(real: Tensor, fake: Tensor) -> Tensor:
    """`-E D(f)`; hinge has the same."""
    return -fake.mean()


def hinge_critic(real: Tensor, fake: Tensor) -> Tensor:
    """`E relu(1 - D(x)) + E relu(1 + D(f))` (Lim and Ye 2017; Miyato et al. 2018, equation 16)."""
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def relativistic_critic(real: Tensor, fake: Tensor) -> Tensor:
    """`E sp(-(D(x) - D(f)))` over pairs (Jolicoeur-Martineau 2019; Huang et al. 2024).

    `real` and `fake` must have the same shape. At equilibrium: `log 2`.
    """
    return F.softplus(fake - real).mean()


def relativistic_generator(real: Tensor, fake: Tensor) -> Tensor:
    """`E sp(-(D(f) - D(x)))` over pairs."""
    return F.softplus(real - fake).mean()


# --- penalties ------------------------------------------------------------------------------------


def sample_logits(logits: Tensor) -> Tensor:
    """One logit a sample, `batch`: the mean over its patches.

    The mean comes before the gradient: with a sum the norm would grow with the number of patches.
    """
    return logits.flatten(1).mean(1) if logits.ndim > 1 else logits


def input_gradient(critic: Critic, samples: Tensor) -> Tensor:
    """`dD/dx` at `samples`, flattened to `batch value`, with a graph for a second derivative.

    A sample's logit must depend on that sample alone: no batch normalisation in the critic.
    """
    if not samples.requires_grad:
        samples = samples.detach().requires_grad_()
    total = sample_logits(critic(samples)).sum()
    (gradient,) = torch.autograd.grad(total, samples, create_graph=True)
    return gradient.flatten(1)


def gradient_penalty(
    critic: Critic,
    real: Tensor,
    fake: Tensor,
    generator: torch.Generator | None = None,
    *,
    one_sided: bool = False,
) -> Tensor:
    """`E (|dD/dx^|_2 - 1)^2` at `x^ = u x + (1 - u) f`, one `u ~ U[0, 1]` a sample.

    Gulrajani et al. 2017, equation 3; multiply by 10. `real` and `fake` have one shape
    `batch ...`. The norm is over all axes but the batch, and its gradient is 0, not NaN, where
    the norm is 0. `one_sided`, a norm below 1 costs nothing (Petzka et al. 2018, equation 8): all
    that the Lipschitz condition asks for.
    """
    shape = (len(real),) + (1,) * (real.ndim - 1)
    u = torch.rand(shape, generator=generator, dtype=real.dtype, device=real.device)
    between = torch.lerp(fake.detach(), real.detach(), u)
    norms = (input_gradient(critic, between).square().sum(1) + 1e-12).sqrt()
    excess = F.relu(norms - 1) if one_sided else norms - 1
    return excess.square().mean()


def zero_centred_penalty(critic: Critic, samples: Tensor) -> Tensor:
    """`1/2 E |dD/dx|_2^2`: R1 at real samples, R2 at fakes (Mescheder et al. 2018, equation 9)."""
    return 0.5 * input_gradient(critic, samples).square().sum(1).mean()


def clip_weights(parameters: Iterable[Tensor], limit: float) -> None:
    """Bring every weight into `[-limit, limit]`, in place (Arjovsky et al. 2017, algorithm 1).

    A weight that has become NaN becomes 0: `clamp` would let it through.
    """
    with torch.no_grad():
        for parameter in parameters:
            parameter.nan_to_num_(0.0, limit, -limit).clamp_(-limit, limit)


# --- instance noise -------------------------------------------------------------------------------


def noise_deviation(elapsed: float, start: float = 0.1, until: float = 1.0) -> float:
    """Deviation of the instance noise at an `elapsed` fraction: `start`, linearly to 0 at `until`.

    On samples in [-1, 1].
    """
    return start * max(0.0, 1.0 - elapsed / until) if until > 0 else 0.0


def with_noise(
    samples: Tensor, deviation: float, generator: torch.Generator | None = None
) -> Tensor:
    """`x + e`, `e ~ N(0, deviation^2)`: the *critic* sees both real and fake through it.

    Arjovsky and Bottou 2017, section 3: distributions on thin manifolds never overlap, a perfect
    critic exists and its gradient is 0; spread by noise they overlap. Works with any loss.
    """
    if deviation <= 0:
        return samples
    noise = torch.empty_like(samples).normal_(generator=generator)
    return samples + deviation * noise


# --- objectives -----------------------------------------------------------------------------------

Name = Literal["minimax", "non-saturating", "lsgan", "wgan", "wgan-gp", "hinge", "relativistic"]
Loss: TypeAlias = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class Objective:
    """A pair of losses with the settings its authors train it with."""

    critic: Loss
    generator: Loss
    pairs: bool = False
    """Whether the generator's loss looks at real logits too."""
    penalty: float = 0.0
    """Weight of :func:`gradient_penalty`."""
    r1_r2: float = 0.0
    """Gamma: weight of :func:`zero_centred_penalty` at real and at fake samples. Between 0.1 and 1
    for a patch critic that starts fresh; copied gammas of large image models explode."""
    clip: float = 0.0
    """Limit of :func:`clip_weights` after each step of the critic; 0 clips nothing."""
    critic_steps: int = 1
    """Steps of the critic for one of the generator."""
    warm_steps: int = 0
    """The same for the first 25 steps of the generator and for every 500th; 0: no difference."""
    optimizer: Literal["adam", "rmsprop"] = "adam"
    lr: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)

    def critic_turns(self, step: int) -> int:
        """Count the steps of the critic before step number `step` (from 0) of the generator."""
        warm = self.warm_steps and (step < 25 or step % 500 == 0)
        return self.warm_steps if warm else self.critic_steps

    def critic_loss(
        self,
        critic: Critic,
        real: Tensor,
        fake: Tensor,
        generator: torch.Generator | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Loss of the critic without and with its penalties: two scalars with a graph.

        The first, negated, is what a Wasserstein critic's curve shows. `fake` is taken as it is:
        detach it.
        """
        plain = self.critic(critic(real), critic(fake))
        whole = plain
        if self.penalty:
            whole = whole + self.penalty * gradient_penalty(critic, real, fake, generator)
        if self.r1_r2:
            at_real, at_fake = (zero_centred_penalty(critic, x) for x in (real, fake))
            whole = whole + self.r1_r2 * (at_real + at_fake)
        return plain, whole

    def generator_loss(self, critic: Critic, real: Tensor, fake: Tensor) -> Tensor:
        """Loss of the generator of `fake`; `real` is looked at by relativistic objectives only."""
        logits = critic(fake)
        return self.generator(critic(real) if self.pairs else logits.detach(), logits)


OBJECTIVES: Final[Mapping[Name, Objective]] = MappingProxyType(
    {
        "minimax": Objective(minimax_critic, minimax_generator),
        "non-saturating": Objective(minimax_critic, non_saturating_generator),
        "lsgan": Objective(least_squares_critic, least_squares_generator),
        "wgan": Objective(
            wasserstein_critic,
            wasserstein_generator,
            clip=0.01,
            critic_steps=5,
            warm_steps=100,
            optimizer="rmsprop",
            lr=5e-5,
        ),
        "wgan-gp": Objective(
            wasserstein_critic,
            wasserstein_generator,
            penalty=10.0,
            critic_steps=5,
            lr=1e-4,
            betas=(0.0, 0.9),
        ),
        "hinge": Objective(hinge_critic, wasserstein_generator, betas=(0.0, 0.9)),
        "relativistic": Objective(
            relativistic_critic,
            relativistic_generator,
            pairs=True,
            r1_r2=0.5,
            betas=(0.0, 0.99),
        ),
    }
)
"""Every objective by name, with the settings of its reference."""
