"""How many lines a model cannot read, by script: what `readapt adapt` warns by.

    python benchmarks/scripts.py [-m MODEL] [--data DATA] [--limit N] [--name NAME]

A line is unreadable if its estimated error rate is above `UNREADABLE` of
`readapt.adapt.gate.lines`. Lines in other scripts are rendered with a font of this system that has
them (fonts-dejavu-core), in several sizes; collections of DATA, lines cut along the truth, are
beside them. Writes
``results/<date>-scripts[-NAME].json``.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from documents import COLLECTIONS, prepare
from hardware import RESULTS, head, write_result
from matplotlib import font_manager

from readapt.evaluate.estimate import UNREADABLE, expected_edits, find_signs
from readapt.models.bundle import Bundle, find_bundle
from readapt.models.manifest import ErrorEstimate
from readapt.pages.load import load_page
from readapt.reader import load_recognizer
from readapt.recognize.tighten import cut_as_read
from readapt.synth.fonts import read_font
from readapt.synth.render import Style, render_line
from readapt.types import Image

TEXTS = {  # article 1 of the Universal Declaration of Human Rights, where it is not Genesis 1
    "Latin": "All human beings are born free and equal in dignity and rights.",
    "Cyrillic": "Все люди рождаются свободными и равными в своем достоинстве и правах.",
    "Greek": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια.",
    "Hebrew": "בראשית ברא אלהים את השמים ואת הארץ",
    "Armenian": "Բոլոր մարդիկ ծնվում են ազատ ու հավասար իրենց արժանապատվությամբ:",
    "Georgian": "ყველა ადამიანი იბადება თავისუფალი და თანასწორი თავისი ღირსებით.",
}
SIZES = (24, 32, 44)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("-m", "--model")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--limit", type=int, default=150, help="lines of each collection")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--name", default="")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    bundle = Bundle.load(find_bundle(arguments.model))
    shares = {}
    for name, lines in sets(arguments.data, arguments.limit):
        shares[name] = unreadable(bundle, lines, arguments.threads)
        print(f"{name}: {shares[name]:.0%} of {len(lines)} lines", flush=True)
    result = {"name": arguments.name, **head(), "above": UNREADABLE, "shares": shares}
    print(
        f"wrote {write_result(result, 'scripts', arguments.name, arguments.out)}", file=sys.stderr
    )


def sets(data: Path | None, limit: int) -> Iterator[tuple[str, list[Image]]]:
    """Yield names and lines: scripts, then collections."""
    for name, text in TEXTS.items():
        yield name, list(rendered(text))
    for collection in COLLECTIONS if data is not None else ():
        assert data is not None
        with tempfile.TemporaryDirectory() as folder:
            paths = prepare(collection, data, Path(folder), limit).lines
            yield collection.name, [load_page(path).image for path in paths]


def rendered(text: str) -> Iterator[Image]:
    """Yield every stretch of three words in three sizes, black on white."""
    font = read_font(font_manager.findfont("DejaVu Sans"))
    words = text.split()
    for start in range(len(words) - 2):
        for size in SIZES:
            stretch = " ".join(words[start : start + 3])
            ink = render_line(stretch, font, Style(size), np.random.default_rng(0)).ink
            yield (255 * (1 - ink)).astype(np.uint8)


def unreadable(bundle: Bundle, lines: Sequence[Image], threads: int) -> float:
    """Return the share of lines above the mark."""
    recognizer = load_recognizer(bundle, threads)
    errors = (bundle.manifest.calibration.errors or ErrorEstimate()).without_words()
    tight = cut_as_read(recognizer, lines, cut_elsewhere=True)
    signs = find_signs(recognizer, tight, bundle.manifest.recognizer.height)
    characters = np.array([sign.characters for sign in signs])
    return float((expected_edits(signs, errors) > UNREADABLE * characters).mean())


if __name__ == "__main__":
    main()
