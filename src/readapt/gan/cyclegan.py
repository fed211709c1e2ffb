"""Rendered lines in the look of real ones, unpaired, with their text kept.

After Zhu et al. 2017. `a` are rendered lines, `b` real ones; `G: a -> b` and `F: b -> a` translate,
`D_b` and `D_a` tell translated from genuine. The four losses and what is added to them:

    adversarial   L_G(D_b, G(a)) + L_G(D_a, F(b))
    cycle         |F(G(a) + n) - a|_1 + |G(F(b) + n) - b|_1,  n ~ N(0, hidden_noise^2)
    identity      |G(b) - b|_1 + |F(a) - a|_1
    features      L_G(D_f, features of G(a)): what the frozen recognizer sees, its gradient balanced
    text          CTC of G(a) through the same recognizer, its gradient balanced
    ink           |blur(ink(G(a))) - blur(ink(a))|_1

The noise `n` is against steganography: without it G hides in faint high frequencies what F needs
to undo it, and the cycle is satisfied by a cheat (Chu et al. 2017). One-sided, F and D_a are left
out, and text and ink alone hold the content.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam

from readapt.gan.colour import luminance, to_images
from readapt.gan.crops import Batches, CropBatch
from readapt.gan.duel import freeze
from readapt.gan.frozen import frame_features, frozen_on, shaken, text_loss
from readapt.gan.objectives import OBJECTIVES, Name, clip_weights, noise_deviation, with_noise
from readapt.gan.play import Verdict, linear_decay, set_rates
from readapt.gan.pool import Pool
from readapt.nets.crnn import Crnn
from readapt.nets.discriminator import Discriminator, DiscriminatorConfig, FrameDiscriminator
from readapt.nets.generator import Generator, GeneratorConfig, weakened
from readapt.nets.precision import half_is_fast
from readapt.train.loop import average_weights

_PROCESSOR = torch.device("cpu")
_GROWTH = 1.5
"""Factor on the text's weight where too many texts are lost."""
_WEAKER = (0.85, 0.7)
"""Strengths that are tried where too many are lost."""
Judge: TypeAlias = Callable[[nn.Module], Verdict]
"""Looks at the averaged generator `a -> b`."""


@dataclass(frozen=True, slots=True)
class CycleGanConfig:
    """Networks, weights of the losses, and schedules, which are functions of the elapsed budget."""

    generator: GeneratorConfig = field(default_factory=GeneratorConfig)
    discriminator: DiscriminatorConfig = field(
        default_factory=lambda: DiscriminatorConfig(sides=False)
    )
    objective: Name = "lsgan"
    """Adversarial losses; `non-saturating` is the log loss. Steps of the critic are one to one."""
    one_sided: bool = False
    """Without F, D_a and cycles: for the shortest budgets."""
    cycle: float = 10.0
    identity: float = 5.0
    text: float = 3.0
    """Standard deviation of the text's gradient at G(a), as a multiple of the adversarial one."""
    text_most: float = 4.0
    """How many times that it may grow: by half at every look that finds too many texts lost."""
    features: float = 1.0
    """The same of the gradient by way of the recognizer's features; 0: no critic of these."""
    ink: float = 5.0
    hidden_noise: float = 0.05
    """Deviation of the noise before the second generator, on images in [-1, 1]."""
    instance_noise: float = 0.1
    """Deviation at the start of the noise that discriminators see through, annealed to 0."""
    pool: int = 50
    """Past fakes shown to each discriminator beside new ones."""
    lr: float = 3e-4
    betas: tuple[float, float] = (0.5, 0.999)
    hold: float = 0.5
    """Fraction of the budget with constant learning rates; then they fall linearly to 0."""
    average: float = 0.995
    """Decay of the running average of G's weights, which is what translates."""
    half: bool = True
    """Convolutions in bfloat16, where that is faster."""
    seed: int = 0


def balance(text: Tensor, adversarial: Tensor, weight: float) -> float:
    """Return the factor on the text's gradient: `weight sd(adversarial) / sd(text)`.

    Clipped to [1e-3, 100] (Fogel et al. 2020, ScrabbleGAN, section 3.4): neither side drowns the
    other, whatever the scales of their losses.
    """
    ratio = weight * float(adversarial.std()) / max(float(text.std()), 1e-12)
    return min(max(ratio, 1e-3), 100.0)


def ink_map(images: Tensor) -> Tensor:
    """Where there is ink, softly: 1 for black, 0 for paper; blurred over about 5 pixels.

    `batch channel height width` in [-1, 1] in, `batch 1 height width` out. Blurred, because
    the look may move an edge but not a stroke; a level in the middle, because it may fade ink but
    not drop it.
    """
    ink = torch.sigmoid(-6.0 * luminance(images))
    for _ in range(2):
        ink = F.avg_pool2d(ink, 3, 1, 1, count_include_pad=False)
    return ink


def ink_loss(translated: Tensor, rendered: Tensor) -> Tensor:
    """`|blur(ink(G(a))) - blur(ink(a))|_1`: no stroke lost, none invented."""
    return (ink_map(translated) - ink_map(rendered)).abs().mean()


class CycleGan:
    """The game of two generators and two discriminators; of one and one, one-sided.

    `recognizer` is frozen; without one, nothing but the ink loss guards the text.
    """

    def __init__(
        self,
        feed: Batches,
        recognizer: Crnn | None,
        config: CycleGanConfig = CycleGanConfig(),
        judge: Judge | None = None,
        device: torch.device = _PROCESSOR,
    ) -> None:
        torch.manual_seed(config.seed)
        self.feed, self.config, self.device = feed, config, device
        self.recognizer = None if recognizer is None else frozen_on(recognizer, device)
        self.judged = judge
        self.glanced: Judge | None = None
        """Looks at weaker ones, where there is a cheaper judge for them."""
        self.objective = OBJECTIVES[config.objective]
        self.to_real = Generator(config.generator)
        self.real_critic = Discriminator(config.discriminator)
        self.average = Generator(config.generator)
        self.average.load_state_dict(self.to_real.state_dict())
        self.real_pool = Pool(config.pool, config.seed)
        self.networks: dict[str, nn.Module] = {
            "to_real": self.to_real,
            "real_critic": self.real_critic,
            "average": self.average,
        }
        self.generators: list[nn.Module] = [self.to_real]
        self.critics: list[nn.Module] = [self.real_critic]
        self.pools = {"real": self.real_pool}
        self.feature_critic: FrameDiscriminator | None = None
        if self.recognizer is not None and config.features:
            self.feature_critic = FrameDiscriminator(self.recognizer.config.channels[-1])
            self.feature_critic.fit(self._genuine_frames(self.recognizer))
            self.networks["feature_critic"] = self.feature_critic
            self.critics.append(self.feature_critic)
        self._frames: tuple[Tensor, Tensor] | None = None
        """Features of genuine lines and of the newest fakes: what the generators' half of a turn
        has looked at, the critics' half need not look at again."""
        if not config.one_sided:
            # Back to rendered lines there is one way only: no noise goes in.
            back = GeneratorConfig(
                config.generator.channels, config.generator.widths, config.generator.blocks, False
            )
            self.to_rendered = Generator(back)
            self.rendered_critic = Discriminator(config.discriminator)
            self.rendered_pool = Pool(config.pool, config.seed + 1)
            self.networks["to_rendered"] = self.to_rendered
            self.networks["rendered_critic"] = self.rendered_critic
            self.generators.append(self.to_rendered)
            self.critics.append(self.rendered_critic)
            self.pools["rendered"] = self.rendered_pool
        for network in self.networks.values():
            network.to(device)
        self.optimizers = {
            "generators": Adam(_weights(self.generators), lr=config.lr, betas=config.betas),
            "critics": Adam(_weights(self.critics), lr=config.lr, betas=config.betas),
        }
        self.best: dict[str, Tensor] = {}
        self.strength = 1.0
        """Of the best G, as a share of what was learnt."""
        self._candidate: tuple[float, nn.Module] | None = None
        """Strength and G that the last look was best pleased with."""
        self.text = config.text
        """The text's present weight."""

    def _genuine_frames(self, recognizer: Crnn, batches: int = 16) -> Tensor:
        """Features of the first real windows, `n channel`."""
        with torch.no_grad():
            found = [
                frame_features(recognizer, self._images(self.feed.batch(i).real, 1)).flatten(0, 1)
                for i in range(batches)
            ]
        return torch.cat(found)

    def _images(self, levels: NDArray[np.uint8], channels: int) -> Tensor:
        return to_images(levels, channels).to(self.device)

    # --- one turn ---------------------------------------------------------------------------------

    def turn(self, step: int, elapsed: float) -> Mapping[str, float]:
        """Move the generators once, then the discriminators."""
        set_rates(self.optimizers.values(), linear_decay(elapsed, self.config.hold))
        batch = self.feed.batch(step)
        channels = self.config.generator.channels
        rendered, real = (self._images(side, channels) for side in (batch.rendered, batch.real))
        deviation = noise_deviation(elapsed, self.config.instance_noise)
        for critic in self.critics:
            freeze(critic, True)
        figures, fake_real, fake_rendered = self._move_generators(batch, rendered, real, deviation)
        average_weights(
            self.average, self.to_real, min(self.config.average, (1 + step) / (10 + step))
        )
        for critic in self.critics:
            freeze(critic, False)
        shown = self.real_pool.show(fake_real)
        loss = self._critic_loss(self.real_critic, real, shown, deviation)
        figures["real_critic"] = float(loss.detach())
        if self.feature_critic is not None and self._frames is not None:
            with self._precision():
                _, other = self.objective.critic_loss(self.feature_critic, *self._frames)
            figures["feature_critic"] = float(other.detach())
            loss = loss + other
        if fake_rendered is not None:
            shown = self.rendered_pool.show(fake_rendered)
            other = self._critic_loss(self.rendered_critic, rendered, shown, deviation)
            figures["rendered_critic"] = float(other.detach())
            loss = loss + other
        _step(self.optimizers["critics"], loss)
        if self.objective.clip:
            clip_weights(_weights(self.critics), self.objective.clip)
        return figures

    def _move_generators(
        self, batch: CropBatch, rendered: Tensor, real: Tensor, deviation: float
    ) -> tuple[dict[str, float], Tensor, Tensor | None]:
        config = self.config
        figures: dict[str, float] = {}
        fake_real = self._run(self.to_real, rendered)
        pull = self.pull(fake_real, batch, real, deviation, figures)
        ink = ink_loss(fake_real, rendered)
        figures["ink"] = float(ink.detach())
        # d(fake . pull) / dfake = pull: adversarial and text gradients join the others here.
        loss = (fake_real * pull).sum() + config.ink * ink
        fake_rendered = None
        if not config.one_sided:
            fake_rendered = self._run(self.to_rendered, real)
            seen = with_noise(fake_rendered, deviation)
            back = self._adversarial(self.rendered_critic, rendered, seen)
            there_and_back = self._run(self.to_rendered, with_noise(fake_real, config.hidden_noise))
            back_and_there = self._run(self.to_real, with_noise(fake_rendered, config.hidden_noise))
            cycle = (there_and_back - rendered).abs().mean() + (back_and_there - real).abs().mean()
            figures |= {"adversarial_back": float(back.detach()), "cycle": float(cycle.detach())}
            loss = loss + back + config.cycle * cycle
        if config.identity:
            same = (self._run(self.to_real, real) - real).abs().mean()
            if not config.one_sided:
                same = same + (self._run(self.to_rendered, rendered) - rendered).abs().mean()
            figures["identity"] = float(same.detach())
            loss = loss + config.identity * same
        _step(self.optimizers["generators"], loss)
        old = None if fake_rendered is None else fake_rendered.detach()
        return figures, fake_real.detach(), old

    def pull(
        self,
        fake: Tensor,
        batch: CropBatch,
        real: Tensor,
        deviation: float,
        figures: dict[str, float],
    ) -> Tensor:
        """Return `d(adversarial)/dfake` with those of features and text added, all at these fakes.

        Separate gradients at the images, so that they can be balanced; then one backward pass
        through the generator for all.
        """
        leaf = fake.detach().requires_grad_()
        adversarial = self._adversarial(self.real_critic, real, with_noise(leaf, deviation))
        (alone,) = torch.autograd.grad(adversarial, leaf)
        figures["adversarial"] = float(adversarial.detach())
        pull = alone
        if self.recognizer is None:
            return pull
        seen = frame_features(self.recognizer, shaken(leaf))
        for name, weight, loss in self._through_recognizer(seen, batch, real):
            (gradient,) = torch.autograd.grad(loss, leaf, retain_graph=True)
            ratio = balance(gradient, alone, weight)
            figures |= {name: float(loss.detach()), f"{name}_ratio": ratio}
            pull = pull + ratio * gradient
        return pull

    def _through_recognizer(
        self, seen: Tensor, batch: CropBatch, real: Tensor
    ) -> Iterator[tuple[str, float, Tensor]]:
        """Yield name, weight and loss of what the recognizer's features of the fakes say."""
        assert self.recognizer is not None
        if self.feature_critic is not None:
            with torch.no_grad():
                genuine = frame_features(self.recognizer, shaken(real))
            self._frames = (genuine, seen.detach())
            loss = self._adversarial(self.feature_critic, genuine, seen)
            yield "features", self.config.features, loss
        if self.text:
            yield "text", self.text, text_loss(self.recognizer, seen, batch)

    def _adversarial(self, critic: nn.Module, genuine: Tensor, fake: Tensor) -> Tensor:
        with self._precision():
            return self.objective.generator_loss(critic, genuine, fake)

    def _critic_loss(
        self, critic: nn.Module, genuine: Tensor, fake: Tensor, deviation: float
    ) -> Tensor:
        with self._precision():
            _, loss = self.objective.critic_loss(
                critic, with_noise(genuine, deviation), with_noise(fake, deviation)
            )
        return loss

    def _run(self, generator: nn.Module, images: Tensor) -> Tensor:
        with self._precision():
            translated: Tensor = generator(images)
        return translated.float()

    def _precision(self) -> torch.autocast:
        half = self.config.half and half_is_fast(self.device)
        return torch.autocast(self.device.type, torch.bfloat16, enabled=half)

    def here(self, network: nn.Module) -> nn.Module:
        """Return a network as it is, or its copy on the processor, where translating is done."""
        return network if self.device.type == "cpu" else deepcopy(network).cpu()

    # --- what the loop asks for -------------------------------------------------------------------

    def judge(self, step: int) -> Verdict:
        """Ask the judge about the averaged G; without one, the latest state is the best."""
        if self.judged is None:
            return Verdict(-float(step), {})
        on_gpu = [] if self.device.type == "cpu" else [torch.cuda.current_device()]
        with torch.random.fork_rng(devices=on_gpu):
            generator = self.here(self.average)
            assert isinstance(generator, Generator)
            verdict, self._candidate = _at(1.0, self.judged(generator)), (1.0, generator)
            if verdict.too_few_texts:
                self.text = min(_GROWTH * self.text, self.config.text_most * self.config.text)
            if verdict.too_few_texts and not verdict.collapse:
                verdict = self._weaker(generator, verdict)
        return verdict

    def _weaker(self, generator: Generator, verdict: Verdict) -> Verdict:
        """Judge weaker ones until enough texts are kept; returns the best verdict there was.

        A look somewhat less far from rendered lines often keeps the few texts that were lost.
        """
        judge = self.glanced or self.judged
        assert judge is not None
        for strength in _WEAKER:
            weaker = weakened(generator, strength)
            other = _at(strength, judge(weaker))
            if other.score < verdict.score:
                verdict, self._candidate = other, (strength, weaker)
            if not other.too_few_texts:
                break
        return verdict

    def keep(self) -> None:
        """Remember the G that was judged last, as strong as it was found good."""
        self.strength, kept = self._candidate or (1.0, self.average)
        self.best = {k: v.detach().clone() for k, v in kept.state_dict().items()}

    def best_generator(self) -> Generator:
        """Return the best G so far, the present average where none was judged."""
        generator = Generator(self.config.generator)
        generator.load_state_dict(self.best or self.average.state_dict())
        return generator.eval()

    def state(self) -> dict[str, Any]:
        """Weights, average, optimizers, pools, the best G."""
        return {
            "networks": {k: v.state_dict() for k, v in self.networks.items()},
            "optimizers": {k: v.state_dict() for k, v in self.optimizers.items()},
            "pools": {k: v.state() for k, v in self.pools.items()},
            "best": self.best,
            "strength": self.strength,
            "text": self.text,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take back what :meth:`state` gave."""
        for name, network in self.networks.items():
            network.load_state_dict(state["networks"][name])
        for name, optimizer in self.optimizers.items():
            optimizer.load_state_dict(state["optimizers"][name])
        for name, pool in self.pools.items():
            pool.restore(state["pools"][name])
        self.best = dict(state["best"])
        self.strength, self.text = float(state["strength"]), float(state["text"])


def _at(strength: float, verdict: Verdict) -> Verdict:
    return replace(verdict, figures={**verdict.figures, "strength": strength})


def _weights(networks: list[nn.Module]) -> Iterator[nn.Parameter]:
    for network in networks:
        yield from network.parameters()


def _step(optimizer: Adam, loss: Tensor) -> None:
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
