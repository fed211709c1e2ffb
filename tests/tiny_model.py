"""A model of a few operators that reads an invented script, so that tests need no training.

Its letters are blocks 16 pixels wide in a strip of grey 32 pixels high: ``a`` is black, ``b`` is
black in the upper half, a space is black in the lower half. ``draw`` writes it.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from readapt.models.bundle import Bundle, save_bundle
from readapt.models.manifest import Calibration, DetectorSection, Manifest, RecognizerSection
from readapt.types import Image

STRIP = 160
HEIGHT = 32
BLOCK = 16


def draw(text: str) -> Image:
    """The strip of a text: ``H W`` uint8, ``32 * characters + 16`` wide."""
    strip = np.full((HEIGHT, 2 * BLOCK * len(text) + BLOCK), STRIP, np.uint8)
    for i, character in enumerate(text):
        rows = {"a": slice(0, 32), "b": slice(0, 16), " ": slice(16, 32)}[character]
        strip[rows, BLOCK + 2 * BLOCK * i :][:, :BLOCK] = 0
    return strip


def draw_page(lines: list[tuple[int, int, str]], width: int = 512, height: int = 320) -> Image:
    """A white page with texts at ``x y``."""
    page = np.full((height, width), 255, np.uint8)
    for x, y, text in lines:
        strip = draw(text)
        page[y : y + HEIGHT, x : x + strip.shape[1]] = strip
    return page


def _constant(name: str, values: object, dtype: type = np.float32) -> onnx.TensorProto:
    return numpy_helper.from_array(np.array(values, dtype), name)


def _save(path: Path, nodes: list, inputs: list, outputs: list, constants: list) -> None:
    graph = helper.make_graph(nodes, path.stem, inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def save_recognizer(path: Path) -> None:
    """Darkness of the upper and lower half of each frame -> blank, space, a, b."""
    weights = 20 * np.array([[0, -1, 1, 1], [0, 1, 1, -1]])  # upper, lower
    bias = 20 * np.array([0.5, 0, -1, 0])
    nodes = [
        helper.make_node("Cast", ["lines"], ["grey"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["grey", "shape"], ["parts"]),
        helper.make_node("ReduceMean", ["parts"], ["means"], axes=[2, 4], keepdims=0),
        helper.make_node("Mul", ["means", "minus"], ["scaled"]),
        helper.make_node("Add", ["scaled", "one"], ["dark"]),
        helper.make_node("Transpose", ["dark"], ["frames"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["frames", "weights"], ["products"]),
        helper.make_node("Add", ["products", "bias"], ["logits"]),
        helper.make_node("LogSoftmax", ["logits"], ["log_probs"], axis=-1),
    ]
    constants = [
        _constant("shape", [0, 2, HEIGHT // 2, -1, 4], np.int64),
        _constant("minus", -1 / 230),
        _constant("one", 1.0),
        _constant("weights", weights),
        _constant("bias", bias),
    ]
    lines = helper.make_tensor_value_info("lines", TensorProto.UINT8, ["batch", HEIGHT, "width"])
    out = helper.make_tensor_value_info("log_probs", TensorProto.FLOAT, ["batch", "time", 4])
    _save(path, nodes, [lines], [out], constants)


def save_detector(path: Path) -> None:
    """Strips are what is darker than the page; their core is eroded by 8 pixels on each side."""
    column = np.ones((1, 1, HEIGHT, 1))
    nodes = [
        helper.make_node("Cast", ["pages"], ["grey"], to=TensorProto.FLOAT),
        helper.make_node("Less", ["grey", "limit"], ["is_strip"]),
        helper.make_node("Cast", ["is_strip"], ["flat"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["flat", "one"], ["strip"]),
        helper.make_node("Neg", ["strip"], ["negative"]),
        helper.make_node(
            "MaxPool", ["negative"], ["eroded"], kernel_shape=[17, 17], pads=[8, 8, 8, 8]
        ),
        helper.make_node("Neg", ["eroded"], ["core"]),
        helper.make_node("AveragePool", ["core"], ["cells"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Squeeze", ["cells", "one"], ["scores"]),
        helper.make_node("Conv", ["strip", "column"], ["above"], pads=[HEIGHT - 1, 0, 0, 0]),
        helper.make_node("Conv", ["strip", "column"], ["below"], pads=[0, 0, HEIGHT - 1, 0]),
        helper.make_node("Concat", ["above", "below"], ["both"], axis=1),
        helper.make_node("AveragePool", ["both"], ["edges"], kernel_shape=[4, 4], strides=[4, 4]),
    ]
    constants = [
        _constant("limit", 220.0),
        _constant("one", [1], np.int64),
        _constant("column", column),
    ]
    pages = helper.make_tensor_value_info("pages", TensorProto.UINT8, ["batch", "h", "w"])
    outputs = [
        helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["batch", "sh", "sw"]),
        helper.make_tensor_value_info("edges", TensorProto.FLOAT, ["batch", 2, "sh", "sw"]),
    ]
    _save(path, nodes, [pages], outputs, constants)


def save_tiny_model(folder: Path, *, detector: bool = True, min_confidence: float = 0.0) -> Bundle:
    """Write the whole bundle."""
    parts = folder.parent / f"{folder.name}-parts"
    parts.mkdir(parents=True)
    files = {"recognizer.onnx": parts / "recognizer.onnx"}
    save_recognizer(files["recognizer.onnx"])
    section = None
    if detector:
        files["detector.onnx"] = parts / "detector.onnx"
        save_detector(files["detector.onnx"])
        section = DetectorSection(file="detector.onnx", settings={"line_height": float(HEIGHT)})
    manifest = Manifest(
        name="tiny",
        version="1",
        alphabet=" ab",
        recognizer=RecognizerSection(file="recognizer.onnx", pad=0.0),
        detector=section,
        calibration=Calibration(min_confidence=min_confidence),
        metrics={"cer": 0.0},
    )
    return save_bundle(folder, manifest, files)
