"""Read what somebody has transcribed, and compare.

Lines are read from cuts along the true polygons, so that their error rate is the recognizer's
alone. Pages are read whole: detection, words wherever they stand, and the text found inside each
true line.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from readapt.document.elements import Line, Page
from readapt.errors import InputError
from readapt.evaluate.boxes import Detection, assign, match
from readapt.evaluate.calibration import Bin, reliability
from readapt.evaluate.crops import crop_truth
from readapt.evaluate.normalise import fold, strict
from readapt.evaluate.rates import ErrorRate, cer, confusions, total, wer
from readapt.evaluate.truth import Truth, TruthImage, TruthPage
from readapt.evaluate.words import WordScore, page_word_f1
from readapt.pages.load import load_page
from readapt.types import Image

_BATCH = 32


class Engine(Protocol):
    """Whatever reads pages and line images; ``readapt.Reader`` is one."""

    def read(self, source: Image) -> Page:
        """Return the page: lines in pixels of the image."""
        ...

    def read_lines(self, images: Sequence[Image]) -> Sequence[Line]:
        """Return one line per image, in order."""
        ...


@dataclass(frozen=True)
class EvaluationConfig:
    """What is measured, and how texts are compared."""

    lines: bool = True
    """Read the cut lines."""
    pages: bool = True
    """Read whole pages."""
    ignore_case: bool = False
    """Folded texts are compared in upper case."""
    worst: int = 40
    """How many of the worst lines keep their picture for the report."""


@dataclass(frozen=True, slots=True)
class LineResult:
    """One true line and what was read from its cut; both strict."""

    source: str
    number: int
    """Which line of the source, from 1; 0 where the source is an image of one line."""
    truth: str
    reading: str
    confidence: float
    ignore_case: bool = False

    @property
    def folded(self) -> tuple[str, str]:
        """Truth and reading, folded."""
        return (
            fold(self.truth, ignore_case=self.ignore_case),
            fold(self.reading, ignore_case=self.ignore_case),
        )


@dataclass(frozen=True, slots=True)
class PageResult:
    """One page read whole."""

    source: str
    detection: Detection
    words: WordScore
    located: tuple[tuple[str, str], ...]
    """For each true line: its text, and the text read inside it ("" if it was missed); strict."""
    elsewhere: tuple[str, ...]
    """Text read outside every true line and every region to ignore."""


@dataclass(frozen=True)
class Evaluation:
    """Everything that was compared; every figure is a sum over the whole truth."""

    config: EvaluationConfig
    lines: tuple[LineResult, ...]
    pages: tuple[PageResult, ...]
    worst: tuple[tuple[LineResult, Image], ...]
    """The lines with most folded character edits, worst first, with their cuts."""

    @property
    def cer(self) -> ErrorRate:
        """Strict character error rate of the cut lines."""
        return total(cer(line.truth, line.reading) for line in self.lines)

    @property
    def cer_folded(self) -> ErrorRate:
        """Folded character error rate of the cut lines."""
        return total(cer(*line.folded) for line in self.lines)

    @property
    def wer(self) -> ErrorRate:
        """Strict word error rate of the cut lines."""
        return total(wer(line.truth, line.reading) for line in self.lines)

    @property
    def wer_folded(self) -> ErrorRate:
        """Folded word error rate of the cut lines."""
        return total(wer(*line.folded) for line in self.lines)

    @property
    def detection(self) -> Detection:
        """Hits, true and found lines of all pages."""
        return sum((page.detection for page in self.pages), Detection())

    @property
    def words(self) -> WordScore:
        """Folded words of all pages."""
        return sum((page.words for page in self.pages), WordScore())

    @property
    def cer_on_pages(self) -> ErrorRate:
        """Folded character error rate of true lines read by way of the detector; misses count."""
        case = self.config.ignore_case
        return total(
            cer(fold(truth, ignore_case=case), fold(reading, ignore_case=case))
            for page in self.pages
            for truth, reading in page.located
        )

    @property
    def confusions(self) -> Counter[tuple[str, str]]:
        """Folded pieces of truth and what was read instead, over all cut lines."""
        counts: Counter[tuple[str, str]] = Counter()
        for line in self.lines:
            counts.update(confusions(*line.folded))
        return counts

    @property
    def reliability(self) -> tuple[Bin, ...]:
        """Confidence against accuracy of the characters read from the cut lines, folded."""
        said, right, weight = [], [], []
        for line in self.lines:
            rate = cer(*line.folded)
            read = rate.correct + rate.substitutions + rate.insertions
            if read:
                said.append(line.confidence)
                right.append(rate.correct / read)
                weight.append(read)
        return reliability(said, right, weight)


def evaluate(
    truth: Truth,
    engine: Engine,
    config: EvaluationConfig | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Read all of ``truth`` with ``engine`` and compare; one page is in memory at a time.

    ``progress`` is called with how many sources (pages and line images) are done, and of how many.
    Raises InputError for an image that cannot be read or is of another size than its truth says.
    """
    config = config or EvaluationConfig()
    lines: list[LineResult] = []
    pages: list[PageResult] = []
    worst: list[tuple[LineResult, Image]] = []
    images = truth.lines if config.lines else ()
    count, done = len(truth.pages) + len(images), 0

    def keep(results: Sequence[LineResult], cuts: Sequence[Image]) -> None:
        lines.extend(results)
        worst.extend(zip(results, cuts, strict=True))
        worst.sort(key=lambda pair: cer(*pair[0].folded).edits, reverse=True)
        del worst[config.worst :]

    for page in truth.pages:
        image = load_truth_image(page)
        if config.lines:
            keep(*read_cut_lines(page, image, engine, config))
        if config.pages:
            pages.append(compare_page(page, engine.read(image), ignore_case=config.ignore_case))
        done += 1
        if progress:
            progress(done, count)
    for batch in _batches(images):
        cuts = [load_page(line.image).image for line in batch]
        read = engine.read_lines(cuts)
        keep(
            [
                _result(str(line.image), 0, line.text, got, config)
                for line, got in zip(batch, read, strict=True)
            ],
            cuts,
        )
        done += len(batch)
        if progress:
            progress(done, count)
    wrong = [pair for pair in worst if cer(*pair[0].folded).edits]
    return Evaluation(config, tuple(lines), tuple(pages), tuple(wrong))


def load_truth_image(page: TruthPage) -> Image:
    """Load a page's image; InputError if it is not of the size its truth was drawn on."""
    image = load_page(page.image).image
    height, width = image.shape[:2]
    if (width, height) != (page.width, page.height):
        raise InputError(
            f"{page.image} is {width} x {height} pixels, but its truth was drawn on "
            f"{page.width} x {page.height}: use the image the truth was made for.",
            str(page.image),
        )
    return image


def read_cut_lines(
    page: TruthPage, image: Image, engine: Engine, config: EvaluationConfig
) -> tuple[list[LineResult], list[Image]]:
    """Read the lines of a page from cuts along their true polygons, ignored lines left out."""
    wanted = [(n, line) for n, line in enumerate(page.lines, 1) if not line.ignore]
    cuts = [crop_truth(image, line.polygon) for _, line in wanted]
    read = engine.read_lines(cuts) if cuts else []
    results = [
        _result(str(page.image), number, line.text, got, config)
        for (number, line), got in zip(wanted, read, strict=True)
    ]
    return results, cuts


def compare_page(page: TruthPage, reading: Page, *, ignore_case: bool = False) -> PageResult:
    """Compare a page read whole with its truth.

    A line found counts for detection as ICDAR has it. Its text counts for the true line that
    holds more than half of it; what lies by more than half in a region to ignore counts nowhere.
    """
    true_polygons = [line.polygon for line in page.lines]
    ignore = [line.ignore for line in page.lines]
    found = [line for line in reading.lines if line.text.strip()]
    matching = match(true_polygons, [line.polygon for line in found], ignore)
    counted = [line for i, line in enumerate(found) if i not in matching.found_ignored]
    homes = assign(true_polygons, [line.polygon for line in counted])
    located = tuple(
        (strict(line.text), strict(" ".join(_in_order(counted, homes, number))))
        for number, line in enumerate(page.lines)
        if not line.ignore
    )
    return PageResult(
        str(page.image),
        matching.detection,
        page_word_f1(
            [line.text for line in page.lines if not line.ignore],
            [line.text for line in counted],
            ignore_case=ignore_case,
        ),
        located,
        tuple(line.text for line, home in zip(counted, homes, strict=True) if home is None),
    )


def _in_order(lines: Sequence[Line], homes: Sequence[int | None], number: int) -> list[str]:
    """Return the texts whose home is true line ``number``, from left to right."""
    inside = [line for line, home in zip(lines, homes, strict=True) if home == number]
    inside.sort(key=lambda line: sum(x for x, _ in line.polygon) / len(line.polygon))
    return [line.text for line in inside]


def _result(
    source: str, number: int, truth: str, got: Line, config: EvaluationConfig
) -> LineResult:
    return LineResult(
        source, number, strict(truth), strict(got.text), got.confidence, config.ignore_case
    )


def _batches(lines: Sequence[TruthImage]) -> Iterator[list[TruthImage]]:
    rest = iter(lines)
    while batch := list(islice(rest, _BATCH)):
        yield batch
