"""Small ONNX recognizers, built by hand, that read stripes: a column's level is its class."""

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from readapt.types import Image

STEP = 23
"""Levels between the classes: level ``230 - STEP * k`` is class ``k``; paper, 230, is blank."""


def stripe_network(path: Path, classes: int, *, stride: int = 4, sharpness: float = 0.2) -> Path:
    """Log-softmax of ``-sharpness * (mean level of the frame - level of the class)^2 / STEP``."""
    levels = np.array([230 - STEP * k for k in range(classes)], np.float32)
    nodes = [
        helper.make_node("Cast", ["lines"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["float", "rows"], ["columns"], keepdims=1),
        helper.make_node(
            "AveragePool", ["columns"], ["frames"], kernel_shape=[stride], strides=[stride]
        ),
        helper.make_node("Transpose", ["frames"], ["sequence"], perm=[0, 2, 1]),
        helper.make_node("Sub", ["sequence", "levels"], ["distance"]),
        helper.make_node("Mul", ["distance", "distance"], ["squared"]),
        helper.make_node("Mul", ["squared", "slope"], ["logits"]),
        helper.make_node("LogSoftmax", ["logits"], ["log_probs"], axis=2),
    ]
    graph = helper.make_graph(
        nodes,
        "stripes",
        [helper.make_tensor_value_info("lines", TensorProto.UINT8, ["batch", "height", "width"])],
        [helper.make_tensor_value_info("log_probs", TensorProto.FLOAT, ["batch", "time", classes])],
        [
            numpy_helper.from_array(np.array([1], np.int64), "rows"),
            numpy_helper.from_array(levels, "levels"),
            numpy_helper.from_array(np.array(-sharpness / STEP, np.float32), "slope"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path


def stripes(classes: list[int], height: int = 32, width: int = 4) -> Image:
    """A prepared line whose every frame, ``width`` pixels, has one class."""
    row: NDArray[np.uint8] = np.repeat([230 - STEP * k for k in classes], width).astype(np.uint8)
    return np.repeat(row[None], height, axis=0)
