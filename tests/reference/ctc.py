"""CTC by the definition: every path of every text, one by one. Exponential, and obvious."""

from itertools import groupby, product
from math import exp

import numpy as np
from numpy.typing import NDArray

Text = tuple[int, ...]


def spells(path: Text) -> Text:
    return tuple(k for k, _ in groupby(path) if k != 0)


def text_probabilities(log_probs: NDArray[np.floating]) -> dict[Text, float]:
    """``time class`` -> every text and its probability."""
    texts: dict[Text, float] = {}
    for path, p in paths(log_probs):
        texts[spells(path)] = texts.get(spells(path), 0.0) + p
    return texts


def posteriors(log_probs: NDArray[np.floating], text: Text) -> NDArray[np.float64]:
    """``time class``: share of each class at each frame among the paths that spell ``text``."""
    share: NDArray[np.float64] = np.zeros(log_probs.shape)
    for path, p in paths(log_probs):
        if spells(path) == text:
            share[np.arange(len(path)), list(path)] += p
    share /= share.sum(axis=1, keepdims=True)
    return share


def best_path_of(log_probs: NDArray[np.floating], text: Text) -> tuple[float, list[Text]]:
    """The highest probability of a path that spells ``text``, and all paths that reach it."""
    found = [(p, path) for path, p in paths(log_probs) if spells(path) == text]
    best = max(p for p, _ in found)
    return best, [path for p, path in found if p >= best * (1 - 1e-12)]


def paths(log_probs: NDArray[np.floating]) -> list[tuple[Text, float]]:
    time, classes = log_probs.shape
    return [
        (path, exp(sum(float(log_probs[t, k]) for t, k in enumerate(path))))
        for path in product(range(classes), repeat=time)
    ]


def prefix_search(
    log_probs: NDArray[np.floating], width: int, top: int, least: float, cutoff: float
) -> dict[Text, float]:
    """Prefix beam search frame by frame, every text with every class: ``width`` texts at most."""
    beam: dict[Text, tuple[float, float]] = {(): (1.0, 0.0)}  # ending in a blank, in a character
    for frame in np.exp(log_probs.astype(np.float64)).tolist():
        tried = {k for k, p in enumerate(frame) if p > least} | {int(np.argmax(frame))}
        characters = sorted(tried - {0}, key=lambda k: -frame[k])[:top]
        reached: dict[Text, list[float]] = {}
        for text, (blank, character) in beam.items():
            if 0 in tried:
                reached.setdefault(text, [0.0, 0.0])[0] += (blank + character) * frame[0]
            for k in characters:
                if text and text[-1] == k:
                    reached.setdefault(text, [0.0, 0.0])[1] += character * frame[k]
                    gain = blank * frame[k]
                else:
                    gain = (blank + character) * frame[k]
                reached.setdefault((*text, k), [0.0, 0.0])[1] += gain
        order = sorted(reached, key=lambda text: -sum(reached[text]))[:width]
        floor = sum(reached[order[0]]) * cutoff
        kept = [order[0]] + [text for text in order[1:] if sum(reached[text]) > floor]
        beam = {text: (reached[text][0], reached[text][1]) for text in kept}
    return {text: sum(masses) for text, masses in beam.items()}
