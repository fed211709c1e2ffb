"""``readapt train paper``: the bare paper of unlabelled scans, learnt from their margins."""

from pathlib import Path
from typing import Annotated

import typer

from readapt.cli.train_cyclegan import Objective
from readapt.errors import UsageError


def paper(
    scans: Annotated[
        list[str],
        typer.Argument(metavar="SCANS...", help="Images, PDFs, folders of them, quoted globs."),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="LOOK", help="Folder of the look.")],
    model: Annotated[
        str | None,
        typer.Option("-m", "--model", help="Model that finds the lines to stay clear of."),
    ] = None,
    minutes: Annotated[float, typer.Option(help="Minutes of training in all.", min=0.01)] = 10.0,
    steps: Annotated[int, typer.Option(help="Steps in all, instead of minutes.", min=0)] = 0,
    objective: Annotated[Objective, typer.Option(help="Adversarial loss.")] = (
        Objective.relativistic
    ),
    gap_steps: Annotated[
        int, typer.Option(help="Steps of the critic that measures the end.", min=2)
    ] = 150,
    sheet: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="PNG of a sheet of 512 x 512 pixels to look at."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint.")] = False,
    seed: Annotated[int, typer.Option(help="Of patches and weights.", min=0)] = 0,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress.")] = False,
) -> None:
    """Learn the paper of your scans: endless backgrounds that fit to themselves at their edges.

    LOOK gets the paper beside what else it holds; LOOK-paper-training gets the checkpoint.
    """
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise UsageError(
            "Training needs the learning tier: pip install 'readapt[train]'."
        ) from error
    from dataclasses import replace

    import cv2

    from readapt.gan.paper import PaperConfig, draw_sheet, find_patches, load_paper, train_paper
    from readapt.reader import Reader

    work = out.with_name(f"{out.name}-paper-training")
    if (work / "checkpoint.pt").exists() and not resume:
        raise UsageError(f"{work} holds a run: go on with --resume, or choose another -o.")
    patches = find_patches(scans, Reader(model), seed=seed)
    if not quiet:
        typer.echo(
            f"{len(patches.levels)} patches of bare paper on {patches.pages} pages", err=True
        )
    plain = PaperConfig()
    config = replace(
        plain,
        objective=objective.value,
        gap=replace(plain.gap, steps=gap_steps, seed=seed),
        play=replace(plain.play, minutes=minutes, steps=steps, seed=seed),
    )
    made = train_paper(patches, out, work, config, resume, not quiet)
    gap = made.gap
    typer.echo(
        f"The paper is {gap.estimate:.1f} grey levels from that of the scans ({gap.low:.1f} to "
        f"{gap.high:.1f})."
    )
    for doubt in gap.warnings:
        typer.echo(doubt)
    if sheet is not None:
        cv2.imwrite(str(sheet), draw_sheet(*load_paper(made.look), 512, 512, seed))
        typer.echo(str(sheet))
    typer.echo(str(out))
