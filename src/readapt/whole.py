"""Files that appear whole or not at all, whatever stops the program that writes them."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT)
"""What the system says where a disk is full, or what the user may have of it."""
LITTLE = 4_000_000
"""Bytes below which a disk is full, whatever a library says of its failure."""


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a path beside ``path`` to write to; the file takes its place when all is written.

    If writing fails, what stood there stays, and the unfinished file is removed. Raises OSError
    (ENOSPC) where the disk is full, which libraries say in many ways, and which can be found out
    only before the unfinished file has made room.
    """
    scratch = path.with_name(f".{path.name}.part")
    try:
        yield scratch
        os.replace(scratch, path)
    except Exception as error:
        if is_full(path.parent, error):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
        raise
    finally:
        scratch.unlink(missing_ok=True)


def is_full(folder: Path, error: Exception) -> bool:
    """Whether the disk of a folder, or what the user may have of it, was full at an error."""
    if isinstance(error, OSError) and error.errno in FULL:
        return True
    return shutil.disk_usage(folder).free < LITTLE
