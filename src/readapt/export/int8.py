"""The same recognizer with convolutions in whole numbers, for reading: a third less time in it.

After Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference": a number is ``scale (integer - zero)``. Convolutions have a
scale for each channel of their weights and one for their inputs, found once on lines of the kind
that will be read. Recurrence and head stay exact: their inputs would be measured as they come, over
all lines of a batch, and what is read on a line must not depend on the others. Weights have seven
bits: processors without dot products of bytes add pairs of products in sixteen, which eight would
overflow.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)

from readapt.export.recognizer import export_recognizer
from readapt.nets.crnn import Crnn
from readapt.recognize.preprocess import batch_lines
from readapt.types import Image

LINES = 48
"""Lines that the inputs of convolutions are measured on: enough to see their range."""


def export_int8(network: Crnn, path: Path, lines: Sequence[Image]) -> None:
    """Write the ONNX model of ``network``, its convolutions in integers, to ``path``.

    ``lines`` are prepared ones, ``height width`` uint8, of the kind that will be read; their texts
    do not matter. Inputs and outputs are those of
    :func:`readapt.export.recognizer.recognizer_graph`. Raises ``ValueError`` without lines.
    """
    if not lines:
        raise ValueError("the range of activations is measured on lines: there are none")
    chosen = lines[:: max(1, len(lines) // LINES)][:LINES]
    with tempfile.TemporaryDirectory() as scratch, _without_advice():
        exact = Path(scratch) / "exact.onnx"
        export_recognizer(network, exact, half=False)
        quantize_static(
            exact,
            path,
            _Lines(chosen),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "MaxPool", "Relu"],
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )


class _Lines(CalibrationDataReader):  # type: ignore[misc, unused-ignore]
    """One line at a time."""

    def __init__(self, lines: Sequence[Image]) -> None:
        self._left = iter(lines)

    def get_next(self) -> dict[str, Any] | None:
        line = next(self._left, None)
        return None if line is None else {"lines": batch_lines([line])[0]}


@contextmanager
def _without_advice() -> Iterator[None]:
    """Silence the quantizer's advice, which is about graphs that are not made by hand."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
