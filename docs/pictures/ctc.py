"""Draw docs/pictures/ctc.png: what forward-backward and the best alignment say about one word.

    python docs/pictures/ctc.py

Twelve frames that half say "tee" and half "te": hand-made, so that the picture needs no model.
"""

from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
import matplotlib.pyplot as plt

from readapt.recognize.alphabet import Alphabet
from readapt.recognize.ctc import align, forward_backward

ALPHABET = Alphabet("aet")
TEXT = "tee"
NAMES = ["blank", *ALPHABET.characters]


def frames() -> np.ndarray:
    """``time class``: log-probabilities of blank, a, e, t."""
    said = ["", "t", "t", "", "e", "e", "", "e", "e", "a", "", ""]
    sure = [4, 1.5, 3, 1, 2.5, 2, 0.6, 1.5, 2, 1, 2, 4]
    logits = np.zeros((len(said), ALPHABET.classes))
    for row, character, by in zip(logits, said, sure, strict=True):
        row[ALPHABET.encode(character)[0] if character else 0] += by
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)


def main() -> None:
    """Draw the picture."""
    log_probs = frames()
    target = ALPHABET.encode(TEXT)
    found = forward_backward(log_probs[None], [target])
    spans = align(log_probs, target).spans
    panels = [
        ("the network: y[t, k]", np.exp(log_probs), "Greys", 0.0),
        (f"given that it says “{TEXT}”: posteriors", found.posteriors[0], "Greys", 0.0),
        ("gradient of the loss: y - posteriors", found.gradient[0], "RdBu", -1.0),
    ]
    figure, axes = plt.subplots(3, 1, figsize=(5.2, 4.6), sharex=True, constrained_layout=True)
    for axis, (title, values, colours, low) in zip(axes, panels, strict=True):
        axis.imshow(values.T, cmap=colours, vmin=low, vmax=1, aspect="auto", origin="lower")
        axis.set_title(title, fontsize=9, loc="left")
        axis.set_yticks(range(len(NAMES)), NAMES, fontsize=8)
    for (start, end), k in zip(spans.tolist(), target, strict=True):
        axes[1].plot([start - 0.4, end - 0.6], [k, k], color="tab:red", lw=2)
    axes[2].set_xlabel("frame t", fontsize=8)
    axes[2].tick_params(axis="x", labelsize=8)
    path = Path(__file__).with_suffix(".png")
    figure.savefig(path, dpi=110, metadata={"Software": None})
    print(f"{path}: ln p({TEXT!r} | x) = {found.log_likelihood[0]:.3f}")


if __name__ == "__main__":
    main()
