"""Layers over lines of different lengths, in one direction or both.

The backward direction turns every line round on its own, so that padding comes last for both
directions. What comes last reaches nothing before it: no step needs a mask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor

Layer = Callable[[list[Tensor]], Sequence[Tensor]]
"""Takes a sequence `time batch channel` for each direction, as that direction reads it, and gives
the outputs `time batch hidden` of each."""


def read(
    x: Tensor,
    lengths: Tensor | None,
    layers: Iterable[Layer],
    both: bool,
    dropout: Callable[[Tensor], Tensor],
) -> Tensor:
    """`batch time channel` through all layers to `batch time directions*hidden`.

    With `lengths` (one a line, in [1, time]) frames behind the end are neither read nor written:
    they give zeros. `dropout` lies between layers.
    """
    x, padding = x.transpose(0, 1), None
    if lengths is not None:
        padding = torch.arange(len(x), device=x.device)[:, None, None] >= lengths[:, None]
        x = x.masked_fill(padding, 0)
    for number, layer in enumerate(layers):
        x = dropout(x) if number else x
        outputs = list(layer([x, reverse(x, lengths)] if both else [x]))
        outputs[1:] = [reverse(output, lengths) for output in outputs[1:]]
        x = torch.cat(outputs, 2)
    if padding is not None:
        x = x.masked_fill(padding, 0)
    return x.transpose(0, 1)


def reverse(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Turn `time batch channel` round in time: each line alone, its padding still behind it."""
    if lengths is None:
        return x.flip(0)
    time = len(x)
    index = (lengths - 1 - torch.arange(time, device=x.device)[:, None]) % time
    return x.gather(0, index.unsqueeze(2).expand_as(x))
