"""A builder of ONNX graphs: nodes and weights in the order they are added.

Graphs are written by hand so that they hold what reading needs and nothing else: batch norms
folded, the scaling of the pixels inside, no frozen axis.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

OPSET: Final = 17


def folded(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Weight `outputs inputs height width` and bias `outputs` with the batch norm inside."""
    assert norm.running_var is not None
    assert norm.running_mean is not None
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    bias = norm.bias - norm.running_mean * scale
    return conv.weight * scale[:, None, None, None], bias


class Graph:
    """Nodes and initializers; every method that adds something returns a tensor's name."""

    def __init__(self, half: bool) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.half = half

    def node(self, kind: str, inputs: list[str], name: str, **attributes: Any) -> str:
        """Add a node with one output called `name`."""
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def constant(self, array: NDArray[Any], name: str) -> str:
        """Add a constant."""
        self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def weight(self, tensor: Tensor, name: str) -> str:
        """Add a weight; in half precision where asked for, widened when the model is loaded."""
        array = tensor.detach().float().cpu().numpy()
        if not self.half or array.ndim < 2:
            return self.constant(np.ascontiguousarray(array), name)
        stored = self.constant(np.ascontiguousarray(array.astype(np.float16)), f"{name}.half")
        return self.node("Cast", [stored], name, to=TensorProto.FLOAT)

    def convolution(self, x: str, conv: nn.Conv2d, norm: nn.BatchNorm2d, name: str) -> str:
        """Add a convolution with its batch norm folded in."""
        weight, bias = folded(conv, norm)
        pad_y, pad_x = (int(p) for p in conv.padding)
        inputs = [x, self.weight(weight, f"{name}.weight"), self.weight(bias, f"{name}.bias")]
        return self.node(
            "Conv",
            inputs,
            name,
            kernel_shape=list(conv.kernel_size),
            pads=[pad_y, pad_x, pad_y, pad_x],
            strides=list(conv.stride),
        )

    def model(
        self,
        inputs: list[onnx.ValueInfoProto],
        outputs: list[onnx.ValueInfoProto],
        name: str,
    ) -> onnx.ModelProto:
        """Close the graph: a checked model."""
        graph = helper.make_graph(self.nodes, name, inputs, outputs, self.initializers)
        opset = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opset, producer_name="readapt", ir_version=8)
        onnx.checker.check_model(model)
        return model
