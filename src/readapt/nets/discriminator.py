"""Discriminators: of patches of an image, and of frames of a recognizer's features.

Patches after Isola et al. 2017: a grid of logits, each for what one small patch looks like. With
few layers they judge strokes, grain and paper, and cannot see words: a generator has no reason to
change the text for them. Frames after Sauer et al. 2021 ("Projected GANs converge faster"): a
network that is trained already says what matters about an image, and a small one on top of it
learns in hundreds of steps what takes thousands on pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from readapt.nets.generator import initialise


@dataclass(frozen=True, slots=True)
class DiscriminatorConfig:
    """The shape of a discriminator."""

    channels: int = 1
    width: int = 32
    """Channels after the first layer, doubled by each further one."""
    layers: int = 2
    """Strided layers: 1, 2, 3 give receptive fields of 16, 34, 70 pixels."""
    norm: Literal["instance", "none"] = "instance"
    """`none` for critics with a gradient penalty of a meaning (the gap meter)."""
    sides: bool = True
    """Whether patches reach beyond the left and right edge. A translator learns to cheat where they
    do: windows are cut anywhere, lines are not, and both look alike only away from their ends."""


class Discriminator(nn.Module):
    """Images to logits of patches."""

    def __init__(self, config: DiscriminatorConfig = DiscriminatorConfig()) -> None:
        super().__init__()
        self.config = config
        widths = [config.width * 2**i for i in range(config.layers + 1)]
        padding = (1, 1 if config.sides else 0)
        layers: list[nn.Module] = [nn.Conv2d(config.channels, widths[0], 4, 2, padding)]
        for i in range(1, config.layers + 1):
            stride = 2 if i < config.layers else 1
            layers.append(nn.LeakyReLU(0.2))
            layers.append(nn.Conv2d(widths[i - 1], widths[i], 4, stride, padding))
            if config.norm == "instance":
                layers.append(nn.InstanceNorm2d(widths[i], affine=True))
        layers += [nn.LeakyReLU(0.2), nn.Conv2d(widths[-1], 1, 4, 1, padding)]
        self.layers = nn.Sequential(*layers)
        if config.norm == "instance":
            initialise(self)  # weights this small starve a network without normalisation

    @property
    def receptive_field(self) -> int:
        """Pixels a side that one logit looks at."""
        field = 1
        for layer in reversed(self.layers):
            if isinstance(layer, nn.Conv2d):
                field = (field - 1) * layer.stride[0] + layer.kernel_size[0]
        return field

    def forward(self, x: Tensor) -> Tensor:
        """`batch channel height width` in [-1, 1] to logits `batch 1 rows columns`.

        Any size; images smaller than the receptive field are widened by their own edge.
        """
        short = [max(0, self.receptive_field - side) for side in x.shape[-2:]]
        if any(short):
            x = F.pad(x, (0, short[1], 0, short[0]), mode="replicate")
        x = x.contiguous(memory_format=torch.channels_last)
        logits: Tensor = self.layers(x)
        return logits.float()


class FrameDiscriminator(nn.Module):
    """Features of a recognizer to logits of frames."""

    def __init__(self, channels: int, width: int = 64) -> None:
        super().__init__()
        self.centre = nn.Buffer(torch.zeros(channels))
        self.scale = nn.Buffer(torch.ones(channels))
        self.layers = nn.Sequential(
            nn.Conv1d(channels, width, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv1d(width, width, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv1d(width, 1, 1),
        )

    def fit(self, frames: Tensor) -> None:
        """Standardise by the mean and deviation of `n channel` genuine frames from now on."""
        self.centre.copy_(frames.mean(0))
        self.scale.copy_(frames.std(0) + 0.1 * frames.std())

    def forward(self, x: Tensor) -> Tensor:
        """`batch time channel` to logits `batch 1 time`, each of 5 frames."""
        standard = (x - self.centre) / self.scale
        logits: Tensor = self.layers(standard.transpose(1, 2))
        return logits.float()
