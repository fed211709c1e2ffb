"""What the gap meter says of lines that are moved by a known distance; prints a table.

    python docs/pictures/wgan.py

Lines of one synthetic set against others of it that became darker by so many grey levels (a
distance that is known: no transport is cheaper than moving every line by as much), noisier, or
blurred; and against others of it as they are.
"""

import cv2
import numpy as np
import torch

from readapt.gan.critic import GapConfig, measure_floor, measure_gap
from readapt.recognize.preprocess import prepare_line
from readapt.synth.lines import LineConfig, LineMaker

LINES = 250
HEIGHT = 36


def main() -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    maker = LineMaker(LineConfig(seed=5, height=HEIGHT))
    lines = [prepare_line(maker.make(i).image, HEIGHT) for i in range(2 * LINES)]
    real, others = lines[:LINES], lines[LINES:]
    rng = np.random.default_rng(0)
    changes = {
        "darker by": [(c, lambda x, c=c: x - c) for c in (8, 32)],
        "noise of deviation": [
            (s, lambda x, s=s: x + s * rng.standard_normal(x.shape)) for s in (8, 32)
        ],
        "blurred by px": [(b, lambda x, b=b: cv2.GaussianBlur(x, (0, 0), b)) for b in (1.0, 2.0)],
    }
    config = GapConfig(steps=150, batch=16)
    floor = measure_floor(real + others, config)
    print(f"floor {floor.estimate:.1f} ({floor.low:.1f} to {floor.high:.1f})", flush=True)
    for name, grades in changes.items():
        for amount, change in grades:
            moved = [np.clip(change(x.astype(np.float64)), 0, 255).astype(np.uint8) for x in others]
            gap = measure_gap(real, moved, config)
            print(
                f"{name} {amount}: {gap.estimate:.1f} ({gap.low:.1f} to {gap.high:.1f})", flush=True
            )


if __name__ == "__main__":
    main()
