"""A recognizer that does not learn, with a gradient with respect to its input."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from readapt.gan.colour import luminance
from readapt.gan.crops import CropBatch
from readapt.nets.crnn import Crnn
from readapt.nets.ctc import ctc_losses
from readapt.recognize.alphabet import BLANK, Alphabet


def freeze_recognizer(network: Crnn) -> Crnn:
    """Put a recognizer into evaluation mode and take its weights out of every gradient."""
    network.requires_grad_(False)
    return network.eval()


def frozen_on(recognizer: Crnn, device: torch.device) -> Crnn:
    """Return a frozen recognizer as it is, or its copy on a GPU.

    There the kernels of recurrence give gradients in training mode alone: without dropout the two
    modes are one.
    """
    if device.type == "cpu":
        return recognizer
    copy = deepcopy(recognizer).to(device)
    copy.recurrence.dropout.p = 0.0
    if isinstance(copy.recurrence.kernel, nn.RNNBase):
        copy.recurrence.kernel.dropout = 0.0
    copy.recurrence.train()
    return copy


def to_levels(images: Tensor) -> Tensor:
    """`batch channel height width` in [-1, 1] to `batch height width` grey levels in [0, 255]."""
    return (luminance(images).squeeze(1) + 1) * 127.5


def shaken(images: Tensor) -> Tensor:
    """Move, stretch and soften images a little, each in its own way; text stays where it is.

    `batch channel height width` in [-1, 1] in and out; draws from torch's default generator. What a
    recognizer says through this, it does not say because of faint patterns made for it alone
    (Athalye et al. 2018: expectation over transformations).
    """
    count, _, height, width = images.shape
    random = torch.rand(5, count, device=images.device) * 2 - 1
    x, y = (random[0] * 3.0 / width, random[1] * 3.0 / height)  # 1.5 pixels
    wide, high = 1 + 0.02 * random[2], 1 + 0.08 * random[3]
    slant = 0.05 * random[4] * height / width  # of normalised axes
    nothing = torch.zeros_like(x)
    theta = torch.stack([wide, slant, x, nothing, high, y], 1).reshape(count, 2, 3)
    grid = F.affine_grid(theta, [count, 1, height, width], align_corners=False)
    moved = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
    soft = F.avg_pool2d(moved, 3, 1, 1, count_include_pad=False)
    share = torch.rand(count, 1, 1, 1, device=images.device) * 0.6
    return moved + share * (soft - moved) + 0.05 * torch.randn_like(moved)


def frame_features(recognizer: Crnn, images: Tensor) -> Tensor:
    """Convolutional features `batch time feature` of windows, images in [-1, 1]."""
    return recognizer.features(to_levels(images.float()))


def text_loss(recognizer: Crnn, features: Tensor, batch: CropBatch) -> Tensor:
    """CTC loss of translated windows by their :func:`frame_features`, mean per character.

    `-log p(text | frames)` over the frames that show whole characters. Its gradient reaches the
    features, and the images they are of; the recognizer stays as it is.
    """
    log_probs = recognizer.read(features)
    frames = log_probs.shape[1]
    first = torch.from_numpy(batch.first).to(log_probs.device)
    index = (torch.arange(frames, device=log_probs.device)[None] + first[:, None]) % frames
    shown = log_probs.gather(1, index[:, :, None].expand_as(log_probs))
    labels, lengths = torch.from_numpy(batch.labels), torch.from_numpy(batch.label_lengths)
    losses = ctc_losses(shown, labels, torch.from_numpy(batch.frames), lengths)
    return (losses / lengths.clamp(min=1).to(losses)).mean()


def read_lines(recognizer: Crnn, lines: list[NDArray[np.uint8]], alphabet: Alphabet) -> list[str]:
    """Best-path texts of prepared lines `height width`, each read by itself."""
    texts = []
    with torch.inference_mode():
        for line in lines:
            path = torch.unique_consecutive(recognizer(_padded(line)).argmax(-1)[0])
            texts.append(alphabet.decode(int(i) for i in path if i != BLANK))
    return texts


def _padded(line: NDArray[np.uint8]) -> Tensor:
    missing = -line.shape[1] % 4
    return torch.from_numpy(np.pad(line, ((0, 0), (0, missing)), mode="edge"))[None]
