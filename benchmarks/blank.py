"""Characters read where there are none: ``blank.py [NAME] [-m MODEL] [--engines A,B]``.

Twenty synthetic sheets (plain, stained, folded, with the other side showing through, shadowed) and
the side margins of real receipts and Fraktur pages. The right answer is 0 everywhere. Writes
``results/<date>-blank[-NAME].json``.
"""

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import PIL.Image
from engines import all_engines
from hardware import RESULTS, ROOT, head, write_result
from peers import process

from readapt.evaluate.run import load_truth_image
from readapt.evaluate.truth import load_truth
from readapt.synth.capture import expose, print_on, sample_capture
from readapt.synth.page import PageConfig, make_page
from readapt.synth.paper import Paper, reflectance, sample_paper
from readapt.types import Image

PLAIN: dict[str, Any] = {"stains": 0, "folds": 0, "creases": 0, "gutter": 0.0, "show_through": 0.0}
LOOKS: dict[str, dict[str, Any]] = {
    "plain": PLAIN,
    "stains": PLAIN | {"stains": 8, "specks": 60},
    "folds": PLAIN | {"folds": 3, "creases": 6},
    "show-through": PLAIN | {"show_through": 0.25},
    "shadows": PLAIN | {"gutter": 0.5, "gradient": 0.3, "vignette": 0.3},
}
SHEETS = 20
SIZE = (1100, 850)
"""Height and width of a sheet."""

SIDES = ("sroie_receipts", "ocrd_fraktur_pages")
"""Collections on whose pages every printed line is transcribed."""

MARKED = {
    ("X158", "right"): "a pen stroke",
    ("X195", "left"): "a number by hand",
    ("X195", "right"): "bars",
    ("X249", "right"): "a torn corner with print",
    ("X252", "right"): "a mark by hand",
    ("X278", "left"): "writing by hand",
    ("X278", "right"): "writing by hand",
    ("X384", "right"): "a pen stroke",
    ("X443", "right"): "print of the receipt beneath",
    ("X590", "right"): "printed rules",
    ("laube_europa0202_1837_0006", "right"): "a watermark",
    ("laube_europa0202_1837_0007", "right"): "a watermark",
    ("laube_europa0202_1837_0105", "right"): "a watermark",
}
"""Margins that do hold something, found by looking at every one of them."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("name", nargs="?", default="", help="told apart from other runs by it")
    parser.add_argument("-m", "--model")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--engines", type=lambda text: text.split(","), default=["readapt"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rapidocr", type=Path, default=Path("/opt/peers/bin/python"))
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    engines = all_engines(arguments.threads, arguments.model, arguments.rapidocr)
    images = sheets() | margins(arguments.data)
    result: dict[str, Any] = {"name": arguments.name, **head(), "images": len(images)}
    result["engines"] = {}
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, image in enumerate(images.values()):
            path = Path(folder) / f"{number:03}.png"
            PIL.Image.fromarray(image).save(path)
            paths.append(str(path))
        for name in arguments.engines:
            engine = engines[name]
            _, out = process(engine, "pages", paths, Path(folder), "eng", arguments.threads)
            found = dict(zip(images, engine.pages(out, len(paths)), strict=True))
            read = {key: [t for _, t in page if t.strip()] for key, page in found.items()}
            count = sum(len("".join(text.split())) for texts in read.values() for text in texts)
            result["engines"][name] = {
                "version": engine.version(),
                "characters": count,
                "read": {key: texts for key, texts in read.items() if texts},
            }
            print(f"{name}: {count} characters on {len(images)} images without text")
            for key, texts in result["engines"][name]["read"].items():
                print(f"  {key}: {texts}")
    path = write_result(result, "blank", arguments.name, arguments.out)
    print(f"wrote {path}", file=sys.stderr)


def sheets() -> dict[str, Image]:
    """Make the synthetic sheets, four of each look."""
    made: dict[str, Image] = {}
    for number in range(SHEETS):
        look = list(LOOKS)[number % len(LOOKS)]
        rng = np.random.default_rng([2026, number])
        paper = replace(sample_paper(rng), **LOOKS[look])
        light = reflectance(paper, rng, *SIZE)
        if paper.show_through:
            light *= 1 - np.float32(paper.show_through) * other_side(paper, number, rng)
        picture = print_on(light, paper.colour, [], colour=True)
        made[f"sheet {number}, {look}"] = expose(sample_capture(rng), picture, rng)
    return made


def other_side(paper: Paper, number: int, rng: np.random.Generator) -> np.ndarray:
    """Print a page on the back: mirrored and diffuse, ``height width`` float32 in [0, 1]."""
    back = make_page(number, PageConfig(seed=2026, degrade=False)).image
    ink = cv2.resize(255 - back[:, ::-1], SIZE[::-1], interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(ink.astype(np.float32), (0, 0), float(rng.uniform(1.5, 3)))
    return np.asarray(blurred, np.float32) / np.float32(255)


def margins(data: Path) -> dict[str, Image]:
    """Cut the strips left and right of all true lines, as high as the page."""
    found: dict[str, Image] = {}
    for name in SIDES:
        for page in load_truth([data / name]).pages:
            image = load_truth_image(page)
            x = np.concatenate([np.asarray(line.polygon)[:, 0] for line in page.lines])
            gap = 0.01 * page.width
            left, right = max(0, int(x.min() - gap)), min(page.width, int(x.max() + gap))
            for side, strip in (("left", image[:, :left]), ("right", image[:, right:])):
                wide = strip.shape[1] >= max(32, 0.03 * page.width)
                if wide and (page.image.stem, side) not in MARKED:
                    found[f"{page.image.stem}, {side}"] = np.ascontiguousarray(strip)
    return found


if __name__ == "__main__":
    main()
