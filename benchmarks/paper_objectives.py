"""Which adversarial objective learns paper best: ``paper_objectives.py SCANS...``.

    python benchmarks/paper_objectives.py SCANS... [--seconds 60] [--seeds 0,1] [--only lsgan]

Every objective gets the same processor time on the patches of three quarters of the pages. What is
measured is how far its sheets are from the patches of the other pages, beside how far the patches
learnt from are themselves (the floor), plain paper, and procedural paper. KID on textures judges
during training too; KID on the recognizer's features of strips of paper does not.
Writes ``results/<date>-paper_objectives-NAME.json``.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hardware import RESULTS, head, write_result

from readapt.export.restore import from_bundle
from readapt.gan.look import save_look
from readapt.gan.make_paper import PaperConfig, PaperMonitor, paper_duel, paper_section
from readapt.gan.monitor import kid, pooled_features
from readapt.gan.objectives import OBJECTIVES
from readapt.gan.paper import PaperGenerator, draw_noise
from readapt.gan.patches import SIDE, Patches, find_patches
from readapt.gan.play import CollapseError, play
from readapt.gan.texture import TextureScale, texture, texture_figures
from readapt.models.bundle import Bundle, find_bundle
from readapt.nets.crnn import Crnn
from readapt.pages.load import find_inputs
from readapt.reader import Reader
from readapt.recognize.preprocess import prepare_line
from readapt.synth.capture import expose, print_on, sample_capture
from readapt.synth.paper import reflectance, sample_paper

Levels = np.ndarray[Any, np.dtype[np.uint8]]


def main() -> None:
    """Run a command."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else "")
    parser.add_argument("scans", nargs="+")
    parser.add_argument("--seconds", type=float, default=60.0, help="processor time of each run")
    parser.add_argument("--seeds", type=lambda s: [int(x) for x in s.split(",")], default=[0])
    parser.add_argument("--only", action="append")
    parser.add_argument("--pages", type=int, default=24)
    parser.add_argument("--name", default="")
    parser.add_argument("--looks", type=Path, help="folder to keep what was learnt in")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    objectives(options)


# --- objectives -----------------------------------------------------------------------------------


def objectives(options: argparse.Namespace) -> None:
    """Train each objective for the same processor time; judge on pages that none has seen.

    The result is written after every row: a run that is stopped leaves those it has.
    """
    seen, held = parted(options.scans, options.pages)
    meter = Meter(held)
    rows: list[dict[str, Any]] = []
    result = {
        "command": sys.argv[1:],
        **head(),
        "patches": {"learnt": len(seen.levels), "held out": len(held)},
        "pages": seen.pages,
        "rows": rows,
    }

    def tell(label: str, **figures: Any) -> None:
        rows.append({"paper": label, **figures})
        print(json.dumps(rows[-1]), flush=True)
        write_result(result, "paper_objectives", options.name, options.out)

    count = 240
    tell("patches of the other pages (floor)", **meter(seen.levels))
    tell("plain", **meter(np.full((count, SIDE, SIDE), round(seen.tone.mean), np.uint8)))
    tell("procedural", **meter(procedural(count)))
    for seed in options.seeds:
        for name in options.only or OBJECTIVES:
            config = PaperConfig(objective=name)
            try:
                generator, figures = trained(seen, config, seed, options.seconds)
            except CollapseError as error:
                tell(name, seed=seed, lost=str(error))
                continue
            tell(name, seed=seed, **meter(sheets_of(generator, seen, config, count)), **figures)
            if options.looks:
                folder = options.looks / f"{name}-{seed}"
                save_look(folder, paper=(generator, paper_section(seen, config)))


def parted(scans: Sequence[str], pages: int) -> tuple[Patches, Levels]:
    """Patches of three quarters of the pages to learn from, and those of the other pages."""
    files = [file for name in scans for file in find_inputs(name)]
    order = np.random.default_rng(0).permutation(len(files))[:pages]
    cut = len(order) // 4
    reader = Reader(None, 1)
    parts = [find_patches([files[i] for i in p], reader) for p in (order[cut:], order[:cut])]
    return parts[0], parts[1].levels


class Meter:
    """Distances from held-out patches, on textures and on what the recognizer sees of strips."""

    def __init__(self, held: Levels) -> None:
        self.held = held[np.random.default_rng(1).permutation(len(held))[:240]]
        self.scale = TextureScale.of(texture(self.held))
        self.recognizer: Crnn = from_bundle(Bundle.load(find_bundle(None)))
        self.features = self._seen(self.held)

    def _seen(self, patches: Levels) -> np.ndarray[Any, np.dtype[np.float64]]:
        return pooled_features(self.recognizer, [prepare_line(p[:36], 36) for p in patches])

    def __call__(self, patches: Levels) -> dict[str, float]:
        """Measure at most 240 patches."""
        some = patches[np.random.default_rng(2).permutation(len(patches))[:240]]
        figures = texture_figures(self.held, some, self.scale)
        figures["kid_recognizer"] = kid(self.features, self._seen(some))
        return {key: round(value, 4) for key, value in figures.items()}


def procedural(count: int) -> Levels:
    """Cut patches from procedural sheets as pages are made of: paper, scanner, file."""
    found: list[Levels] = []
    while len(found) < count:
        rng = np.random.default_rng([5, len(found)])
        paper = sample_paper(rng)
        light = reflectance(paper, rng, 320, 320)
        sheet = expose(sample_capture(rng), print_on(light, paper.colour, [], colour=False), rng)
        found += [sheet[y : y + SIDE, x : x + SIDE] for y in (20, 200) for x in (20, 200)]
    return np.stack(found[:count])


def trained(
    patches: Patches, config: PaperConfig, seed: int, seconds: float
) -> tuple[PaperGenerator, dict[str, Any]]:
    """Train for so many seconds of processor time; the best state, and what it took."""
    config = replace(config, play=replace(config.play, seed=seed))
    monitor = PaperMonitor(patches, config.latent, seed)
    trial = paper_duel(patches, config, monitor)
    turns = [i + 1000 * (i == 0) for i in range(4)]  # no warm turns here
    started = time.process_time()
    for turn in turns[1:]:
        trial.turn(25 + turn, 0.0)
    per_step = (time.process_time() - started) / 3
    steps = max(20, round(seconds / per_step))
    if trial.objective.warm_steps:
        steps = max(20, round(seconds / per_step - 25 * (trial.objective.warm_steps / 5 - 1)))
    duel = paper_duel(patches, config, monitor)
    started = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        every = max(steps // 5, 1)
        result = play(
            duel,
            replace(config.play, steps=steps, judge_every=every, log_every=steps + 1),
            Path(folder),
        )
    took = time.process_time() - started
    if not duel.best:
        raise CollapseError(monitor.wrong)
    generator = duel.average
    assert isinstance(generator, PaperGenerator)
    generator.load_state_dict(duel.best)
    figures = {"steps": result.steps, "kept": result.best_step, "cpu_seconds": round(took)}
    return generator, figures


def sheets_of(
    generator: PaperGenerator, patches: Patches, config: PaperConfig, count: int
) -> Levels:
    """Draw as many patches of paper."""
    noise = draw_noise(count, config.latent, torch.Generator().manual_seed(4242))
    with torch.inference_mode():
        values = torch.cat([generator(part)[:, 0] for part in torch.split(noise, 64)])
    return patches.tone.levels(values.numpy())


if __name__ == "__main__":
    main()
