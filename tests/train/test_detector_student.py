"""A detector's student: half of its crops are of real pages, and doubt teaches nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from readapt.geometry import box_quad
from readapt.nets.detector import DetectorNet, DetectorNetConfig
from readapt.train.detector_data import CropConfig, LabelledPage
from readapt.train.detector_student import DetectorStudent, DetectorStudentConfig, FoundPage
from readapt.train.loop import LoopConfig, train

CONFIG = DetectorStudentConfig(
    CropConfig(size=64, crops_per_page=2, pool=2, turn=0.0, invert=0.0, rare=0.0), batch=4
)
LINE, MAYBE = box_quad(10, 20, 190, 46)[None], box_quad(10, 80, 190, 106)[None]


def page(index: int) -> LabelledPage:
    image = np.full((160, 200), 240, np.uint8)
    image[20:46, 10:190] = 30
    return image, LINE


REAL = FoundPage(page(0)[0], LINE, MAYBE)


def network() -> DetectorNet:
    torch.manual_seed(0)
    return DetectorNet(DetectorNetConfig((4, 4, 4, 4, 4), 4, 4))


def test_doubtful_places_do_not_count() -> None:
    student = DetectorStudent(network(), [REAL], page, CONFIG)
    crops = [student.real_crop(i) for i in range(30)]
    weights = np.stack([weight for *_, weight in crops])
    cores = np.stack([core for _, core, _, _ in crops])
    assert 0.02 < (weights == 0).mean() < 0.6
    assert (weights[cores > 0] == 1).all()
    sure = DetectorStudent(network(), [replace(REAL, doubtful=MAYBE[:0])], page, CONFIG)
    assert all((sure.real_crop(i)[3] == 1).all() for i in range(10))


def test_known_pages_are_always_in_the_mix() -> None:
    asked: list[int] = []

    def known(index: int) -> LabelledPage:
        asked.append(index)
        return page(index)

    ticks: list[int] = []
    mixed = DetectorStudent(network(), [REAL], known, CONFIG, lambda: ticks.append(1))
    _, step = next(mixed.steps([0, 0]))
    assert step.samples == 4
    assert len(asked) == 2  # two crops of known pages, two of the real one
    assert ticks == [1]
    _, step = next(DetectorStudent(network(), (), known, CONFIG).steps([0, 0]))
    assert step.samples == 4


def test_resumed_is_as_if_it_had_not_been_stopped(tmp_path: Path) -> None:
    class Kill(BaseException):
        pass

    def config(checkpoint: float) -> LoopConfig:
        return LoopConfig(steps=4, lr=1e-2, checkpoint_seconds=checkpoint)

    whole = network()
    train(DetectorStudent(network(), [REAL], page, CONFIG), whole, config(1e9), tmp_path / "a")
    count = 0

    def tick() -> None:
        nonlocal count
        count += 1
        if count == 3:
            raise Kill

    resumed = network()
    try:
        student = DetectorStudent(network(), [REAL], page, CONFIG, tick)
        train(student, network(), config(0.0), tmp_path / "b")
    except Kill:
        student = DetectorStudent(network(), [REAL], page, CONFIG)
        train(student, resumed, config(0.0), tmp_path / "b", resume=True)
    a, b = whole.state_dict(), resumed.state_dict()
    assert all(torch.equal(a[name], b[name]) for name in a)
