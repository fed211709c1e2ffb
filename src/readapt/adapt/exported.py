"""Networks as reading has them: exported in half precision, norms folded, and loaded again."""

from __future__ import annotations

import tempfile
from pathlib import Path

from readapt.detect.detector import Detector, DetectorConfig
from readapt.export.detector import export_detector
from readapt.export.recognizer import export_recognizer
from readapt.nets.crnn import STRIDE, Crnn
from readapt.nets.detector import DetectorNet
from readapt.recognize.alphabet import Alphabet
from readapt.recognize.recognizer import Recognizer


def as_read(network: Crnn, alphabet: Alphabet, threads: int | None = None) -> Recognizer:
    """Return a recognizer as it will read; the network stays in the mode it is in."""
    training = network.training
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "recognizer.onnx"
        export_recognizer(network, path)
        network.train(training)
        return Recognizer(path, alphabet, network.config.height, STRIDE, threads)


def as_found(network: DetectorNet, config: DetectorConfig, threads: int | None = None) -> Detector:
    """Return a detector as it will find lines."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "detector.onnx"
        export_detector(network, path)
        return Detector(path, config, threads)
