"""The recognizer: convolutions turn a line into a sequence, recurrence reads it, CTC scores it.

After Shi, Bai and Yao, "An End-to-End Trainable Neural Network for Image-based Sequence
Recognition" (2015), with a stem of stride 2 and height folded away in steps of 2, 2, 3 and 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from readapt.nets.precision import half_is_fast
from readapt.nets.recurrent import Kind, Recurrence


@dataclass(frozen=True, slots=True)
class CrnnConfig:
    """The shape of a recognizer."""

    classes: int
    """Characters of the alphabet and the blank."""
    channels: tuple[int, int, int, int, int] = (24, 48, 96, 160, 192)
    """Channels after each of the five convolutions."""
    rnn: Kind = "lstm"
    """Recurrence: `lstm`, `gru`, `rnn` or `peephole`."""
    hidden: int = 128
    """Units of each direction."""
    layers: int = 2
    dropout: float = 0.0
    """Before and between the recurrent layers, in training."""
    height: int = 36
    """Height of the input lines: a multiple of 36 would need another last kernel, so fixed."""

    def __post_init__(self) -> None:
        if self.height != 36:
            raise ValueError(f"height must be 36 (2 * 2 * 3 * 3), not {self.height}")


STRIDE = 4
"""Pixels of width per frame."""


class ConvBlock(nn.Module):
    """Convolution, batch normalisation, ReLU."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: tuple[int, int],
        stride: tuple[int, int] = (1, 1),
        padding: tuple[int, int] = (1, 1),
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        nn.init.kaiming_normal_(self.conv.weight, nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        """`batch channel height width` in and out.

        In training, a norm whose statistics stay as they are is folded into the convolution: its
        scale and shift learn through the weights' product, without two more passes over the maps.
        """
        conv, norm = self.conv, self.norm
        if norm.training or not self.training:
            return torch.relu(norm(conv(x)))
        assert norm.running_mean is not None
        assert norm.running_var is not None
        scale = norm.weight / (norm.running_var + norm.eps).sqrt()
        weight, shift = conv.weight * scale[:, None, None, None], norm.bias
        bias = shift - norm.running_mean * scale
        return torch.relu(F.conv2d(x, weight, bias, conv.stride, conv.padding))


class Crnn(nn.Module):
    """Line images to log-probabilities of classes over time."""

    def __init__(self, config: CrnnConfig) -> None:
        super().__init__()
        self.config = config
        c1, c2, c3, c4, c5 = config.channels
        self.stem = ConvBlock(1, c1, (5, 5), (2, 2), (2, 2))  # 36 -> 18 rows
        self.conv2 = ConvBlock(c1, c2, (3, 3))
        self.pool = nn.MaxPool2d(2)  # 9 rows
        self.conv3 = ConvBlock(c2, c3, (3, 3))
        self.conv4 = ConvBlock(c3, c4, (3, 3), (3, 1))  # 3 rows
        self.conv5 = ConvBlock(c4, c5, (3, 3), (1, 1), (0, 1))  # 1 row
        self.dropout = nn.Dropout(config.dropout)
        self.recurrence = Recurrence(config.rnn, c5, config.hidden, config.layers, config.dropout)
        self.head = nn.Linear(2 * config.hidden, config.classes)
        nn.init.xavier_uniform_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def features(self, lines: Tensor) -> Tensor:
        """`batch height width` uint8 lines to `batch time channel` float32, time = width / 4.

        The width must be a multiple of 4. In training convolutions run in bfloat16, where that is
        faster: gates, CTC and all sums over time keep the full precision.
        """
        x = lines.unsqueeze(1).to(torch.float32).div(127.5).sub(1.0)
        x = x.contiguous(memory_format=torch.channels_last)
        with torch.autocast(x.device.type, torch.bfloat16, enabled=self._half(x)):
            x = self.pool(self.conv2(self.stem(x)))
            x = self.conv5(self.conv4(self.conv3(x)))
        columns: Tensor = x.float().squeeze(2)
        return columns.transpose(1, 2)

    def forward(self, lines: Tensor) -> Tensor:
        """`batch height width` uint8 lines to log-probabilities `batch time class` float32."""
        return self.read(self.features(lines))

    def read(self, features: Tensor) -> Tensor:
        """Read features `batch time channel`: log-probabilities `batch time class` float32."""
        hidden = self.recurrence(self.dropout(features), half=self._half(features))
        return torch.log_softmax(self.head(hidden), dim=-1)

    def _half(self, x: Tensor) -> bool:
        return self.training and half_is_fast(x.device)
