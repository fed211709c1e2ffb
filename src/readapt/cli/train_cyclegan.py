"""``readapt train cyclegan``: a look learnt from unlabelled scans."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from readapt.cli.aside import aside
from readapt.cli.options import Device, DeviceOption, GoOn, Quiet, Scans, need_torch
from readapt.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from readapt.gan.monitor import Reads
    from readapt.reader import Reader
    from readapt.types import Image


class Objective(StrEnum):
    """Adversarial objectives."""

    lsgan = "lsgan"
    log = "non-saturating"
    wgan_gp = "wgan-gp"
    hinge = "hinge"
    relativistic = "relativistic"


def cyclegan(
    scans: Scans,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="LOOK", help="Folder of the look.")],
    model: Annotated[
        str | None,
        typer.Option("-m", "--model", help="Model that finds lines and guards their text."),
    ] = None,
    judge: Annotated[
        str | None,
        typer.Option(
            metavar="rapidocr|tesseract[:LANG+LANG]|MODEL|self",
            help="Who judges whether texts survive, another reader than the one in the loop; "
            "default: rapidocr or tesseract where they are installed, else `self`: the model in "
            "the loop, hindered.",
        ),
    ] = None,
    text: Annotated[
        Path | None, typer.Option(help="UTF-8 text to set; default: the texts of this system.")
    ] = None,
    lines: Annotated[bool, typer.Option("--lines", help="Every image holds one line.")] = False,
    minutes: Annotated[
        float, typer.Option(help="Minutes in all, finding and drawing lines too.", min=0.01)
    ] = 15.0,
    steps: Annotated[int, typer.Option(help="Steps in all, instead of minutes.", min=0)] = 0,
    one_sided: Annotated[
        bool | None,
        typer.Option(
            "--one-sided/--both-sides",
            help="Without the way back, or with it; default: with it from 30 minutes on.",
            show_default=False,
        ),
    ] = None,
    colour: Annotated[
        bool, typer.Option("--colour", help="A look in colour: yellowed paper, red ink.")
    ] = False,
    objective: Annotated[
        Objective,
        typer.Option(help="Adversarial losses; one step of the critics a turn."),
    ] = Objective.lsgan,
    lr: Annotated[float, typer.Option(help="Learning rate.", min=1e-6)] = 3e-4,
    identity: Annotated[float, typer.Option(help="Weight of the identity loss.", min=0)] = 5.0,
    text_weight: Annotated[
        float,
        typer.Option(
            help="Weight of the text; grows where texts are lost, to four times that at most.",
            min=0,
        ),
    ] = 3.0,
    ink: Annotated[float, typer.Option(help="Weight of the ink loss.", min=0)] = 5.0,
    min_lines: Annotated[int, typer.Option(help="Usable lines the scans must have.", min=8)] = 200,
    rendered: Annotated[
        int, typer.Option(help="Rendered lines to play with; fewer below 20 minutes.", min=10)
    ] = 800,
    gap_steps: Annotated[
        int,
        typer.Option(
            help="Steps of the critics that measure the end; 0: no gap is measured.", min=0
        ),
    ] = 200,
    judge_every: Annotated[int, typer.Option(help="Steps between two looks.", min=1)] = 200,
    resume: GoOn = False,
    device: DeviceOption = Device.auto,
    seed: Annotated[int, typer.Option(help="Of lines and weights.", min=0)] = 0,
    quiet: Quiet = False,
) -> None:
    """Learn the look of your scans; `readapt synth lines --look LOOK` then writes lines in it.

    LOOK can be shared without the scans. Beside it, LOOK-training gets the checkpoint, the logs
    and report.html, which shows pieces of the scans. A run that was stopped goes on with --resume.
    """
    need_torch("Training")
    import time
    from dataclasses import replace

    from readapt.export.restore import from_bundle
    from readapt.gan.crops import FeedConfig
    from readapt.gan.cyclegan import CycleGanConfig
    from readapt.gan.make_look import BOTH_SIDES, LookConfig, make_look
    from readapt.gan.monitor import summary
    from readapt.gan.play import CollapseError
    from readapt.gan.scans import scan_lines
    from readapt.models.bundle import Bundle, find_bundle
    from readapt.reader import Reader
    from readapt.synth.corpus import read_corpus
    from readapt.synth.drawable import drawing_problems
    from readapt.synth.lines import LineConfig, LineMaker
    from readapt.train.device import find_device

    started = time.monotonic()
    find_device(device.value)  # what is wrong with it is said before lines are looked for

    def told(what: str) -> None:
        if not quiet:
            typer.echo(what, err=True)

    bundle = Bundle.load(find_bundle(model))
    height = bundle.manifest.recognizer.height
    recognizer = from_bundle(bundle)
    finder = Reader(model)
    real = scan_lines(
        scans, None if lines else finder, height=height, least=min_lines, colour=colour, told=aside
    )
    judge = judge or _second_reader()
    judged = _judge(judge, finder, real.lines)
    corpus = None if text is None else read_corpus(text)
    for problem in () if corpus is None else drawing_problems(corpus):
        typer.echo(f"readapt: {problem}", err=True)
    maker = LineMaker(
        LineConfig(seed=seed, clean=1.0, height=height),
        corpora=None if corpus is None else {corpus.name: corpus},
        alphabet=bundle.alphabet,
    )
    plain = LookConfig()
    channels = 3 if colour else 1
    game = CycleGanConfig(
        replace(plain.game.generator, channels=channels),
        replace(plain.game.discriminator, channels=channels),
        objective=objective.value,
        one_sided=(not steps and minutes < BOTH_SIDES) if one_sided is None else one_sided,
        identity=identity,
        text=text_weight,
        ink=ink,
        lr=lr,
        seed=seed,
    )
    config = replace(
        plain,
        game=game,
        play=replace(plain.play, minutes=minutes, steps=steps, judge_every=judge_every, seed=seed),
        feed=FeedConfig(seed=seed),
        device=device.value,
        gap=replace(plain.gap, steps=gap_steps, seed=seed),
        monitor=plain.monitor if gap_steps else replace(plain.monitor, gap=None),
        source=replace(
            plain.source, pilot=min(plain.source.pilot, max(8, rendered // 6)), kept=rendered
        ),
    )
    work = out.with_name(f"{out.name}-training")
    try:
        made = make_look(
            real,
            maker,
            bundle.alphabet,
            recognizer,
            judged,
            out,
            work,
            config,
            resume,
            told,
            not quiet,
            started,
        )
    except CollapseError as error:
        raise CollapseError(
            f"{error} {_advice(str(error))} {work / 'report.html'} shows it."
        ) from error
    typer.echo(summary(made.figures))
    if judge == ITSELF:
        typer.echo(
            "The texts were judged by the model in the loop, hindered; another reader judges "
            "better: install rapidocr or tesseract, or name a model with --judge."
        )
    for name, gap in made.gaps.items():
        typer.echo(f"{name}: {gap.estimate:.1f} grey levels ({gap.low:.1f} to {gap.high:.1f})")
        for doubt in gap.warnings:
            typer.echo(f"{name}: {doubt}")
    for warning in made.warnings:
        typer.echo(warning)
    typer.echo(f"{out}\n{made.report}")


ITSELF = "self"
_TOLD_BY = 80
"""Lines that tell the language of the scans."""


def _advice(finding: str) -> str:
    """Say what to change after a game that was lost like this."""
    from readapt.gan.monitor import BLACK, INVERTED

    if finding == BLACK:
        return (
            "Start again with a lower rate (--lr 1e-4) or another --seed; scans with black margins "
            "inside of lines do this too."
        )
    if finding == INVERTED:
        return "Start again with more identity loss (--identity 10) or another --seed."
    return (
        "Start again with more weight on the text (--text-weight 5 --ink 5), or with lines nearer "
        "to the scans (see `readapt gap`)."
    )


def _second_reader() -> str:
    """Name an engine that is installed; none: ``self``."""
    from readapt.adapt.teachers.engines import find_teacher

    engines = ("rapidocr", "tesseract")
    return next((name for name in engines if not find_teacher(name).missing()), ITSELF)


def _judge(name: str, finder: "Reader", lines: "Sequence[Image]") -> "Reads":
    """Find who reads translated lines: another engine, another model, or the finder, hindered.

    Tesseract reads in the languages that `lines` of the scans are in, where none is named.
    """
    from readapt.gan.monitor import rough_reader

    if name.partition(":")[0] in ("rapidocr", "tesseract"):
        from readapt.adapt.teachers.engines import find_teacher

        engine = find_teacher(name, *_writing(finder, lines))
        missing = engine.missing()
        if missing:
            raise UsageError(missing.replace("The teacher", "The judge"))
        return lambda images: [answer[0] if answer else "" for answer in engine.read(images)]
    reader = finder if name == ITSELF else _reader(name)

    def reads(images: "Sequence[Image]") -> list[str]:
        return [line.text for line in reader.read_lines(images)]

    return rough_reader(reads) if name == ITSELF else reads


def _writing(finder: "Reader", lines: "Sequence[Image]") -> tuple[list[str], bool]:
    """Tell the languages of some of the lines, and whether they are in old print."""
    from readapt.adapt.scans.languages import find_writing
    from readapt.gan.colour import grey
    from readapt.synth.corpus import system_corpora

    some = [grey(line) for line in lines[:: max(1, len(lines) // _TOLD_BY)]]
    read = [line.text for line in finder.read_lines(some)]
    writing = find_writing(read, system_corpora(), finder.alphabet)
    return list(writing.languages), writing.old > 0


def _reader(model: str) -> "Reader":
    from readapt.reader import Reader

    return Reader(model)
