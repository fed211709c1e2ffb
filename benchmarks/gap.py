"""Does the gap track quality? The gap meter's distance beside the shipped recognizer's errors.

    python benchmarks/gap.py NAME [--lines 400] [--steps 300]

Rendered lines under graded degradations, each in several strengths, none chosen by its result.
Of each set: the critic's distance from the clean lines, with its interval, and the recognizer's
CER (folded; spaces count). Reported: Spearman's rank correlation of the two over all sets, and
within each degradation. Writes ``results/<date>-gap[-NAME].json``.
"""

import argparse
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import torch
from hardware import RESULTS, head, write_result

from readapt.evaluate.normalise import fold
from readapt.evaluate.rates import cer
from readapt.gan.critic import GapConfig, measure_gap
from readapt.gan.source import source_lines
from readapt.reader import Reader
from readapt.recognize.preprocess import prepare_line
from readapt.synth.lines import LineConfig, LineMaker
from readapt.types import Image

Change = Callable[[Image, float, np.random.Generator], Image]


def blur(line: Image, strength: float, rng: np.random.Generator) -> Image:
    return np.asarray(cv2.GaussianBlur(line, (0, 0), strength))


def noise(line: Image, strength: float, rng: np.random.Generator) -> Image:
    return np.clip(line + rng.normal(0, strength, line.shape), 0, 255).astype(np.uint8)


def smaller(line: Image, strength: float, rng: np.random.Generator) -> Image:
    height, width = line.shape
    small = cv2.resize(line, (max(4, round(width / strength)), max(4, round(height / strength))))
    return np.asarray(cv2.resize(small, (width, height)))


def faded(line: Image, strength: float, rng: np.random.Generator) -> Image:
    """Ink that comes through in spots only: a share `strength` of it is gone."""
    field = cv2.GaussianBlur(rng.normal(size=line.shape), (0, 0), 1.2)
    gone = field < np.quantile(field, strength)
    return np.where(gone, np.maximum(line, 225), line).astype(np.uint8)


GRADES: dict[str, tuple[Change, tuple[float, ...]]] = {
    "blur, deviation in pixels": (blur, (0.8, 1.4, 2.0, 2.8)),
    "noise, deviation in grey levels": (noise, (15, 40, 70, 110)),
    "enlarged again, times": (smaller, (1.5, 2.2, 3.0, 4.0)),
    "ink gone, share": (faded, (0.1, 0.25, 0.4, 0.55)),
}


def ranks(values: list[float]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Ranks from 0; equal values share their mean rank."""
    a = np.array(values)
    return np.array([(a < x).sum() + ((a == x).sum() - 1) / 2 for x in a], float)


def spearman(a: list[float], b: list[float]) -> float:
    return float(np.corrcoef(ranks(a), ranks(b))[0, 1])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name")
    parser.add_argument("--lines", type=int, default=400)
    parser.add_argument("--steps", type=int, default=300)
    args = parser.parse_args()
    torch.set_num_threads(1)
    reader = Reader(threads=1)
    maker = LineMaker(LineConfig(seed=77, clean=1.0), alphabet=reader.alphabet)
    drawn = [s for s in source_lines(maker, 2 * args.lines) if s.image.shape[1] >= 64]
    clean, lines = [s.image for s in drawn[::2]], drawn[1::2]
    config = GapConfig(steps=args.steps)

    def measured(images: list[Image]) -> dict[str, float]:
        gap = measure_gap(clean, images, config)
        read = reader.read_lines(images)
        found = [cer(fold(s.text), fold(r.text)) for s, r in zip(lines, read, strict=True)]
        rate = sum(f.edits for f in found) / sum(len(fold(s.text)) for s in lines)
        row = {"gap": round(gap.estimate, 2), "low": round(gap.low, 2), "high": round(gap.high, 2)}
        return row | {"cer": round(rate, 4)}

    rows: dict[str, dict[str, Any]] = {"none": {"": measured([s.image for s in lines])}}
    print("none", rows["none"], flush=True)
    for name, (change, strengths) in GRADES.items():
        rows[name] = {}
        for strength in strengths:
            rng = np.random.default_rng(5)
            images = [prepare_line(change(s.image, strength, rng), 36) for s in lines]
            rows[name][str(strength)] = measured(images)
            print(name, strength, rows[name][str(strength)], flush=True)
    flat = [row for group in rows.values() for row in group.values()]
    found = {
        "name": args.name,
        **head(),
        "sets": rows,
        "spearman_over_all": round(spearman([r["gap"] for r in flat], [r["cer"] for r in flat]), 4),
        "spearman_within": {
            name: round(spearman([r["gap"] for r in g.values()], [r["cer"] for r in g.values()]), 4)
            for name, g in rows.items()
            if len(g) > 1
        },
    }
    print(found["spearman_over_all"], found["spearman_within"])
    path = write_result(found, "gap", args.name, RESULTS)
    print(path)


if __name__ == "__main__":
    main()
