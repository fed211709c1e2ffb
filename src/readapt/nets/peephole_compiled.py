"""`peephole_steps.c`, compiled on the machine that trains, for its processor.

A C compiler is a gain and no need: without one, `peephole_steps.py` does the same on torch's
operators. The library is compiled once a process, in about a second, and leaves no file behind.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from readapt.nets.peephole_steps import Gradients, Sequence, Step

_SOURCE: Final = Path(__file__).with_name("peephole_steps.c")
_FLAGS: Final = (
    *("-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-fopenmp-simd"),
    *("-shared", "-fPIC", "-lm"),
)
_REALS: Final = {torch.float32: (), torch.float64: ("-DREAL=double",)}


class _Sequence(ctypes.Structure):
    """`struct sequence` of the C source."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("directions", "time", "batch", "hidden")),
        *((name, ctypes.c_void_p) for name in ("gates", "h", "c", "tanh_c", "p")),
        *((name, ctypes.c_void_p) for name in ("grad_h", "to_h", "to_c", "delta")),
        *((name, ctypes.c_void_p) for name in ("grad_b", "grad_p")),
    )


@cache
def _library(dtype: torch.dtype) -> ctypes.CDLL | None:
    """Compile for `dtype`; `None` where there is no compiler, with a warning where it fails."""
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "peephole_steps.so"
        command = [compiler, *_REALS[dtype], str(_SOURCE), "-o", str(target), *_FLAGS]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
        if done.returncode:
            warnings.warn(
                f"The peephole LSTM runs on torch's operators: {compiler} failed to compile "
                f"{_SOURCE.name}: {done.stderr.strip()[:500]}",
                RuntimeWarning,
                stacklevel=2,
            )
            return None
        library = ctypes.CDLL(str(target))
    for function in (library.forward_step, library.backward_step):
        function.argtypes = (ctypes.POINTER(_Sequence), ctypes.c_int64)
        function.restype = None
    return library


def _step(function: Callable[..., None], s: Sequence, grad: Gradients | None) -> Step:
    """Bind the buffers, which the closure keeps alive."""
    directions, time, batch, hidden = s.tanh_c.shape
    tensors: list[Tensor] = [s.gates, s.h, s.c, s.tanh_c, s.p]
    if grad is not None:
        tensors += [grad.h, grad.to_h, grad.to_c, grad.delta, grad.b, grad.p]
    assert all(tensor.is_contiguous() for tensor in tensors)
    pointers = [tensor.data_ptr() for tensor in tensors]
    bound = _Sequence(directions, time, batch, hidden, *pointers)

    def step(t: int, _alive: list[Tensor] = tensors) -> None:
        function(bound, t)

    return step


def _fits(s: Sequence) -> ctypes.CDLL | None:
    if s.gates.device.type != "cpu" or s.gates.dtype not in _REALS:
        return None
    return _library(s.gates.dtype)


def forward_steps(s: Sequence) -> Step | None:
    """Give the compiled step, or `None` where there is none for these tensors."""
    library = _fits(s)
    return None if library is None else _step(library.forward_step, s, None)


def backward_steps(s: Sequence, grad: Gradients) -> Step | None:
    """Give the compiled step, or `None` where there is none for these tensors."""
    library = _fits(s)
    return None if library is None else _step(library.backward_step, s, grad)
