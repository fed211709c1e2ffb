"""Read the example pages: prints their text, and where the overlay pictures lie.

python examples/demo.py [IMAGE ...]
"""

import sys
import time
from pathlib import Path

import PIL.Image

from readapt import Reader
from readapt.pages.load import load_pages
from readapt.report.overlay import draw_overlay

HERE = Path(__file__).parent
OUT = HERE.parent / "demo-out"


def main(paths: list[Path]) -> None:
    """Read each image, print its text, and write an overlay beside the others in `demo-out`."""
    OUT.mkdir(exist_ok=True)
    reader = Reader()
    for path in paths:
        started = time.perf_counter()
        page = reader.read(path)
        seconds = time.perf_counter() - started
        print(f"\n=== {path.name}: {len(page.lines)} lines in {seconds:.2f} s\n\n{page.text}")
        source = next(iter(load_pages(path)))
        picture = OUT / f"{path.stem}.png"
        PIL.Image.fromarray(draw_overlay(source.image, page)).save(picture)
        print(f"\n--- overlay: {picture}")


if __name__ == "__main__":
    named = [Path(argument) for argument in sys.argv[1:]]
    main(named or [HERE / f"{n}.jpg" for n in ("receipt", "typescript", "catalogue")])
