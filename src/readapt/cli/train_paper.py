"""``readapt train paper``: the bare paper of unlabelled scans, learnt from their margins."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from readapt.cli.aside import aside
from readapt.cli.options import GoOn, Quiet, Scans, need_torch
from readapt.errors import UsageError


class Objective(StrEnum):
    """Adversarial objectives."""

    minimax = "minimax"
    non_saturating = "non-saturating"
    lsgan = "lsgan"
    wgan = "wgan"
    wgan_gp = "wgan-gp"
    hinge = "hinge"
    relativistic = "relativistic"


def paper(
    scans: Scans,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="LOOK", help="Folder of the look.")],
    model: Annotated[
        str | None,
        typer.Option("-m", "--model", help="Model that finds the lines to stay clear of."),
    ] = None,
    minutes: Annotated[
        float, typer.Option(help="Minutes in all, finding the paper too.", min=0.01)
    ] = 10.0,
    steps: Annotated[int, typer.Option(help="Steps in all, instead of minutes.", min=0)] = 0,
    objective: Annotated[Objective, typer.Option(help="Adversarial loss.")] = Objective.lsgan,
    gap_steps: Annotated[
        int, typer.Option(help="Steps of the critic that measures the end; 0: not measured.", min=0)
    ] = 100,
    pages: Annotated[int, typer.Option(help="Pages looked at, at most.", min=1)] = 30,
    sheet: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="PNG of a sheet of 512 x 512 pixels to look at."),
    ] = None,
    resume: GoOn = False,
    seed: Annotated[int, typer.Option(help="Of patches and weights.", min=0)] = 0,
    quiet: Quiet = False,
) -> None:
    """Learn the paper of your scans: endless backgrounds that fit to themselves at their edges.

    LOOK gets the paper beside what else it holds; LOOK-paper-training gets the checkpoint.
    """
    need_torch("Training")
    import time
    from dataclasses import replace

    import cv2

    from readapt.gan.clock import Clock
    from readapt.gan.make_paper import PaperConfig, make_paper
    from readapt.gan.paper import look_paper
    from readapt.gan.patches import LINE, find_patches
    from readapt.reader import Reader

    work = out.with_name(f"{out.name}-paper-training")
    if (work / "checkpoint.pt").exists() and not resume:
        raise UsageError(f"{work} holds a run: go on with --resume, or choose another -o.")
    clock = Clock(time.monotonic(), float("inf") if steps else minutes)
    patches = find_patches(scans, Reader(model), seed=seed, pages=pages, told=aside)
    if not quiet:
        typer.echo(
            f"{len(patches.levels)} patches of bare paper on {patches.pages} pages", err=True
        )
    plain = PaperConfig()
    config = replace(
        plain,
        objective=objective.value,
        gap=replace(plain.gap, steps=gap_steps, seed=seed),
        play=clock.game(replace(plain.play, minutes=minutes, steps=steps, seed=seed)),
    )
    made = make_paper(patches, out, work, config, resume, not quiet)
    figures, gap = made.figures, made.gap
    typer.echo(
        f"KID of the sheets to the scans' paper {figures['kid']:.3f} (plain paper "
        f"{figures['kid_plain']:.3f}, two halves of the scans {figures['kid_floor']:.3f}); "
        f"coverage {figures['coverage']:.0%}."
    )
    if gap is not None:
        typer.echo(
            f"A critic sees {gap.estimate:.1f} grey levels between them ({gap.low:.1f} to "
            f"{gap.high:.1f})."
        )
    for warning in made.warnings:
        typer.echo(warning)
    if sheet is not None:
        import numpy as np

        drawn = look_paper(out).sheet(np.random.default_rng(seed), 512, 512, LINE)
        cv2.imwrite(str(sheet), drawn)
        typer.echo(str(sheet))
    typer.echo(str(out))
