"""The ONNX recognizer says what the torch one says, at sizes never used for export."""

import numpy as np
import onnxruntime as ort
import pytest
import torch

from readapt.export.recognizer import recognizer_graph
from readapt.nets.crnn import Crnn, CrnnConfig
from readapt.nets.recurrent import Kind, Recurrence


@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn", "peephole"])
@pytest.mark.parametrize(("batch", "width"), [(1, 32), (3, 196), (5, 512)])
def test_parity(kind: Kind, batch: int, width: int) -> None:
    torch.manual_seed(0)
    config = CrnnConfig(11, channels=(4, 6, 8, 10, 12), rnn=kind, hidden=7)
    network = Crnn(config).eval()
    with torch.no_grad():
        for name, weight in network.recurrence.named_parameters():
            if "bias" in name or "weight_ch" in name:  # those that start as constants
                weight.normal_()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    model = recognizer_graph(network, half=False)
    session = ort.InferenceSession(model.SerializeToString())
    lines = np.random.default_rng(0).integers(0, 256, (batch, 36, width), dtype=np.uint8)
    (read,) = session.run(None, {"lines": lines})
    with torch.inference_mode():
        expected = network(torch.from_numpy(lines)).numpy()
    assert read.shape == (batch, width // 4, 11)
    np.testing.assert_allclose(read, expected, atol=1e-5)


def test_half_precision_is_close() -> None:
    torch.manual_seed(1)
    network = Crnn(CrnnConfig(11, channels=(4, 6, 8, 10, 12), hidden=7)).eval()
    lines = np.random.default_rng(1).integers(0, 256, (2, 36, 64), dtype=np.uint8)
    outputs = []
    for half in (False, True):
        model = recognizer_graph(network, half).SerializeToString()
        outputs.append(ort.InferenceSession(model).run(None, {"lines": lines})[0])
    np.testing.assert_allclose(outputs[0], outputs[1], atol=0.02)


@pytest.mark.parametrize("kind", ["lstm", "gru", "rnn", "peephole"])
def test_parity_in_one_direction(kind: Kind) -> None:
    torch.manual_seed(0)
    network = Crnn(CrnnConfig(11, channels=(4, 6, 8, 10, 12), rnn=kind, hidden=7)).eval()
    network.recurrence = Recurrence(kind, 12, 14, 2, bidirectional=False)
    session = ort.InferenceSession(recognizer_graph(network, half=False).SerializeToString())
    lines = np.random.default_rng(0).integers(0, 256, (2, 36, 72), dtype=np.uint8)
    (read,) = session.run(None, {"lines": lines})
    with torch.inference_mode():
        expected = network(torch.from_numpy(lines)).numpy()
    np.testing.assert_allclose(read, expected, atol=1e-5)
