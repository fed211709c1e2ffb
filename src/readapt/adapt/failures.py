"""What stops an adaptation, said in one sentence; ``--resume`` goes on from there."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from readapt.errors import ReadaptError
from readapt.whole import is_full


@contextmanager
def said_plainly(work: Path) -> Iterator[None]:
    """Turn what the system says of rights and of full disks, in many ways, into a sentence.

    ``work`` is where files are written. Raises :class:`ReadaptError` for these; anything else
    passes as it is.
    """
    try:
        yield
    except PermissionError as error:
        raise ReadaptError(
            f"{error.filename or work}: not allowed ({error.strerror}); change its rights, and go "
            "on with --resume."
        ) from error
    except (OSError, RuntimeError, SafetensorError) as error:
        if not is_full(work, error):
            raise
        file = error.filename if isinstance(error, OSError) else None
        places = (work, Path(tempfile.gettempdir()))
        place = file or min(places, key=lambda folder: shutil.disk_usage(folder).free)
        raise ReadaptError(
            f"{place}: the disk is full; free some of it and go on with --resume."
        ) from error
