"""A recognizer in integers says what the exact one says, in a smaller file."""

import logging
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from readapt.export.int8 import export_int8
from readapt.export.recognizer import export_recognizer
from readapt.nets.crnn import Crnn, CrnnConfig
from readapt.nets.recurrent import Kind
from readapt.recognize.preprocess import batch_lines
from readapt.types import Image


def lines(count: int, seed: int) -> list[Image]:
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(count):
        line = np.full((36, int(rng.integers(60, 200))), 230, np.uint8)
        for x in range(8, line.shape[1] - 8, 14):
            line[int(rng.integers(4, 14)) : 30, x : x + 6] = 30
        drawn.append(line)
    return drawn


def network(kind: Kind = "lstm") -> Crnn:
    """Batch norms have seen lines, so that activations have a natural size."""
    torch.manual_seed(0)
    net = Crnn(CrnnConfig(20, (8, 16, 24, 32, 48), kind, hidden=24, layers=2))
    for line in lines(8, 1):
        net(torch.from_numpy(batch_lines([line, line])[0]))
    return net.eval()


def posteriors(path: Path, batch: np.ndarray) -> np.ndarray:
    (found,) = onnxruntime.InferenceSession(str(path)).run(None, {"lines": batch})
    return np.asarray(found)


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_integers_say_what_the_exact_network_says(kind: Kind, tmp_path: Path) -> None:
    net = network(kind)
    export_int8(net, tmp_path / "int8.onnx", lines(30, 2))
    export_recognizer(net, tmp_path / "exact.onnx", half=False)
    batch, _ = batch_lines(lines(5, 3))
    exact, quick = (posteriors(tmp_path / f"{n}.onnx", batch) for n in ("exact", "int8"))
    assert quick.shape == exact.shape
    assert np.abs(np.exp(quick) - np.exp(exact)).max() < 0.03
    assert np.exp(quick).sum(-1) == pytest.approx(1, abs=1e-3)


def test_a_line_reads_the_same_in_any_batch(tmp_path: Path) -> None:
    """Ranges are found once: neither other lines nor padding change anything."""
    export_int8(network(), tmp_path / "int8.onnx", lines(10, 2))
    some = lines(4, 4)
    loud = np.zeros_like(some[0])  # would widen a range that is measured as it comes
    alone = posteriors(tmp_path / "int8.onnx", batch_lines([some[0]])[0])
    beside = posteriors(tmp_path / "int8.onnx", batch_lines([some[0], loud])[0])
    assert beside[0] == pytest.approx(alone[0], abs=1e-4)


def test_it_is_small_and_really_in_integers(tmp_path: Path) -> None:
    net = network()
    before = logging.root.manager.disable
    export_int8(net, tmp_path / "int8.onnx", lines(4, 2))
    assert logging.root.manager.disable == before
    export_recognizer(net, tmp_path / "exact.onnx", half=False)
    sizes = {n: (tmp_path / f"{n}.onnx").stat().st_size for n in ("exact", "int8")}
    assert sizes["int8"] < 0.8 * sizes["exact"]
    graph = onnx.load(str(tmp_path / "int8.onnx")).graph
    kinds = {node.op_type for node in graph.node}
    assert {"QuantizeLinear", "DequantizeLinear"} <= kinds


def test_weights_have_seven_bits(tmp_path: Path) -> None:
    """Sums of two products of a byte and such a weight fit into sixteen bits everywhere."""
    export_int8(network(), tmp_path / "int8.onnx", lines(4, 2))
    graph = onnx.load(str(tmp_path / "int8.onnx")).graph
    weights = [
        onnx.numpy_helper.to_array(w) for w in graph.initializer if w.name.endswith("_quantized")
    ]
    small = [w for w in weights if w.dtype == np.int8]
    assert len(small) >= 5
    assert all(np.abs(w.astype(int)).max() <= 64 for w in small)


def test_no_lines(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there are none"):
        export_int8(network(), tmp_path / "int8.onnx", [])
