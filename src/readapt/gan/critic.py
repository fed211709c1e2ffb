"""The gap meter: how far one set of lines looks from another, by a Wasserstein critic.

A critic `D` that changes by at most 1 per unit of distance between two images gives
`E D(x) - E D(y) <= W1(x, y)`; the best such critic gives equality (Kantorovich and Rubinstein).
The penalty of WGAN-GP keeps it so. What is reported is measured on lines that the critic never
trained on: a critic that has learnt its lines by heart shows nothing there.

The unit is the grey level: the distance of two windows is the root mean square of their pixels'
differences, 0 to 255.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Adam

from readapt.errors import InputError
from readapt.gan.objectives import gradient_penalty, wasserstein_critic
from readapt.gan.play import linear_decay, set_rates
from readapt.nets.discriminator import Discriminator, DiscriminatorConfig
from readapt.types import Image

LEVELS = 127.5
"""Grey levels per unit of images in [-1, 1]."""


@dataclass(frozen=True, slots=True)
class GapConfig:
    """How a critic is trained and read."""

    steps: int = 300
    batch: int = 32
    """Windows of each set in a step."""
    width: int = 64
    """Pixels of a window's width; narrower lines are left out."""
    held_out: float = 0.4
    """Share of the lines of each set that are measured on and never trained on."""
    windows: int = 256
    """Held-out windows of each set."""
    look_every: int = 15
    """Steps between two readings of the meter."""
    smooth: int = 5
    """Readings in the median."""
    penalty: float = 10.0
    lr: float = 1e-3
    hold: float = 0.3
    """Share of the steps with a constant learning rate; then it falls linearly to 0."""
    critic: DiscriminatorConfig = field(
        default_factory=lambda: DiscriminatorConfig(width=16, layers=2, norm="none")
    )
    bootstrap: int = 500
    """Resamplings of the held-out lines for the interval."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Gap:
    """A distance in grey levels, with what it rests on."""

    estimate: float
    """Median of the last readings on held-out lines."""
    low: float
    """5 % and ..."""
    high: float
    """... 95 % quantile over resampled held-out lines."""
    steps: tuple[int, ...]
    """Of the critic, at each reading."""
    held_out: tuple[float, ...]
    """Readings on held-out lines."""
    training: tuple[float, ...]
    """Readings on the lines trained on."""
    lines: tuple[int, int]
    """Lines used of either set."""
    warnings: tuple[str, ...] = ()

    @property
    def smoothed(self) -> tuple[float, ...]:
        """Held-out readings through a median filter: the curve to look at."""
        return median_filter(self.held_out, 5)


def median_filter(values: Sequence[float], size: int) -> tuple[float, ...]:
    """Replace each value by the median of the `size` around it, fewer at the ends."""
    reach = size // 2
    return tuple(
        float(np.median(values[max(0, i - reach) : i + reach + 1])) for i in range(len(values))
    )


class Windows:
    """Windows of a set of prepared lines."""

    def __init__(self, lines: Sequence[Image], width: int) -> None:
        self.lines, self.width = lines, width

    def draw(self, rng: np.random.Generator, count: int) -> tuple[Tensor, NDArray[np.int64]]:
        """`count 1 height width` float32 in [-1, 1], and the line that each is from."""
        chosen = rng.integers(len(self.lines), size=count)
        return self._cut(rng, chosen), chosen

    def spread(self, rng: np.random.Generator, count: int) -> tuple[Tensor, NDArray[np.int64]]:
        """Draw the same, but every line as often as every other, as nearly as `count` allows."""
        rounds = [rng.permutation(len(self.lines)) for _ in range(-(-count // len(self.lines)))]
        chosen = np.sort(np.concatenate(rounds)[:count])
        return self._cut(rng, chosen), chosen

    def _cut(self, rng: np.random.Generator, chosen: NDArray[np.int64]) -> Tensor:
        cut = []
        for i in chosen:
            line = self.lines[int(i)]
            start = int(rng.integers(line.shape[1] - self.width + 1))
            cut.append(line[:, start : start + self.width])
        levels = torch.from_numpy(np.stack(cut)).to(torch.float32)
        return levels.div(127.5).sub(1.0)[:, None]


def new_critic(config: GapConfig) -> Discriminator:
    """Build a critic with its first weights."""
    torch.manual_seed(config.seed)
    return Discriminator(config.critic)


def measure_gap(
    real: Sequence[Image],
    other: Sequence[Image],
    config: GapConfig = GapConfig(),
    critic: Discriminator | None = None,
) -> Gap:
    """Measure how far the prepared lines `other` are from the `real` ones.

    Both are `height width` uint8 of one height, any width. Deterministic for a seed. A `critic`
    that is given goes on learning from where it is: one that knows the same `real` lines needs
    half of the steps, and with the same seed it has not seen those held out. Raises
    :class:`InputError` where a set has fewer than 8 lines as wide as a window.
    """
    sets = []
    for name, lines in (("real", real), ("rendered", other)):
        wide = [line for line in lines if line.shape[1] >= config.width]
        if len(wide) < 8:
            raise InputError(
                f"{len(wide)} {name} lines are {config.width} pixels wide or more at the height "
                "of the recognizer; a distance needs 8 at least, and is worth little below 200."
            )
        sets.append(wide)
    rng = np.random.default_rng([config.seed, 1])
    # The real lines are parted first: the same ones are held out, whatever they are measured with.
    (train_real, test_real), (train_other, test_other) = (_parted(s, config, rng) for s in sets)
    given = critic is not None
    critic = new_critic(config) if critic is None else critic
    held = [w.spread(rng, config.windows) for w in (test_real, test_other)]
    seen = [w.draw(rng, config.windows) for w in (train_real, train_other)]
    pixels = held[0][0][0].numel() ** 0.5

    def level(x: Tensor) -> Tensor:
        """D of a window; its gradient in root-mean-square units is that in pixels, times this."""
        logits: Tensor = critic(x)
        return logits.flatten(1).mean(1)

    if given and _scores(critic, seen[0][0]).mean() < _scores(critic, seen[1][0]).mean():
        _negate(critic)  # these lines lie on the other side: `-D` is a critic as good as D
    optimizer = Adam(critic.parameters(), lr=config.lr, betas=(0.0, 0.9))
    steps, readings, training = [], [], []
    scores: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
    for step in range(1, config.steps + 1):
        # Constant, then down to nothing: an optimum is wanted, not a chase.
        set_rates([optimizer], linear_decay((step - 1) / config.steps, config.hold))
        x, _ = train_real.draw(rng, config.batch)
        y, _ = train_other.draw(rng, config.batch)
        penalty = gradient_penalty(lambda z: pixels * level(z), x, y, one_sided=True)
        loss = wasserstein_critic(level(x), level(y)) + config.penalty * penalty
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if step % config.look_every == 0 or step == config.steps:
            scores.append((_scores(critic, held[0][0]), _scores(critic, held[1][0])))
            steps.append(step)
            readings.append(float(scores[-1][0].mean() - scores[-1][1].mean()))
            apart = (_scores(critic, part[0]).mean() for part in seen)
            training.append(float(next(apart) - next(apart)))
    # Of a short training the early readings are of no critic yet: the later half of them at most.
    smooth = max(1, min(config.smooth, len(scores) // 2))
    last = scores[-smooth:]
    means = [np.mean([pair[side] for pair in last], axis=0) for side in (0, 1)]
    by_line = [_by_line(means[side], held[side][1]) for side in (0, 1)]
    low, high = bootstrap_interval(by_line[0], by_line[1], config.bootstrap, rng)
    estimate = float(np.median(readings[-smooth:]))
    # While a critic still learns, the mean of the last readings is not their median.
    shift = estimate - float(by_line[0].mean() - by_line[1].mean())
    gap = Gap(
        estimate,
        low + shift,
        high + shift,
        tuple(steps),
        tuple(readings),
        tuple(training),
        (len(sets[0]), len(sets[1])),
    )
    return replace(gap, warnings=tuple(doubts(gap)))


def measure_floor(real: Sequence[Image], config: GapConfig = GapConfig()) -> Gap:
    """Measure one half of the real lines against the other: what no look could get below."""
    order = np.random.default_rng([config.seed, 2]).permutation(len(real))
    half = len(real) // 2
    return measure_gap([real[i] for i in order[:half]], [real[i] for i in order[half:]], config)


def doubts(gap: Gap) -> list[str]:
    """Say why a reading may be wrong: critic short of its optimum, learnt by heart, few lines."""
    found = []
    smooth = gap.smoothed
    quarter = max(1, len(smooth) // 4)
    if len(smooth) >= 8:
        late = float(np.mean(smooth[-quarter:]))
        before = float(np.mean(smooth[-2 * quarter : -quarter]))
        if late > 1.15 * before and late > 1.0:
            found.append(
                "The critic is still learning, so the gap is larger than this: more steps."
            )
        jumps = float(np.mean(np.abs(np.diff(gap.held_out[-2 * quarter :]))))
        if jumps > 0.5 * max(abs(late), 1.0):
            found.append("The critic's readings jump about: read the interval, not the estimate.")
    seen = float(np.median(gap.training[-5:]))
    if seen > 2 * max(gap.estimate, 0.5) and seen > 2.0:
        found.append(
            f"The critic has learnt its own lines by heart (there it sees {seen:.1f}): more scans."
        )
    if min(gap.lines) < 200:
        found.append(
            f"Only {gap.lines[0]} real and {gap.lines[1]} rendered lines were wide enough."
        )
    return found


def bootstrap_interval(
    real: NDArray[np.float64],
    other: NDArray[np.float64],
    rounds: int,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """5 % and 95 % quantile of `mean(real) - mean(other)` when both are drawn again with return.

    One value per line: windows of one line are not independent.
    """
    differences = [
        rng.choice(real, len(real)).mean() - rng.choice(other, len(other)).mean()
        for _ in range(rounds)
    ]
    low, high = np.quantile(differences, [0.05, 0.95])
    return float(low), float(high)


def _parted(
    lines: Sequence[Image], config: GapConfig, rng: np.random.Generator
) -> tuple[Windows, Windows]:
    """Lines to train on and lines to measure on."""
    order = rng.permutation(len(lines))
    tested = max(2, round(config.held_out * len(lines)))
    trained, held = order[tested:], order[:tested]
    return (
        Windows([lines[i] for i in trained], config.width),
        Windows([lines[i] for i in held], config.width),
    )


def _scores(critic: nn.Module, windows: Tensor) -> NDArray[np.float64]:
    with torch.inference_mode():
        means = critic(windows).flatten(1).mean(1)
    return np.asarray(means.double().numpy() * LEVELS)


def _negate(critic: Discriminator) -> None:
    last = critic.layers[-1]
    with torch.no_grad():
        for parameter in last.parameters():
            parameter.neg_()


def _by_line(scores: NDArray[np.float64], lines: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.array([scores[lines == line].mean() for line in np.unique(lines)])
