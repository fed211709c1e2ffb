"""``readapt train detector``: a text detector from nothing but fonts."""

from pathlib import Path
from typing import Annotated

import typer

from readapt.cli.options import Device, DeviceOption, need_torch
from readapt.errors import UsageError


def detector(
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Folder for detector.onnx, checkpoint and log.")
    ],
    minutes: Annotated[float, typer.Option(help="Minutes of training in all.", min=0.01)] = 30.0,
    look: Annotated[
        Path | None, typer.Option(help="Look whose paper lies under half of the pages.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the checkpoint in the folder.")
    ] = False,
    workers: Annotated[int, typer.Option(help="Processes that make pages.", min=0)] = 1,
    threads: Annotated[int, typer.Option(help="Threads of the network; 0: all.", min=0)] = 0,
    device: DeviceOption = Device.auto,
    seed: Annotated[int, typer.Option(help="Of pages, crops and weights.", min=0)] = 0,
) -> None:
    """Train a detector on synthetic pages and write OUT/detector.onnx.

    A checkpoint is written every two minutes; a run that was stopped goes on with --resume and
    ends at the same number of minutes in all. To train a finished one further, give more minutes.
    """
    need_torch("Training")
    from dataclasses import replace

    import torch

    from readapt.export.detector import export_detector
    from readapt.synth.page import PageConfig
    from readapt.train.detector import DetectorTrainingConfig, train_detector
    from readapt.train.device import find_device

    find_device(device.value)
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists() and not resume:
        raise UsageError(
            f"{checkpoint} exists: go on with --resume, or choose another folder with -o."
        )
    if threads:
        torch.set_num_threads(threads)
    plain = DetectorTrainingConfig()
    pages = PageConfig(seed=seed, colour=plain.pages.colour)
    if look is not None:
        from readapt.gan.paper import look_paper

        pages = replace(pages, paper=look_paper(look, sheets=48), papered=0.5, bare=0.05)
    config = replace(
        plain,
        pages=pages,
        loop=replace(plain.loop, minutes=minutes, seed=seed),
        workers=workers,
        device=device.value,
    )
    network = train_detector(config, out, resume)
    export_detector(network, out / "detector.onnx")
    print(f"{out / 'detector.onnx'}: {(out / 'detector.onnx').stat().st_size / 1e6:.2f} MB")
