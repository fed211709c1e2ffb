"""From an image to a ``Page``: find the lines, put them in order, cut them out, read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from readapt.document.elements import Line, Page, Word
from readapt.document.order import reading_order
from readapt.errors import InputError, ModelError, UsageError
from readapt.geometry import box_quad, quad_size, to_polygon
from readapt.lines.crop import LineFrame, crop_frame, line_frame
from readapt.models.bundle import Bundle, find_bundle
from readapt.pages.load import LoadConfig, PageImage, from_array, from_pillow, load_page, load_pages
from readapt.pages.prepare import turn, turn_back
from readapt.recognize.mirror import of_this_side
from readapt.types import Image, Quad

if TYPE_CHECKING:
    import PIL.Image

    from readapt.detect.detector import Detector
    from readapt.recognize.alphabet import Alphabet
    from readapt.recognize.alternatives import Alternative
    from readapt.recognize.decode import Decoder
    from readapt.recognize.reading import Reading
    from readapt.recognize.recognizer import Recognizer

SMALLEST = 8
"""A page with a side of fewer pixels holds no text that anybody could read."""


DOUBT = 0.5
"""A page read with less mean confidence is tried the other ways up ..."""
GAIN = 0.2
"""... and taken so if that raises the confidence by this much, and above ``DOUBT``."""
LONG = 3.0
"""Width over height of the median line from which a page certainly does not lie on its side."""
TRIAL_LINES = 8
"""Lines read to try a way up: the longest."""


@dataclass(frozen=True)
class LineCut:
    """A line of a page as the recognizer is given it."""

    quad: Quad
    """``4 2`` in page pixels, clockwise from the text's top-left."""
    image: Image
    """``H W`` or ``H W 3`` uint8, turned upright."""


class FindsLines(Protocol):
    """What finds the lines of a page; ``Detector`` is one."""

    def detect(self, page: Image) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return quads ``n 4 2`` in page pixels, clockwise from top-left, and scores ``n``."""
        ...


class ReadsLines(Protocol):
    """What reads images of lines; ``Recognizer`` is one."""

    @property
    def alphabet(self) -> Alphabet:
        """The characters of its classes."""
        ...

    def read(self, lines: Sequence[Image], cut_elsewhere: bool = False) -> Sequence[Reading]:
        """Return one reading per image, in order; see :meth:`Recognizer.read`."""
        ...

    def log_posteriors(self, lines: Sequence[Image]) -> Sequence[NDArray[np.float32]]:
        """Return log-probabilities ``time class`` per image, in order."""
        ...


class Reader:
    """Reads pages and lines with one model. Thread-safe; loading it is the slow part.

    Args:
        model: a model's folder or name; None for the one that comes with readapt.
        threads: processor threads for one page; None for all. The text read never depends on it.
        beam: texts that a prefix beam search keeps at a time; 0 takes the best character of
            every frame, which is faster; None for what the model says, or 0.
        language_model: a file that ``readapt train lm`` wrote, for the beam search; None for the
            model's own, if it has one.
        language_weight: how much the language model counts against the image; None for what the
            model says, or 0.2. 0 is without a language model.

    Raises:
        ModelError: the model cannot be found, verified or loaded.
        UsageError: there is a language model or a weight but no beam, or the beam is negative.

    """

    def __init__(
        self,
        model: str | Path | None = None,
        threads: int | None = None,
        *,
        beam: int | None = None,
        language_model: str | Path | None = None,
        language_weight: float | None = None,
    ) -> None:
        bundle = Bundle.load(find_bundle(model))
        self._decoder = choose_decoder(bundle, beam, language_model, language_weight)
        self._recognizer: ReadsLines = load_recognizer(bundle, threads, self._decoder)
        self.model = bundle.manifest.name
        """The name of the model."""
        self.load = LoadConfig()
        """How files become pages."""
        self._detector: FindsLines | None = load_detector(bundle, threads)
        self._pad = bundle.manifest.recognizer.pad
        self._min_confidence = bundle.manifest.calibration.min_confidence
        self._word_errors = bundle.manifest.calibration.word_errors

    @classmethod
    def from_parts(
        cls,
        detector: FindsLines | None,
        recognizer: ReadsLines,
        *,
        model: str = "parts",
        pad: float = 0.1,
        min_confidence: float = 0.0,
    ) -> Reader:
        """Make a reader of a detector and a recognizer that are already there.

        Args:
            detector: finds the lines; None to read line images only.
            recognizer: reads them.
            model: the name that outputs give to the model.
            pad: margin around a line that the recognizer expects, in line heights.
            min_confidence: lines read with less are left out.

        """
        from readapt.recognize.decode import GREEDY

        reader = cls.__new__(cls)
        reader.model = model
        reader._decoder, reader._word_errors = GREEDY, ()
        reader.load = LoadConfig()
        reader._detector, reader._recognizer = detector, recognizer
        reader._pad, reader._min_confidence = pad, min_confidence
        return reader

    def read(self, source: str | Path | PIL.Image.Image | NDArray[np.uint8]) -> Page:
        """Read one page: of a file its first, of a Pillow image or an array the image.

        Args:
            source: a path, ``"-"`` for stdin, a Pillow image of any mode, or an array
                ``H W``, ``H W 3`` (RGB) or ``H W 4`` (RGBA), uint8 [0, 255].

        Raises:
            InputError: there is no such file, or it cannot be read.
            ModelError: the model has no detector.

        """
        if isinstance(source, (str, Path)):
            return self.read_image(load_page(source, self.load))
        if isinstance(source, np.ndarray):
            return self.read_image(PageImage(from_array(source), "", 0))
        try:
            pixels = from_pillow(source)
        except (OSError, SyntaxError, ValueError) as error:
            raise InputError(f"the Pillow image is damaged or cut short ({error}).") from error
        return self.read_image(PageImage(pixels, "", 0))

    def read_pages(self, source: str | Path) -> Iterator[Page]:
        """Read every page of a file, one at a time; see ``read``."""
        for page in load_pages(source, self.load):
            yield self.read_image(page)

    def read_lines(self, images: Sequence[NDArray[np.uint8]]) -> list[Line]:
        """Read images that hold one line each: ``H W`` or ``H W 3`` uint8, of any size.

        Returns:
            One line per image, in order; its polygon is the image's outline, and its text is ""
            where nothing was read. No line is left out, however low its confidence.

        """
        pixels = [from_array(image) for image in images]
        frames = [line_frame(box_quad(0, 0, x.shape[1], x.shape[0]), 0.0) for x in pixels]
        readings = self._recognizer.read(pixels, cut_elsewhere=True)
        return [
            _line(frame.corners, frame, reading, x.shape[1], x.shape[0])
            for frame, reading, x in zip(frames, readings, pixels, strict=True)
        ]

    def read_alternatives(
        self, images: Sequence[NDArray[np.uint8]], count: int = 5
    ) -> list[tuple[Alternative, ...]]:
        """Find the most probable texts of images that hold one line each.

        Args:
            images: ``H W`` or ``H W 3`` uint8, of any size.
            count: texts wanted of each image, at most.

        Returns:
            Per image its texts, best first, each with its probability. A reader with a language
            model sorts by both.

        """
        from readapt.recognize.alternatives import alternatives
        from readapt.recognize.beam import DEFAULT, Beam

        search = self._decoder if isinstance(self._decoder, Beam) else DEFAULT
        return [
            alternatives(log_probs, self._recognizer.alphabet, count, search)
            for log_probs in self._recognizer.log_posteriors([from_array(x) for x in images])
        ]

    def threshold_for(self, error_rate: float) -> float:
        """Find the word confidence to ask for, so that few words are wrong.

        Args:
            error_rate: share of wrong words wanted at most, in [0, 1].

        Returns:
            The lowest confidence at or above which no larger share of words was wrong when the
            model was calibrated, on synthetic lines. Documents that look less like those have
            more wrong words at the same confidence.

        Raises:
            UsageError: the model was not calibrated, or is never that sure.

        """
        from readapt.recognize.calibration import threshold_for

        return threshold_for(self._word_errors, error_rate)

    def read_image(self, page: PageImage) -> Page:
        """Read one page of pixels: the whole way."""
        height, width = page.image.shape[:2]
        if min(height, width) < SMALLEST:
            return Page(width, height, (), page.source, page.index)
        found = self._find(page.image)
        lines = tuple(
            _line(quad, frame, reading, width, height)
            for quad, frame, reading in zip(found.quads, found.frames, found.readings, strict=True)
            if reading.text and reading.confidence >= self._min_confidence
        )
        return Page(width, height, lines, page.source, page.index)

    def cut_lines(self, page: PageImage) -> list[LineCut]:
        """Find the lines of a page, in reading order, and cut them out as they are read."""
        if min(page.image.shape[:2]) < SMALLEST:
            return []
        found = self._find(page.image)
        return [
            LineCut(quad, crop_frame(page.image, frame))
            for quad, frame in zip(found.quads, found.frames, strict=True)
        ]

    def log_posteriors(self, images: Sequence[Image]) -> list[NDArray[np.float32]]:
        """Log-probabilities of each class at each frame, ``time class`` per image of one line.

        Class 0 is the blank, ``i`` the character ``i - 1`` of :attr:`alphabet`.
        """
        return list(self._recognizer.log_posteriors(images))

    @property
    def alphabet(self) -> Alphabet:
        """The characters that the model writes."""
        return self._recognizer.alphabet

    def _find(self, image: Image) -> _Found:
        """Find the lines of a page and read them, turned the way up that makes sense."""
        found = self._look(image, 0)
        return self._turned(image, found) if found.confidence < DOUBT else found

    def _look(self, image: Image, quarters: int, most: int | None = None) -> _Found:
        """Find the lines of the page turned by ``quarters`` and read them, or the longest few."""
        if self._detector is None:
            raise ModelError(
                f"{self.model}: this model reads images of single lines and cannot find lines on "
                "a page; use `readapt recognize`, or a model with a detector."
            )
        turned = turn(image, quarters)
        quads, _ = self._detector.detect(turned)
        quads = quads[reading_order(quads)]
        if most is not None:
            longest = np.argsort([-quad_size(quad)[0] for quad in quads], kind="stable")[:most]
            quads = quads[longest]
        frames = [line_frame(quad, self._pad) for quad in quads]
        crops = [crop_frame(turned, frame) for frame in frames]
        readings = self._recognizer.read(crops)
        kept, through = of_this_side(crops, readings, self._recognizer.read)
        height, width = image.shape[:2]
        return _Found(
            [turn_back(quads[i], quarters, width, height) for i in kept],
            [frames[i].turned_back(quarters, width, height) for i in kept],
            [readings[i] for i in kept],
            through,
        )

    def _turned(self, image: Image, found: _Found) -> _Found:
        """Try the other ways up for a page that makes little sense; keep the one that does."""
        on_its_side = found.elongation < LONG  # perhaps: lines on their side never look long
        trials = {
            quarters: self._look(image, quarters, TRIAL_LINES).confidence
            for quarters in ((2, 1, 3) if on_its_side else (2,))
        }
        best = max(trials, key=lambda quarters: trials[quarters])
        # Where the mirror makes sense of the page, it is the right way up: of the back of a leaf.
        mirrored = mean_confidence(found.through)
        if trials[best] < max(DOUBT, found.confidence + GAIN, mirrored):
            return found
        return self._look(image, best)


@dataclass(frozen=True)
class _Found:
    """The lines of a page in reading order, in pixels of the page; one entry per line."""

    quads: list[Quad]
    frames: list[LineFrame]
    readings: Sequence[Reading]
    through: Sequence[Reading]
    """What shows through from the other side and is left out, as the mirror has it."""

    @property
    def confidence(self) -> float:
        """Mean over the characters; 0 where there are none."""
        return mean_confidence(self.readings)

    @property
    def elongation(self) -> float:
        """Median of width over height; 0 where there are no lines."""
        sizes = [quad_size(quad) for quad in self.quads]
        ratios = [width / max(height, 1e-6) for width, height in sizes]
        return float(np.median(ratios)) if ratios else 0.0


def mean_confidence(readings: Sequence[Reading]) -> float:
    """Mean confidence over the characters of readings; 0 where there are none."""
    characters = sum(len(reading.text) for reading in readings)
    total = sum(len(reading.text) * reading.confidence for reading in readings)
    return total / characters if characters else 0.0


def read(
    source: str | Path | PIL.Image.Image | NDArray[np.uint8], model: str | Path | None = None
) -> Page:
    """Read one page with a model loaded for it alone; for more than one make a ``Reader``."""
    return Reader(model).read(source)


def _line(quad: Quad, frame: LineFrame, reading: Reading, width: int, height: int) -> Line:
    """Put a reading, which is in pixels of the cut, onto the page of this size."""
    words = tuple(
        Word(
            word.text, to_polygon(frame.span(word.start, word.end), width, height), word.confidence
        )
        for word in reading.words
    )
    return Line(to_polygon(quad, width, height), reading.text, reading.confidence, words)


def load_recognizer(
    bundle: Bundle, threads: int | None = None, decoder: Decoder | None = None
) -> Recognizer:
    """Load a bundle's recognizer, calibrated; it decodes as the bundle says unless told how."""
    from readapt.recognize.calibration import ConfidenceMap
    from readapt.recognize.recognizer import Recognizer

    section, calibration = bundle.manifest.recognizer, bundle.manifest.calibration
    return Recognizer(
        bundle.reading,
        bundle.alphabet,
        section.height,
        section.stride,
        threads,
        decoder=decoder or choose_decoder(bundle),
        temperature=calibration.temperature,
        words=ConfidenceMap(calibration.words),
        writes_at=calibration.writes_at,
    )


def choose_decoder(
    bundle: Bundle,
    beam: int | None = None,
    language_model: str | Path | None = None,
    language_weight: float | None = None,
) -> Decoder:
    """Greedy decoding, or a beam search with the language model named or the bundle's own."""
    from dataclasses import replace

    from readapt.recognize.beam import DEFAULT, NARROW
    from readapt.recognize.decode import GREEDY
    from readapt.recognize.lm import CharacterModel

    section, path = bundle.manifest.language_model, language_model or bundle.language_model
    plain = NARROW if beam is None else DEFAULT
    if beam is None:
        beam = section.beam if section else 0
    if beam < 0 or (language_weight is not None and language_weight < 0):
        raise UsageError("a beam is 0 or wider, and a language model's weight 0 or more.")
    if not beam:
        if language_model is not None or language_weight is not None:
            raise UsageError("a language model is used by the beam search only: give a beam too.")
        return GREEDY
    if path is None:
        if language_weight is not None:
            raise UsageError(
                f"{bundle.folder} has no language model that a weight could be given to: "
                "name the file of one too."
            )
        return replace(plain, width=beam)
    if language_weight == 0:
        return replace(plain, width=beam)
    weight = section.weight if section else plain.weight
    return replace(
        plain,
        width=beam,
        language_model=CharacterModel.load(path, bundle.alphabet),
        weight=weight if language_weight is None else language_weight,
        length_weight=section.length_weight if section else plain.length_weight,
    )


def load_detector(bundle: Bundle, threads: int | None = None) -> Detector | None:
    """Load the detector with the settings of the manifest, every one of which must be known."""
    import pydantic
    import pydantic.dataclasses

    from readapt.detect.detector import Detector, DetectorConfig

    section = bundle.manifest.detector
    if section is None or bundle.detector is None:
        return None
    strict = pydantic.dataclasses.dataclass(
        DetectorConfig, config=pydantic.ConfigDict(extra="forbid"), frozen=True
    )
    try:
        config = cast(
            DetectorConfig, pydantic.TypeAdapter(strict).validate_python(section.settings)
        )
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ModelError(
            f"{bundle.folder}: detector.settings.{where}: {first['msg']}; upgrade readapt or get "
            "the model again."
        ) from error
    return Detector(bundle.detector, config, threads)
