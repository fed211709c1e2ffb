"""One process at a time in the folder of an adaptation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from readapt.errors import UsageError

FILE_NAME: Final = "lock"


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Keep other processes out of ``folder``; the system lets go when this one ends, however.

    Two that write the same checkpoints spoil both. Where files cannot be locked (Windows, some
    network drives), nobody is kept out. Raises :class:`UsageError` where another is at work.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    with (folder / FILE_NAME).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(
                f"{folder}: an adaptation is still running here; wait for it, or stop it first."
            ) from error
        except OSError:
            pass
        yield
