"""GAN look, self-training, both, teachers: what each is worth on real collections, without a label.

    python recipes/study.py OUT --data ../shared/data [--minutes 60] [--seeds 3]
        [--collections sroie_receipts,...] [--variants self,look,...] [--table docs/study.md]

Every cell is an adaptation of its own, to one half of a collection's labelled pages (images alone)
and all of its unlabelled ones; the other half is held-out pages of the same look. Cells that are
done are kept, one that was stopped is resumed. `supervised` is no adaptation but the upper bound:
trained on the texts of the first half. `--table` writes what is there so far as Markdown.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import torch

from readapt.adapt.budget import Portion
from readapt.adapt.finetune import finetune
from readapt.adapt.gate import as_read
from readapt.adapt.known import Known, line_maker
from readapt.adapt.pipeline import adapt
from readapt.adapt.settings import AdaptConfig
from readapt.adapt.stage import State
from readapt.adapt.target import Target, TargetConfig
from readapt.adapt.weights import trainable
from readapt.errors import ReadaptError
from readapt.evaluate.crops import crop_truth
from readapt.evaluate.normalise import fold
from readapt.evaluate.rates import cer, total
from readapt.evaluate.run import load_truth_image
from readapt.evaluate.truth import load_truth
from readapt.models.bundle import Bundle, find_bundle
from readapt.pages.load import load_page
from readapt.reader import load_recognizer
from readapt.recognize.preprocess import prepare_line
from readapt.recognize.recognizer import Recognizer
from readapt.recognize.tighten import tightened
from readapt.synth.corpus import system_corpora
from readapt.synth.lines import LineConfig
from readapt.types import Image

VARIANTS: dict[str, tuple[str, ...]] = {
    "shipped": (),
    "statistics": ("free",),
    "look": ("words", "look", "teach"),
    "self": ("words", "listen"),
    "taught": ("words", "teach"),
    "both": ("words", "look", "teach", "listen"),
    "teachers": ("words", "ask", "listen"),
    "all": ("free", "words", "look", "teach", "ask", "listen"),
    "supervised": (),
}
"""Stages of each variant."""
TEACHERS = ("rapidocr", "tesseract")
COLLECTIONS = (
    "sroie_receipts",
    "tapuscorpus_fr_typewritten",
    "ehri_typewritten_en_de_da",
    "fondue_art_catalogues",
    "cremma_early_print",
    "ocrd_fraktur_pages",
    "archiscribe_fraktur_lines",
)


@dataclass(frozen=True)
class Half:
    """Half of a collection's labelled documents."""

    images: tuple[Path, ...]
    """Pages, or lines where there are only such."""
    lines: tuple[Image, ...]
    """Cut along the truth."""
    texts: tuple[str, ...]
    ignore_case: bool

    def rate(self, reader: Recognizer) -> float:
        """Folded error rate of a reader on the cut lines."""
        case = self.ignore_case
        return total(
            cer(fold(text, ignore_case=case), fold(read.text, ignore_case=case))
            for text, read in zip(self.texts, reader.read(self.lines), strict=True)
        ).rate


def halves(folder: Path) -> tuple[Half, Half]:
    """Part a collection by page, every other one."""
    truth = load_truth([folder])
    case = folder.name.startswith("sroie")
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


def cell(collection: Path, variant: str, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """Adapt once and measure on both halves."""
    seen, unseen = halves(collection)
    bundle = Bundle.load(find_bundle(options.model))
    minutes = 0.0
    estimated: tuple[float | None, float | None] = (None, None)
    if variant == "shipped":
        reader = load_recognizer(bundle, options.threads)
    elif variant == "supervised":
        reader = supervised(bundle, seen, seed, options)
        minutes = options.minutes
    else:
        stages = VARIANTS[variant]
        single = not (collection / "pages").is_dir()
        config = AdaptConfig(
            minutes=options.minutes,
            seed=seed,
            only=stages,
            teachers=TEACHERS if "ask" in stages else (),
            look=known_look(options, collection.name) if "look" in stages else "",
            target=TargetConfig(single=single),
            threads=options.threads,
        )
        more = sorted((collection / "unlabelled").glob("*"))
        out = options.out / f"{collection.name}-{variant}-{seed}"
        resume = (out.with_name(f"{out.name}-adapting") / "journal.jsonl").is_file()
        scans = [*seen.images, *more]
        adapted = adapt(scans, out, base=options.model, config=config, resume=resume)
        reader = load_recognizer(Bundle.load(adapted.model), options.threads)
        minutes, estimated = adapted.minutes, (adapted.before.rate, adapted.after.rate)
    return {
        "collection": collection.name,
        "variant": variant,
        "seed": seed,
        "seen": seen.rate(reader),
        "unseen": unseen.rate(reader),
        "minutes": minutes,
        "estimated": estimated,
    }


def known_look(options: argparse.Namespace, collection: str) -> str:
    """Folder of a look that was learnt before, "" where it is to be learnt now."""
    found = None if options.looks is None else options.looks / collection
    return str(found) if found is not None and found.is_dir() else ""


def supervised(bundle: Bundle, seen: Half, seed: int, options: argparse.Namespace) -> Recognizer:
    """Train on the texts of one half: what labels would give, named as such."""
    network = trainable(bundle)
    corpora = system_corpora()
    config = AdaptConfig(minutes=options.minutes, seed=seed, threads=options.threads)
    lines = tuple(prepare_line(tightened(line), 36) for line in seen.lines)
    target = Target(lines, (), seen.lines, tuple(range(len(lines))))
    state = State(config, network, bundle.alphabet, target, corpora, False)
    maker = line_maker(LineConfig(seed=seed + 31), corpora, bundle.alphabet)
    known = Known(maker, maker, 36)
    real = [
        (line, "".join(c for c in text if not bundle.alphabet.missing(c)))
        for line, text in zip(lines, seen.texts, strict=True)
    ]
    place = options.out / f"supervised-{seen.images[0].parents[1].name}-{seed}"
    portion = Portion(60 * options.minutes)
    trained = finetune(state, real, known, portion, place, config.lr)
    return as_read(trained, bundle.alphabet, options.threads)


def table(cells: Sequence[dict[str, Any]]) -> str:
    """Lay out collections by variants: error rates on seen and on unseen pages, in percent."""
    variants = [v for v in VARIANTS if any(c["variant"] == v for c in cells)]
    rows = [
        "| collection | " + " | ".join(variants) + " |",
        "|---" * (len(variants) + 1) + "|",
    ]
    for name in dict.fromkeys(c["collection"] for c in cells):
        row = []
        for variant in variants:
            here = [c for c in cells if (c["collection"], c["variant"]) == (name, variant)]
            row.append(" / ".join(spread([c[half] for c in here]) for half in ("seen", "unseen")))
        rows.append(f"| {name} | " + " | ".join(row) + " |")
    return (
        "Characters wrong, percent, on pages adapted to / on held-out pages of the same look; "
        "mean ± standard deviation over seeds.\n\n" + "\n".join(rows) + "\n"
    )


def spread(rates: Sequence[float]) -> str:
    if not rates:
        return "–"
    more = f" ± {100 * stdev(rates):.1f}" if len(rates) > 1 else ""
    return f"{100 * mean(rates):.1f}{more}"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("-m", "--model")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--collections", default=",".join(COLLECTIONS))
    parser.add_argument("--variants", default=",".join(VARIANTS))
    parser.add_argument("--looks", type=Path, help="looks learnt before, a folder per collection")
    parser.add_argument("--table", type=Path)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "cells.jsonl"
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    cells: list[dict[str, Any]] = [json.loads(line) for line in lines]
    done = {(c["collection"], c["variant"], c["seed"]) for c in cells}
    for seed in range(options.seeds):
        for name in options.collections.split(","):
            for variant in options.variants.split(","):
                if (name, variant, seed) in done or (variant == "shipped" and seed):
                    continue
                try:
                    cells.append(cell(options.data / name, variant, seed, options))
                except ReadaptError as error:
                    print(f"{name}, {variant}: {error}", flush=True)
                    continue
                with path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(cells[-1]) + "\n")
                print(json.dumps(cells[-1]), flush=True)
    if options.table is not None:
        command = f"python recipes/study.py OUT --data DATA --minutes {options.minutes:g}"
        options.table.write_text(f"# The study\n\n`{command}`\n\n{table(cells)}", "utf-8")


if __name__ == "__main__":
    main()
