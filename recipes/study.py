"""GAN look, self-training, both, teachers: what each is worth on real collections, without a label.

    python recipes/study.py OUT --data ../shared/data [--minutes 60] [--seeds 3]
        [--collections sroie_receipts,...] [--variants self,look,...] [--table docs/study.md]

Every cell is an adaptation of its own, to one half of a collection's labelled pages (images alone)
and all of its unlabelled ones; the other half is held-out pages of the same look. Cells that are
done are kept, in `--cells`, where more may be added another day; one that was stopped is resumed.
`supervised` is no adaptation but what labels give: trained on the texts of the first half;
`tesseract` and `rapidocr` read the same crops. `--table` writes what is there so far as Markdown;
`recipes/study_table.py` lays out figures of several runs together.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import torch
from study_table import Cell, table

from readapt.adapt.budget import Portion
from readapt.adapt.exported import as_read
from readapt.adapt.learning.finetune import finetune
from readapt.adapt.learning.known import Known
from readapt.adapt.learning.weights import trainable
from readapt.adapt.pipeline import adapt
from readapt.adapt.scans.target import Target, TargetConfig
from readapt.adapt.settings import AdaptConfig
from readapt.adapt.stage import State
from readapt.adapt.teachers.engines import find_teacher
from readapt.errors import ReadaptError, UsageError
from readapt.evaluate.crops import crop_truth
from readapt.evaluate.estimate import estimate, estimating, find_signs
from readapt.evaluate.normalise import fold
from readapt.evaluate.rates import cer, total
from readapt.evaluate.run import load_truth_image
from readapt.evaluate.truth import load_truth
from readapt.models.bundle import Bundle, find_bundle
from readapt.pages.load import load_page
from readapt.reader import load_recognizer
from readapt.recognize.preprocess import prepare_line
from readapt.recognize.recognizer import Recognizer
from readapt.recognize.tighten import cut_as_read, tightened
from readapt.synth.corpus import system_corpora, texts_folder
from readapt.synth.fonts import find_fonts
from readapt.synth.lines import LineConfig, LineMaker
from readapt.train.device import DEVICES
from readapt.types import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
import documents

VARIANTS: dict[str, tuple[str, ...]] = {
    "shipped": (),
    "statistics": ("free",),
    "words": ("words", "weigh"),
    "look": ("words", "look", "teach"),
    "self": ("words", "listen"),
    "taught": ("words", "teach"),
    "both": ("words", "look", "teach", "listen"),
    "alone": ("words", "listen", "weigh"),
    "unaided": ("free", "words", "look", "teach", "listen", "weigh"),
    "teachers": ("words", "ask", "listen", "weigh"),
    "all": ("free", "words", "look", "teach", "ask", "listen", "weigh"),
    "default": (),
    "supervised": (),
    "tesseract": (),
    "rapidocr": (),
}
"""Stages of each variant; `default` is what `readapt adapt` does unasked."""
TEACHERS = ("rapidocr", "tesseract")
COLLECTIONS = {one.name: one for one in documents.COLLECTIONS}
"""Their languages are told to Tesseract where it is measured, and never where it teaches."""
Read: TypeAlias = Callable[[Sequence[Image]], list[str]]
"""Images of lines to their texts."""


@dataclass(frozen=True)
class Half:
    """Half of a collection's labelled documents."""

    images: tuple[Path, ...]
    """Pages, or lines where there are only such."""
    lines: tuple[Image, ...]
    """Cut along the truth."""
    texts: tuple[str, ...]
    ignore_case: bool

    def rate(self, read: Read) -> float:
        """Folded error rate of a reader on the cut lines."""
        case = self.ignore_case
        return total(
            cer(fold(text, ignore_case=case), fold(found, ignore_case=case))
            for text, found in zip(self.texts, read(self.lines), strict=True)
        ).rate


def halves(folder: Path) -> tuple[Half, Half]:
    """Part a collection by page, every other one."""
    truth = load_truth([folder])
    case = COLLECTIONS[folder.name].ignore_case
    parts = []
    for offset in (0, 1):
        images, lines, texts = [], [], []
        for page in truth.pages[offset::2]:
            pixels = load_truth_image(page)
            images.append(page.image)
            for line in page.lines:
                if not line.ignore:
                    lines.append(crop_truth(pixels, line.polygon))
                    texts.append(line.text)
        for single in truth.lines[offset::2]:
            images.append(single.image)
            lines.append(load_page(single.image).image)
            texts.append(single.text)
        parts.append(Half(tuple(images), tuple(lines), tuple(texts), case))
    return parts[0], parts[1]


def cell(collection: Path, variant: str, seed: int, options: argparse.Namespace) -> Cell:
    """Adapt once and measure on both halves."""
    seen, unseen = halves(collection)
    bundle = Bundle.load(find_bundle(options.model))
    minutes = 0.0
    known: Cell = {}
    if variant == "shipped":
        read = reading(load_recognizer(bundle, options.threads))
        known = {"said": [said(bundle, half, options) for half in (seen, unseen)]}
    elif variant in TEACHERS:
        read = asking(variant, COLLECTIONS[collection.name].languages, options.threads)
    elif variant == "supervised":
        read = reading(supervised(bundle, seen, seed, options))
        minutes = options.minutes
    else:
        stages = VARIANTS[variant]
        single = not (collection / "pages").is_dir()
        if "ask" in stages:
            for name in TEACHERS:
                if lacking := find_teacher(name).missing():
                    raise UsageError(lacking)
        config = AdaptConfig(
            minutes=options.minutes,
            seed=seed,
            only=stages,
            teachers=TEACHERS if "ask" in stages else (),
            look=known_look(options, collection.name) if "look" in stages else "",
            target=TargetConfig(single=single),
            threads=options.threads,
            device=options.device,
        )
        more = sorted((collection / "unlabelled").glob("*"))
        out = options.out / f"{collection.name}-{variant}-{seed}-{options.minutes:g}"
        resume = (out.with_name(f"{out.name}-adapting") / "journal.jsonl").is_file()
        scans = [*seen.images, *more]
        adapted = adapt(scans, out, base=options.model, config=config, resume=resume)
        made = Bundle.load(adapted.model)
        read = reading(load_recognizer(made, options.threads))
        minutes = adapted.minutes
        known = {
            "kept": adapted.kept,
            "estimated": (adapted.before.rate, adapted.after.rate),
            "said": [said(made, half, options) for half in (seen, unseen)],
            "gigabytes": round(adapted.memory, 2),
            "megabytes of the model": round(made.size / 1e6, 1),
        }
    read(seen.lines[:1])  # an engine's start is not a line's time
    started = time.monotonic()
    rates = seen.rate(read), unseen.rate(read)
    seconds = time.monotonic() - started
    return {
        "collection": collection.name,
        "variant": variant,
        "seed": seed,
        "seen": rates[0],
        "unseen": rates[1],
        "minutes": minutes,
        "milliseconds a line": 1000 * seconds / (len(seen.lines) + len(unseen.lines)),
        "asked": options.minutes,
        "threads": options.threads,
        "device": options.device,
        "base": bundle.manifest.sha256[bundle.manifest.recognizer.file][:12],
        "fonts": len(find_fonts()) if by_seed(variant) else 0,
        "texts": len(list(texts_folder().glob("*.txt"))) if by_seed(variant) else 0,
        "version": commit(),
        **known,
    }


def said(bundle: Bundle, half: Half, options: argparse.Namespace) -> list[float]:
    """Estimate, without the texts, the error rate on cut lines, as a model reads; low and high."""
    manifest, (by, words) = bundle.manifest, estimating(bundle)
    recognizer = load_recognizer(bundle, options.threads)
    lines = cut_as_read(recognizer, half.lines, cut_elsewhere=True)
    signs = find_signs(recognizer, lines, manifest.recognizer.height, words=words)
    found = estimate(signs, by.scaled(manifest.errors_left))
    return [round(rate, 5) for rate in (found.rate, found.low, found.high)]


def commit() -> str:
    """Return the commit that a cell was measured with."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def reading(recognizer: Recognizer) -> Read:
    return lambda lines: [found.text for found in recognizer.read(lines, cut_elsewhere=True)]


def asking(engine: str, languages: str, threads: int) -> Read:
    """Read with another engine; a line that it fails on is read as nothing."""
    name = f"{engine}:{languages}" if engine == "tesseract" else engine
    teacher = find_teacher(name, threads=threads)
    if lacking := teacher.missing():
        raise UsageError(lacking)

    def read(lines: Sequence[Image]) -> list[str]:
        drawn = [line[..., ::-1] if line.ndim == 3 else line for line in lines]  # OpenCV writes BGR
        return ["" if one is None else one[0] for one in teacher.read(drawn)]

    return read


def by_seed(variant: str) -> bool:
    return variant != "shipped" and variant not in TEACHERS


def known_look(options: argparse.Namespace, collection: str) -> str:
    """Folder of a look that was learnt before, "" where it is to be learnt now."""
    found = None if options.looks is None else options.looks / collection
    return str(found) if found is not None and found.is_dir() else ""


def supervised(bundle: Bundle, seen: Half, seed: int, options: argparse.Namespace) -> Recognizer:
    """Train on the texts of one half: what labels would give, named as such."""
    network = trainable(bundle)
    corpora = system_corpora()
    config = AdaptConfig(
        minutes=options.minutes, seed=seed, threads=options.threads, device=options.device
    )
    height = bundle.manifest.recognizer.height
    lines = tuple(prepare_line(tightened(line), height) for line in seen.lines)
    target = Target(lines, (), seen.lines, tuple(range(len(lines))))
    state = State(config, network, bundle.alphabet, target, corpora, False)
    maker = LineMaker(LineConfig(seed=seed + 31), corpora=corpora, alphabet=bundle.alphabet)
    known = Known(maker, maker, height)
    real = [
        (line, "".join(c for c in text if not bundle.alphabet.missing(c)))
        for line, text in zip(lines, seen.texts, strict=True)
    ]
    name = f"supervised-{seen.images[0].parents[1].name}-{seed}-{options.minutes:g}"
    place = options.out / name
    portion = Portion(60 * options.minutes)
    trained = finetune(state, real, known, portion, place, config.lr, 1)
    return as_read(trained, bundle.alphabet, options.threads)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("-m", "--model")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", choices=DEVICES, default="cpu")
    parser.add_argument("--collections", default=",".join(COLLECTIONS))
    parser.add_argument("--variants", default=",".join(VARIANTS))
    parser.add_argument("--looks", type=Path, help="looks learnt before, a folder per collection")
    parser.add_argument("--cells", type=Path, help="file of the figures; default: in OUT")
    parser.add_argument("--table", type=Path)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.cells or options.out / "cells.jsonl"
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    cells: list[Cell] = [json.loads(line) for line in lines]
    asked = (options.minutes, options.threads)
    cells = [
        c
        for c in cells
        if (c["asked"], c.get("threads", asked[1])) == asked or not by_seed(c["variant"])
    ]
    names, variants = options.collections.split(","), options.variants.split(",")
    if unknown := ({*names} - {*COLLECTIONS}) | ({*variants} - {*VARIANTS}):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    failed = 0
    done = {(c["collection"], c["variant"], c["seed"]) for c in cells}
    for seed in range(options.seeds):
        for name in names:
            for variant in variants:
                if (name, variant, seed) in done or (seed and not by_seed(variant)):
                    continue
                try:
                    cells.append(cell(options.data / name, variant, seed, options))
                except ReadaptError as error:
                    print(f"{name}, {variant}: {error}", flush=True)
                    failed += 1
                    continue
                with path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(cells[-1]) + "\n")
                print(json.dumps(cells[-1]), flush=True)
    if options.table is not None:
        command = f"python recipes/study.py OUT --data DATA --minutes {options.minutes:g}"
        cells.sort(key=lambda cell: list(VARIANTS).index(cell["variant"]))
        options.table.write_text(f"# The study\n\n`{command}`\n\n{table(cells)}", "utf-8")
    if failed:
        raise SystemExit(f"{failed} cells could not be measured; see above.")


if __name__ == "__main__":
    main()
