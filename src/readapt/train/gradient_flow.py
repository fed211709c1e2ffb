"""How far back a gradient reaches: the norm of dL/dh over the time lag, kind by kind.

    python -m readapt.train.gradient_flow FOLDER [--steps 800] [--lag 30]
        [--truth PAGES]... [--networks FOLDER]

A loss at frame `t` alone is sent back, and `lag` frames earlier its gradient with respect to the
output `h_{t - lag}` is measured, with everything that h does to the future counted. The product of
`lag` Jacobians lies between: a norm that falls like a geometric series vanishes, one that rises
explodes (Bengio, Simard and Frasconi 1994; Pascanu, Mikolov and Bengio 2013). Two tasks:

- *recall*: the first frame shows one of eight symbols, noise follows, and the symbol is asked for
  `lag` frames later; that far, at least, the gradient must reach;
- *lines*: the loss is CTC's, one frame of it at a time, in the forward direction of the
  recognizer's last layer; on lines cut out of real pages (`--truth`, transcribed), or on synthetic
  ones. The recognizers are small ones trained here, or those of `recipes/recurrences.py`
  (`--networks`: a folder a kind), before training with the same convolutions.

FOLDER gets `gradient_flow.csv` and `gradient_flow.png`, and the recognizers' logs.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from readapt.evaluate.crops import crop_truth
from readapt.evaluate.truth import load_truth
from readapt.nets.crnn import STRIDE, Crnn, CrnnConfig
from readapt.nets.peephole import PeepholeLayer, State
from readapt.nets.recurrent import Kind, PeepholeLSTM, Recurrence
from readapt.pages.load import load_page
from readapt.recognize.alphabet import LATIN
from readapt.recognize.preprocess import prepare_line
from readapt.synth.lines import LineConfig
from readapt.train.data import LineBatch, PoolMaker, StreamConfig, collate, frames_needed
from readapt.train.loop import LoopConfig
from readapt.train.recognizer import (
    RecognizerConfig,
    ctc_loss,
    load_recognizer,
    train_recognizer,
)
from readapt.types import Image

KINDS: Final[tuple[Kind, ...]] = ("rnn", "gru", "lstm", "peephole")
SYMBOLS: Final = 8
CHANNELS: Final = 16

Moment = Literal["before", "after"]
Step = Callable[[Tensor, State], State]
"""One frame `batch channel` and the state to the next state; the LSTMs alone use its `c`."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of the picture."""

    task: str
    kind: Kind
    moment: Moment
    """Before training, with the weights just drawn, or after it."""
    norms: tuple[float, ...]
    """Mean norm of dL/dh, by lag from 0."""


def stepper(recurrence: Recurrence) -> Step:
    """Take the forward direction of the last layer, as a step that shows every state."""
    kernel = recurrence.kernel
    if isinstance(kernel, PeepholeLSTM):
        whole = kernel.layers[-1]
        assert isinstance(whole, PeepholeLayer)
        layer = PeepholeLayer(whole.weight_ih.shape[2], whole.weight_hh.shape[2], 1)
        layer.load_state_dict({name: w[:1] for name, w in whole.state_dict().items()})

        def peephole(x: Tensor, state: State) -> State:
            h, c = layer(x[None, None], State(state.h[None], state.c[None]))[1]
            return State(h[0], c[0])

        return peephole
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    weights = dict(zip(names, recurrence.direction_weights(recurrence.layers - 1)[0], strict=True))
    inputs, hidden = weights["weight_ih"].shape[1], recurrence.hidden
    if isinstance(kernel, nn.LSTM):
        lstm = nn.LSTMCell(inputs, hidden)
        lstm.load_state_dict(weights)
        return lambda x, state: State(*lstm(x, (state.h, state.c)))
    cell = nn.GRUCell(inputs, hidden) if isinstance(kernel, nn.GRU) else nn.RNNCell(inputs, hidden)
    cell.load_state_dict(weights)
    return lambda x, state: State(cell(x, state.h), state.c)


def norms_by_lag(step: Step, x: Tensor, hidden: int, above: Tensor, lag: int) -> Tensor:
    """Norm of dL/dh_{t - k} for k = 0 ... `lag`: `lag + 1`, mean over the batch.

    `x` is `time batch channel` and ends at frame t; `above` is dL/dh_t at that frame, `batch
    hidden`, by no other way than the loss of this frame.
    """
    zeros = x.new_zeros(x.shape[1], hidden)
    state, outputs = State(zeros, zeros), []
    for frame in x:
        state = step(frame, state)
        state.h.retain_grad()
        outputs.append(state.h)
    (outputs[-1] * above).sum().backward()  # type: ignore[no-untyped-call]
    norms = []
    for h in reversed(outputs[-lag - 1 :]):
        assert h.grad is not None
        norms.append(h.grad.norm(dim=1).mean())
    return torch.stack(norms)


class Recall(nn.Module):
    """One layer in one direction; the last output says which symbol came first."""

    def __init__(self, kind: Kind, hidden: int) -> None:
        super().__init__()
        self.recurrence = Recurrence(kind, CHANNELS, hidden, bidirectional=False)
        self.head = nn.Linear(hidden, SYMBOLS)

    def forward(self, x: Tensor) -> Tensor:
        """`batch time channel` to logits `batch symbol`."""
        logits: Tensor = self.head(self.recurrence(x)[:, -1])
        return logits


def recall_batch(count: int, lag: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Sequences `count lag+1 channel`, and the symbols `count` their first frames show."""
    symbols = torch.randint(SYMBOLS, (count,), generator=generator)
    x = torch.randn(count, lag + 1, CHANNELS, generator=generator)
    x[..., :SYMBOLS] = 0
    x[torch.arange(count), 0, symbols] = 1
    return x, symbols


def recall_curves(
    kind: Kind, lag: int, steps: int, hidden: int = 64, seed: int = 0
) -> tuple[list[Curve], float]:
    """Curves of the recall task before and after training, and the accuracy then."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    network = Recall(kind, hidden)
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)

    def curve(moment: Moment) -> Curve:
        x, symbols = recall_batch(64, lag, torch.Generator().manual_seed(seed + 1))
        output = network.recurrence(x)[:, -1].detach().requires_grad_()
        loss = F.cross_entropy(network.head(output), symbols, reduction="sum")
        (above,) = torch.autograd.grad(loss, output)
        step = stepper(network.recurrence)
        norms = norms_by_lag(step, x.transpose(0, 1), hidden, above, lag)
        return Curve("recall", kind, moment, tuple(norms.tolist()))

    before = curve("before")
    for _ in range(steps):
        x, symbols = recall_batch(32, lag, generator)
        optimizer.zero_grad()
        F.cross_entropy(network(x), symbols).backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
    x, symbols = recall_batch(512, lag, generator)
    with torch.inference_mode():
        accuracy = float((network(x).argmax(1) == symbols).float().mean())
    return [before, curve("after")], accuracy


def line_norms(network: Crnn, batch: LineBatch, lag: int, frames: Sequence[int]) -> Tensor:
    """Norms by lag in a recognizer that reads `batch`, mean over the losses of `frames`.

    The gradient of CTC at one frame enters the forward direction of the last layer there; the rest
    of the network is as it is. Every frame must lie at `lag` or behind it.
    """
    network.eval()
    seen: list[Tensor] = []

    def keep(module: nn.Module, arguments: tuple[Tensor], output: Tensor) -> Tensor:
        seen.append(output.detach().requires_grad_())
        return seen[0]

    hook = network.recurrence.register_forward_hook(keep)
    try:
        loss = ctc_loss(network(torch.from_numpy(batch.images)), batch)
    finally:
        hook.remove()
    hidden = network.config.hidden
    (above,) = torch.autograd.grad(loss * len(batch.images), seen)
    with torch.no_grad():
        x = network.features(torch.from_numpy(batch.images))
        x = below_last(network.recurrence, x).transpose(0, 1)
    step = stepper(network.recurrence)
    curves = [
        norms_by_lag(step, x[: frame + 1], hidden, above[:, frame, :hidden], lag)
        for frame in frames
    ]
    return torch.stack(curves).mean(0)


def below_last(recurrence: Recurrence, x: Tensor) -> Tensor:
    """Read `batch time channel` with all layers but the last; `batch time channel` again."""
    if recurrence.layers == 1:
        return x
    below = Recurrence(recurrence.kind, x.shape[2], recurrence.hidden, recurrence.layers - 1)
    weights = recurrence.state_dict()
    below.load_state_dict({name: weights[name] for name in below.state_dict()})
    lower: Tensor = below.eval()(x)
    return lower


def synthetic_lines(lag: int, seed: int = 1) -> LineBatch:
    """Draw long lines, all longer than `lag` frames."""
    config = StreamConfig(LineConfig(seed), pool=64, batch_lines=16, batch_columns=100_000)
    batches = PoolMaker(replace(config, curriculum=())).batches(0)
    batch = max(batches, key=lambda batch: int(batch.frames.min()))
    if int(batch.frames.min()) <= lag:
        raise ValueError(f"the longest lines have {batch.frames.min()} frames: too few for {lag}")
    return batch


def real_lines(paths: Iterable[Path], lag: int, count: int = 16) -> LineBatch:
    """Cut the first `count` lines of more than `lag` frames out of pages with their truth.

    Raises `InputError` for truth that cannot be read, and `ValueError` for too few such lines.
    """
    height = CrnnConfig(LATIN.classes).height
    lines: list[tuple[Image, list[int]]] = []
    for page in load_truth(paths).pages:
        image = load_page(page.image).image
        for line in page.lines:
            if line.ignore:
                continue
            prepared = prepare_line(crop_truth(image, line.polygon), height)
            ids = LATIN.encode(line.text)
            frames = -(-prepared.shape[1] // STRIDE)
            if frames > max(lag, frames_needed(ids)) and ids:
                lines.append((prepared, ids))
        if len(lines) >= count:
            return collate(lines[:count])
    raise ValueError(f"{len(lines)} lines of more than {lag} frames: {count} are needed")


def trained(kind: Kind, steps: int, folder: Path, seed: int = 0) -> tuple[Crnn, Crnn]:
    """Make a small recognizer before and after `steps` of training on short lines."""
    shape = CrnnConfig(LATIN.classes, (8, 16, 24, 32, 48), kind, hidden=64)
    short = StreamConfig(LineConfig(seed), pool=256, batch_columns=1600, curriculum=((10**9, 5),))
    loop = LoopConfig(steps=steps, log_every=100, seed=seed)
    torch.manual_seed(seed)
    before = Crnn(shape)
    config = RecognizerConfig(shape, short, loop, workers=0)
    return before, train_recognizer(config, folder, echo=False)


def loaded(kind: Kind, folder: Path, seed: int = 0) -> tuple[Crnn, Crnn]:
    """Load the recognizer of a checkpoint; before it, the same convolutions and new recurrence."""
    config = RecognizerConfig(CrnnConfig(LATIN.classes, rnn=kind))
    after = load_recognizer(config, folder)
    torch.manual_seed(seed)
    before = Crnn(config.network)
    first = ("recurrence.", "head.")
    convolutions = {k: w for k, w in after.state_dict().items() if not k.startswith(first)}
    before.load_state_dict(before.state_dict() | convolutions)
    return before, after


def line_curves(kind: Kind, lag: int, batch: LineBatch, networks: tuple[Crnn, Crnn]) -> list[Curve]:
    """Curves of a recognizer on `batch`, before and after its training; losses of six frames."""
    last = int(batch.frames.min()) - 1
    frames = sorted({lag + (last - lag) * k // 5 for k in range(6)})
    moments: tuple[Moment, Moment] = ("before", "after")
    return [
        Curve("lines", kind, moment, tuple(line_norms(network, batch, lag, frames).tolist()))
        for moment, network in zip(moments, networks, strict=True)
    ]


def write_csv(curves: Iterable[Curve], path: Path) -> None:
    """One row a task, kind, moment and lag."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("task", "kind", "moment", "lag", "norm"))
        for curve in curves:
            for lag, norm in enumerate(curve.norms):
                writer.writerow((curve.task, curve.kind, curve.moment, lag, f"{norm:.6g}"))


def draw(curves: Sequence[Curve], path: Path) -> None:
    """Draw a panel for every task and moment; norms as shares of the one at lag 0."""
    from matplotlib.figure import Figure

    panels = sorted({(c.task, c.moment) for c in curves}, key=lambda p: (p[0], p[1] == "after"))
    columns = 2 if len(panels) > 1 else 1
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(5 * columns, 3.4 * rows), layout="constrained")
    for number, (task, moment) in enumerate(panels):
        axes = figure.add_subplot(rows, columns, number + 1)
        for curve in curves:
            if (curve.task, curve.moment) == (task, moment):
                shares = [norm / curve.norms[0] for norm in curve.norms]
                axes.plot(shares, label=curve.kind)
        axes.axhline(1, color="0.7", linewidth=0.8)
        axes.set(yscale="log", title=f"{task}, {moment} training", xlabel="lag in frames")
        axes.set_ylabel("norm of dL/dh, lag 0 = 1")
        axes.legend(frameon=False)
    figure.savefig(path, dpi=110)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure all kinds on both tasks."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=800, help="of training, each task and kind")
    parser.add_argument("--lag", type=int, default=30, help="frames to look back")
    parser.add_argument("--truth", type=Path, action="append", help="pages to cut lines out of")
    parser.add_argument("--networks", type=Path, help="a folder a kind, each with its checkpoint")
    options = parser.parse_args(arguments)
    folder, lag, steps = options.folder, options.lag, options.steps
    folder.mkdir(parents=True, exist_ok=True)
    batch = real_lines(options.truth, lag) if options.truth else synthetic_lines(lag)
    curves: list[Curve] = []
    for kind in KINDS:
        recalled, accuracy = recall_curves(kind, lag, steps)
        if options.networks:
            networks = loaded(kind, options.networks / kind)
        else:
            networks = trained(kind, steps, folder / kind)
        curves += recalled + line_curves(kind, lag, batch, networks)
        for curve in curves[-4:]:
            share = curve.norms[-1] / curve.norms[0]
            print(f"{curve.task} {kind} {curve.moment}: {share:.2g} is left at lag {lag}")
        print(f"recall {kind}: {accuracy:.0%} right", flush=True)
        write_csv(curves, folder / "gradient_flow.csv")
        draw(curves, folder / "gradient_flow.png")


if __name__ == "__main__":
    main()
