"""Read listed images with readapt: ``read_with_readapt.py lines|pages LIST OUT.json THREADS``.

Writes a list of texts, or per page a list of ``[polygon, text]``.
"""

import argparse
import json
from pathlib import Path

from readapt import Reader
from readapt.pages.load import load_page

BATCH = 64


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["lines", "pages"])
    parser.add_argument("list", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("threads", type=int)
    parser.add_argument("-m", "--model")
    arguments = parser.parse_args()
    paths = arguments.list.read_text().splitlines()
    reader = Reader(arguments.model, threads=arguments.threads)
    found: list[object] = []
    if arguments.kind == "lines":
        for start in range(0, len(paths), BATCH):
            images = [load_page(path).image for path in paths[start : start + BATCH]]
            found += [line.text for line in reader.read_lines(images)]
    else:
        for path in paths:
            found.append([[line.polygon, line.text] for line in reader.read(path).lines])
    arguments.out.write_text(json.dumps(found), "utf-8")


if __name__ == "__main__":
    main()
