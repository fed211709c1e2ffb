"""From patches to the paper of a look: the game, its judge, and what is said of the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from readapt.gan.critic import Gap, GapConfig, measure_gap
from readapt.gan.duel import Duel, DuelConfig
from readapt.gan.look import Look, PaperSection, save_look
from readapt.gan.objectives import OBJECTIVES, Name
from readapt.gan.paper import CELL, PaperGenerator, draw_noise, draw_sheet
from readapt.gan.patches import SIDE, Patches
from readapt.gan.play import CollapseError, PlayConfig, Result, Verdict, play
from readapt.gan.resume import fingerprint, same_settings
from readapt.gan.texture import TextureScale, texture, texture_figures
from readapt.nets.discriminator import Discriminator, DiscriminatorConfig


@dataclass(frozen=True, slots=True)
class PaperConfig:
    """Networks, game and budget."""

    width: int = 16
    """Channels of the last but one layer; four times as many in the first."""
    latent: int = 16
    """Channels of the coarse noise; half of them have one value for the whole sheet."""
    objective: Name = "lsgan"
    haste: float = 4.0
    """Learning rates as a multiple of the objective's own: networks this small bear it, and the
    budget is minutes."""
    crop: int = 32
    """Pixels a side of what is played with, a multiple of 8: the critic sees no more at a time."""
    critic: DiscriminatorConfig = field(
        default_factory=lambda: DiscriminatorConfig(width=16, layers=2, norm="none")
    )
    duel: DuelConfig = field(
        default_factory=lambda: DuelConfig(batch=8, noise=0.05, noise_until=0.7, average=0.99)
    )
    play: PlayConfig = field(
        default_factory=lambda: PlayConfig(minutes=10.0, judge_every=100, patience=0, believe=3)
    )
    gap: GapConfig = field(default_factory=lambda: GapConfig(steps=100, batch=16, width=SIDE))


@dataclass(frozen=True, slots=True)
class MadePaper:
    """A look with paper, and how near its sheets are to the patches it has learnt from."""

    look: Look
    result: Result
    figures: dict[str, float]
    """`kid` and `coverage` on textures, `kid_floor` of two halves of the patches, `kid_plain` of
    sheets of one level."""
    gap: Gap | None
    warnings: tuple[str, ...]


class PaperMonitor:
    """The judge of the paper game: KID on textures; a lost game is recognised and said."""

    def __init__(self, patches: Patches, latent: int, seed: int = 0, count: int = 128) -> None:
        rng = np.random.default_rng([seed, 5])
        order = rng.permutation(len(patches.levels))[:400]
        self.patches = patches
        self.real = patches.levels[order]
        self.scale = TextureScale.of(texture(self.real))
        half = len(self.real) // 2
        self.floor = texture_figures(self.real[:half], self.real[half:], self.scale)["kid"]
        flat = np.full((count, SIDE, SIDE), round(patches.tone.mean), np.uint8)
        self.plain = texture_figures(self.real, flat, self.scale)["kid"]
        self.noise = draw_noise(count, latent, torch.Generator().manual_seed(seed + 77))
        self.wrong = ""

    def sheets(self, generator: nn.Module) -> Tensor:
        """Draw the judged sheets, always of the same noise: `sheet side side` in [-1, 1]."""
        with torch.inference_mode():
            drawn: Tensor = generator(self.noise)[:, 0]
        return drawn

    def __call__(self, generator: nn.Module) -> Verdict:
        """Judge a generator."""
        values = self.sheets(generator).numpy()
        if not np.isfinite(values).all():
            wrong = _ADVICE.format("The sheets are no numbers any more")
            return Verdict(
                float("inf"), {"kid": float("inf"), "coverage": 0.0}, wrong, beyond_doubt=True
            )
        sheets = self.patches.tone.levels(values)
        figures = texture_figures(self.real, sheets, self.scale)
        self.wrong = paper_collapse(self.real, sheets)
        score = float("inf") if self.wrong else figures["kid"]
        return Verdict(score, figures, self.wrong)


_ADVICE = "{}: start again with another --seed or --objective, or give it more --minutes."


def paper_collapse(real: NDArray[np.uint8], sheets: NDArray[np.uint8]) -> str:
    """Say what is wrong with sheets that are plainly no such paper; "" where nothing is.

    Both `patch side side`. Flat: a fifth of the real patches' deviation at most. One sheet: as
    little difference between textures as a twelfth of that between real ones. Another level: the
    middle of all sheets beyond all but a hundredth of the real patches' levels.
    """
    a, b = texture(real), texture(sheets)
    spread = [x.astype(np.float32).std(axis=(1, 2)).mean() for x in (real, sheets)]
    low, high = np.quantile(np.median(real, axis=(1, 2)), (0.01, 0.99))
    middle = float(np.median(b[:, 0]))
    if spread[1] < 0.2 * spread[0]:
        return _ADVICE.format("The sheets are flat, without the grain of the scans")
    if float(np.mean(b.std(0) / np.maximum(a.std(0), 1e-3))) < 1 / 12:
        return _ADVICE.format("All sheets are the same one")
    if not low - 3 <= middle <= high + 3:
        dark = "darker" if middle < low else "brighter"
        return _ADVICE.format(f"The sheets are {dark} than any paper of the scans")
    return ""


def make_paper(
    patches: Patches,
    folder: Path,
    work: Path,
    config: PaperConfig = PaperConfig(),
    resume: bool = False,
    echo: bool = False,
    tick: Callable[[], None] = lambda: None,
) -> MadePaper:
    """Learn paper from patches and write it into the look `folder`; `work` gets the checkpoint.

    `tick` is called at every turn of the game. The best state by the judge is kept. Raises
    :class:`CollapseError` where none was good, and then writes no look.
    """
    settings = asdict(replace(config, play=PlayConfig(seed=config.play.seed), gap=GapConfig()))
    settings |= {"patches": fingerprint(patches.levels), "tone": asdict(patches.tone)}
    same_settings(work, settings, resume)
    monitor = PaperMonitor(patches, config.latent, config.play.seed)
    duel = paper_duel(patches, config, monitor)
    result = play(duel, config.play, work, resume, echo, tick)
    if not duel.best:
        raise CollapseError(monitor.wrong or _ADVICE.format("No sheet was ever like the scans"))
    generator = duel.average
    assert isinstance(generator, PaperGenerator)
    generator.load_state_dict(duel.best)
    generator.eval()
    sheets = patches.tone.levels(monitor.sheets(generator).numpy())
    figures = texture_figures(monitor.real, sheets, monitor.scale)
    figures |= {"kid_floor": monitor.floor, "kid_plain": monitor.plain}
    section = paper_section(patches, config, figures)
    gap = _gap(patches, generator, section, config.gap)
    if gap is not None:
        known = {"gap": gap.estimate, "gap_low": gap.low, "gap_high": gap.high}
        section = section.model_copy(update={"figures": section.figures | known})
    look = save_look(
        folder,
        paper=(generator, section),
        provenance={
            "paper": {
                "minutes": round(result.minutes, 2),
                "steps": result.steps,
                "kept_step": result.best_step,
                "patches": len(patches.levels),
                "pages": patches.pages,
            }
        },
    )
    warnings = [*_doubts(figures, patches.pages), *(gap.warnings if gap is not None else ())]
    return MadePaper(look, result, figures, gap, tuple(warnings))


def paper_section(
    patches: Patches, config: PaperConfig, figures: Mapping[str, float] = MappingProxyType({})
) -> PaperSection:
    """Describe a generator of paper."""
    return PaperSection(
        width=config.width,
        latent=config.latent,
        mean=patches.tone.mean,
        scale=patches.tone.scale,
        soft=patches.tone.soft,
        ink=patches.ink,
        objective=config.objective,
        figures={key: round(value, 6) for key, value in figures.items()},
    )


def paper_duel(patches: Patches, config: PaperConfig, monitor: PaperMonitor) -> Duel:
    """Set generator and critic against each other."""
    torch.manual_seed(config.play.seed)
    levels = torch.from_numpy(patches.levels)

    room = SIDE - config.crop + 1

    def draw(count: int, random: torch.Generator) -> Tensor:
        """Pieces of patches, each turned or mirrored at random: paper has no up."""
        chosen = torch.randint(len(levels), (count,), generator=random).tolist()
        places = torch.randint(room, (count, 2), generator=random).tolist()
        turns = torch.randint(8, (count,), generator=random).tolist()
        pieces = []
        for i, (y, x), turn in zip(chosen, places, turns, strict=True):
            piece = levels[i, y : y + config.crop, x : x + config.crop]
            piece = piece.flip(-1) if turn >= 4 else piece
            pieces.append(torch.rot90(piece, turn % 4, (-2, -1)))
        whole = torch.stack(pieces).to(torch.float32)[:, None]
        # Scans know whole levels only, a generator all between: without this the critic sees that.
        whole += torch.rand(whole.shape, generator=random) - 0.5
        return torch.from_numpy(patches.tone.values(whole.numpy()))

    def latent(count: int, random: torch.Generator) -> Tensor:
        return draw_noise(count, config.latent, random, config.crop // CELL)

    objective = OBJECTIVES[config.objective]
    return Duel(
        PaperGenerator(config.width, config.latent),
        Discriminator(config.critic),
        PaperGenerator(config.width, config.latent),
        replace(objective, lr=config.haste * objective.lr),
        draw,
        latent,
        config.duel,
        config.play.seed,
        monitor,
    )


def _gap(
    patches: Patches, generator: PaperGenerator, section: PaperSection, config: GapConfig
) -> Gap | None:
    if not config.steps:
        return None
    count = min(len(patches.levels), 400)
    sheets = [draw_sheet(generator, section, SIDE, SIDE, 10_000 + i) for i in range(count)]
    return measure_gap(list(patches.levels), sheets, config)


def _doubts(figures: dict[str, float], pages: int) -> list[str]:
    found = []
    if pages == 1:
        found.append("All patches are from one page: the paper is that page's alone.")
    if figures["kid"] > 0.5 * figures["kid_plain"]:
        found.append("The sheets are hardly nearer to the scans than plain paper: more --minutes.")
    if figures["coverage"] < 0.3:
        found.append(
            f"Only {figures['coverage']:.0%} of the scans' patches have a like among the sheets: "
            "some kinds of paper are missing; more --minutes, or scans of one kind."
        )
    return found
