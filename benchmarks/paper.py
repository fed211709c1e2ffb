"""Is learned paper worth having: ``paper.py --look LOOK``.

The detector and the recognizer that ship are trained on for a few steps, alike but for the sheets
under half of their pages and lines, and under a tenth of pages and a twentieth of lines that are
nothing but paper: plain ones of one level, procedural ones, or those of a look (made with
``readapt train paper`` from unlabelled scans). Then counted: lines that the detector finds on
bare margins of real pages, H-mean of true lines on receipts, and character errors of cut lines.
Writes ``results/<date>-paper-NAME.json``.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from blank import margins
from hardware import RESULTS, ROOT, head, write_result

from readapt.adapt.learning.detector_weights import trainable_detector
from readapt.adapt.learning.weights import trainable
from readapt.detect.detector import Detector, DetectorConfig
from readapt.evaluate.boxes import Detection, match
from readapt.evaluate.crops import crop_truth
from readapt.evaluate.normalise import fold
from readapt.evaluate.rates import cer, total
from readapt.evaluate.run import load_truth_image
from readapt.evaluate.truth import load_truth
from readapt.export.detector import export_detector
from readapt.gan.paper import LookPaper, look_paper
from readapt.models.bundle import Bundle, find_bundle
from readapt.nets.crnn import Crnn
from readapt.nets.detector import DetectorNet
from readapt.recognize.alphabet import LATIN
from readapt.recognize.preprocess import prepare_line
from readapt.synth.capture import expose, print_on, sample_capture
from readapt.synth.page import PageConfig
from readapt.synth.paper import PaperSource, reflectance, sample_paper
from readapt.train.data import collate
from readapt.train.detector import DetectorLearner, DetectorTrainingConfig
from readapt.train.loop import LoopConfig, train
from readapt.train.recognizer import RecognizerConfig, RecognizerLearner, greedy_texts
from readapt.types import Image

LOOP = LoopConfig(lr=3e-4, warmup=0.1, average=0.95, log_every=10, evaluate_seconds=1e9)
READ = ("sroie_receipts", "tapuscorpus_fr_typewritten")
CASELESS = ("sroie_receipts",)


@dataclass(frozen=True)
class Plain:
    """Sheets of one level; the ink is that of the look, so that nothing else differs."""

    look: LookPaper

    def sheet(self, rng: np.random.Generator, height: int, width: int, line: float) -> Image:
        """One level between light grey and white."""
        return np.full((height, width), int(rng.integers(190, 256)), np.uint8)

    def ink(self, rng: np.random.Generator) -> float:
        """As the look's."""
        return self.look.ink(rng)


@dataclass(frozen=True)
class Procedural(Plain):
    """Sheets that `synth` makes of its own, through its scanners."""

    def sheet(self, rng: np.random.Generator, height: int, width: int, line: float) -> Image:
        """Paper, light, scanner, file."""
        paper = sample_paper(rng)
        light = reflectance(paper, rng, height, width)
        capture = replace(sample_capture(rng), threshold=None)
        return expose(capture, print_on(light, paper.colour, [], colour=False), rng)


def main() -> None:
    """Train and measure every arm."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("name", nargs="?", default="")
    parser.add_argument("--look", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--detector-steps", type=int, default=60)
    parser.add_argument("--recognizer-steps", type=int, default=40)
    parser.add_argument("--lines", type=int, default=200, help="cut lines of each collection")
    parser.add_argument("--pages", type=int, default=34, help="receipts of which lines are found")
    parser.add_argument("--margins", type=int, default=1000, help="margins, at most")
    parser.add_argument(
        "--read", action="append", help="collection whose lines are read; repeatable"
    )
    parser.add_argument("--only", action="append", help="arm; repeatable")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    learned = look_paper(options.look, sheets=32)
    arms: dict[str, PaperSource | None] = {
        "as it is": None,
        "plain": Plain(learned),
        "procedural": Procedural(learned),
        "learned": learned,
    }
    arms = {arm: paper for arm, paper in arms.items() if not options.only or arm in options.only}
    rows: dict[str, dict[str, Any]] = {arm: {} for arm in arms}
    with tempfile.TemporaryDirectory() as scratch:
        for kind, measured in (("detector", detector_row), ("recognizer", recognizer_row)):
            for arm, paper in arms.items():
                started = time.process_time()
                rows[arm] |= measured(paper, options, Path(scratch) / f"{kind} {arm}")
                rows[arm][f"{kind}_cpu_seconds"] = round(time.process_time() - started)
                print(json.dumps({"paper": arm, **rows[arm]}), flush=True)
    result = {"command": sys.argv[1:], **head(), "rows": rows}
    path = write_result(result, "paper", options.name, options.out)
    print(f"wrote {path}", file=sys.stderr)


# --- the detector ---------------------------------------------------------------------------------


def detector_row(
    paper: PaperSource | None, options: argparse.Namespace, folder: Path
) -> dict[str, Any]:
    """Train the detector on, and count what it finds on bare margins and on receipts."""
    network = tuned_detector(paper, options, folder)
    folder.mkdir(parents=True, exist_ok=True)
    export_detector(network, folder / "detector.onnx")
    section = Bundle.load(find_bundle(None)).manifest.detector
    assert section is not None
    settings: dict[str, Any] = dict(section.settings)
    detector = Detector(folder / "detector.onnx", DetectorConfig(**settings), 1)
    blank = some_margins(options)
    found = {name: len(detector.detect(image)[0]) for name, image in blank.items()}
    result = Detection()
    for page in load_truth([options.data / "sroie_receipts"]).pages[: options.pages]:
        quads, _ = detector.detect(load_truth_image(page))
        result += match([line.polygon for line in page.lines], list(quads)).detection
    return {
        "margins": len(blank),
        "margins_with_lines": sum(count > 0 for count in found.values()),
        "lines_on_margins": sum(found.values()),
        "hmean": round(result.hmean, 4),
        "precision": round(result.precision, 4),
        "recall": round(result.recall, 4),
    }


def some_margins(options: argparse.Namespace) -> dict[str, Image]:
    """Bare margins, evenly spread over all pages."""
    every = margins(options.data)
    step = max(1, len(every) // options.margins)
    return dict(list(every.items())[::step][: options.margins])


def tuned_detector(
    paper: PaperSource | None, options: argparse.Namespace, folder: Path
) -> DetectorNet:
    """Train on from the one that ships; with no paper, that one as it is."""
    network = trainable_detector(Bundle.load(find_bundle(None)))
    assert network is not None
    plain = DetectorTrainingConfig()
    config = replace(
        plain,
        pages=PageConfig(seed=options.seed + 77, colour=0.1, paper=paper, papered=0.5, bare=0.1),
        crops=replace(plain.crops, pool=12, crops_per_page=6),
        loop=replace(LOOP, steps=options.detector_steps, seed=options.seed),
        batch=6,
        workers=0,
        held_out=0,
    )
    average = deepcopy(network)
    if paper is not None:
        learner = DetectorLearner(config)
        learner.network = network
        train(learner, average, config.loop, folder, echo=False)
    return average.eval()


# --- the recognizer -------------------------------------------------------------------------------


def recognizer_row(
    paper: PaperSource | None, options: argparse.Namespace, folder: Path
) -> dict[str, Any]:
    """Train the recognizer on, and count its errors on cut lines, and characters on margins."""
    network = tuned_recognizer(paper, options, folder)
    figures: dict[str, Any] = {}
    for name in options.read or READ:
        lines = list(cut_lines(options.data / name, options.lines))
        read = read_all(network, [image for image, _ in lines])
        caseless = name in CASELESS
        rates = [
            cer(fold(truth, ignore_case=caseless), fold(text, ignore_case=caseless))
            for (_, truth), text in zip(lines, read, strict=True)
        ]
        figures[f"cer {name}"] = round(total(rates).rate, 4)
    strips = [
        image[y : y + 40, : 40 * 12]
        for image in some_margins(options).values()
        for y in range(0, image.shape[0] - 40, 400)
    ]
    texts = read_all(network, strips)
    figures["strips"] = len(strips)
    figures["characters_on_strips"] = sum(len("".join(text.split())) for text in texts)
    return figures


def cut_lines(folder: Path, most: int) -> Iterator[tuple[Image, str]]:
    """Cut true lines, the same share of every page."""
    pages = load_truth([folder]).pages
    for page in pages:
        image = load_truth_image(page)
        lines = [line for line in page.lines if not line.ignore]
        for line in lines[: -(-most // len(pages))]:
            yield crop_truth(image, line.polygon), line.text


def read_all(network: Crnn, images: list[Image]) -> list[str]:
    """Best-path texts of line images of any size, one by one."""
    texts = []
    with torch.inference_mode():
        for image in images:
            batch = collate([(prepare_line(image, 36), [])])
            texts += greedy_texts(network(torch.from_numpy(batch.images)), batch, LATIN)
    return texts


def tuned_recognizer(paper: PaperSource | None, options: argparse.Namespace, folder: Path) -> Crnn:
    """Train on from the one that ships; with no paper, that one as it is."""
    network = trainable(Bundle.load(find_bundle(None)))
    plain = RecognizerConfig()
    lines = replace(plain.stream.lines, seed=options.seed + 77, paper=paper, papered=0.5)
    config = replace(
        plain,
        stream=replace(
            plain.stream, lines=lines, curriculum=(), batch_columns=6000, batch_lines=32, pool=256
        ),
        loop=replace(LOOP, steps=options.recognizer_steps, seed=options.seed),
        workers=0,
        held_out=0,
    )
    average = deepcopy(network)
    if paper is not None:
        learner = RecognizerLearner(config)
        learner.network = network
        learner.evaluate = lambda network: {}  # type: ignore[method-assign]
        train(learner, average, config.loop, folder, echo=False)
    return average.eval()


if __name__ == "__main__":
    main()
