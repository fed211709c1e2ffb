"""Confidences are fitted to some labelled lines and measured on others."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from bar_world import ALPHABET

from readapt.adapt.end import calibrated
from readapt.adapt.learning.known import Known
from readapt.models.manifest import Calibration

HEIGHT = 36


def test_lines_of_both_kinds_are_fitted_to_and_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rendered lines and ones in the look alternate, and so do the two halves."""
    look = tuple((np.zeros((HEIGHT, 40), np.uint8), f"look {i}") for i in range(5))

    class Maker:
        def make(self, index: int) -> Any:
            return SimpleNamespace(image=np.zeros((HEIGHT, 40), np.uint8), text=f"drawn {index}")

    maker: Any = Maker()
    seen: list[str] = []

    def calibrate(
        posteriors: Sequence[object], texts: Sequence[str], *rest: object
    ) -> SimpleNamespace:
        seen.extend(texts)
        return SimpleNamespace(calibration=rest[-1])

    monkeypatch.setattr(calibrated, "calibrate", calibrate)
    reader: Any = SimpleNamespace(log_posteriors=lambda lines: [None] * len(lines))
    known = Known(maker, maker, HEIGHT, (), look)
    before = Calibration()
    assert calibrated.fit_confidences(reader, known, ALPHABET, before, 40) is before
    assert len(seen) == len(set(seen)) == 25  # 20 drawn, and no line in the look twice
    halves = [sum(text.startswith("look") for text in seen[i::2]) for i in (0, 1)]
    assert min(halves) > 0
