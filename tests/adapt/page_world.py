"""Pages of the small world: lines of bars on grey, and a detector that finds them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from bar_world import ALPHABET, bars, reading_network, words

from readapt.export.detector import export_detector
from readapt.export.recognizer import export_recognizer
from readapt.models.bundle import Bundle, save_bundle
from readapt.models.manifest import DetectorSection, Manifest, RecognizerSection
from readapt.nets.detector import DetectorNet, DetectorNetConfig
from readapt.train.detector_data import CropConfig, LabelledPage
from readapt.train.detector_student import DetectorStudent, DetectorStudentConfig
from readapt.types import Image

STUDENT = DetectorStudentConfig(
    CropConfig(size=96, crops_per_page=4, pool=4, turn=0.0, rare=0.0, common_height=(22, 36)),
    batch=4,
)


@dataclass(frozen=True)
class BarPages:
    """A page source: four lines a page, on paper with so much noise."""

    noise: float = 4.0
    ink: int = 20

    def __call__(self, index: int) -> LabelledPage:
        """Page number `index`."""
        rng = np.random.default_rng([index, 5])
        page = np.full((256, 224), 225, np.float32)
        quads = []
        for row, text in enumerate(words(4, 6, seed=index)):
            x, y = int(rng.integers(8, 100)), 16 + 60 * row
            line = bars(text, self.ink, 225)
            page[y : y + 36, x : x + line.shape[1]] = line
            x1 = x + line.shape[1]
            quads.append([[x, y + 3], [x1, y + 3], [x1, y + 33], [x, y + 33]])
        page += rng.normal(0, self.noise, page.shape)
        return np.clip(page, 0, 255).astype(np.uint8), np.array(quads, np.float32)


def small_detector(seed: int = 0) -> DetectorNet:
    torch.manual_seed(seed)
    network = DetectorNet(DetectorNetConfig((6, 8, 12, 12, 12), 8, 8)).train()
    with torch.no_grad():
        network(torch.randint(0, 255, (4, 64, 64), dtype=torch.uint8))
    return network.eval()


@lru_cache(maxsize=1)
def finding_network() -> DetectorNet:
    """A detector that finds bars."""
    network = small_detector().train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-2)
    student = DetectorStudent(network, (), BarPages(), STUDENT)
    for number, (_, step) in enumerate(student.steps([0, 0])):
        optimizer.zero_grad()
        step.loss.backward()
        optimizer.step()
        if number == 80:
            break
    return network.eval()


def save_page_bundle(folder: Path, scratch: Path) -> Bundle:
    """Write a bundle that reads pages."""
    scratch.mkdir(parents=True, exist_ok=True)
    files = {name: scratch / name for name in ("recognizer.onnx", "detector.onnx")}
    export_recognizer(reading_network(), files["recognizer.onnx"])
    export_detector(finding_network(), files["detector.onnx"])
    manifest = Manifest(
        name=folder.name,
        version="1",
        alphabet=ALPHABET.characters,
        recognizer=RecognizerSection(file="recognizer.onnx", height=36, stride=4),
        detector=DetectorSection(file="detector.onnx"),
    )
    return Bundle.load(save_bundle(folder, manifest, files, replace=True) and folder)


def write_pages(folder: Path, count: int, noise: float = 12.0) -> Path:
    folder.mkdir(parents=True)
    source = BarPages(noise, 50)
    for i in range(count):
        cv2.imwrite(str(folder / f"{i:03}.png"), source(100 + i)[0])
    return folder


class Ink:
    """A detector of dark bars without a network: finds whatever stands in `boxes`, in every look.

    `only` are boxes that are found on the page as it is, and in no other look.
    """

    stride = 4

    def __init__(self, boxes: Any, only: Any = ()) -> None:
        self.boxes = np.array(boxes, np.float32).reshape(-1, 4, 2)
        self.only = np.array(only, np.float32).reshape(-1, 4, 2)

    def detect(self, page: Image) -> tuple[Any, Any]:
        found = np.concatenate([self.boxes, self.only])
        return found, np.ones(len(found), np.float32)
