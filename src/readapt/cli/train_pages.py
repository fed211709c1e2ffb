"""``readapt train pages``: the look of whole pages, learnt from unlabelled scans."""

from pathlib import Path
from typing import Annotated

import typer

from readapt.cli.aside import aside
from readapt.cli.options import Device, DeviceOption, GoOn, Quiet, Scans, need_torch


def pages(
    scans: Scans,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="LOOK", help="Folder of the look.")],
    model: Annotated[
        str | None,
        typer.Option("-m", "--model", help="Model that finds lines and judges whether they keep."),
    ] = None,
    text: Annotated[
        Path | None, typer.Option(help="UTF-8 text to set; default: the texts of this system.")
    ] = None,
    minutes: Annotated[
        float, typer.Option(help="Minutes in all, finding and drawing pages too.", min=0.01)
    ] = 15.0,
    steps: Annotated[int, typer.Option(help="Steps in all, instead of minutes.", min=0)] = 0,
    drawn: Annotated[int, typer.Option(help="Clean pages to play with.", min=2)] = 60,
    min_pages: Annotated[int, typer.Option(help="Pages of text the scans must have.", min=1)] = 3,
    one_sided: Annotated[
        bool, typer.Option("--one-sided", help="No way back: for less than ten minutes.")
    ] = False,
    colour: Annotated[
        bool, typer.Option("--colour", help="A look in colour: yellowed paper, red ink.")
    ] = False,
    identity: Annotated[
        float,
        typer.Option(help="Weight of the identity loss; the cycle's is four times that.", min=0),
    ] = 0.5,
    ink: Annotated[float, typer.Option(help="Weight of the ink loss.", min=0)] = 1.0,
    judge_every: Annotated[int, typer.Option(help="Steps between two looks.", min=1)] = 200,
    resume: GoOn = False,
    device: DeviceOption = Device.auto,
    seed: Annotated[int, typer.Option(help="Of pages and weights.", min=0)] = 0,
    quiet: Quiet = False,
) -> None:
    """Dress whole pages as your scans; `readapt synth pages --look LOOK` then writes such pages.

    The CycleGAN of `train cyclegan` on patches of pages, with several lines and the margins. LOOK
    gets pages beside what else it holds; LOOK-pages-training gets the checkpoint and report.html.
    """
    need_torch("Training")
    import time
    from collections.abc import Sequence
    from dataclasses import replace
    from itertools import count, islice

    from readapt.gan.clock import Clock
    from readapt.gan.make_page_look import PageLookConfig, make_page_look
    from readapt.gan.monitor import summary
    from readapt.gan.page_patches import akin, draw_page, scan_pages
    from readapt.gan.play import CollapseError
    from readapt.models.bundle import Bundle, find_bundle
    from readapt.reader import Reader
    from readapt.synth.corpus import read_corpus
    from readapt.synth.lines import LineConfig, LineMaker
    from readapt.synth.page import PageConfig
    from readapt.train.device import find_device
    from readapt.types import Image

    clock = Clock(time.monotonic(), float("inf") if steps else minutes)
    find_device(device.value)  # what is wrong with it is said before lines are looked for
    reader = Reader(model)
    bundle = Bundle.load(find_bundle(model))
    real = scan_pages(scans, reader, least=min_pages, colour=colour, told=aside)
    corpora = () if text is None else (read_corpus(text),)
    maker = LineMaker(
        LineConfig(seed=seed, clean=1.0, height=bundle.manifest.recognizer.height),
        corpora={corpus.name: corpus for corpus in corpora} or None,
        alphabet=bundle.alphabet,
    )
    made_of = akin(PageConfig(seed=seed, corpora=corpora), real, maker, bundle)
    attempts = (draw_page(i, made_of) for i in islice(count(), 4 * drawn))
    clean = list(islice((page for page in attempts if page is not None), drawn))
    if not quiet:
        typer.echo(f"{len(real)} real pages, {len(clean)} drawn ones", err=True)
    plain = PageLookConfig()
    channels = 3 if colour else 1
    config = replace(
        plain,
        game=replace(
            plain.game,
            generator=replace(plain.game.generator, channels=channels),
            discriminator=replace(plain.game.discriminator, channels=channels),
            one_sided=one_sided,
            cycle=4 * identity,
            identity=identity,
            ink=ink,
            seed=seed,
        ),
        play=clock.game(
            replace(plain.play, minutes=minutes, steps=steps, judge_every=judge_every, seed=seed)
        ),
        patches=replace(plain.patches, seed=seed),
        device=device.value,
    )

    def reads(images: Sequence[Image]) -> list[str]:
        return [line.text for line in reader.read_lines(images)]

    work = out.with_name(f"{out.name}-pages-training")
    try:
        made = make_page_look(real, clean, reads, out, work, config, resume, not quiet)
    except CollapseError as error:
        raise CollapseError(
            f"{error} Start again with more weight on the ink (--ink 5), on the identity "
            f"(--identity 2), or another --seed; {work / 'grid.png'} shows the last look."
        ) from error
    typer.echo(summary(made.figures))
    if made.figures["preserved"] < config.preserved:
        typer.echo("Too many texts were lost: train with more weight on the ink (--ink 5).")
    typer.echo(f"{out}\n{made.report}")
