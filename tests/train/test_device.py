"""Where networks learn: found, refused with a sentence, and really used where there is a GPU."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from typer.testing import CliRunner

from readapt.cli.main import app
from readapt.errors import UsageError
from readapt.geometry import box_quad
from readapt.nets.crnn import Crnn, CrnnConfig
from readapt.nets.detector import DetectorNet, DetectorNetConfig
from readapt.recognize.alphabet import Alphabet
from readapt.train import device
from readapt.train.detector_data import CropConfig, LabelledPage
from readapt.train.detector_student import DetectorStudent, DetectorStudentConfig
from readapt.train.device import device_of, find_device
from readapt.train.loop import LoopConfig, train
from readapt.train.selftrain import SelfTrainConfig, Student

LOOP = LoopConfig(steps=3, log_every=1, checkpoint_seconds=0.0)
gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


def test_a_gpu_is_used_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device.torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(device, "_wrong_with_cuda", lambda: "")
    assert [find_device(name).type for name in ("auto", "cpu", "cuda")] == ["cuda", "cpu", "cuda"]


def test_a_gpu_that_does_not_work_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise RuntimeError("CUDA error: out of memory\nand much more")

    monkeypatch.setattr(device.torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(device.torch, "ones", full)
    assert find_device("auto").type == "cpu"
    with pytest.raises(UsageError, match=r"\(CUDA error: out of memory\): train with --device cpu"):
        find_device("cuda")


def test_no_gpu_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(device.torch.cuda, "is_available", lambda: False)
    assert find_device("auto").type == "cpu"
    with pytest.raises(UsageError, match="no CUDA device here"):
        find_device("cuda")
    with pytest.raises(UsageError, match="gpu is no device"):
        find_device("gpu")
    for command in (
        ["adapt", "scans"],
        ["train", "recognizer"],
        ["train", "detector"],
        ["train", "cyclegan", "scans"],
        ["train", "pages", "scans"],
    ):
        out = ["-o", str(tmp_path / "out"), "--device", "cuda"]
        done = CliRunner().invoke(app, [*command, *out])
        assert done.exit_code == 2, command
        assert "--device cpu" in done.output + done.stderr, command
    assert not list(tmp_path.iterdir())


def test_a_network_without_weights_is_on_the_processor() -> None:
    assert device_of(nn.ReLU()).type == "cpu"


@pytest.mark.gpu
@gpu
def test_a_student_learns_on_a_gpu(tmp_path: Path) -> None:
    alphabet = Alphabet(" ab")
    line = np.full((36, 96), 200, np.uint8)
    config = CrnnConfig(alphabet.classes, (4, 6, 8, 10, 12), hidden=8, layers=2)
    network, average = Crnn(config).cuda(), Crnn(config).cuda()
    known = [(line, "ab")] * 4
    small = SelfTrainConfig(pool=8, batch_columns=400, batch_lines=4)
    student = Student(network, known, lambda first, count: known[:count], alphabet, small)
    before = [p.clone() for p in network.parameters()]
    train(student, average, LOOP, tmp_path, echo=False)
    after = list(average.parameters())
    assert all(p.is_cuda and torch.isfinite(p).all() for p in after)
    assert any(not torch.equal(a, b) for a, b in zip(before, after, strict=True))


@pytest.mark.gpu
@gpu
def test_a_detector_learns_on_a_gpu(tmp_path: Path) -> None:
    def page(index: int) -> LabelledPage:
        image = np.full((160, 200), 240, np.uint8)
        image[20:46, 10:190] = 30
        return image, box_quad(10, 20, 190, 46)[None]

    config = DetectorNetConfig((4, 4, 4, 4, 4), 4, 4)
    network, average = DetectorNet(config).cuda(), DetectorNet(config).cuda()
    crops = CropConfig(size=64, crops_per_page=2, pool=2)
    student = DetectorStudent(network, [], page, DetectorStudentConfig(crops, batch=4))
    train(student, average, LOOP, tmp_path, echo=False)
    assert all(p.is_cuda and torch.isfinite(p).all() for p in average.parameters())
