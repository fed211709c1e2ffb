"""Files that appear whole or not at all, whatever stops the program that writes them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a path beside ``path`` to write to; the file takes its place when all is written.

    If writing fails, what stood there stays, and the unfinished file is removed.
    """
    scratch = path.with_name(f".{path.name}.part")
    try:
        yield scratch
        os.replace(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)
