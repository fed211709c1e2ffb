"""Candidates: every set from the same indices, degradations on clean lines."""

import numpy as np
import pytest
from matplotlib import font_manager

from readapt.gan.candidates import candidates, degraded, families
from readapt.synth.corpus import BUILT_IN, Corpus
from readapt.synth.degrade import SCAN
from readapt.synth.fonts import read_font
from readapt.synth.ink import INK
from readapt.synth.lines import LineConfig

FONTS = [read_font(font_manager.findfont(name)) for name in ("DejaVu Sans", "DejaVu Sans Mono")]
CORPORA = {k: Corpus(k, "", tuple(v.split())) for k, v in BUILT_IN.items()}


def test_sets() -> None:
    sets = list(candidates(LineConfig(seed=2), 3, FONTS, CORPORA))
    groups = {g: [c.name for c in sets if c.group == g] for g in {c.group for c in sets}}
    assert sorted(groups["fonts"]) == ["mono", "sans"]
    assert "receipt" in groups["documents"]
    assert groups["degradations"] == ["none", *INK, *SCAN]
    for candidate in sets:
        assert len(candidate.lines) == 3
        assert all(line.shape[0] == 36 for line in candidate.lines)
    plain = next(c for c in sets if c.name == "none")
    for other in (c for c in sets if c.group == "degradations"):
        assert [x.shape for x in other.lines] == [x.shape for x in plain.lines]


def test_groups_can_be_chosen() -> None:
    sets = list(candidates(LineConfig(seed=2), 2, FONTS, CORPORA, groups=("fonts",)))
    assert {c.group for c in sets} == {"fonts"}


def test_families_of_a_kind() -> None:
    (sans,) = families("sans", LineConfig(seed=2), 2, FONTS, CORPORA)
    assert (sans.group, sans.name, len(sans.lines)) == ("families", "DejaVu Sans", 2)
    assert list(families("blackletter", LineConfig(), 2, FONTS, CORPORA)) == []


@pytest.mark.parametrize("name", [*INK, *SCAN])
def test_each_does_something_and_the_same_twice(name: str) -> None:
    line = np.full((40, 200), 255, np.uint8)
    line[10:30, 20:180:8] = 0
    line[10:30, 21:180:8] = 0
    changed = [degraded(line, name, seed) for seed in range(5)]
    assert any(not np.array_equal(line, c) for c in changed)
    assert np.array_equal(changed[2], degraded(line, name, 2))
