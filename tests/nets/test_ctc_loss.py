"""The loss in C against the NumPy recursions, torch's, and finite differences."""

import shutil

import numpy as np
import pytest
import torch
from torch import Tensor

from readapt.nets import ctc
from readapt.nets.ctc import CtcFunction, ctc_losses
from readapt.recognize.ctc import forward_backward

needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")


def some_lines(seed: int, time: int, classes: int, peak: float) -> tuple[Tensor, ...]:
    """Draw logits, labels, frames and lengths; an empty label, twins, and one too long."""
    random = np.random.default_rng(seed)
    lengths = [0, 1, time // 4, time // 2, time + 1]
    labels = [random.integers(1, classes, n) for n in lengths]
    labels[3][1::2] = labels[3][::2][: len(labels[3][1::2])]
    frames = [time, max(1, time // 3), time - 1, time, time]
    logits = torch.from_numpy(peak * random.standard_normal((5, time, classes))).float()
    together = torch.from_numpy(np.concatenate(labels))
    return logits.requires_grad_(), together, torch.tensor(frames), torch.tensor(lengths)


@needs_compiler
@pytest.mark.parametrize(("time", "classes"), [(1, 2), (7, 3), (40, 9), (240, 279)])
@pytest.mark.parametrize("peak", [0.0, 1.0, 30.0, 1000.0])
def test_against_the_recursions_in_float64(time: int, classes: int, peak: float) -> None:
    logits, labels, frames, lengths = some_lines(3, time, classes, peak)
    log_probs = logits.log_softmax(-1)
    losses = ctc_losses(log_probs, labels, frames, lengths)
    (gradient,) = torch.autograd.grad(losses.sum(), logits)
    targets = [one.tolist() for one in labels.split(lengths.tolist())]
    exact = forward_backward(log_probs.detach().double().numpy(), targets, frames.tolist())
    spelt = np.isfinite(exact.log_likelihood)
    expected = torch.from_numpy(np.where(spelt, -exact.log_likelihood, 0.0))
    torch.testing.assert_close(losses.double(), expected, rtol=1e-6, atol=1e-5)
    assert not spelt[-1]  # more characters than frames
    atol = 2e-6 * max(1.0, float(expected.max()))  # half of float's digits lie before the point
    torch.testing.assert_close(
        gradient.double(), torch.from_numpy(exact.gradient), rtol=0, atol=atol
    )


@needs_compiler
def test_its_gradient_is_that_of_finite_differences() -> None:
    logits, labels, frames, lengths = some_lines(0, 12, 4, 1.0)
    weights = torch.tensor([0.5, 2.0, 1.0, -1.0, 3.0])

    def loss(x: Tensor) -> Tensor:
        return (ctc_losses(x.log_softmax(-1), labels, frames, lengths) * weights).sum()

    (gradient,) = torch.autograd.grad(loss(logits), logits)
    direction = torch.randn_like(logits)
    with torch.no_grad():
        slope = (loss(logits + 0.01 * direction) - loss(logits - 0.01 * direction)) / 0.02
    torch.testing.assert_close((gradient * direction).sum(), slope, rtol=2e-3, atol=1e-3)


@needs_compiler
def test_lines_know_nothing_of_each_other() -> None:
    logits, labels, frames, lengths = some_lines(1, 30, 6, 2.0)
    log_probs = logits.detach().log_softmax(-1)
    together = ctc_losses(log_probs, labels, frames, lengths)
    alone = [
        ctc_losses(log_probs[i : i + 1], one, frames[i : i + 1], lengths[i : i + 1])
        for i, one in enumerate(labels.split(lengths.tolist()))
    ]
    assert torch.equal(together, torch.cat(alone))


@needs_compiler
def test_impossible_frames_are_no_numbers_that_are_none() -> None:
    """Classes of probability 0: the loss is large, and its gradient finite."""
    log_probs = torch.full((1, 6, 3), -torch.inf)
    log_probs[:, :, 0] = 0.0
    log_probs.requires_grad_()
    loss = CtcFunction.apply(log_probs, torch.tensor([1]), torch.tensor([6]), torch.tensor([1]))
    (gradient,) = torch.autograd.grad(loss.sum(), log_probs)
    assert loss.item() > 1000
    assert gradient.isfinite().all()


def test_without_a_compiler_torch_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    logits, labels, frames, lengths = some_lines(2, 20, 5, 1.0)
    log_probs = logits.log_softmax(-1)
    expected = ctc_losses(log_probs, labels, frames, lengths)
    monkeypatch.setattr(ctc, "_library", lambda: None)
    found = ctc_losses(log_probs, labels, frames, lengths)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
