"""``readapt train recognizer --rnn KIND``, from the first step to a page that is read."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from command_line import Run
from readapt import Reader
from readapt.export.recognizer import save_recognizer_bundle
from readapt.models.bundle import Bundle, save_bundle
from readapt.models.manifest import Calibration, DetectorSection
from readapt.nets import crnn
from readapt.nets.recurrent import Kind
from readapt.reader import load_recognizer
from readapt.recognize.alphabet import LATIN
from readapt.recognize.preprocess import batch_lines, prepare_line
from readapt.synth.lines import LineConfig
from readapt.train import recognizer as training
from readapt.train.data import StreamConfig
from tiny_model import draw, draw_page

CRNN = partial(crnn.CrnnConfig, channels=(4, 6, 8, 10, 12), hidden=7)
STREAM = StreamConfig(
    LineConfig(max_characters=4), pool=8, batch_columns=800, batch_lines=8, curriculum=()
)


def speak(network: crnn.Crnn) -> None:
    """Let a network say something: what was hardly trained is certain of blanks."""
    torch.manual_seed(0)
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if name == "head.weight" or "weight_ch" in name or "bias" in name:
                weight.normal_()


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm", "peephole"])
def test_trains_exports_and_reads(
    kind: Kind,
    tmp_path: Path,
    tiny_model: Bundle,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    monkeypatch.setattr(crnn, "CrnnConfig", CRNN)
    tiny = training.RecognizerConfig(stream=STREAM)
    monkeypatch.setattr(training, "RecognizerConfig", lambda: tiny)
    line = ("train", "recognizer", "--rnn", kind, "--workers", 0, "--steps", 1, "-q")
    code, _, err = Run(capfdbinary, monkeypatch)(*line, "-o", tmp_path)
    assert (code, err) == (0, "")
    assert Bundle.load(tmp_path / "model").alphabet.classes == LATIN.classes

    config = replace(tiny, network=CRNN(LATIN.classes, rnn=kind))
    network = training.load_recognizer(config, tmp_path)
    speak(network)
    bundle = Bundle.load(save_recognizer_bundle(network, LATIN, tmp_path / "model"))
    images = [draw(text) for text in ("ab ba", "abbaabbab", "b")]
    recognizer = load_recognizer(bundle, threads=1)
    for image, got in zip(images, recognizer.log_posteriors(images), strict=True):
        prepared, (width,) = batch_lines([prepare_line(image, 36)])
        with torch.inference_mode():
            expected = network(torch.from_numpy(prepared))[0, : -(-width // 4)]
        np.testing.assert_allclose(got, expected, atol=0.05)

    files = {name: bundle.folder / name for name in bundle.manifest.sha256}
    files["detector.onnx"] = tiny_model.folder / "detector.onnx"
    section = DetectorSection(file="detector.onnx")
    manifest = bundle.manifest.model_copy(update={"detector": section})
    manifest = manifest.model_copy(update={"calibration": Calibration(min_confidence=0)})
    save_bundle(tmp_path / "whole", manifest, files)
    page = Reader(tmp_path / "whole").read(draw_page([(40, 40, "ab ba"), (60, 150, "abbab")]))
    assert len(page.lines) == 2
    assert all(line.words for line in page.lines)
