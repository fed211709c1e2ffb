"""Which processors multiply matrices faster in bfloat16 than in float32."""

from __future__ import annotations

from functools import cache

import torch

_FAST = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
"""Instructions for products of bfloat16, as torch names its questions for them."""


@cache
def half_is_fast(device: torch.device) -> bool:
    """Say whether convolutions and products in bfloat16 save time on a device.

    Where a processor has no instructions for them they are emulated: the recognizer's convolutions
    then take three (AVX-512) to ten (AVX2) times as long as in float32.
    """
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu":
        return False
    return any(getattr(torch.cpu, name, lambda: False)() for name in _FAST)
