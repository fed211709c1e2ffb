"""The detector's network: a small fully convolutional net from a grey page to a map of text lines.

A ladder of strides 2, 4, 8, 16, 32 sees about 250 pixels around each place; a light way back up
(Lin et al. 2017, "Feature Pyramid Networks", arXiv 1612.03144) brings that context to stride 4,
where a head says for every cell whether it lies in the *core* of a text line (its middle half: the
shrunk kernels of PSENet, arXiv 1903.12473, and DB, arXiv 1911.08947) and how far the upper and the
lower edge of that line are. The cores of neighbouring lines never touch, and the two distances
give the whole line back exactly, whatever the map's resolution.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

STRIDE = 4
"""Pixels of the page per cell of the maps, on each axis."""

DIVISOR = 32
"""Sides of the input are multiples of this: the coarsest stride."""

LOG_DISTANCE_LIMIT = 3.5
"""Distances lie in ``8 * exp(+-3.5)``: 0.24 to 265 pixels."""

DISTANCE_UNIT = 8.0
"""Pixels at which the predicted logarithm of a distance is zero."""


@dataclass(frozen=True)
class DetectorNetConfig:
    """Widths of the network."""

    channels: tuple[int, int, int, int, int] = (16, 32, 64, 96, 96)
    """Channels at strides 2, 4, 8, 16 and 32."""
    lateral: int = 48
    """Channels of the way up at strides 32 to 8."""
    head: int = 32
    """Channels of the way up at stride 4 and of the head."""


class ConvNorm(nn.Module):
    """A convolution without bias, batch norm, and (unless ``relu`` is false) a ReLU."""

    def __init__(self, inputs: int, outputs: int, size: int, stride: int = 1, relu: bool = True):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.relu = relu

    def forward(self, x: Tensor) -> Tensor:
        """``batch inputs height width`` -> ``batch outputs height/stride width/stride``."""
        y: Tensor = self.norm(self.conv(x))
        return torch.relu(y) if self.relu else y

    def folded(self) -> tuple[Tensor, Tensor]:
        """Weight ``outputs inputs size size`` and bias ``outputs`` with the batch norm inside."""
        norm = self.norm
        if norm.running_mean is None or norm.running_var is None:
            raise ValueError("a batch norm without running statistics cannot be folded")
        gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        return self.conv.weight * gain[:, None, None, None], norm.bias - norm.running_mean * gain


class Residual(nn.Module):
    """``relu(x + f(x))`` with two 3 x 3 convolutions as ``f``."""

    def __init__(self, channels: int):
        super().__init__()
        self.first = ConvNorm(channels, channels, 3)
        self.second = ConvNorm(channels, channels, 3, relu=False)

    def forward(self, x: Tensor) -> Tensor:
        """``batch channels height width``, the same shape out."""
        return torch.relu(x + self.second(self.first(x)))


def _double(x: Tensor) -> Tensor:
    return nn.functional.interpolate(x, scale_factor=2.0, mode="nearest")


class DetectorNet(nn.Module):
    """Grey page -> logits of the cores and logarithms of the distances to the line's edges."""

    def __init__(self, config: DetectorNetConfig | None = None):
        super().__init__()
        config = config or DetectorNetConfig()
        self.config = config
        c2, c4, c8, c16, c32 = config.channels
        self.stem = ConvNorm(1, c2, 3, stride=2)
        self.down4 = ConvNorm(c2, c4, 3, stride=2)
        self.stage4 = ConvNorm(c4, c4, 3)
        self.down8 = ConvNorm(c4, c8, 3, stride=2)
        self.stage8 = Residual(c8)
        self.down16 = ConvNorm(c8, c16, 3, stride=2)
        self.stage16 = Residual(c16)
        self.down32 = ConvNorm(c16, c32, 3, stride=2)
        self.stage32 = Residual(c32)
        self.lateral32 = ConvNorm(c32, config.lateral, 1, relu=False)
        self.lateral16 = ConvNorm(c16, config.lateral, 1, relu=False)
        self.lateral8 = ConvNorm(c8, config.lateral, 1, relu=False)
        self.smooth8 = ConvNorm(config.lateral, config.head, 3, relu=False)
        self.lateral4 = ConvNorm(c4, config.head, 1, relu=False)
        self.head = ConvNorm(config.head, config.head, 3)
        self.out = nn.Conv2d(config.head, 3, 1)
        self._initialise()

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                # Channels last: the layout in which convolutions on a CPU run fastest.
                module.weight.data = module.weight.data.contiguous(
                    memory_format=torch.channels_last
                )
        for block in (self.stage8, self.stage16, self.stage32):
            nn.init.zeros_(block.second.norm.weight)  # each block begins as the identity
        nn.init.normal_(self.out.weight, std=0.01)
        if self.out.bias is not None:
            nn.init.zeros_(self.out.bias)
            nn.init.constant_(self.out.bias[:1], -2.0)  # most of a page is no core

    def forward(self, pages: Tensor) -> tuple[Tensor, Tensor]:
        """Logits and log distances of a batch of pages.

        Args:
            pages: ``batch height width``, uint8 or float, [0, 255], sides multiples of 32.

        Returns:
            logits ``batch height/4 width/4`` of a cell's lying in the core of a line, and
            ``batch 2 height/4 width/4`` natural logarithms of the distances from the cell's centre
            to the line's upper and lower edge, in units of ``DISTANCE_UNIT`` pixels, measured
            square to the line; within +-``LOG_DISTANCE_LIMIT``. Meaningless outside cores.

        """
        x = (pages.to(self.out.weight.dtype) / 127.5 - 1.0).unsqueeze(1)
        x = x.contiguous(memory_format=torch.channels_last)
        f4 = self.stage4(self.down4(self.stem(x)))
        f8 = self.stage8(self.down8(f4))
        f16 = self.stage16(self.down16(f8))
        f32 = self.stage32(self.down32(f16))
        p16 = self.lateral16(f16) + _double(self.lateral32(f32))
        p8 = torch.relu(self.lateral8(f8) + _double(torch.relu(p16)))
        p4 = torch.relu(self.lateral4(f4) + _double(self.smooth8(p8)))
        maps = self.out(self.head(p4)).float()
        return maps[:, 0], maps[:, 1:].clamp(-LOG_DISTANCE_LIMIT, LOG_DISTANCE_LIMIT)
