"""The frozen recognizer: the same as the exported one, and its gradient reaches the image."""

from pathlib import Path

import numpy as np
import pytest
import torch
from bar_lines import ALPHABET, bars, rendered, small_recognizer, texts

from readapt.errors import ModelError
from readapt.export.recognizer import export_recognizer
from readapt.gan.crops import CropBatch, Feed, FeedConfig
from readapt.gan.frozen import frame_features, from_onnx, read_lines, shaken, text_loss
from readapt.nets.crnn import Crnn, CrnnConfig
from readapt.nets.recurrent import Kind
from readapt.recognize.recognizer import Recognizer
from tiny_model import save_recognizer


def batch(width: int = 64) -> CropBatch:
    lines = [rendered(t) for t in texts(6, 8)]
    config = FeedConfig(columns=4 * width, widths=(width,))
    return Feed([line.image for line in lines], lines, ALPHABET, config).batch(0)


@pytest.mark.parametrize("rnn", ["lstm", "gru", "rnn"])
def test_weights_come_back_from_onnx(rnn: Kind, tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = Crnn(CrnnConfig(ALPHABET.classes, (4, 6, 8, 10, 12), rnn, 8, 2)).train()
    network(torch.randint(0, 255, (8, 36, 64), dtype=torch.uint8))
    path = tmp_path / "recognizer.onnx"
    export_recognizer(network, path, half=False)
    restored = from_onnx(path)
    lines = torch.randint(0, 255, (3, 36, 100), dtype=torch.uint8)
    with torch.no_grad():
        torch.testing.assert_close(restored(lines), network.eval()(lines), rtol=1e-4, atol=1e-4)
    assert not any(p.requires_grad for p in restored.parameters())


def test_what_is_read_is_what_the_model_reads(tmp_path: Path) -> None:
    network = small_recognizer(3)
    path = tmp_path / "recognizer.onnx"
    export_recognizer(network, path)
    restored = from_onnx(path)
    lines = [bars(t, noise=20, seed=i) for i, t in enumerate(texts(8, 5))]
    images = [line[:, : 64 + i] for i, line in enumerate(lines)]
    posteriors = Recognizer(path, ALPHABET, 36, 4, 1).log_posteriors(images[:1])
    with torch.no_grad():
        own = restored(torch.from_numpy(images[0])[None])[0].numpy()
    np.testing.assert_allclose(own, posteriors[0], atol=0.5)
    assert len(read_lines(restored, images, ALPHABET)) == 8


def test_other_networks_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "recognizer.onnx"
    save_recognizer(path)
    with pytest.raises(ModelError, match="cannot be trained through"):
        from_onnx(path)
    path.write_bytes(b"nothing")
    with pytest.raises(ModelError, match="cannot be loaded"):
        from_onnx(path)


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
