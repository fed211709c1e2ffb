"""The detector's training: crops of synthetic pages on the fly, and held-out pages to look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from readapt.detect.scoremap import find_lines
from readapt.evaluate.boxes import Detection, match
from readapt.nets.detector import (
    DISTANCE_UNIT,
    DIVISOR,
    STRIDE,
    DetectorNet,
    DetectorNetConfig,
)
from readapt.nets.precision import half_is_fast
from readapt.synth.page import PageConfig, make_page
from readapt.train.detector_data import (
    CropConfig,
    CropStream,
    DetectorBatch,
    LabelledPage,
    grey,
    line_heights,
    parallel_batches,
)
from readapt.train.detector_loss import DetectorLossConfig, detector_loss
from readapt.train.device import Device, device_of, find_device
from readapt.train.loop import LoopConfig, Step, train
from readapt.types import Image


@dataclass(frozen=True, slots=True)
class DetectorTrainingConfig:
    """Network, data, loss and loop of one detector."""

    network: DetectorNetConfig = field(default_factory=DetectorNetConfig)
    pages: PageConfig = field(default_factory=lambda: PageConfig(colour=0.1))
    """The detector sees grey only: a few pages in colour are enough."""
    crops: CropConfig = field(default_factory=CropConfig)
    loss: DetectorLossConfig = field(default_factory=DetectorLossConfig)
    loop: LoopConfig = field(default_factory=lambda: LoopConfig(lr=3e-3, average=0.995, clip=2.0))
    batch: int = 12
    """Crops per step."""
    workers: int = 1
    """Processes that make pages and crops; 0 makes them in this one."""
    device: Device = "cpu"
    """Where the network learns."""
    held_out: int = 12
    """Held-out pages (another seed) for evaluation."""
    line_height: float = 24.0
    """Pixels that the median line of a held-out page is scaled to, as a detector would."""


@dataclass(frozen=True)
class SyntheticPages:
    """``PageSource`` over ``synth.page``."""

    config: PageConfig

    def __call__(self, index: int) -> LabelledPage:
        """Page number ``index`` and the quads of its lines."""
        page = make_page(index, self.config)
        quads = np.array([line.quad for line in page.lines], np.float32).reshape(-1, 4, 2)
        return page.image, quads


class DetectorLearner:
    """Crops of pages in, the loss of their maps out."""

    def __init__(self, config: DetectorTrainingConfig) -> None:
        self.config = config
        self.network: nn.Module = DetectorNet(config.network).to(find_device(config.device))
        self._held_out: list[LabelledPage] = []

    def steps(self, position: list[int]) -> Iterator[tuple[list[int], Step]]:
        """Yield the loss of one batch after another; a position is the number of batches used.

        The batches depend on the number of workers, so a run is resumed with as many as it had.
        """
        config = self.config
        streams = [
            CropStream(
                SyntheticPages(config.pages),
                config.crops,
                config.batch,
                STRIDE,
                config.loop.seed,
                stream,
                max(config.workers, 1),
            )
            for stream in range(max(config.workers, 1))
        ]
        used = position[0]
        batches = parallel_batches(streams, used) if config.workers else streams[0].batches(used)
        for batch in batches:
            used += 1
            yield [used, 0], detector_step(self.network, batch, config.loss)

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        """Precision, recall and H-mean (intersection over union 0.5) on held-out pages."""
        if not self._held_out:
            source = SyntheticPages(self.config.pages)
            # Far beyond any page that training reaches.
            self._held_out = [source(10_000_000 + i) for i in range(self.config.held_out)]
        network.eval()
        result = Detection()
        for page, quads in self._held_out:
            result += measure(network, page, quads, self.config.line_height)
        return {
            "precision": result.precision,
            "recall": result.recall,
            "hmean": result.hmean,
        }


def detector_step(network: nn.Module, batch: DetectorBatch, config: DetectorLossConfig) -> Step:
    """Loss of a batch of crops, convolutions in bfloat16 where that is faster."""
    device = device_of(network)
    with torch.autocast(device.type, torch.bfloat16, enabled=half_is_fast(device)):
        logits, logs = network(torch.from_numpy(batch.pages).to(device))
    loss = detector_loss(
        logits.float(),
        logs.float(),
        torch.from_numpy(batch.targets.core).to(device),
        torch.from_numpy(batch.targets.edges).to(device),
        torch.from_numpy(batch.targets.weight).to(device),
        config,
    )
    parts = {"core": loss.core, "dice": loss.dice, "edges": loss.edges}
    shown = {name: float(value.detach()) for name, value in parts.items()}
    return Step(loss.total, len(batch.pages), shown)


def measure(
    network: nn.Module, page: Image, quads: NDArray[np.float32], line_height: float
) -> Detection:
    """Find the lines of a page at the scale that its true lines ask for, and count the hits."""
    image = grey(page)
    scale = line_height / float(np.median(line_heights(quads))) if len(quads) else 0.7
    shape = [max(DIVISOR, round(n * scale / DIVISOR) * DIVISOR) for n in image.shape]
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    seen = np.asarray(cv2.resize(image, (shape[1], shape[0]), interpolation=how), np.uint8)
    with torch.inference_mode():
        logits, logs = network(torch.from_numpy(seen)[None].to(device_of(network)))
    scores = torch.sigmoid(logits)[0].cpu().numpy()
    edges = torch.exp(logs)[0].cpu().numpy() * np.float32(DISTANCE_UNIT)
    found, _ = find_lines(scores, edges, STRIDE)
    back = np.array([image.shape[1] / shape[1], image.shape[0] / shape[0]], np.float32)
    return match(_list(quads), _list(found * back)).detection


def _list(quads: NDArray[np.float32]) -> Sequence[NDArray[np.float32]]:
    return list(quads)


def train_detector(
    config: DetectorTrainingConfig, folder: Path, resume: bool = False, echo: bool = True
) -> DetectorNet:
    """Train a detector in ``folder``; returns the averaged network, ready to export."""
    torch.manual_seed(config.loop.seed)
    learner = DetectorLearner(config)
    average = DetectorNet(config.network).to(find_device(config.device))
    train(learner, average, config.loop, folder, resume, echo)
    return average.cpu().eval()
