"""What the detector learns from: crops of pages at many scales, and the maps it should answer.

Pages are endless (``page(index)`` makes any of them), crops of them cheap: every page gives several
crops before it is forgotten. Whatever crop a worker makes depends on the seed and the crop's number
alone.
"""

from __future__ import annotations

import itertools
import multiprocessing
import queue
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from readapt.detect.scoremap import CORE_HEIGHT, core_cut
from readapt.types import Image

LabelledPage: TypeAlias = tuple[Image, NDArray[np.float32]]
"""A page and the quads ``n 4 2`` of its text lines, in pixels, clockwise from the top-left."""

PageSource: TypeAlias = Callable[[int], LabelledPage]
"""The page of a number: the same one whenever it is asked."""


@dataclass(frozen=True)
class CropConfig:
    """How crops are cut from pages."""

    size: int = 384
    """Sides of a crop in pixels, a multiple of 32."""
    crops_per_page: int = 12
    """Crops cut from a page before it is replaced."""
    pool: int = 24
    """Pages that are mixed at a time."""
    common_height: tuple[float, float] = (18.0, 34.0)
    """Range that the median line height of most crops is scaled to, in pixels."""
    rare_height: tuple[float, float] = (8.0, 64.0)
    """The same for the other crops: titles, first looks at small scale."""
    rare: float = 0.35
    """Share of the other crops."""
    learned_height: tuple[float, float] = (6.0, 90.0)
    """Lines outside this range in the crop are neither text nor paper: no loss there."""
    stretch: float = 0.12
    """Largest difference of the scales in x and y, as a fraction."""
    invert: float = 0.06
    """Share of crops with bright text on dark ground."""
    turn: float = 0.25
    """Share of crops turned by up to ``turn_degrees``."""
    turn_degrees: float = 4.0


@dataclass(frozen=True)
class Targets:
    """What the network should answer on a batch of crops; a cell is ``stride`` pixels square."""

    core: NDArray[np.float32]
    """``batch height width``: share of the cell that lies in the core of a line, [0, 1]."""
    edges: NDArray[np.float32]
    """``batch 2 height width``: pixels to the line's upper and lower edge; 0 outside cores."""
    weight: NDArray[np.float32]
    """``batch height width``: 0 where the answer does not count, else 1."""


@dataclass(frozen=True)
class DetectorBatch:
    """Crops and the answers."""

    pages: NDArray[np.uint8]
    """``batch height width`` grey."""
    targets: Targets


def grey(image: Image) -> Image:
    """``H W`` or ``H W 3`` RGB to ``H W``."""
    if image.ndim == 2:
        return image
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


def line_heights(quads: NDArray[np.float32]) -> NDArray[np.float32]:
    """Heights of lines ``n 4 2`` in pixels: area over mean length, right for slanted quads too."""
    top, bottom = quads[:, 1] - quads[:, 0], quads[:, 2] - quads[:, 3]
    length = np.maximum(np.linalg.norm((top + bottom) / 2, axis=-1), 1e-6)
    d1, d2 = quads[:, 2] - quads[:, 0], quads[:, 3] - quads[:, 1]
    area = np.abs(d1[:, 0] * d2[:, 1] - d1[:, 1] * d2[:, 0]) / 2
    return np.asarray(area / length, np.float32)


def crop(page: LabelledPage, config: CropConfig, rng: np.random.Generator) -> LabelledPage:
    """Cut a square crop at a random scale; its quads may reach beyond it.

    The scale follows from the page's median line height, so that small and large print are seen
    alike; a page without lines is taken at a scale between 0.3 and 1.
    """
    image, quads = grey(page[0]), page[1]
    heights = line_heights(quads)
    if len(quads):
        low, high = config.rare_height if rng.random() < config.rare else config.common_height
        wanted = float(np.exp(rng.uniform(np.log(low), np.log(high))))
        scale = wanted / max(float(np.median(heights)), 2.0)
    else:
        scale = float(rng.uniform(0.3, 1.0))
    scale = min(scale, 3.0)
    stretch = rng.uniform(-config.stretch, config.stretch, 2)
    sx, sy = scale * float(np.exp(stretch[0] / 2)), scale * float(np.exp(stretch[1] / 2))
    rows, columns = image.shape
    span_x, span_y = config.size / sx, config.size / sy
    if len(quads) and rng.random() < 0.8:
        # Around a line: most of a sparse page is empty.
        middle = quads[int(rng.integers(len(quads)))].mean(0)
        x0 = float(middle[0] - span_x * rng.uniform(0.1, 0.9))
        y0 = float(middle[1] - span_y * rng.uniform(0.1, 0.9))
    else:
        x0, y0 = (
            float(rng.uniform(0, max(n - s, 0))) for n, s in ((columns, span_x), (rows, span_y))
        )
    x0 = float(np.clip(x0, min(0, columns - span_x), max(0, columns - span_x)))
    y0 = float(np.clip(y0, min(0, rows - span_y), max(0, rows - span_y)))
    angle = 0.0
    if rng.random() < config.turn:
        angle = float(np.deg2rad(rng.uniform(-config.turn_degrees, config.turn_degrees)))
    return _warp(image, quads, (x0, y0), (sx, sy), angle, config.size)


def _warp(
    image: Image,
    quads: NDArray[np.float32],
    corner: tuple[float, float],
    scale: tuple[float, float],
    angle: float,
    size: int,
) -> LabelledPage:
    """Scale, then turn about the crop's middle; what lies beyond the page is like its paper."""
    # Shrinking by areas first, as the detector does, leaves the warp a factor of about one.
    shrink = min(1.0, *scale)
    if shrink < 1.0:
        margin = 0.1 * size / shrink
        left, top = (max(0, int(c - margin)) for c in corner)
        right, bottom = (
            min(n, int(c + size / s + margin) + 1)
            for n, c, s in zip((image.shape[1], image.shape[0]), corner, scale, strict=True)
        )
        part = image[top:bottom, left:right]
        shape = (max(1, round(part.shape[1] * scale[0])), max(1, round(part.shape[0] * scale[1])))
        how = cv2.INTER_AREA if max(scale) <= 1 else cv2.INTER_LINEAR
        image = np.asarray(cv2.resize(part, shape, interpolation=how), np.uint8)
        exact = shape[0] / part.shape[1], shape[1] / part.shape[0]
        quads = ((quads - np.array([left, top])) * np.array(exact)).astype(np.float32)
        corner = (corner[0] - left) * exact[0], (corner[1] - top) * exact[1]
        scale = scale[0] / exact[0], scale[1] / exact[1]
    cos, sin = np.cos(angle), np.sin(angle)
    half = size / 2
    turn = np.array(
        [
            [cos, -sin, half - half * cos + half * sin],
            [sin, cos, half - half * sin - half * cos],
            [0, 0, 1],
        ]
    )
    place = np.array(
        [[scale[0], 0, -corner[0] * scale[0]], [0, scale[1], -corner[1] * scale[1]], [0, 0, 1]]
    )
    matrix = turn @ place
    # Pixel centres lie at +0.5 in our coordinates and at whole numbers in OpenCV's.
    shift = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    opencv = (np.linalg.inv(shift) @ matrix @ shift)[:2]
    paper = int(np.median(image[:: max(1, image.shape[0] // 64), :: max(1, image.shape[1] // 64)]))
    warped = cv2.warpAffine(image, opencv, (size, size), flags=cv2.INTER_LINEAR, borderValue=paper)
    moved = quads @ matrix[:2, :2].T + matrix[:2, 2]
    return np.asarray(warped, np.uint8), moved.astype(np.float32)


def photograph(image: Image, config: CropConfig, rng: np.random.Generator) -> Image:
    """Change brightness, contrast and sharpness, add noise: what scanners and cameras differ in."""
    x: NDArray[Any] = image.astype(np.float32)
    if rng.random() < 0.5:
        low, high = rng.uniform(0, 70), rng.uniform(150, 255)
        gamma = np.exp(rng.uniform(-0.4, 0.4))
        x = low + (high - low) * (x / 255.0) ** gamma
    if rng.random() < 0.15:
        x = cv2.GaussianBlur(x, (0, 0), float(rng.uniform(0.4, 1.1)))
    if rng.random() < 0.3:
        x = x + rng.normal(0, rng.uniform(1, 12), x.shape).astype(np.float32)
    if rng.random() < config.invert:
        x = 255.0 - x
    return np.asarray(np.clip(np.rint(x), 0, 255), np.uint8)


def targets(
    quads: NDArray[np.float32],
    size: tuple[int, int],
    stride: int,
    config: CropConfig,
    doubtful: Sequence[NDArray[np.float32]] = (),
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Core, edges and weight (as in ``Targets``, without ``batch``) of one crop.

    Args:
        quads: ``n 4 2`` in pixels of the crop, clockwise from the text's top-left; may reach out.
        size: height and width of the crop in pixels, multiples of ``stride``.
        stride: pixels per cell.
        config: which heights count.
        doubtful: quads that may be lines or not: what lies in them does not count, unless it is
            the core of a line.

    """
    rows, columns = size
    fine = np.zeros((rows, columns), np.uint8)
    ignored = np.zeros((rows, columns), np.uint8)
    for quad in doubtful:
        cv2.fillPoly(ignored, [_fixed(quad.astype(np.float64))], 1, shift=4)
    shape = (rows // stride, columns // stride)
    edges = np.zeros((2, *shape), np.float32)
    low, high = config.learned_height
    for quad, height in zip(quads.astype(np.float64), line_heights(quads), strict=True):
        if (quad.max(0) <= 0).any() or (quad.min(0) >= (columns, rows)).any():
            continue
        if not low <= height <= high:
            cv2.fillPoly(ignored, [_fixed(quad)], 1, shift=4)
            continue
        core = core_of(quad, float(height))
        cv2.fillPoly(fine, [_fixed(core)], 255, shift=4)
        _write_edges(edges, quad, core, stride)
    cells = cv2.resize(fine, shape[::-1], interpolation=cv2.INTER_AREA)
    core_map = cells.astype(np.float32) / 255.0
    edges *= core_map > 0
    if ignored.any():
        hidden = cv2.resize(ignored * 255, shape[::-1], interpolation=cv2.INTER_AREA) > 0
        weight = np.where(hidden & (core_map == 0), 0, 1).astype(np.float32)
    else:
        weight = np.ones(shape, np.float32)
    return core_map, edges, weight


def core_of(quad: NDArray[np.float64], height: float) -> NDArray[np.float64]:
    """Core ``4 2`` of a line's quad: its middle, cut at both ends (see ``detect.scoremap``)."""
    left, right = (quad[0] + quad[3]) / 2, (quad[1] + quad[2]) / 2
    length = float(np.linalg.norm(right - left))
    cut = core_cut(length, height) / max(length, 1e-6)
    inner = (1 - CORE_HEIGHT) / 2
    top = quad[0] + inner * (quad[3] - quad[0]), quad[1] + inner * (quad[2] - quad[1])
    bottom = quad[3] + inner * (quad[0] - quad[3]), quad[2] + inner * (quad[1] - quad[2])
    return np.stack(
        [
            top[0] + cut * (top[1] - top[0]),
            top[1] + cut * (top[0] - top[1]),
            bottom[1] + cut * (bottom[0] - bottom[1]),
            bottom[0] + cut * (bottom[1] - bottom[0]),
        ]
    )


def _fixed(polygon: NDArray[np.float64]) -> NDArray[np.int32]:
    """Coordinates in sixteenths of a pixel, as OpenCV's ``shift=4`` wants them."""
    return np.rint((polygon - 0.5) * 16).astype(np.int32)


def _write_edges(
    edges: NDArray[np.float32], quad: NDArray[np.float64], core: NDArray[np.float64], stride: int
) -> None:
    rows, columns = edges.shape[1:]
    x0, y0 = np.maximum(np.floor(core.min(0) / stride).astype(int) - 1, 0)
    x1, y1 = np.minimum(np.ceil(core.max(0) / stride).astype(int) + 1, (columns, rows))
    if x1 <= x0 or y1 <= y0:
        return
    x = (np.arange(x0, x1) + 0.5) * stride
    y = ((np.arange(y0, y1) + 0.5) * stride)[:, None]
    above = _distance(quad[0], quad[1], x, y)
    below = _distance(quad[2], quad[3], x, y)
    # Where the boxes of two lines meet, a cell belongs to the line whose middle is nearer.
    window = edges[:, y0:y1, x0:x1]
    inside = (above > 0) & (below > 0)
    mine = np.abs(above - below) / np.maximum(above + below, 1e-6)
    others = np.abs(window[0] - window[1]) / np.maximum(window[0] + window[1], 1e-6)
    take = inside & ((window[0] == 0) | (mine < others))
    # Square to the quad's sides only: past its ends there is no core of it.
    window[0][take], window[1][take] = above[take], below[take]


def _distance(
    a: NDArray[np.float64], b: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Signed distance of points from the line a b, positive to its right (y points down)."""
    dx, dy = b - a
    norm = max(float(np.hypot(dx, dy)), 1e-6)
    return np.asarray(((y - a[1]) * dx - (x - a[0]) * dy) / norm, np.float64)


@dataclass(frozen=True)
class CropStream:
    """One endless, reproducible stream of batches; several workers read one stream each."""

    source: PageSource
    config: CropConfig
    batch: int
    """Crops per batch."""
    stride: int
    """Pixels per cell of the maps."""
    seed: int
    stream: int = 0
    """Which of the streams."""
    streams: int = 1
    """How many there are: stream ``i`` makes the pages ``i, i + streams, ...``."""

    def page_of(self, number: int) -> tuple[int, int]:
        """Slot of the pool and page that crop ``number`` is cut from.

        Slots take turns, and each takes a new page after ``crops_per_page`` turns; not all at once.
        """
        pool, stay = self.config.pool, self.config.crops_per_page
        turn, slot = divmod(number, pool)
        generation = (turn + slot * stay // pool) // stay
        return slot, (generation * pool + slot) * self.streams + self.stream

    def batches(self, first: int = 0) -> Iterator[DetectorBatch]:
        """Batches ``first``, ``first + 1``, ... of the stream, without end."""
        pool: dict[int, tuple[int, LabelledPage]] = {}
        for index in itertools.count(first):
            samples = [
                self._sample(number, pool)
                for number in range(index * self.batch, (index + 1) * self.batch)
            ]
            pages, cores, edges, weights = (np.stack(x) for x in zip(*samples, strict=True))
            yield DetectorBatch(pages, Targets(cores, edges, weights))

    def _sample(
        self, number: int, pool: dict[int, tuple[int, LabelledPage]]
    ) -> tuple[Image, NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        slot, index = self.page_of(number)
        if slot not in pool or pool[slot][0] != index:
            image, quads = self.source(index)
            pool[slot] = index, (grey(image), quads)
        rng = np.random.default_rng([self.seed, self.stream, number])
        image, quads = crop(pool[slot][1], self.config, rng)
        size = (self.config.size, self.config.size)
        return (
            photograph(image, self.config, rng),
            *targets(quads, size, self.stride, self.config),
        )


def parallel_batches(
    streams: Sequence[CropStream], first: int = 0, ahead: int = 8
) -> Iterator[DetectorBatch]:
    """Batches of several streams in turn, each stream in a process of its own.

    Args:
        streams: one per worker.
        first: how many batches were already used: where an interrupted training goes on.
        ahead: batches a worker may be ahead.

    Raises:
        RuntimeError: if a worker dies; its traceback is on stderr.

    """
    context = multiprocessing.get_context("spawn")
    ready = [context.Queue(ahead) for _ in streams]
    workers = []
    for i, (stream, results) in enumerate(zip(streams, ready, strict=True)):
        own = (first - i + len(streams) - 1) // len(streams)  # batches this stream has given
        worker = context.Process(target=_work, args=(stream, own, results), daemon=True)
        worker.start()
        workers.append(worker)
    try:
        for number in itertools.count(first):
            which = number % len(streams)
            while True:
                try:
                    yield ready[which].get(timeout=5.0)
                    break
                except queue.Empty:
                    if not workers[which].is_alive():
                        raise RuntimeError(
                            f"worker {which} that makes training crops ended with exit code "
                            f"{workers[which].exitcode}; its last words are above"
                        ) from None
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()


def _work(stream: CropStream, first: int, results: multiprocessing.Queue[DetectorBatch]) -> None:
    cv2.setNumThreads(1)
    parent = multiprocessing.parent_process()
    for batch in stream.batches(first):
        while True:
            try:
                results.put(batch, timeout=5.0)
                break
            except queue.Full:
                if parent is None or not parent.is_alive():
                    return  # training was killed: nobody will ever fetch the batch
