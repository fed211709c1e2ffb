"""C sources of this package, compiled on the machine that trains.

A C compiler is a gain and no need: whoever asks has another way. A library is compiled for this
processor once a process, in about a second, and leaves no file behind.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_FLAGS: Final = (
    *("-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-fopenmp-simd"),
    *("-shared", "-fPIC", "-lm"),
)


def compiled(names: Sequence[str], *defines: str) -> ctypes.CDLL | None:
    """Compile the files `names` beside this one with `defines` such as `-DREAL=double`.

    `None` where there is no compiler (`CC`, otherwise `cc`), and with a warning where it fails.
    """
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        return None
    sources = [str(Path(__file__).with_name(name)) for name in names]
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "compiled.so"
        command = [compiler, *defines, *sources, "-o", str(target), *_FLAGS]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
        if done.returncode:
            warnings.warn(
                f"Training runs on torch's operators: {compiler} failed to compile "
                f"{sources[0]}: {done.stderr.strip()[:500]}",
                RuntimeWarning,
                stacklevel=2,
            )
            return None
        return ctypes.CDLL(str(target))
