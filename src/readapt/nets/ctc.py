"""The CTC loss in training, its gradient derived by hand.

Graves, Fernández, Gomez and Schmidhuber, "Connectionist Temporal Classification" (ICML 2006),
equations 5 to 16; `recognize/ctc.py` has the same recursions in NumPy, term by term, and
`docs/theory/ctc.md` their story. Here they run in C, a line at a time (`ctc.c`), in a quarter of
the time that torch's loss takes, which serves where there is no compiler, and on a GPU.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx, once_differentiable
from torch.nn import functional as F

from readapt.nets.compiler import compiled
from readapt.recognize.alphabet import BLANK

_INT, _POINTER = ctypes.c_int64, ctypes.c_void_p


def ctc_losses(log_probs: Tensor, labels: Tensor, frames: Tensor, lengths: Tensor) -> Tensor:
    """`-ln p(label | line)` for each line, `batch`; 0 where the frames are too few for a label.

    `log_probs` is `batch time class` float32, log-softmaxed, the blank its first class; `labels`
    holds the classes of all labels, one line after the other, and `lengths` `batch` how many each
    line has; the first `frames` `batch` of each line count. All three are int64. A line without a
    label is all blank.
    """
    library = _library() if log_probs.device.type == "cpu" else None
    if library is None or log_probs.dtype != torch.float32:
        return F.ctc_loss(
            log_probs.transpose(0, 1),
            labels.to(log_probs.device),
            frames,
            lengths,
            blank=BLANK,
            reduction="none",
            zero_infinity=True,
        )
    found: Tensor = CtcFunction.apply(log_probs, labels, frames, lengths)  # type: ignore[no-untyped-call]
    return found


class CtcFunction(torch.autograd.Function):
    """The loss of each line; the posteriors of its classes are all that the way back needs."""

    @staticmethod
    def forward(
        ctx: FunctionCtx, log_probs: Tensor, labels: Tensor, frames: Tensor, lengths: Tensor
    ) -> Tensor:
        """Walk both ways through every line."""
        library = _library()
        assert library is not None
        log_probs = log_probs.contiguous()
        labels, frames, lengths = (
            x.to(torch.int64).contiguous() for x in (labels, frames, lengths)
        )
        batch, time, classes = log_probs.shape
        posteriors = torch.zeros_like(log_probs)
        losses = torch.empty(batch, dtype=torch.float64)
        longest = int(lengths.max()) if batch else 0
        scratch = torch.empty(library.ctc_scratch(time, longest))
        read = (log_probs, frames, labels, lengths)
        written = (posteriors, losses, scratch)
        pointers = [tensor.data_ptr() for tensor in (*read, *written)]
        library.ctc(batch, time, classes, *pointers)
        ctx.save_for_backward(posteriors)
        return losses.masked_fill(losses.isinf(), 0.0).float()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Return `d(-ln p) / d ln y = -posterior`, whose way through a softmax is equation 16."""
        (posteriors,) = ctx.saved_tensors
        return posteriors * -gradient[:, None, None], None, None, None


@cache
def _library() -> ctypes.CDLL | None:
    library = compiled(("ctc.c",))
    if library is not None:
        library.ctc.argtypes = (_INT, _INT, _INT, *(_POINTER,) * 7)
        library.ctc.restype = None
        library.ctc_scratch.argtypes, library.ctc_scratch.restype = (_INT, _INT), _INT
    return library
