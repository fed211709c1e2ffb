"""The frozen recognizer: the same as the exported one, and its gradient reaches the image."""

import numpy as np
import pytest
import torch
from bar_lines import ALPHABET, bars, rendered, small_recognizer, texts

from readapt.gan.crops import CropBatch, Feed, FeedConfig
from readapt.gan.frozen import frame_features, shaken, text_loss


def batch(width: int = 64) -> CropBatch:
    lines = [rendered(t) for t in texts(6, 8)]
    config = FeedConfig(columns=4 * width, widths=(width,))
    return Feed([line.image for line in lines], lines, ALPHABET, config).batch(0)


def test_text_loss_is_the_likelihood_of_whole_characters() -> None:
    """Beside torch's own CTC, line by line, on the frames of the text alone."""
    recognizer, crops = small_recognizer(), batch()
    images = torch.from_numpy(crops.rendered).float().div(127.5).sub(1)[:, None]
    log_probs = recognizer(torch.from_numpy(crops.rendered))
    slow, start = [], 0
    for i, length in enumerate(crops.label_lengths.tolist()):
        first, frames = int(crops.first[i]), int(crops.frames[i])
        part = log_probs[i : i + 1, first : first + frames].transpose(0, 1)
        label = torch.from_numpy(crops.labels[start : start + length])[None]
        loss = torch.nn.functional.ctc_loss(
            part, label, torch.tensor([frames]), torch.tensor([length]), reduction="sum"
        )
        slow.append(float(loss) / length)
        start += length
    fast = float(text_loss(recognizer, frame_features(recognizer, images), crops))
    assert fast == pytest.approx(sum(slow) / len(slow), rel=1e-4)


def test_the_gradient_reaches_the_image_against_finite_differences() -> None:
    recognizer, crops = small_recognizer(), batch()
    images = torch.from_numpy(crops.rendered).float().div(140).sub(0.9)[:, None]
    images = images + 0.05 * torch.randn_like(images)  # no ties for the pooling to break
    images.requires_grad_()
    loss = text_loss(recognizer, frame_features(recognizer, images), crops)
    (gradient,) = torch.autograd.grad(loss, images)
    slope = float(gradient.norm())
    assert slope > 0
    step = 0.003 * gradient / slope
    with torch.no_grad():
        moved = (frame_features(recognizer, images + s * step) for s in (1, -1))
        high, low = (text_loss(recognizer, seen, crops) for seen in moved)
    assert float(high - low) / 0.006 == pytest.approx(slope, rel=0.05)
    assert all(p.grad is None for p in recognizer.parameters())


def test_shaken_images_keep_their_text_and_their_gradient() -> None:
    torch.manual_seed(0)
    lines = [bars(text) for text in texts(6, 8)]
    images = torch.from_numpy(np.stack(lines)).float().div(127.5).sub(1)[:, None].requires_grad_()
    moved = shaken(images)
    assert moved.shape == images.shape
    assert 0.01 < float((moved - images).detach().abs().mean()) < 0.3
    again = shaken(images)
    assert not torch.equal(moved, again)
    (gradient,) = torch.autograd.grad(moved.square().sum(), images)
    assert (gradient != 0).float().mean() > 0.9
    # Ink stays within two pixels of where it was.
    dark = torch.nn.functional.max_pool2d((images < 0).float(), 5, 1, 2)
    assert float(((moved < -0.3) & (dark == 0)).float().mean()) < 0.02
