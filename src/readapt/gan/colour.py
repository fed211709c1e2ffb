"""Grey and colour, where networks of both kinds meet: readers see grey, looks may be in colour."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from readapt.types import Image

WEIGHTS: Final = (0.299, 0.587, 0.114)
"""Of red, green and blue in the luminance (ITU-R BT.601), as OpenCV makes grey."""


def to_images(levels: NDArray[np.uint8], channels: int = 1) -> Tensor:
    """`batch height width` or `batch height width 3` uint8 to `batch channel height width`.

    float32 in [-1, 1]. Grey levels become the same in all three `channels`.
    """
    images = torch.from_numpy(levels).to(torch.float32).div(127.5).sub(1.0)
    if images.ndim == 4:
        return images.permute(0, 3, 1, 2).contiguous()
    return images[:, None].repeat(1, channels, 1, 1)


def luminance(images: Tensor) -> Tensor:
    """`batch channel height width` of one or three channels to `batch 1 height width`."""
    if images.shape[1] == 1:
        return images
    weights = images.new_tensor(WEIGHTS)[None, :, None, None]
    return (images * weights).sum(1, keepdim=True)


def grey(line: Image) -> Image:
    """`H W` as it is, `H W 3` RGB as its luminance, uint8."""
    return line if line.ndim == 2 else np.asarray(cv2.cvtColor(line, cv2.COLOR_RGB2GRAY), np.uint8)


def in_colour(line: Image) -> Image:
    """`H W 3` as it is, `H W` with its level in all three, uint8."""
    return line if line.ndim == 3 else np.repeat(line[..., None], 3, axis=2)
