"""The translating generator: a small residual network that changes the look and not the text.

After Zhu et al. 2017 (CycleGAN), much narrower, with `G(x) = x + delta(x)`: at the start it is
the identity, and what it may change is limited by its size. Nothing runs at full resolution, where
a processor spends most of its time on few channels: 2 x 2 pixels become four channels at the stem
and again pixels at the head (Shi et al. 2016), and what the stem saw passes by the middle.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

DIVISOR: Final = 4
"""Height and width of the input are multiples of this."""
BESIDE: Final = 16
"""Pixels that an image is continued by on its left and right, and that are cut off again: a
generator that knew where the image ends would play tricks there, such as a stroke on the edge."""
LEAK: Final = 0.05
"""Slope outside [-1, 1], so that a saturated pixel can come back."""


@dataclass(frozen=True, slots=True)
class GeneratorConfig:
    """The shape of a generator."""

    channels: int = 1
    """Of the image: 1 grey, 3 colour."""
    widths: tuple[int, int] = (24, 48)
    """Channels at half and at a quarter of the resolution."""
    blocks: int = 3
    """Residual blocks in the middle, at a quarter."""
    noise: bool = True
    """A further input channel of noise: one line can then come out in many ways."""


class ResidualBlock(nn.Module):
    """`x + norm(conv(relu(norm(conv(x)))))`."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = conv(width, width, 3)
        self.norm1 = norm(width)
        self.conv2 = conv(width, width, 3)
        self.norm2 = norm(width)

    def forward(self, x: Tensor) -> Tensor:
        """`batch channel height width` in and out."""
        y = torch.relu(self.norm1(self.conv1(x)))
        z: Tensor = self.norm2(self.conv2(y))
        return x + z


class Generator(nn.Module):
    """Images in one look to images in another.

    Every pixel of the output depends on a neighbourhood alone, so that a window of a line and the
    whole line are translated alike.
    """

    def __init__(self, config: GeneratorConfig = GeneratorConfig()) -> None:
        super().__init__()
        self.config = config
        half, quarter = config.widths
        self.stem = conv(4 * (config.channels + config.noise), half, 5)
        self.norm_stem = norm(half)
        self.down = conv(half, quarter, 3, stride=2)
        self.norm_down = norm(quarter)
        self.blocks = nn.Sequential(*(ResidualBlock(quarter) for _ in range(config.blocks)))
        self.up = conv(quarter, half, 3)
        self.norm_up = norm(half)
        self.head = conv(2 * half, 4 * config.channels, 5)
        initialise(self)
        nn.init.normal_(self.head.weight, 0.0, 0.002)  # almost the identity at the start

    def forward(self, x: Tensor, noise: Tensor | None = None) -> Tensor:
        """Translate `batch channel height width` float32 in [-1, 1]; the same shape and range.

        Height and width are multiples of 4. `noise` is `batch 1 height width`, N(0, 1); drawn
        from torch's default generator where it is needed and not given. The range may be left by
        a little (:func:`leaky_clamp`).
        """
        if x.shape[-2] % DIVISOR or x.shape[-1] % DIVISOR:
            raise ValueError(
                f"height and width must be multiples of {DIVISOR}, not {tuple(x.shape[-2:])}"
            )
        y = x
        if self.config.noise:
            if noise is None:
                noise = torch.randn_like(x[:, :1])
            y = torch.cat([x, noise], dim=1)
        y = F.pad(y, (BESIDE, BESIDE, 0, 0), mode="replicate")
        y = F.pixel_unshuffle(y, 2).contiguous(memory_format=torch.channels_last)
        near = torch.relu(self.norm_stem(self.stem(y)))
        y = self.blocks(torch.relu(self.norm_down(self.down(near))))
        far = torch.relu(self.norm_up(self.up(F.interpolate(y, scale_factor=2.0))))
        delta = F.pixel_shuffle(self.head(torch.cat([near, far], dim=1)).float(), 2)
        return leaky_clamp(x + delta[..., BESIDE:-BESIDE])


def weakened(generator: Generator, strength: float) -> Generator:
    """Return a copy that changes its images by `strength` times as much; 1: as it is.

    What is added to the image is linear in the last convolution, so this is its weights scaled.
    """
    copy = deepcopy(generator)
    with torch.no_grad():
        for parameter in copy.head.parameters():
            parameter.mul_(strength)
    return copy


def leaky_clamp(x: Tensor) -> Tensor:
    """Clamp to [-1, 1], with slope `LEAK` beyond: black stays black, and its gradient alive."""
    inside = x.clamp(-1.0, 1.0)
    return inside + LEAK * (x - inside)


def conv(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    """Build a convolution that keeps the size, with zeros beyond the borders.

    Reflection took a quarter of the time of a step.
    """
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2)


class PixelNorm(nn.Module):
    """Scale the channels of each pixel to unit mean square, then by learnt factors and shifts.

    Karras et al. 2018, section 4.2. Instance normalisation divides by statistics of the whole
    image: what was learnt on short windows comes out otherwise on long lines.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        """`batch channel height width` in and out."""
        last = x.permute(0, 2, 3, 1)
        y = F.rms_norm(last, (last.shape[-1],), self.weight.to(last.dtype), 1e-4)
        return (y + self.bias.to(last.dtype)).permute(0, 3, 1, 2)


def norm(width: int) -> nn.Module:
    """Build the normalisation between convolutions."""
    return PixelNorm(width)


def initialise(network: nn.Module) -> None:
    """Draw weights of convolutions from N(0, 0.02), as the reference does; biases are 0."""
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.normal_(module.weight, 0.0, 0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
