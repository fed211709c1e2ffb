"""Objectives: closed forms, what the best critic must give, penalties, clipping, no NaN."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from readapt.gan import objectives as o

REAL = torch.tensor([0.3, -1.2, 2.0], dtype=torch.float64)
FAKE = torch.tensor([-0.7, 0.1, 1.5], dtype=torch.float64)


def logistic(t: float) -> float:
    return 1 / (1 + math.exp(-t))


def value(t: Tensor) -> float:
    return float(t.detach())


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


X, Y = REAL.tolist(), FAKE.tolist()
CLOSED_FORMS = {
    "minimax_critic": -mean([math.log(logistic(a)) for a in X])
    - mean([math.log(1 - logistic(b)) for b in Y]),
    "minimax_generator": mean([math.log(1 - logistic(b)) for b in Y]),
    "non_saturating_generator": -mean([math.log(logistic(b)) for b in Y]),
    "least_squares_critic": mean([(a - 1) ** 2 for a in X]) / 2 + mean([b**2 for b in Y]) / 2,
    "least_squares_generator": mean([(b - 1) ** 2 for b in Y]),
    "wasserstein_critic": mean(Y) - mean(X),
    "wasserstein_generator": -mean(Y),
    "hinge_critic": mean([max(0, 1 - a) for a in X]) + mean([max(0, 1 + b) for b in Y]),
    "relativistic_critic": mean([-math.log(logistic(a - b)) for a, b in zip(X, Y, strict=True)]),
    "relativistic_generator": mean([-math.log(logistic(b - a)) for a, b in zip(X, Y, strict=True)]),
}
LOSSES = {
    loss.__name__: loss
    for loss in (
        o.minimax_critic,
        o.minimax_generator,
        o.non_saturating_generator,
        o.least_squares_critic,
        o.least_squares_generator,
        o.wasserstein_critic,
        o.wasserstein_generator,
        o.hinge_critic,
        o.relativistic_critic,
        o.relativistic_generator,
    )
}


@pytest.mark.parametrize("name", LOSSES)
def test_closed_form(name: str) -> None:
    assert float(LOSSES[name](REAL, FAKE)) == pytest.approx(CLOSED_FORMS[name], rel=1e-12)


@pytest.mark.parametrize("name", LOSSES)
def test_gradient(name: str) -> None:
    real, fake = REAL.clone().requires_grad_(), FAKE.clone().requires_grad_()
    assert torch.autograd.gradcheck(LOSSES[name], (real, fake))


@pytest.mark.parametrize("name", LOSSES)
def test_sure_critics_give_finite_losses_and_gradients(name: str) -> None:
    real = torch.tensor([1e4, -1e4, 0.0], requires_grad=True)
    fake = torch.tensor([-1e4, 1e4, 0.0], requires_grad=True)
    loss = LOSSES[name](real, fake)
    loss.backward()  # type: ignore[no-untyped-call]
    assert torch.isfinite(loss)
    for gradient in (real.grad, fake.grad):
        assert gradient is None or torch.isfinite(gradient).all()


def test_where_minimax_starves_non_saturating_does_not() -> None:
    for logit in (-8.0, 0.0, 8.0):
        fake = torch.tensor([logit], requires_grad=True)
        o.minimax_generator(fake, fake).backward()  # type: ignore[no-untyped-call]
        assert fake.grad is not None
        assert float(fake.grad) == pytest.approx(-logistic(logit), rel=1e-4)
        fake.grad = None
        o.non_saturating_generator(fake, fake).backward()  # type: ignore[no-untyped-call]
        assert float(fake.grad) == pytest.approx(-(1 - logistic(logit)), rel=1e-4, abs=1e-9)


# --- with the best critic -------------------------------------------------------------------------
# Two distributions over a few points: expectations are sums, the best critic is known.

weights = st.lists(st.floats(0.05, 1.0), min_size=4, max_size=4)


def density(w: list[float]) -> Tensor:
    p = torch.tensor(w, dtype=torch.float64)
    return p / p.sum()


def expected(loss: o.Loss, logits: Tensor, p: Tensor, q: Tensor) -> float:
    """Loss of a critic with these logits: samples repeated in proportion to their probability."""
    real = logits.repeat_interleave((p * 40000).round().long())
    fake = logits.repeat_interleave((q * 40000).round().long())
    return float(loss(real, fake))


@given(weights, weights)
def test_minimax_with_the_best_critic_is_the_jensen_shannon_divergence(
    a: list[float], b: list[float]
) -> None:
    p, q = density(a), density(b)
    best = (p / q).log()  # sigmoid of it is p / (p + q)
    m = (p + q) / 2
    divergence = float((p * (p / m).log()).sum() + (q * (q / m).log()).sum()) / 2
    value = -expected(o.minimax_critic, best, p, q)
    assert value == pytest.approx(-math.log(4) + 2 * divergence, abs=2e-3)
    for other in (best + 0.3, best * 0.8, torch.zeros(4, dtype=torch.float64)):
        assert value >= -expected(o.minimax_critic, other, p, q) - 2e-3


def test_minimax_at_equality_is_minus_log_four() -> None:
    zero = torch.zeros(5, dtype=torch.float64)
    assert -float(o.minimax_critic(zero, zero)) == pytest.approx(-math.log(4), abs=1e-12)
    assert float(o.relativistic_critic(zero, zero)) == pytest.approx(math.log(2), abs=1e-12)


@given(weights, weights)
def test_least_squares_with_the_best_critic(a: list[float], b: list[float]) -> None:
    p, q = density(a), density(b)
    loss = expected(o.least_squares_critic, p / (p + q), p, q)
    assert loss == pytest.approx(float((p * q / (p + q)).sum()) / 2, abs=1e-3)
    assert loss <= 0.25 + 1e-3


def test_least_squares_equilibrium_is_a_quarter() -> None:
    half = torch.full((5,), 0.5)
    assert float(o.least_squares_critic(half, half)) == 0.25


@given(weights, weights)
def test_wasserstein_with_the_best_critic_is_the_distance(a: list[float], b: list[float]) -> None:
    """On points 0, 1, 2, 3: W1 is the area between the cumulative distributions."""
    p, q = density(a), density(b)
    above = (p.cumsum(0) - q.cumsum(0))[:-1]
    critic = torch.cat([torch.zeros(1, dtype=torch.float64), -above.sign().cumsum(0)])
    assert -expected(o.wasserstein_critic, critic, p, q) == pytest.approx(
        float(above.abs().sum()), abs=2e-3
    )


def test_hinge_with_equal_distributions_is_two() -> None:
    logits = torch.linspace(-1, 1, 5)
    assert float(o.hinge_critic(logits, logits)) == pytest.approx(2.0)


# --- penalties ------------------------------------------------------------------------------------


class Patches(nn.Module):
    """A smooth critic with several logits a sample."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 3, dtype=torch.float64)
        self.head = nn.Conv2d(3, 1, 2, dtype=torch.float64)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.tanh(self.conv(x)))


def slow_gradient(critic: nn.Module, sample: Tensor, step: float = 1e-6) -> Tensor:
    """dD/dx by central differences; D is the mean over patches."""
    gradient = torch.zeros_like(sample)
    for index in np.ndindex(*sample.shape):
        shifted = [sample.clone(), sample.clone()]
        shifted[0][index] += step
        shifted[1][index] -= step
        with torch.no_grad():
            high, low = (critic(s[None]).mean() for s in shifted)
        gradient[index] = (high - low) / (2 * step)
    return gradient


def test_gradient_penalty_against_finite_differences() -> None:
    torch.manual_seed(0)
    critic = Patches()
    real, fake = (torch.randn(4, 1, 5, 6, dtype=torch.float64) for _ in range(2))
    u = torch.rand((4, 1, 1, 1), generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    between = u * real + (1 - u) * fake
    norms = [float(slow_gradient(critic, x).norm()) for x in between]
    slow = mean([(n - 1) ** 2 for n in norms])
    fast = o.gradient_penalty(critic, real, fake, torch.Generator().manual_seed(5))
    assert value(fast) == pytest.approx(slow, rel=1e-6)
    weight = critic.head.weight
    (gradient,) = torch.autograd.grad(fast, weight)
    step = 1e-5
    values = []
    for sign in (1, -1):
        with torch.no_grad():
            weight[0, 1, 0, 1] += sign * step
        moved = o.gradient_penalty(critic, real, fake, torch.Generator().manual_seed(5))
        values.append(value(moved))
        with torch.no_grad():
            weight[0, 1, 0, 1] -= sign * step
    assert value(gradient[0, 1, 0, 1]) == pytest.approx(
        (values[0] - values[1]) / (2 * step), rel=1e-5
    )


def test_zero_centred_penalty_against_finite_differences() -> None:
    torch.manual_seed(1)
    critic, x = Patches(), torch.randn(3, 1, 4, 5, dtype=torch.float64)
    slow = mean([float(slow_gradient(critic, s).square().sum()) / 2 for s in x])
    assert value(o.zero_centred_penalty(critic, x)) == pytest.approx(slow, rel=1e-6)


def test_penalty_of_a_linear_critic() -> None:
    """`|w|` is known, whatever the samples and however many patches repeat the logit."""
    w = torch.tensor([3.0, 4.0])
    x, y = torch.randn(6, 2), torch.randn(6, 2)
    for patches in (1, 7):

        def critic(s: Tensor, patches: int = patches) -> Tensor:
            return (s @ w)[:, None].repeat(1, patches)

        assert value(o.gradient_penalty(critic, x, y)) == pytest.approx((5 - 1) ** 2, rel=1e-5)
        assert value(o.zero_centred_penalty(critic, x)) == pytest.approx(12.5, rel=1e-5)


def test_penalty_of_a_constant_critic_has_a_finite_gradient() -> None:
    w = torch.zeros(2, requires_grad=True)

    def critic(s: Tensor) -> Tensor:
        return s @ w

    x, y = torch.randn(4, 2), torch.randn(4, 2)
    penalty = o.gradient_penalty(critic, x, y)
    assert value(penalty) == pytest.approx(1.0, abs=1e-5)
    penalty.backward()  # type: ignore[no-untyped-call]
    assert w.grad is not None
    assert torch.isfinite(w.grad).all()


def test_clipping_bounds_every_weight() -> None:
    torch.manual_seed(0)
    critic = nn.Sequential(nn.Linear(3, 40), nn.LayerNorm(40), nn.Linear(40, 1))
    with torch.no_grad():
        critic[0].weight[0, 0], critic[0].weight[1, 1] = torch.nan, torch.inf
        critic[2].bias[0] = -5.0
    small = critic[0].bias.detach().clamp(-0.01, 0.01).clone()
    o.clip_weights(critic.parameters(), 0.01)
    for parameter in critic.parameters():
        assert value(parameter.abs().max()) <= 0.01
    torch.testing.assert_close(critic[0].bias.detach(), small)


# --- noise and table ------------------------------------------------------------------------------


def test_noise_anneals_to_nothing() -> None:
    assert o.noise_deviation(0.0) == 0.1
    assert o.noise_deviation(0.25, 0.2, 0.5) == pytest.approx(0.1)
    assert o.noise_deviation(0.5, 0.2, 0.5) == 0.0
    assert o.noise_deviation(1.0) == 0.0
    x = torch.randn(3, 4)
    assert o.with_noise(x, 0.0) is x
    a, b = (o.with_noise(x, 0.1, torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(a, b)
    spread = o.with_noise(torch.zeros(10_000), 0.3, torch.Generator().manual_seed(2))
    assert float(spread.std()) == pytest.approx(0.3, rel=0.05)


@pytest.mark.parametrize("name", o.OBJECTIVES)
@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_every_objective_moves_both_players(name: o.Name, noise: float) -> None:
    torch.manual_seed(0)
    objective = o.OBJECTIVES[name]
    critic = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
    real, fake = torch.randn(16, 2) + 1, torch.randn(16, 2, requires_grad=True)
    x, f = o.with_noise(real, noise), o.with_noise(fake, noise)
    plain, whole = objective.critic_loss(critic, x, f.detach())
    assert (value(whole) > value(plain)) == bool(objective.penalty or objective.r1_r2)
    whole.backward()  # type: ignore[no-untyped-call]
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in critic.parameters())
    objective.generator_loss(critic, x, f).backward()  # type: ignore[no-untyped-call]
    assert fake.grad is not None
    assert float(fake.grad.abs().sum()) > 0


def test_the_clipped_critic_gets_a_head_start() -> None:
    wgan = o.OBJECTIVES["wgan"]
    assert [wgan.critic_turns(i) for i in (0, 24, 25, 499, 500, 501)] == [100, 100, 5, 5, 100, 5]
    assert [o.OBJECTIVES["lsgan"].critic_turns(i) for i in (0, 500)] == [1, 1]


def test_one_sided_penalty_forgives_flat_critics() -> None:
    x, y = torch.randn(6, 2), torch.randn(6, 2)
    for slope, expected in ((0.5, 0.0), (3.0, 4.0)):

        def critic(s: Tensor, slope: float = slope) -> Tensor:
            return slope * s[:, 0]

        assert value(o.gradient_penalty(critic, x, y, one_sided=True)) == pytest.approx(
            expected, abs=1e-5
        )
