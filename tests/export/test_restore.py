"""Weights come back from what is read with."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from readapt.errors import ModelError
from readapt.export.recognizer import export_recognizer
from readapt.export.restore import from_onnx
from readapt.nets.crnn import Crnn, CrnnConfig
from readapt.nets.recurrent import Kind
from readapt.recognize.alphabet import Alphabet
from tiny_model import save_recognizer

ALPHABET = Alphabet(" abc")


def trained(rnn: Kind) -> Crnn:
    """A network whose norms have seen something, and whose weights are nowhere zero."""
    torch.manual_seed(1)
    network = Crnn(CrnnConfig(ALPHABET.classes, (4, 6, 8, 10, 12), rnn, 8, 2)).train()
    network(torch.randint(0, 255, (8, 36, 64), dtype=torch.uint8))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.05 * torch.randn_like(parameter)
    return network.eval()


@pytest.mark.parametrize("rnn", ["lstm", "peephole", "gru", "rnn"])
def test_weights_come_back_from_onnx(rnn: Kind, tmp_path: Path) -> None:
    network, path = trained(rnn), tmp_path / "recognizer.onnx"
    export_recognizer(network, path, half=False)
    restored = from_onnx(path)
    lines = torch.randint(0, 255, (3, 36, 100), dtype=torch.uint8)
    with torch.no_grad():
        torch.testing.assert_close(restored(lines), network(lines), rtol=1e-4, atol=1e-4)
    assert not restored.training
    assert not any(p.requires_grad for p in restored.parameters())


def test_what_comes_back_reads_as_the_file_does(tmp_path: Path) -> None:
    """Half precision included: that is what reading uses."""
    path = tmp_path / "recognizer.onnx"
    export_recognizer(trained("peephole"), path)
    lines = torch.randint(0, 255, (3, 36, 100), dtype=torch.uint8)
    (read,) = onnxruntime.InferenceSession(path).run(None, {"lines": lines.numpy()})
    with torch.no_grad():
        own = from_onnx(path)(lines).numpy()
    np.testing.assert_allclose(own, read, rtol=1e-4, atol=1e-4)


def test_other_networks_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "recognizer.onnx"
    save_recognizer(path)
    with pytest.raises(ModelError, match="cannot be trained through"):
        from_onnx(path)
    path.write_bytes(b"nothing")
    with pytest.raises(ModelError, match="cannot be loaded"):
        from_onnx(path)
