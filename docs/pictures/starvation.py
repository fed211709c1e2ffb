"""Draw docs/pictures/starvation.png: what reaches a fake while the critic alone is trained.

python recipes/mixture.py mixture --steps 2000
python docs/pictures/starvation.py mixture/mixture.md
"""

import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

SHOWN = ("minimax", "minimax + noise", "non-saturating", "lsgan", "wgan", "wgan-gp")


def rows(path: Path) -> tuple[list[int], dict[str, list[float]]]:
    """Read steps and gradients of each objective from the second table of recipes/mixture.py."""
    lines = path.read_text(encoding="utf-8").split("Gradient that reaches", 1)[1].splitlines()
    cells = [[c.strip() for c in line.strip("|").split("|")] for line in lines if "|" in line]
    steps = [int(c) for c in cells[0][1:]]
    return steps, {c[0]: [float(x) for x in c[1:]] for c in cells[2:]}


def main() -> None:
    """Draw the picture."""
    steps, norms = rows(Path(sys.argv[1]))
    figure, axis = plt.subplots(figsize=(6.5, 3.2))
    for label in SHOWN:
        style = "--" if "noise" in label else "-"
        width = 2.4 if label.startswith("minimax") else 1.2
        axis.plot([s + 1 for s in steps], norms[label], style, label=label, linewidth=width)
    axis.set(xscale="log", yscale="log", xlabel="steps of the critic alone (+1)")
    axis.set_ylabel("gradient at a fake sample")
    axis.legend(fontsize=7, ncols=2)
    figure.tight_layout()
    figure.savefig(Path(__file__).with_suffix(".png"), dpi=90)


if __name__ == "__main__":
    main()
