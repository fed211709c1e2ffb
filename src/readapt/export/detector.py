"""The trained detector as an ONNX graph, written node by node from the folded weights.

Written by hand so that the graph holds what it needs and nothing else: 27 convolutions, every batch
norm folded, the scaling of the pixels inside, batch and both sides free. Weights may be stored in
half precision, widened once when the model is loaded; the arithmetic is float32 either way.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from readapt.nets.detector import (
    DISTANCE_UNIT,
    LOG_DISTANCE_LIMIT,
    STRIDE,
    ConvNorm,
    DetectorNet,
    Residual,
)

OPSET = 17


class _Graph:
    """Nodes and initializers in the order they are added; every method returns a tensor's name."""

    def __init__(self, half: bool):
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.half = half

    def node(self, kind: str, inputs: list[str], name: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def constant(self, array: NDArray[np.generic], name: str) -> str:
        self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def weight(self, tensor: Tensor, name: str) -> str:
        array = tensor.detach().float().cpu().numpy()
        if not self.half or array.ndim < 2:
            return self.constant(array, name)
        stored = self.constant(array.astype(np.float16), f"{name}.half")
        return self.node("Cast", [stored], name, to=TensorProto.FLOAT)

    def convolution(self, x: str, weight: Tensor, bias: Tensor, stride: int, name: str) -> str:
        size = int(weight.shape[-1])
        inputs = [x, self.weight(weight, f"{name}.weight"), self.weight(bias, f"{name}.bias")]
        return self.node(
            "Conv",
            inputs,
            name,
            kernel_shape=[size, size],
            pads=[size // 2] * 4,
            strides=[stride, stride],
        )

    def conv_norm(self, x: str, module: ConvNorm, name: str) -> str:
        weight, bias = module.folded()
        y = self.convolution(x, weight, bias, int(module.conv.stride[0]), name)
        return self.node("Relu", [y], f"{name}.relu") if module.relu else y

    def residual(self, x: str, module: Residual, name: str) -> str:
        y = self.conv_norm(x, module.first, f"{name}.first")
        y = self.conv_norm(y, module.second, f"{name}.second")
        return self.node("Relu", [self.node("Add", [x, y], f"{name}.sum")], f"{name}.relu")

    def double(self, x: str, name: str) -> str:
        return self.node(
            "Resize",
            [x, "", "twice"],
            name,
            mode="nearest",
            nearest_mode="floor",
            coordinate_transformation_mode="asymmetric",
        )


def detector_graph(net: DetectorNet, half: bool = True) -> onnx.ModelProto:
    """Build the ONNX model of a trained detector.

    Args:
        net: the network; its running batch-norm statistics are folded into the convolutions.
        half: store convolution weights as float16 (half the file; computed in float32).

    Returns:
        A model with the input ``pages`` (uint8 ``batch height width``, sides multiples of 32) and
        the outputs ``scores`` (float32 in [0, 1], ``batch height/4 width/4``) and ``edges``
        (float32, ``batch 2 height/4 width/4``: pixels from a cell's centre to the upper and lower
        edge of its line, square to the line; meaningless where the score is low).

    """
    g = _Graph(half)
    g.constant(np.array([1, 1, 2, 2], np.float32), "twice")
    g.constant(np.array([1], np.int64), "channel_axis")
    pixels = g.node("Cast", ["pages"], "pixels", to=TensorProto.FLOAT)
    scaled = g.node(
        "Div", [pixels, g.constant(np.array(127.5, np.float32), "half_range")], "scaled"
    )
    x = g.node("Sub", [scaled, g.constant(np.array(1.0, np.float32), "one")], "centred")
    x = g.node("Unsqueeze", [x, "channel_axis"], "input")

    x = g.conv_norm(x, net.stem, "stem")
    f4 = g.conv_norm(g.conv_norm(x, net.down4, "down4"), net.stage4, "stage4")
    f8 = g.residual(g.conv_norm(f4, net.down8, "down8"), net.stage8, "stage8")
    f16 = g.residual(g.conv_norm(f8, net.down16, "down16"), net.stage16, "stage16")
    f32 = g.residual(g.conv_norm(f16, net.down32, "down32"), net.stage32, "stage32")

    up = g.double(g.conv_norm(f32, net.lateral32, "lateral32"), "up16")
    p16 = g.node("Add", [g.conv_norm(f16, net.lateral16, "lateral16"), up], "sum16")
    up = g.double(g.node("Relu", [p16], "p16"), "up8")
    p8 = g.node("Add", [g.conv_norm(f8, net.lateral8, "lateral8"), up], "sum8")
    up = g.conv_norm(g.node("Relu", [p8], "p8"), net.smooth8, "smooth8")
    p4 = g.node("Add", [g.conv_norm(f4, net.lateral4, "lateral4"), g.double(up, "up4")], "sum4")
    head = g.conv_norm(g.node("Relu", [p4], "p4"), net.head, "head")
    maps = _out(g, head, net.out)

    split = g.constant(np.array([1, 2], np.int64), "split")
    g.nodes.append(helper.make_node("Split", [maps, split], ["logits", "logs"], axis=1))
    squeezed = g.node("Squeeze", ["logits", "channel_axis"], "logits2d")
    g.node("Sigmoid", [squeezed], "scores")
    low = g.constant(np.array(-LOG_DISTANCE_LIMIT, np.float32), "low")
    high = g.constant(np.array(LOG_DISTANCE_LIMIT, np.float32), "high")
    ratio = g.node("Exp", [g.node("Clip", ["logs", low, high], "clipped")], "ratio")
    g.node("Mul", [ratio, g.constant(np.array(DISTANCE_UNIT, np.float32), "unit")], "edges")

    graph = helper.make_graph(
        g.nodes,
        "readapt-detector",
        [helper.make_tensor_value_info("pages", TensorProto.UINT8, ["batch", "height", "width"])],
        [
            helper.make_tensor_value_info(
                "scores", TensorProto.FLOAT, ["batch", "rows", "columns"]
            ),
            helper.make_tensor_value_info(
                "edges", TensorProto.FLOAT, ["batch", 2, "rows", "columns"]
            ),
        ],
        g.initializers,
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="readapt"
    )
    model.ir_version = 8  # readable by every ONNX Runtime since 1.13
    helper.set_model_props(model, {"stride": str(STRIDE)})
    onnx.checker.check_model(model, full_check=True)
    return model


def _out(g: _Graph, x: str, out: nn.Conv2d) -> str:
    if out.bias is None:
        raise ValueError("the last convolution of the detector has a bias")
    return g.convolution(x, out.weight, out.bias, 1, "maps")


def export_detector(net: DetectorNet, path: Path, half: bool = True) -> None:
    """Write the ONNX model of ``detector_graph`` to ``path``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(detector_graph(net, half), str(path))
