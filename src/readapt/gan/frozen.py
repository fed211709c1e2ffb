"""A recognizer that does not learn, with a gradient with respect to its input.

It comes from a checkpoint, or from any model's ONNX file: the weights that reading uses are put
back into the network they were exported from.
"""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional as F

from readapt.errors import ModelError
from readapt.gan.colour import luminance
from readapt.gan.crops import CropBatch
from readapt.models.bundle import Bundle
from readapt.nets.crnn import ConvBlock, Crnn, CrnnConfig
from readapt.nets.ctc import ctc_losses
from readapt.nets.recurrent import Kind
from readapt.recognize.alphabet import BLANK, Alphabet

# ONNX gate k is torch gate _GATES[kind][k].
_GATES: Final[dict[Kind, tuple[int, ...]]] = {"lstm": (0, 3, 1, 2), "gru": (1, 0, 2), "rnn": (0,)}


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


def from_bundle(bundle: Bundle) -> Crnn:
    """Rebuild the network of a bundle's recognizer, frozen.

    Raises :class:`ModelError` where its graph is none that readapt exports.
    """
    return from_onnx(bundle.recognizer)


def from_onnx(path: Path) -> Crnn:
    """Rebuild the network behind an ONNX recognizer of readapt, frozen; see :func:`from_bundle`."""
    try:
        weights = _weights(path)
        return freeze_recognizer(_network(weights))
    except (KeyError, ValueError, RuntimeError, IndexError) as error:
        raise ModelError(
            f"{path}: this recognizer cannot be trained through ({error}): use a model with an "
            "LSTM, GRU or RNN that `readapt train recognizer` made."
        ) from error


def _weights(path: Path) -> dict[str, NDArray[np.float32]]:
    try:
        graph = onnx.load(str(path)).graph
    except Exception as error:  # protobuf's and onnx's errors share no narrower base
        raise ModelError(f"{path} cannot be loaded as an ONNX network: {error}") from error
    weights = {}
    for initializer in graph.initializer:
        name = initializer.name.removesuffix(".half")
        array = numpy_helper.to_array(initializer)
        if array.dtype in (np.float16, np.float32):
            weights[name] = array.astype(np.float32)
    if any(len(node.input) > 7 for node in graph.node if node.op_type == "LSTM"):
        raise ValueError("it has peepholes")
    return weights


def _network(weights: dict[str, NDArray[np.float32]]) -> Crnn:
    names = ("stem", "conv2", "conv3", "conv4", "conv5")
    c1, c2, c3, c4, c5 = (len(weights[f"{name}.bias"]) for name in names)
    kinds: list[Kind] = [kind for kind in _GATES if f"{kind}0.w" in weights]
    if not kinds:
        raise ValueError("it has no recurrence")
    kind = kinds[0]
    layers = sum(f"{kind}{layer}.w" in weights for layer in range(9))
    hidden = weights[f"{kind}0.r"].shape[2]
    config = CrnnConfig(len(weights["head.bias"]), (c1, c2, c3, c4, c5), kind, hidden, layers, 0.0)
    network = Crnn(config)
    blocks = (network.stem, network.conv2, network.conv3, network.conv4, network.conv5)
    with torch.no_grad():
        for name, block in zip(names, blocks, strict=True):
            _fill(block, weights[f"{name}.weight"], weights[f"{name}.bias"])
        kernel = dict(network.recurrence.named_parameters())
        for layer in range(layers):
            for direction, end in enumerate((f"l{layer}", f"l{layer}_reverse")):
                w, r, b = (weights[f"{kind}{layer}.{part}"][direction] for part in "wrb")
                ih, hh = np.split(b, 2)
                for part, value in (
                    ("weight_ih", w),
                    ("weight_hh", r),
                    ("bias_ih", ih),
                    ("bias_hh", hh),
                ):
                    kernel[f"kernel.{part}_{end}"].copy_(_torch_order(value, _GATES[kind]))
        network.head.weight.copy_(torch.from_numpy(weights["head.weight"].T.copy()))
        network.head.bias.copy_(torch.from_numpy(weights["head.bias"]))
    return network


def _torch_order(value: NDArray[np.float32], order: tuple[int, ...]) -> Tensor:
    parts = np.split(value, len(order))
    restored = [parts[order.index(gate)] for gate in range(len(order))]
    return torch.from_numpy(np.concatenate(restored))


def _fill(block: ConvBlock, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> None:
    """Put a convolution with its batch norm folded in back: the norm is left as the identity."""
    norm = block.norm
    assert norm.running_mean is not None
    assert norm.running_var is not None
    block.conv.weight.copy_(torch.from_numpy(weight))
    norm.weight.fill_(1.0)
    norm.bias.copy_(torch.from_numpy(bias))
    norm.running_mean.zero_()
    norm.running_var.fill_(1.0 - norm.eps)


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
    wide, high, slant = 1 + 0.02 * random[2], 1 + 0.08 * random[3], 0.05 * random[4]
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
