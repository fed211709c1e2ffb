"""The paper game: from patches to a look; resumed, it ends the same; never lost in silence."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from readapt.errors import UsageError
from readapt.gan.critic import GapConfig
from readapt.gan.duel import DuelConfig
from readapt.gan.look import Look, save_look, translator_section
from readapt.gan.make_paper import PaperConfig, PaperMonitor, make_paper, paper_collapse
from readapt.gan.objectives import OBJECTIVES
from readapt.gan.paper import draw_sheet, load_paper
from readapt.gan.patches import SIDE, Patches, Tone
from readapt.gan.play import CollapseError, PlayConfig
from readapt.nets.discriminator import DiscriminatorConfig
from readapt.nets.generator import Generator, GeneratorConfig

SMALL = DiscriminatorConfig(width=4, layers=1, norm="none")
CONFIG = PaperConfig(
    width=4,
    latent=4,
    critic=SMALL,
    duel=DuelConfig(batch=4),
    play=PlayConfig(steps=4, log_every=1, judge_every=2, patience=0),
    gap=GapConfig(steps=6, batch=4, windows=8, look_every=3, bootstrap=10, critic=SMALL),
)


@pytest.fixture(scope="module")
def patches() -> Patches:
    rng = np.random.default_rng(2)
    tones = rng.normal(0, 6, (40, 1, 1))
    grain = rng.normal(0, 1, (40, SIDE, SIDE))
    levels = (210 + tones + grain).clip(0, 255).astype(np.uint8)
    return Patches(levels, Tone.of(levels), 2, (0.1, 0.3))


def test_from_patches_to_a_look(patches: Patches, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    network = Generator(GeneratorConfig(blocks=1))
    save_look(folder, translator=(network, translator_section(network, 36, {})))
    made = make_paper(patches, folder, tmp_path / "work", CONFIG)
    assert made.result.steps == 4
    assert made.gap is not None
    assert {"kid", "kid_floor", "kid_plain", "coverage"} <= set(made.figures)
    look = Look.load(folder)
    look.translator()  # what was there stays
    loaded, section = load_paper(look)
    assert (section.objective, section.ink) == ("lsgan", (0.1, 0.3))
    assert draw_sheet(loaded, section, 64, 64, 1).shape == (64, 64)


def test_resumed_as_if_never_stopped(patches: Patches, tmp_path: Path) -> None:
    config = replace(CONFIG, gap=GapConfig(steps=0), duel=DuelConfig(batch=4, hold=2.0))
    whole = make_paper(patches, tmp_path / "a", tmp_path / "work-a", config)
    half = replace(config, play=replace(config.play, steps=2))
    make_paper(patches, tmp_path / "b", tmp_path / "work-b", half)
    with pytest.raises(UsageError, match="--resume"):
        make_paper(patches, tmp_path / "b", tmp_path / "work-b", config)
    other = replace(config, objective="hinge")
    with pytest.raises(UsageError, match="other settings or scans"):
        make_paper(patches, tmp_path / "b", tmp_path / "work-b", other, resume=True)
    both = make_paper(patches, tmp_path / "b", tmp_path / "work-b", config, resume=True)
    assert (both.result.steps, both.result.best_step) == (4, whole.result.best_step)
    a, b = (load_paper(made.look)[0].state_dict() for made in (whole, both))
    for name, weight in a.items():
        assert torch.equal(weight, b[name]), name


@pytest.mark.parametrize("objective", list(OBJECTIVES))
def test_every_objective_is_played(patches: Patches, tmp_path: Path, objective: str) -> None:
    config = replace(CONFIG, objective=objective, gap=GapConfig(steps=0))
    config = replace(config, play=PlayConfig(steps=1, judge_every=1, patience=0))
    look = make_paper(patches, tmp_path / "x", tmp_path / "work", config).look
    assert look.manifest.paper is not None
    assert look.manifest.paper.objective == objective


def test_collapse_is_recognised(patches: Patches) -> None:
    real = patches.levels
    rng = np.random.default_rng(0)
    other = (209 + rng.normal(0, 6, (40, 1, 1)) + rng.normal(0, 1, real.shape)).astype(np.uint8)
    assert paper_collapse(real, other) == ""
    flat = np.broadcast_to(np.rint(rng.normal(210, 6, (40, 1, 1))), real.shape).astype(np.uint8)
    assert "flat" in paper_collapse(real, flat)
    assert "the same one" in paper_collapse(real, np.repeat(other[:1], 40, 0))
    assert "darker" in paper_collapse(real, (other // 2).astype(np.uint8))


class Broken(torch.nn.Module):
    """A generator that has come to nothing."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = value

    def forward(self, noise: Tensor) -> Tensor:
        return torch.full((len(noise), 1, SIDE, SIDE), self.value)


def test_a_lost_game_is_said(patches: Patches) -> None:
    monitor = PaperMonitor(patches, 4, count=20)
    looks = [monitor(Broken(0.0)) for _ in range(3)]
    assert all(look.score == float("inf") for look in looks)
    assert all(look.collapse and not look.beyond_doubt for look in looks)
    lost = monitor(Broken(float("nan")))
    assert "no numbers" in lost.collapse
    assert lost.beyond_doubt
    assert monitor.plain > 10 * abs(monitor.floor)


def test_a_lost_game_leaves_no_look(patches: Patches, tmp_path: Path) -> None:
    dark = replace(
        patches, tone=Tone(20.0, 20.0, 6.0)
    )  # every sheet comes out far darker than the patches
    with pytest.raises(CollapseError, match="start again"):
        make_paper(dark, tmp_path / "x", tmp_path / "work", CONFIG)
    assert not (tmp_path / "x").exists()
