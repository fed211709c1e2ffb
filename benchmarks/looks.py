"""A look beside procedural degradations: distance from the scans, and texts kept, by other readers.

    python benchmarks/looks.py NAME LOOK SCANS... [--judges rapidocr tesseract:eng] [--lines 250]
        [--text CORPUS] [--picture FILE.png]

Clean lines of the kinds, fonts and margins that the look was trained on, others than in training,
as `readapt synth lines --look` draws them (`--matched`: of three times as many those that match the
scans best); then as they are, translated, under each procedural
degradation, and as `readapt synth lines` would draw lines of these kinds. Of each: KID on the
shipped recognizer's features (mean and deviation over 20 draws of half of the lines), coverage;
of the best ones the gap meter's estimate with its interval. Readers that had no part in training
read the clean lines, the translated ones and the best degradation: of the lines they read without
a fault when clean, the share that they still do, and the share with at most a tenth of wrong
characters. Writes ``results/<date>-looks[-NAME].json``.

`--picture` draws 16 translated and 16 real lines, shuffled, with the key below.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from hardware import RESULTS, head, write_result

from readapt.adapt.engines import find_teacher
from readapt.gan.candidates import INK, SCAN, degraded, dressed
from readapt.gan.critic import GapConfig, measure_floor, measure_gap
from readapt.gan.crops import Rendered, prepare_sample
from readapt.gan.frozen import from_bundle, read_lines
from readapt.gan.kindred import kindred_of
from readapt.gan.look import Look
from readapt.gan.monitor import Features, coverage_density, kid, pooled_features, reads_as
from readapt.gan.report import shuffled_grid
from readapt.gan.scans import scan_lines
from readapt.gan.source import matched, source_lines, trimmed
from readapt.gan.translate import translate_lines
from readapt.gan.written import errors
from readapt.models.bundle import Bundle, find_bundle
from readapt.reader import Reader
from readapt.recognize.preprocess import prepare_line
from readapt.synth.corpus import read_corpus
from readapt.synth.lines import LineConfig, LineMaker
from readapt.types import Image

SEED = 1000
AS_DRAWN = "as drawn for training"


def kid_over_draws(real: Features, fake: Features, draws: int = 20) -> dict[str, float]:
    """KID of halves of both sets, many times."""
    rng = np.random.default_rng(0)
    found = [
        kid(
            real[rng.permutation(len(real))[: len(real) // 2]],
            fake[rng.permutation(len(fake))[: len(fake) // 2]],
        )
        for _ in range(draws)
    ]
    return {
        "kid": round(kid(real, fake), 6),
        "kid_deviation": round(float(np.std(found)), 6),
        "coverage": round(coverage_density(real, fake)[0], 4),
    }


def judged(name: str, source: list[Rendered], sets: dict[str, list[Image]]) -> dict[str, Any]:
    """Texts kept, of the lines that a judge reads right when clean."""
    teacher = find_teacher(name)
    missing = teacher.missing()
    if missing:
        return {"missing": missing}
    read = {
        what: [answer[0] if answer else "" for answer in teacher.read(lines)]
        for what, lines in sets.items()
    }
    right = [reads_as(text, s.text) for text, s in zip(read["clean"], source, strict=True)]
    kept: dict[str, Any] = {
        "lines": len(source),
        "read when clean": round(float(np.mean(right)), 4),
    }
    for what in sets:
        if what != "clean":
            rows = [(t, s.text) for t, s, ok in zip(read[what], source, right, strict=True) if ok]
            kept[what] = {
                "exactly": round(float(np.mean([reads_as(t, s) for t, s in rows])), 4),
                "at most a tenth wrong": round(
                    float(np.mean([errors(t, s) <= 0.1 for t, s in rows])), 4
                ),
            }
    return kept


def picture(path: Path, translated: Sequence[Image], real: Sequence[Image]) -> None:
    """Draw 16 and 16, shuffled, the key below, upside down."""
    rng = np.random.default_rng(3)

    def some(lines: Sequence[Image]) -> list[Image]:
        wide = [line for line in lines if line.shape[1] >= 90]
        return [wide[i] for i in rng.permutation(len(wide))[:16]]

    grid, key = shuffled_grid(some(translated), some(real), 5, 420)
    foot = np.full((26, grid.shape[1]), 255, np.uint8)
    text = f"T translated, R real; row by row, left and right: {key}"
    scale = min(0.45, 0.45 * grid.shape[1] / (8.2 * len(text)))
    cv2.putText(foot, text, (6, 17), cv2.FONT_HERSHEY_SIMPLEX, scale, 90, 1, cv2.LINE_AA)
    cv2.imwrite(str(path), np.concatenate([grid, foot[::-1, ::-1]]))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("name")
    parser.add_argument("look", type=Path)
    parser.add_argument("scans", nargs="+")
    parser.add_argument("--judges", nargs="*", default=["rapidocr", "tesseract"])
    parser.add_argument("--lines", type=int, default=250)
    parser.add_argument("--real", type=int, default=1000)
    parser.add_argument("--gap-steps", type=int, default=200)
    parser.add_argument("--text", type=Path)
    parser.add_argument("--matched", action="store_true")
    parser.add_argument("--picture", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    bundle = Bundle.load(find_bundle(None))
    recognizer = from_bundle(bundle)
    look = Look.load(args.look)
    generator, kindred = look.translator(), kindred_of(look)
    assert kindred is not None
    reader = Reader(threads=1)
    rng = np.random.default_rng(SEED)
    scans = scan_lines(args.scans, reader, most=args.real, least=100)
    real = [scans.lines[i] for i in rng.permutation(len(scans.lines))[: args.real]]
    corpus = None if args.text is None else read_corpus(args.text)
    corpora = None if corpus is None else {corpus.name: corpus}
    maker = kindred.maker(
        LineMaker(LineConfig(seed=SEED, clean=1.0), corpora=corpora, alphabet=bundle.alphabet)
    )
    features = pooled_features(recognizer, real)
    some = real[: args.real // 2]
    read = read_lines(recognizer, some, bundle.alphabet) if args.matched else []
    many = 3 * args.lines if args.matched else 2 * args.lines

    def choose(drawn: list[Rendered]) -> list[Rendered]:
        if not args.matched:
            return drawn[: args.lines]
        own = pooled_features(recognizer, [line.image for line in drawn])
        return matched(drawn, some, args.lines, SEED, (own, features[: len(some)]), read)

    wide = [
        x for x in source_lines(maker, many, SEED, 36, kindred.margins) if x.image.shape[1] >= 48
    ]
    source = choose(wide)
    clean = [line.image for line in source]
    ordinary = LineMaker(
        replace(maker.config, clean=LineConfig().clean), maker.fonts, maker.corpora, maker.alphabet
    )
    drawn = choose(
        [trimmed(prepare_sample(ordinary.make(i)), kindred.margins, rng) for i in range(many)]
    )
    sets: dict[str, list[Image]] = {
        "clean": clean,
        "translated": list(translate_lines(generator, clean, SEED)),
        AS_DRAWN: [line.image for line in drawn],
        "the same, done to the clean lines": [
            prepare_line(dressed(line, i), 36) for i, line in enumerate(clean)
        ],
    }
    for name in (*INK, *SCAN):
        sets[name] = [prepare_line(degraded(line, name, i), 36) for i, line in enumerate(clean)]
    distances = {
        name: kid_over_draws(features, pooled_features(recognizer, lines))
        for name, lines in sets.items()
    }
    half = len(features) // 2
    distances["half the scans"] = kid_over_draws(features[:half], features[half:])
    procedural = [name for name in sets if name not in ("clean", "translated")]
    best = min(procedural, key=lambda name: distances[name]["kid"])
    for name, row in sorted(distances.items(), key=lambda one: one[1]["kid"]):
        print(f"{name:<36}{row['kid']:9.5f} ± {row['kid_deviation']:.5f}  {row['coverage']:.0%}")
    if args.picture:
        picture(args.picture, sets["translated"], real)
    gaps = {}
    config = GapConfig(steps=args.gap_steps)
    for name in ("clean", best, "translated") if args.gap_steps else ():
        gap = measure_gap(real, sets[name], config)
        gaps[name] = [round(x, 2) for x in (gap.estimate, gap.low, gap.high)]
        print(f"gap, {name}: {gaps[name]}", flush=True)
    if args.gap_steps:
        floor = measure_floor(real, config)
        gaps["half the scans"] = [round(x, 2) for x in (floor.estimate, floor.low, floor.high)]
    own_best = (
        best
        if best in (*INK, *SCAN)
        else min((*INK, *SCAN), key=lambda name: distances[name]["kid"])
    )
    three = {name: sets[name] for name in ("clean", "translated", own_best)}
    readers = {name: judged(name, source, three) for name in args.judges}
    for name, row in readers.items():
        print(name, json.dumps(row), flush=True)
    found = {
        "name": args.name,
        **head(),
        "look": look.manifest.model_dump(mode="json")["provenance"],
        "shares": dict(kindred.genres),
        "real_lines": len(real),
        "rendered_lines": len(source),
        "distances": distances,
        "matched": args.matched,
        "best_degradation": best,
        "kid_over_best": round(distances["translated"]["kid"] / distances[best]["kid"], 4),
        "gap_grey_levels_with_5_and_95_percent": gaps,
        "judges": readers,
    }
    path = write_result(found, "looks", args.name, RESULTS)
    print(path)


if __name__ == "__main__":
    main()
