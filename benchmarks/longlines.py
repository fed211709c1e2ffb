"""Lines of 20,000 pixels: read whole against cut by hand, and memory against width.

    python benchmarks/longlines.py [NAME] [-m MODEL] [--width 20000] [--lines 10]

Whole lines go through split and stitch; the same lines are cut in the middle of spaces, where no
seam can hurt, read piece by piece and joined. The two error rates should be the same. Writes
``results/<date>-longlines[-NAME].json``.
"""

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
from engines import Readapt
from hardware import RESULTS, head, write_result
from peers import process

from readapt.evaluate.normalise import strict
from readapt.evaluate.rates import cer, total
from readapt.synth.corpus import BUILT_IN
from readapt.synth.fonts import Font, find_fonts
from readapt.synth.render import Style, render_line
from readapt.types import Image

PIECE = 1200
"""Widest piece in pixels that the hand cuts."""


@dataclass(frozen=True)
class LongLine:
    """A line, its text, and the columns where it may be cut."""

    image: Image
    text: str
    spaces: tuple[int, ...]

    def pieces(self) -> list[Image]:
        """Cut the line at spaces into pieces of at most ``PIECE`` pixels."""
        cuts = [0]
        for here, following in zip(self.spaces, (*self.spaces[1:], None), strict=True):
            if following is None or following - cuts[-1] > PIECE:
                cuts.append(here)
        ends = [*cuts[1:], self.image.shape[1]]
        return [self.image[:, a:b] for a, b in zip(cuts, ends, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("name", nargs="?", default="", help="told apart from other runs by it")
    parser.add_argument("-m", "--model")
    parser.add_argument("--width", type=int, default=20_000)
    parser.add_argument("--lines", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    engine = Readapt(arguments.threads, arguments.model)
    fonts = [font for font in find_fonts() if font.can_draw(BUILT_IN["en"])]
    lines = [
        make_line(np.random.default_rng([7, i]), fonts, arguments.width)
        for i in range(arguments.lines)
    ]
    result: dict[str, Any] = {
        "name": arguments.name,
        **head(),
        "version": engine.version(),
        "width": arguments.width,
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole = read(engine, [line.image for line in lines], folder, arguments.threads)
        pieces = [line.pieces() for line in lines]
        flat = read(engine, [p for line in pieces for p in line], folder, arguments.threads)
        rest = iter(flat["texts"])
        cut = [" ".join(filter(None, (next(rest) for _ in line))) for line in pieces]
        result["whole"] = compare([line.text for line in lines], whole["texts"], whole)
        result["cut"] = compare([line.text for line in lines], cut, flat)
        result["whole_against_cut"] = total(
            cer(strict(a), strict(b)) for a, b in zip(cut, whole["texts"], strict=True)
        ).rate
        result["memory"] = []
        for factor in (0.125, 0.25, 0.5, 1, 2):
            width = int(arguments.width * factor)
            image = make_line(np.random.default_rng([8]), fonts, width).image
            cost = read(engine, [image], folder, arguments.threads)
            result["memory"].append({"width": image.shape[1], "peak_mib": cost["peak_mib"]})
    path = write_result(result, "longlines", arguments.name, arguments.out)
    for key in ("whole", "cut"):
        print(f"{key}: CER {result[key]['cer']:.4f}, {result[key]['wall_s']:.1f} s")
    print(f"whole against cut: {result['whole_against_cut']:.5f}")
    for row in result["memory"]:
        print(f"{row['width']} px: {row['peak_mib']:.0f} MiB at most")
    print(f"wrote {path}", file=sys.stderr)


def make_line(rng: np.random.Generator, fonts: list[Font], width: int) -> LongLine:
    """Set frequent English words in one font until the line is at least ``width`` pixels wide."""
    words = BUILT_IN["en"].split()
    font = fonts[int(rng.integers(len(fonts)))]
    style = Style(size=int(rng.integers(28, 40)))
    chosen = [words[int(i)] for i in rng.integers(len(words), size=width // 10 + 50)]
    sample = render_line(" ".join(chosen[:50]), font, style, rng)
    text = " ".join(chosen[: int(np.ceil(1.05 * width * 50 / sample.ink.shape[1]))])
    drawn = render_line(text, font, style, rng)
    image = (255 - 235 * drawn.ink).astype(np.uint8)
    spaces = tuple(
        round(float(drawn.characters[i, :, 0].mean()))
        for i, character in enumerate(text)
        if character == " "
    )
    return LongLine(image, text, spaces)


def read(engine: Readapt, images: list[Image], folder: Path, threads: int) -> dict[str, Any]:
    paths = []
    for number, image in enumerate(images):
        path = folder / f"{number:05}.png"
        PIL.Image.fromarray(image).save(path)
        paths.append(str(path))
    cost, out = process(engine, "lines", paths, folder, "eng", threads)
    return {"texts": engine.lines(out, len(paths)), **cost}


def compare(truths: list[str], readings: list[str], cost: dict[str, Any]) -> dict[str, Any]:
    rate = total(cer(strict(a), strict(b)) for a, b in zip(truths, readings, strict=True))
    kept = {key: cost[key] for key in ("wall_s", "cpu_s", "peak_mib")}
    return {"cer": rate.rate, "characters": rate.length, **kept}


if __name__ == "__main__":
    main()
