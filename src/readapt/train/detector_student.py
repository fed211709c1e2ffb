"""A detector that learns from its own finds on real pages, beside pages whose lines are known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from torch import nn

from readapt.nets.detector import STRIDE
from readapt.train.detector import detector_step
from readapt.train.detector_data import (
    CropConfig,
    CropStream,
    DetectorBatch,
    PageSource,
    Targets,
    crop,
    photograph,
    targets,
)
from readapt.train.detector_loss import DetectorLossConfig
from readapt.train.loop import Step
from readapt.types import Image


@dataclass(frozen=True)
class FoundPage:
    """A real page with what a teacher found on it."""

    image: Image
    """`height width` grey uint8."""
    quads: NDArray[np.float32]
    """Lines, ``n 4 2`` in its pixels, clockwise from the text's top-left."""
    doubtful: NDArray[np.float32]
    """What may be lines or not, ``n 4 2``: there nothing is learnt."""


Crop: TypeAlias = tuple[Image, NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]
"""Image, core, edges and weight (see ``detector_data.Targets``, without ``batch``)."""


@dataclass(frozen=True)
class DetectorStudentConfig:
    """How a student is taught."""

    crops: CropConfig = field(
        default_factory=lambda: CropConfig(crops_per_page=24, pool=8, rare=0.25)
    )
    loss: DetectorLossConfig = field(default_factory=DetectorLossConfig)
    batch: int = 8
    """Crops in a step."""
    real: float = 0.5
    """Share of crops of real pages, where there are any."""
    seed: int = 0


class DetectorStudent:
    """A :class:`readapt.train.loop.Learner` of real pages and of known ones."""

    def __init__(
        self,
        network: nn.Module,
        real: Sequence[FoundPage],
        known: PageSource,
        config: DetectorStudentConfig,
        tick: Callable[[], None] = lambda: None,
    ) -> None:
        """`real` may be empty; `tick` is called before every step."""
        self.network = network
        self.config = config
        self._real, self._known, self._tick = real, known, tick

    def steps(self, position: list[int]) -> Iterator[tuple[list[int], Step]]:
        """Yield the loss of one batch after another; a position is the number of batches used."""
        config = self.config
        count = round(config.real * config.batch) if self._real else 0
        stream = CropStream(self._known, config.crops, config.batch - count, STRIDE, config.seed)
        for number, batch in enumerate(stream.batches(position[0]), position[0]):
            self._tick()
            crops = [self.real_crop(i) for i in range(number * count, (number + 1) * count)]
            yield [number + 1, 0], detector_step(self.network, joined(batch, crops), config.loss)

    def real_crop(self, number: int) -> Crop:
        """Cut crop `number` out of one of the real pages: image, core, edges and weight."""
        crops = self.config.crops
        rng = np.random.default_rng([self.config.seed, 17, number])
        page = self._real[int(rng.integers(len(self._real)))]
        both = np.concatenate([page.quads, page.doubtful])
        image, moved = crop((page.image, both), crops, rng)
        lines, doubtful = moved[: len(page.quads)], moved[len(page.quads) :]
        size = (crops.size, crops.size)
        return (
            photograph(image, crops, rng),
            *targets(lines, size, STRIDE, crops, tuple(doubtful)),
        )

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        """Return nothing: whoever trains judges the end."""
        return {}


def joined(batch: DetectorBatch, crops: Sequence[Crop]) -> DetectorBatch:
    """Append crops to a batch."""
    if not crops:
        return batch
    images, cores, edges, weights = (np.stack(part) for part in zip(*crops, strict=True))
    known = batch.targets
    return DetectorBatch(
        np.concatenate([batch.pages, images]),
        Targets(
            np.concatenate([known.core, cores]),
            np.concatenate([known.edges, edges]),
            np.concatenate([known.weight, weights]),
        ),
    )
