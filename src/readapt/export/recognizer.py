"""The trained recognizer as an ONNX graph, written node by node."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from torch import Tensor, nn

from readapt.export.graph import Graph
from readapt.models.bundle import save_bundle
from readapt.models.manifest import Manifest, RecognizerSection
from readapt.nets.crnn import STRIDE, ConvBlock, Crnn
from readapt.nets.peephole import PeepholeLayer
from readapt.nets.recurrent import Kind, PeepholeLSTM, Recurrence
from readapt.recognize.alphabet import Alphabet

GATES: Final[dict[Kind, tuple[int, ...]]] = {
    "lstm": (0, 3, 1, 2),
    "peephole": (0, 3, 1, 2),
    "gru": (1, 0, 2),
    "rnn": (0,),
}
"""Where torch keeps each gate, in the order in which ONNX wants them."""
PEEPHOLES: Final = (0, 2, 1)
"""The same of peepholes: i f o here, i o f in ONNX."""
_OPERATORS = {"lstm": "LSTM", "peephole": "LSTM", "gru": "GRU", "rnn": "RNN"}


def _block(g: Graph, x: str, block: ConvBlock, name: str) -> str:
    return g.node("Relu", [g.convolution(x, block.conv, block.norm, name)], f"{name}.relu")


def _gates(weight: Tensor, order: tuple[int, ...]) -> Tensor:
    parts = weight.chunk(len(order))
    return torch.cat([parts[i] for i in order])


@dataclass(frozen=True, slots=True)
class _Layer:
    """Weights of one layer as ONNX wants them, `direction` first."""

    w: Tensor
    """`direction gates*hidden channel`."""
    r: Tensor
    """`direction gates*hidden hidden`."""
    b: Tensor
    """`direction 2*gates*hidden`: the biases of the inputs, then those of the recurrence."""
    p: Tensor | None = None
    """Peepholes `direction 3*hidden`."""


def _layers(recurrence: Recurrence) -> Iterator[_Layer]:
    kernel, order = recurrence.kernel, GATES[recurrence.kind]

    def gates(weights: Sequence[Tensor]) -> Tensor:
        return torch.stack([_gates(direction, order) for direction in weights])

    if isinstance(kernel, PeepholeLSTM):
        for layer in kernel.layers:
            assert isinstance(layer, PeepholeLayer)
            bias, peepholes = gates(tuple(layer.bias)), layer.weight_ch[:, PEEPHOLES]
            yield _Layer(
                gates(tuple(layer.weight_ih)),
                gates(tuple(layer.weight_hh)),
                torch.cat([bias, torch.zeros_like(bias)], 1),
                peepholes.flatten(1),
            )
        return
    for number in range(recurrence.layers):
        w, r, b_w, b_r = (
            gates(ways) for ways in zip(*recurrence.direction_weights(number), strict=True)
        )
        yield _Layer(w, r, torch.cat([b_w, b_r], 1))


def _recurrence(g: Graph, x: str, recurrence: Recurrence) -> str:
    """Add the stacked layers: `time batch channel` in, `time batch direction*channel` out."""
    kind = recurrence.kind
    for number, layer in enumerate(_layers(recurrence)):
        name = f"{kind}{number}"
        inputs = [
            x,
            g.weight(layer.w, f"{name}.w"),
            g.weight(layer.r, f"{name}.r"),
            g.constant(layer.b.detach().float().numpy(), f"{name}.b"),
        ]
        if layer.p is not None:  # after lengths, first output and first state, none of them given
            inputs += ["", "", "", g.constant(layer.p.detach().float().numpy(), f"{name}.p")]
        more = {"linear_before_reset": 1} if kind == "gru" else {}
        y = g.node(
            _OPERATORS[kind],
            inputs,
            f"{name}.y",
            hidden_size=layer.r.shape[2],
            direction="bidirectional" if len(layer.r) == 2 else "forward",
            **more,
        )
        # time direction batch channel -> time batch (direction channel)
        y = g.node("Transpose", [y], f"{name}.by_time", perm=[0, 2, 1, 3])
        x = g.node("Reshape", [y, "joined_directions"], f"{name}.joined")
    return x


def recognizer_graph(network: Crnn, half: bool = True) -> onnx.ModelProto:
    """Build the ONNX model of a trained recognizer.

    Input `lines` uint8 `batch height width` (height fixed, width a multiple of 4), output
    `log_probs` float32 `batch time class`, time = width / 4. With `half`, matrices are stored as
    float16 and computed in float32.
    """
    g = Graph(half)
    g.constant(np.array([1], np.int64), "channel_axis")
    g.constant(np.array([2], np.int64), "height_axis")
    g.constant(np.array([0, 0, -1], np.int64), "joined_directions")
    pixels = g.node("Cast", ["lines"], "pixels", to=TensorProto.FLOAT)
    half_range = g.constant(np.array(127.5, np.float32), "half_range")
    scaled = g.node("Div", [pixels, half_range], "scaled")
    one = g.constant(np.array(1.0, np.float32), "one")
    x = g.node("Unsqueeze", [g.node("Sub", [scaled, one], "centred"), "channel_axis"], "image")
    x = _block(g, _block(g, x, network.stem, "stem"), network.conv2, "conv2")
    x = g.node("MaxPool", [x], "pool", kernel_shape=[2, 2], strides=[2, 2])
    x = _block(g, _block(g, x, network.conv3, "conv3"), network.conv4, "conv4")
    x = _block(g, x, network.conv5, "conv5")
    x = g.node("Squeeze", [x, "height_axis"], "columns")  # batch channel time
    x = g.node("Transpose", [x], "sequence", perm=[2, 0, 1])
    x = _recurrence(g, x, network.recurrence)
    x = g.node("Transpose", [x], "by_batch", perm=[1, 0, 2])
    head: nn.Linear = network.head
    x = g.node("MatMul", [x, g.weight(head.weight.T, "head.weight")], "head")
    x = g.node("Add", [x, g.weight(head.bias, "head.bias")], "logits")
    y = g.node("LogSoftmax", [x], "log_probs", axis=-1)
    height, classes = network.config.height, network.config.classes
    lines = helper.make_tensor_value_info("lines", TensorProto.UINT8, ["batch", height, "width"])
    log_probs = helper.make_tensor_value_info(y, TensorProto.FLOAT, ["batch", "time", classes])
    return g.model([lines], [log_probs], "readapt-recognizer")


def save_recognizer_bundle(network: Crnn, alphabet: Alphabet, folder: Path) -> Path:
    """Write a bundle that reads line images to `folder`, over an older one; returns `folder`."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "recognizer.onnx"
        export_recognizer(network, path)
        section = RecognizerSection(file=path.name, height=network.config.height, stride=STRIDE)
        manifest = Manifest(
            name=folder.name, version="1", alphabet=alphabet.characters, recognizer=section
        )
        save_bundle(folder, manifest, {path.name: path}, replace=True)
    return folder


def export_recognizer(network: Crnn, path: Path, half: bool = True) -> None:
    """Write the ONNX model of `network` to `path`."""
    onnx.save_model(recognizer_graph(network.eval(), half), str(path))
