"""The way back: the weights of an exported graph in the network that they came from.

A bundle holds no other copy of its weights. Matrices are in half precision there, and batch norms
lie inside the convolutions; what comes back reads the same, its norms the identity.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor

from readapt.errors import ModelError
from readapt.export.recognizer import GATES, PEEPHOLES
from readapt.models.bundle import Bundle
from readapt.nets.crnn import ConvBlock, Crnn, CrnnConfig
from readapt.nets.recurrent import Kind, PeepholeLSTM, Recurrence


def from_bundle(bundle: Bundle) -> Crnn:
    """Rebuild the network of a bundle's recognizer, in evaluation mode, out of every gradient.

    Raises :class:`ModelError` where its graph is none that readapt exports.
    """
    return from_onnx(bundle.recognizer)


def from_onnx(path: Path) -> Crnn:
    """Rebuild the network behind an ONNX recognizer of readapt; see :func:`from_bundle`."""
    weights = stored_weights(path)
    try:
        network = _network(weights)
    except (KeyError, ValueError, RuntimeError, IndexError) as error:
        raise ModelError(
            f"{path}: this recognizer cannot be trained through ({error}): use a model that "
            "`readapt train recognizer` made."
        ) from error
    return network.requires_grad_(False).eval()


def stored_weights(path: Path) -> dict[str, NDArray[np.float32]]:
    """Return the weights of an exported graph by their names, in float32.

    Raises :class:`ModelError` where the file is no ONNX network.
    """
    try:
        graph = onnx.load(str(path)).graph
    except Exception as error:  # protobuf's and onnx's errors share no narrower base
        raise ModelError(f"{path} cannot be loaded as an ONNX network: {error}") from error
    arrays = ((one.name, numpy_helper.to_array(one)) for one in graph.initializer)
    return {
        name.removesuffix(".half"): array.astype(np.float32)
        for name, array in arrays
        if array.dtype in (np.float16, np.float32)
    }


def _network(weights: dict[str, NDArray[np.float32]]) -> Crnn:
    names = ("stem", "conv2", "conv3", "conv4", "conv5")
    c1, c2, c3, c4, c5 = (len(weights[f"{name}.bias"]) for name in names)
    kinds: list[Kind] = [kind for kind in GATES if f"{kind}0.w" in weights]
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
        for number in range(layers):
            _fill_layer(network.recurrence, number, weights)
        network.head.weight.copy_(torch.from_numpy(weights["head.weight"].T.copy()))
        network.head.bias.copy_(torch.from_numpy(weights["head.bias"]))
    return network


def _fill_layer(
    recurrence: Recurrence, number: int, weights: dict[str, NDArray[np.float32]]
) -> None:
    kind, kernel = recurrence.kind, recurrence.kernel
    named = dict(recurrence.named_parameters())
    for direction in range(2):
        w, r, b = (weights[f"{kind}{number}.{part}"][direction] for part in "wrb")
        in_order = (_torch_order(one, GATES[kind]) for one in (w, r, *np.split(b, 2)))
        weight_ih, weight_hh, bias_ih, bias_hh = in_order
        if isinstance(kernel, PeepholeLSTM):
            start = f"kernel.layers.{number}."
            named[f"{start}weight_ih"][direction].copy_(weight_ih)
            named[f"{start}weight_hh"][direction].copy_(weight_hh)
            named[f"{start}bias"][direction].copy_(bias_ih + bias_hh)
            peepholes = torch.from_numpy(weights[f"{kind}{number}.p"][direction])
            named[f"{start}weight_ch"][direction, PEEPHOLES] = peepholes.view(3, -1)
            continue
        end = f"l{number}{'_reverse' * direction}"
        named[f"kernel.weight_ih_{end}"].copy_(weight_ih)
        named[f"kernel.weight_hh_{end}"].copy_(weight_hh)
        named[f"kernel.bias_ih_{end}"].copy_(bias_ih)
        named[f"kernel.bias_hh_{end}"].copy_(bias_hh)


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
