"""Finding the text lines of a page with a detector in ONNX: two looks, the second at a good scale.

The first look is at a page shrunk to a fixed area; it tells how high the text is. The second is at
a page scaled so that the median line is ``line_height`` pixels high, whatever the scan's
resolution: fast on large pages, sharp on small ones, and the network only ever has to be good at
one size. Lines too large for the second look are kept from the first.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from readapt.detect.nms import nms_quads
from readapt.detect.scoremap import ScoremapConfig, find_lines
from readapt.detect.tiles import spans
from readapt.errors import ModelError
from readapt.types import Image

if TYPE_CHECKING:
    import onnxruntime

DIVISOR = 32
"""Sides of what the network sees are multiples of this."""


@dataclass(frozen=True)
class DetectorConfig:
    """How a page is looked at."""

    line_height: float = 32.0
    """Pixels that the median line is scaled to for the second look."""
    first_area: int = 200_000
    """Pixels of the first look, at most."""
    retry_area: int = 1_500_000
    """Pixels of the first look where it found nothing: the text may be tiny."""
    close_enough: float = 1.25
    """No second look where the first was at the wanted scale to within this factor."""
    largest_scale: float = 2.5
    """A page is enlarged by at most this factor."""
    largest_area: int = 24_000_000
    """Pixels of the second look, at most."""
    large_line: float = 2.2
    """Lines more than this many times ``line_height`` are taken from the first look."""
    tile: int = 1536
    """Sides of the largest piece given to the network at once, in pixels."""
    overlap: int = 256
    """Pixels that neighbouring pieces share: about what the network sees around a place."""
    nms_threshold: float = 0.3
    """Of two lines that overlap more than this (intersection over union), one is dropped."""
    scoremap: ScoremapConfig = field(default_factory=ScoremapConfig)


class Detector:
    """Text lines of pages, by the network in an ONNX file (see ``export.detector``).

    Thread-safe: a detector holds no state between pages.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        config: DetectorConfig | None = None,
        threads: int | None = None,
    ):
        """Load the network.

        Args:
            path: the ONNX file.
            config: how pages are looked at.
            threads: of ONNX Runtime for one page; as many as there are cores when None.

        Raises:
            ModelError: if the file is missing or is no detector.

        """
        import onnxruntime

        self.config = config or DetectorConfig()
        if not Path(path).is_file():
            raise ModelError(f"There is no detector at {path}; choose a complete model folder.")
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = threads or 0
        options.inter_op_num_threads = 1
        # Pages differ in size: an arena would keep the memory of the largest one for ever.
        options.enable_cpu_mem_arena = False
        try:
            self._session: onnxruntime.InferenceSession = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime's errors share no narrower base
            raise ModelError(f"{path} cannot be loaded as a detector: {error}") from error
        names = {x.name for x in self._session.get_outputs()}
        if not {"scores", "edges"} <= names or self._session.get_inputs()[0].name != "pages":
            raise ModelError(
                f"{path} is no detector of this format: it gives {sorted(names)} and should give "
                "'scores' and 'edges' from 'pages'."
            )
        stride = self._session.get_modelmeta().custom_metadata_map.get("stride", "4")
        self.stride = int(stride)

    def detect(self, page: Image) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Find the text lines of a page.

        Args:
            page: ``H W`` grey or ``H W 3`` RGB, uint8, of any size.

        Returns:
            Quads ``n 4 2`` float32 in pixels of the page, clockwise from the text's top-left, and
            their scores ``n`` float32 in [0, 1], from the best score down. Both are empty for a
            page without text. A corner may lie a little outside the page.

        """
        config = self.config
        grey = _grey(page)
        height, width = grey.shape
        first = min(1.0, (config.first_area / max(height * width, 1)) ** 0.5)
        quads, scores = self._look(grey, first)
        if len(quads) == 0:
            retry = min(1.0, (config.retry_area / max(height * width, 1)) ** 0.5)
            if retry <= first * config.close_enough:
                return quads, scores
            first = retry
            quads, scores = self._look(grey, first)
            if len(quads) == 0:
                return quads, scores
        wanted = self._wanted_scale(quads, height, width)
        if not 1 / config.close_enough <= wanted / first <= config.close_enough:
            large = _heights(quads) * wanted > config.large_line * config.line_height
            coarse, coarse_scores = quads[large], scores[large]
            quads, scores = self._look(grey, wanted)
            quads = np.concatenate([quads, coarse])
            # On a tie the second look, which saw more, comes first: it stands first.
            scores = np.concatenate([scores, coarse_scores])
        kept = nms_quads(quads, scores, config.nms_threshold)
        return quads[kept], scores[kept]

    def _wanted_scale(self, quads: NDArray[np.float32], height: int, width: int) -> float:
        heights, lengths = _heights(quads), _lengths(quads)
        order = np.argsort(heights, kind="stable")
        weight = np.cumsum(lengths[order])
        median = float(heights[order][np.searchsorted(weight, weight[-1] / 2)])
        largest = min(
            self.config.largest_scale, (self.config.largest_area / (height * width)) ** 0.5
        )
        return float(min(self.config.line_height / median, largest))

    def _look(self, grey: Image, scale: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Lines of a page seen at a scale, in pixels of the page."""
        height, width = grey.shape
        rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
        if (rows, columns) != (height, width):
            how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            grey = np.asarray(cv2.resize(grey, (columns, rows), interpolation=how), np.uint8)
        maps = self.maps(grey)
        quads, scores = find_lines(*maps, self.stride, self.config.scoremap)
        # The exact factors: rounding made them differ a little from the scale asked for.
        return quads * np.array([width / columns, height / rows], np.float32), scores

    def maps(self, grey: Image) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Scores and edges (see ``scoremap.find_lines``) of a page as it is, in tiles if large.

        Args:
            grey: ``H W`` uint8.

        Returns:
            ``h w`` and ``2 h w`` float32 with ``h w`` = ``H W`` over the stride, rounded up.

        """
        height, width = grey.shape
        padded = _pad(grey)
        rows, columns = padded.shape[0] // self.stride, padded.shape[1] // self.stride
        scores = np.empty((rows, columns), np.float32)
        edges = np.empty((2, rows, columns), np.float32)
        tile, overlap, s = self.config.tile, self.config.overlap, self.stride
        for down in spans(padded.shape[0], tile, overlap, DIVISOR):
            for across in spans(padded.shape[1], tile, overlap, DIVISOR):
                piece = padded[None, down.start : down.stop, across.start : across.stop]
                found = self._session.run(["scores", "edges"], {"pages": piece})
                to = (
                    slice(down.keep_start // s, down.keep_stop // s),
                    slice(across.keep_start // s, across.keep_stop // s),
                )
                there = (
                    slice((down.keep_start - down.start) // s, (down.keep_stop - down.start) // s),
                    slice(
                        (across.keep_start - across.start) // s,
                        (across.keep_stop - across.start) // s,
                    ),
                )
                scores[to] = found[0][0][there]
                edges[:, *to] = found[1][0][:, *there]
        h, w = -(-height // s), -(-width // s)
        return scores[:h, :w], edges[:, :h, :w]


def _grey(page: Image) -> Image:
    if page.ndim == 2:
        return page
    return np.asarray(cv2.cvtColor(page, cv2.COLOR_RGB2GRAY), np.uint8)


def _pad(grey: Image) -> Image:
    """Fill up below and to the right with the brightness of the page's own rim."""
    height, width = grey.shape
    down, across = -height % DIVISOR, -width % DIVISOR
    if not down and not across:
        return np.ascontiguousarray(grey)
    paper = int(np.median(np.concatenate([grey[-1], grey[:, -1]])))
    return np.pad(grey, ((0, down), (0, across)), constant_values=paper)


def _heights(quads: NDArray[np.float32]) -> NDArray[np.float32]:
    left = np.linalg.norm(quads[:, 3] - quads[:, 0], axis=-1)
    right = np.linalg.norm(quads[:, 2] - quads[:, 1], axis=-1)
    return np.asarray((left + right) / 2, np.float32)


def _lengths(quads: NDArray[np.float32]) -> NDArray[np.float32]:
    top = np.linalg.norm(quads[:, 1] - quads[:, 0], axis=-1)
    bottom = np.linalg.norm(quads[:, 2] - quads[:, 3], axis=-1)
    return np.asarray((top + bottom) / 2, np.float32)
