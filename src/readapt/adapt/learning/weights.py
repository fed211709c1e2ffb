"""A bundle's recognizer as a network that learns again.

The weights in a bundle are those of the exported graph: in half precision, batch norms folded into
the convolutions. A batch norm does not care how the channels before it are scaled, so nothing is
lost: measuring what each convolution gives on lines of the kind it was trained on brings a norm
back whose running statistics fit, and the network reads the same as before. Every bundle can be
adapted, without a second copy of its weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from readapt.errors import ModelError
from readapt.export.restore import from_bundle
from readapt.models.bundle import Bundle
from readapt.nets.crnn import ConvBlock, Crnn, CrnnConfig
from readapt.recognize.alphabet import Alphabet
from readapt.types import Image
from readapt.whole import written_whole

Network = TypeVar("Network", bound=nn.Module)


class FixedNorm(nn.BatchNorm2d):
    """A batch norm that always uses its running statistics, in training too.

    Scale and shift are learnt as ever. A few hundred steps on narrow batches would spoil
    statistics that were gathered over many thousands.
    """

    def train(self, mode: bool = True) -> FixedNorm:
        """Stay as in evaluation."""
        super().train(False)
        return self


def trainable(bundle: Bundle) -> Crnn:
    """Rebuild the network of a bundle's recognizer, its norms fixed, every weight learning.

    Raises :class:`ModelError` where the graph is none that readapt exports.
    """
    network = from_bundle(bundle)
    for block in blocks(network):
        fixed = FixedNorm(block.norm.num_features)
        fixed.load_state_dict(block.norm.state_dict())
        block.norm = fixed
    network.requires_grad_(True).eval()
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def blocks(network: Crnn) -> tuple[ConvBlock, ...]:
    """List the convolutions, from the image on."""
    return (network.stem, network.conv2, network.conv3, network.conv4, network.conv5)


def channel_statistics(
    network: Crnn, block: ConvBlock, lines: Sequence[Image]
) -> tuple[Tensor, Tensor]:
    """Mean and variance, `channel` float32, of what a convolution gives on prepared lines."""
    sums: list[Tensor] = []

    def note(_: nn.Module, __: object, output: Tensor) -> None:
        flat = output.double().transpose(0, 1).flatten(1)
        count = torch.full_like(flat[:, 0], flat.shape[1])
        sums.append(torch.stack([flat.sum(1), (flat**2).sum(1), count]))

    network.eval()
    hook = block.conv.register_forward_hook(note)
    try:
        with torch.inference_mode():
            for line in lines:
                padded = np.pad(line, ((0, 0), (0, -line.shape[1] % 4)), mode="edge")
                network.features(torch.from_numpy(padded)[None])
    finally:
        hook.remove()
    total, squares, count = torch.stack(sums).sum(0).clone()
    mean = total / count
    return mean.float(), (squares / count - mean**2).clamp_min(1e-8).float()


def open_norms(network: Crnn, lines: Sequence[Image]) -> None:
    """Give every norm statistics measured on `lines`, and the scale and shift that undo them.

    The network reads exactly as before, but each norm now knows what its channels were like.
    """
    for block in blocks(network):
        mean, variance = channel_statistics(network, block, lines)
        norm = block.norm
        assert norm.running_mean is not None
        assert norm.running_var is not None
        with torch.no_grad():
            scale = norm.weight / (norm.running_var + norm.eps).sqrt()
            shift = norm.bias - norm.running_mean * scale
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(variance)
            norm.weight.copy_(scale * (variance + norm.eps).sqrt())
            norm.bias.copy_(shift + mean * scale)


def renormalise(network: Crnn, lines: Sequence[Image], share: float = 1.0) -> None:
    """Move the statistics of every norm towards those on `lines`, by a `share` in [0, 1].

    Li et al. 2016, "Revisiting Batch Normalization For Practical Domain Adaptation": the norms of
    a later convolution see what the earlier ones give after they were changed.
    """
    for block in blocks(network):
        mean, variance = channel_statistics(network, block, lines)
        norm = block.norm
        assert norm.running_mean is not None
        assert norm.running_var is not None
        norm.running_mean.lerp_(mean, share)
        norm.running_var.lerp_(variance, share)


def extended(network: Crnn, added: int) -> Crnn:
    """Copy a network with `added` more classes after the last; the others score as before.

    The new ones start improbable: their weights are 0, their biases far below the others'.
    """
    config = network.config
    grown = deepcopy(network)
    grown.config = CrnnConfig(
        config.classes + added,
        config.channels,
        config.rnn,
        config.hidden,
        config.layers,
        config.dropout,
        config.height,
    )
    head = nn.Linear(network.head.in_features, config.classes + added)
    with torch.no_grad():
        head.weight.zero_()
        head.weight[: config.classes].copy_(network.head.weight)
        head.bias.fill_(float(network.head.bias.min()) - 5.0)
        head.bias[: config.classes].copy_(network.head.bias)
    grown.head = head
    return grown


def extended_alphabet(alphabet: Alphabet, characters: frozenset[str]) -> Alphabet:
    """Append characters to an alphabet; the classes of the others stay as they are."""
    return Alphabet(alphabet.characters + "".join(sorted(characters)))


def save_weights(network: nn.Module, path: Path) -> None:
    """Write a network's weights as safetensors, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {k: v.detach().contiguous().cpu().clone() for k, v in network.state_dict().items()}
    with written_whole(path) as scratch:
        save_file(tensors, scratch)


def load_weights(template: Network, path: Path) -> Network:
    """Copy a network with the weights of a file; :class:`ModelError` where they do not fit."""
    network = deepcopy(template)
    try:
        network.load_state_dict(load_file(path))
    except (OSError, RuntimeError, SafetensorError) as error:
        raise ModelError(
            f"{path}: cannot be loaded ({str(error).splitlines()[0]}); remove the folder that "
            "holds the stages, and begin anew."
        ) from error
    return network.eval()
