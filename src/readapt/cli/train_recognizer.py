"""``readapt train recognizer``: a line recognizer from nothing but fonts and texts."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from readapt.cli.options import Device, DeviceOption, Quiet, need_torch
from readapt.errors import UsageError


class Rnn(StrEnum):
    """Kinds of recurrence."""

    lstm = "lstm"
    gru = "gru"
    rnn = "rnn"
    peephole = "peephole"


def recognizer(
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Folder for the model, checkpoint and logs.")
    ],
    minutes: Annotated[float, typer.Option(help="Minutes of training in all.", min=0.01)] = 60.0,
    steps: Annotated[int, typer.Option(help="Steps in all, instead of minutes.", min=0)] = 0,
    rnn: Annotated[Rnn, typer.Option(help="Recurrence of the network.")] = Rnn.lstm,
    text: Annotated[
        list[Path] | None,
        typer.Option(help="UTF-8 text to set; repeatable. Default: the texts of this system."),
    ] = None,
    look: Annotated[
        Path | None, typer.Option(help="Look whose paper lies under half of the lines.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the checkpoint in the folder.")
    ] = False,
    processes: Annotated[int, typer.Option(help="Processes that train together.", min=1)] = 1,
    workers: Annotated[int, typer.Option(help="Processes that draw lines, each.", min=0)] = 1,
    device: DeviceOption = Device.auto,
    seed: Annotated[int, typer.Option(help="Of lines and weights.", min=0)] = 0,
    quiet: Quiet = False,
) -> None:
    """Train a recognizer on synthetic lines; OUT/model is then a model for `readapt recognize`.

    A checkpoint is written every two minutes; a run that was stopped goes on with --resume and
    ends at the same number of minutes in all. OUT/log.csv has the curves.
    """
    need_torch("Training")
    from dataclasses import replace

    from readapt.export.recognizer import save_recognizer_bundle
    from readapt.nets.crnn import CrnnConfig
    from readapt.recognize.alphabet import LATIN
    from readapt.synth.corpus import read_corpus
    from readapt.synth.drawable import drawing_problems
    from readapt.train.device import find_device
    from readapt.train.recognizer import RecognizerConfig, train_recognizer

    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists() and not resume:
        raise UsageError(
            f"{checkpoint} exists: go on with --resume, or choose another folder with -o."
        )
    find_device(device.value)
    for path in text or ():
        for problem in drawing_problems(read_corpus(path), LATIN):
            typer.echo(f"readapt: {problem}", err=True)
    plain = RecognizerConfig()
    lines = replace(plain.stream.lines, seed=seed)
    if look is not None:
        from readapt.gan.paper import look_paper

        lines = replace(lines, paper=look_paper(look, sheets=48), papered=0.5)
    config = replace(
        plain,
        network=CrnnConfig(LATIN.classes, rnn=rnn.value),
        stream=replace(plain.stream, lines=lines, texts=tuple(map(str, text or ()))),
        loop=replace(plain.loop, minutes=minutes, steps=steps, seed=seed),
        workers=workers,
        processes=processes,
        device=device.value,
    )
    network = train_recognizer(config, out, resume, echo=not quiet)
    bundle = save_recognizer_bundle(network, LATIN, out / "model")
    typer.echo(f"{bundle}: {sum(f.stat().st_size for f in bundle.iterdir()) / 1e6:.2f} MB")
