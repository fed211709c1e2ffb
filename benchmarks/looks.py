"""A look beside procedural degradations: distance from the scans, and texts kept, by other readers.

    python benchmarks/looks.py NAME LOOK SCANS... [--judges rapidocr tesseract:eng] [--lines 200]
        [--text CORPUS] [--picture FILE.png] [--gap-steps 200]

Two kinds of clean lines: *twins* of half of the scans' lines (what is read on them, set as they
are, in the faces of the look), and *new* lines, as `readapt synth lines --look` sets them. Each as
they are, translated, under each procedural degradation, and with all of them at random; and as
`readapt synth lines` draws lines without a look. Of each, against the other half of the scans'
lines: KID on the shipped recognizer's features (mean and deviation over 20 draws of half of the
lines), which the game has a critic of; KID on textures of 36 x 36 patches, which no network learnt
and the game has not seen; coverage. Of twins the gap meter's estimate with its interval. Readers
that had no part in training read the clean lines, the translated ones and the best degradation: of
the lines they read without a fault when clean, the share that they still do, and the share with at
most a tenth of wrong characters. Writes ``results/<date>-looks-NAME.json``.

`--picture` draws 16 translated and 16 real lines, shuffled, with the key below.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
import torch
from hardware import RESULTS, head, write_result
from numpy.typing import NDArray

from readapt.adapt.teachers.engines import find_teacher
from readapt.export.restore import from_bundle
from readapt.gan.candidates import degraded, dressed
from readapt.gan.critic import GapConfig, measure_floor, measure_gap
from readapt.gan.crops import Rendered
from readapt.gan.kindred import kindred_of
from readapt.gan.look import Look
from readapt.gan.monitor import Features, coverage_density, kid, pooled_features, reads_as
from readapt.gan.report import shuffled_grid
from readapt.gan.scans import scan_lines
from readapt.gan.source import source_lines
from readapt.gan.texture import TextureScale, texture
from readapt.gan.translate import translate_lines
from readapt.gan.twins import find_twins, originals
from readapt.gan.written import errors
from readapt.models.bundle import Bundle, find_bundle
from readapt.nets.crnn import Crnn
from readapt.nets.generator import Generator
from readapt.reader import Reader
from readapt.recognize.preprocess import prepare_line
from readapt.synth.corpus import read_corpus
from readapt.synth.degrade import SCAN
from readapt.synth.ink import INK
from readapt.synth.lines import LineConfig, LineMaker
from readapt.types import Image

SEED = 1000
Table: TypeAlias = dict[str, Any]


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


def patches(lines: Sequence[Image], each: int = 4) -> NDArray[np.uint8]:
    """Squares of lines, `patch side side`, the same places every time."""
    rng = np.random.default_rng(0)
    found = []
    for line in lines:
        side = line.shape[0]
        for _ in range(each):
            left = int(rng.integers(max(1, line.shape[1] - side + 1)))
            square = line[:, left : left + side]
            if square.shape[1] == side:
                found.append(square)
    return np.stack(found)


def variants(source: Sequence[Rendered], generator: Generator) -> dict[str, list[Image]]:
    """Clean lines as they are, translated, and degraded in every way."""
    clean = [line.image for line in source]
    sets: dict[str, list[Image]] = {
        "clean": clean,
        "translated": list(translate_lines(generator, clean, SEED)),
        "all degradations at random": [
            prepare_line(dressed(line, i), 36) for i, line in enumerate(clean)
        ],
    }
    for name in (*INK, *SCAN):
        sets[name] = [prepare_line(degraded(line, name, i), 36) for i, line in enumerate(clean)]
    return sets


def distances(real: Sequence[Image], recognizer: Crnn, sets: dict[str, list[Image]]) -> Table:
    """Distances of every set from the real lines, the nearest first."""
    features = pooled_features(recognizer, real)
    own = texture(patches(real))
    scale = TextureScale.of(own)
    rows = {}
    for name, lines in sets.items():
        row = kid_over_draws(features, pooled_features(recognizer, lines))
        far = kid(scale(own), scale(texture(patches(lines))))
        rows[name] = row | {"texture_kid": round(far, 4)}
    return dict(sorted(rows.items(), key=lambda one: one[1]["kid"]))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("name")
    parser.add_argument("look", type=Path)
    parser.add_argument("scans", nargs="+")
    parser.add_argument("--judges", nargs="*", default=["rapidocr", "tesseract"])
    parser.add_argument("--lines", type=int, default=200)
    parser.add_argument("--real", type=int, default=1000)
    parser.add_argument("--gap-steps", type=int, default=200)
    parser.add_argument("--text", type=Path)
    parser.add_argument("--picture", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    bundle = Bundle.load(find_bundle(None))
    recognizer = from_bundle(bundle)
    look = Look.load(args.look)
    generator, kindred = look.translator(), kindred_of(look)
    assert kindred is not None
    rng = np.random.default_rng(SEED)
    scans = scan_lines(args.scans, Reader(threads=1), most=2 * args.real, least=100)
    order = rng.permutation(len(scans.lines))[: args.real]
    half = len(order) // 2
    read, real = ([scans.lines[i] for i in part] for part in (order[:half], order[half:]))
    corpus = None if args.text is None else read_corpus(args.text)
    corpora = None if corpus is None else {corpus.name: corpus}
    general = LineMaker(LineConfig(seed=SEED), corpora=corpora, alphabet=bundle.alphabet)
    maker = kindred.maker(general, clean=1.0)
    faces = {setting.face for setting in kindred.settings}
    fonts = [font for font in maker.fonts if font.name in faces]
    twins = find_twins(fonts, originals(read, recognizer, bundle.alphabet), recognizer)
    wide = [twin.line for twin in twins if twin.line.image.shape[1] >= 48]
    new = list(source_lines(maker, args.lines, SEED, 36, kindred.settings))
    sources = {"twins": wide[: args.lines], "new": new}
    sets = {name: variants(lines, generator) for name, lines in sources.items()}
    found: Table = {
        **head(),
        "look": look.manifest.model_dump(mode="json")["provenance"],
        "real_lines": len(real),
        "twins": len(sources["twins"]),
        "new": len(new),
    }
    drawn = [prepare_line(general.make(i).image, 36) for i in range(args.lines)]
    plain = {"lines drawn without a look": drawn, "the other half of the scans": list(read)}
    best = ""
    for name, variant in sets.items():
        rows = distances(real, recognizer, {**variant, **plain})
        for what, row in rows.items():
            print(f"{name:<6} {what:<28}{row['kid']:9.5f} ± {row['kid_deviation']:.5f}", end="")
            print(f"  textures {row['texture_kid']:8.3f}  covered {row['coverage']:.0%}")
        procedural = [what for what in rows if what in (*INK, *SCAN)]
        best = best or procedural[0]
        near = min(procedural, key=lambda what: rows[what]["texture_kid"])
        found[f"distances of {name}"] = rows
        found[f"over the best degradation, {name}"] = {
            "best": [procedural[0], near],
            "kid": round(rows["translated"]["kid"] / rows[procedural[0]]["kid"], 4),
            "texture_kid": round(rows["translated"]["texture_kid"] / rows[near]["texture_kid"], 4),
        }
        print(found[f"over the best degradation, {name}"], flush=True)
    if args.picture:
        picture(args.picture, sets["twins"]["translated"], real)
    found["gap_grey_levels_with_5_and_95_percent"] = gaps = {}
    config = GapConfig(steps=args.gap_steps)
    for what in ("clean", best, "translated") if args.gap_steps else ():
        gap = measure_gap(real, sets["twins"][what], config)
        gaps[what] = [round(x, 2) for x in (gap.estimate, gap.low, gap.high)]
        print(f"gap, {what}: {gaps[what]}", flush=True)
    if args.gap_steps:
        floor = measure_floor(real, config)
        gaps["half the scans"] = [round(x, 2) for x in (floor.estimate, floor.low, floor.high)]
    found["judges"] = {}
    for name in args.judges:
        for which, variant in sets.items():
            three = {what: variant[what] for what in ("clean", "translated", best)}
            row = judged(name, sources[which], three)
            found["judges"][f"{name}, {which}"] = row
            print(name, which, json.dumps(row), flush=True)
    print(write_result(found, "looks", args.name, RESULTS))


if __name__ == "__main__":
    main()
