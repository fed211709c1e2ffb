"""A bundle's detector as a network that learns again; ``weights`` has the recognizer's.

Every convolution of the exported graph has its batch norm folded in. It comes back with a norm that
does nothing at first and stays fixed: an affine map that learns.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from readapt.adapt.learning.weights import FixedNorm
from readapt.errors import ModelError
from readapt.export.restore import stored_weights
from readapt.models.bundle import Bundle
from readapt.nets.detector import ConvNorm, DetectorNet, DetectorNetConfig


def trainable_detector(bundle: Bundle) -> DetectorNet | None:
    """Rebuild the network of a bundle's detector, its norms fixed, every weight learning.

    None where the bundle has none. Raises :class:`ModelError` where the graph is none that readapt
    exports.
    """
    if bundle.detector is None:
        return None
    try:
        network = _network(stored_weights(bundle.detector))
    except (KeyError, ValueError, RuntimeError, IndexError) as error:
        raise ModelError(
            f"{bundle.detector}: this detector cannot be trained ({error}): use a model that "
            "`readapt train detector` made."
        ) from error
    network.requires_grad_(True).eval()
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def _network(weights: dict[str, NDArray[np.float32]]) -> DetectorNet:
    c2, c4, c8, c16, c32, lateral, head = (
        len(weights[f"{name}.bias"])
        for name in ("stem", "down4", "down8", "down16", "down32", "lateral32", "head")
    )
    network = DetectorNet(DetectorNetConfig((c2, c4, c8, c16, c32), lateral, head))
    with torch.no_grad():
        for name, module in network.named_modules():
            if isinstance(module, ConvNorm):
                _fill(module, weights[f"{name}.weight"], weights[f"{name}.bias"])
        _copy(network.out.weight, weights["maps.weight"])
        assert network.out.bias is not None
        _copy(network.out.bias, weights["maps.bias"])
    return network


def _fill(module: ConvNorm, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> None:
    norm = FixedNorm(module.norm.num_features)
    assert norm.running_var is not None
    _copy(module.conv.weight, weight)
    _copy(norm.bias, bias)
    norm.running_var.fill_(1.0 - norm.eps)
    module.norm = norm


def _copy(parameter: Tensor, value: NDArray[np.float32]) -> None:
    if parameter.shape != value.shape:
        raise ValueError(f"a weight of shape {value.shape} where {tuple(parameter.shape)} belongs")
    parameter.copy_(torch.from_numpy(value))
