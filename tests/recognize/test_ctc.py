import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.reference import ctc as reference

from readapt.recognize import ctc


def frames(time: int, classes: int, seed: int, peak: float = 2.0) -> NDArray[np.float64]:
    logits = peak * np.random.default_rng(seed).standard_normal((time, classes))
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)


@st.composite
def batches(draw: st.DrawFn) -> tuple[NDArray[np.float64], list[list[int]], list[int]]:
    batch, time, classes = (
        draw(st.integers(1, 4)),
        draw(st.integers(1, 12)),
        draw(st.integers(2, 6)),
    )
    seed, peak = draw(st.integers(0, 2**32 - 1)), draw(st.sampled_from([0.0, 1.0, 8.0]))
    log_probs = np.stack([frames(time, classes, seed + b, peak) for b in range(batch)])
    labels = st.lists(st.integers(1, classes - 1), max_size=6)
    targets = [draw(labels) for _ in range(batch)]
    lengths = [draw(st.integers(1, time)) for _ in range(batch)]
    return log_probs, targets, lengths


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("time", "classes"), [(1, 3), (2, 4), (3, 4), (4, 3), (5, 3)])
def test_every_text_against_enumeration(time: int, classes: int, seed: int) -> None:
    log_probs = frames(time, classes, seed)
    for text, probability in reference.text_probabilities(log_probs).items():
        result = ctc.forward_backward(log_probs[None], [text])
        np.testing.assert_allclose(np.exp(result.log_likelihood), [probability], rtol=1e-10)
        np.testing.assert_allclose(
            result.posteriors[0], reference.posteriors(log_probs, text), atol=1e-10
        )
        best, paths = reference.best_path_of(log_probs, text)
        alignment = ctc.align(log_probs, text)
        assert alignment.log_probability == pytest.approx(np.log(best), rel=1e-10)
        assert written(alignment.spans, text, time) in paths


def written(spans: NDArray[np.int64], text: tuple[int, ...], time: int) -> tuple[int, ...]:
    path = [0] * time
    for (start, end), k in zip(spans.tolist(), text, strict=True):
        path[start:end] = [k] * (end - start)
    return tuple(path)


@given(batches())
@settings(deadline=None)
def test_agrees_with_torch(case: tuple[NDArray[np.float64], list[list[int]], list[int]]) -> None:
    log_probs, targets, lengths = case
    result = ctc.forward_backward(log_probs, targets, lengths)
    logits = torch.tensor(log_probs, requires_grad=True)
    loss = torch.nn.functional.ctc_loss(
        logits.log_softmax(-1).transpose(0, 1),
        torch.tensor([k for target in targets for k in target], dtype=torch.long),
        torch.tensor(lengths),
        torch.tensor([len(target) for target in targets]),
        reduction="none",
        zero_infinity=False,
    )
    np.testing.assert_allclose(result.log_likelihood, -loss.detach().numpy(), atol=1e-9)
    spelt = np.isfinite(result.log_likelihood)
    if spelt.any():
        (gradient,) = torch.autograd.grad(loss[torch.tensor(spelt)].sum(), logits)
        np.testing.assert_allclose(
            result.gradient[spelt], gradient.numpy()[spelt], rtol=1e-6, atol=1e-9
        )
    assert not result.gradient[~spelt].any()


@given(batches())
@settings(deadline=None)
def test_laws(case: tuple[NDArray[np.float64], list[list[int]], list[int]]) -> None:
    log_probs, targets, lengths = case
    result = ctc.forward_backward(log_probs, targets, lengths)
    alone = ctc.log_likelihood(log_probs, targets, lengths)
    np.testing.assert_array_equal(alone, result.log_likelihood)
    for b, (target, length) in enumerate(zip(targets, lengths, strict=True)):
        possible = ctc.frames_needed(target) <= length
        assert possible == np.isfinite(alone[b])
        assert alone[b] <= 1e-12
        sums = result.posteriors[b].sum(axis=1)
        np.testing.assert_allclose(sums[:length], float(possible), atol=1e-9)
        assert not sums[length:].any()
        # A line's answer does not depend on its neighbours or its padding.
        single = ctc.log_likelihood(log_probs[b : b + 1, :length], [target])
        assert single[0] == pytest.approx(alone[b])
        if possible:
            alignment = ctc.align(log_probs[b, :length], target)
            assert alignment.log_probability <= alone[b] + 1e-9
            starts, ends = alignment.spans.T
            assert (starts < ends).all()
            assert (starts[1:] >= ends[:-1]).all()
            if len(ends):
                assert 0 <= starts[0] < ends[-1] <= length
        else:
            with pytest.raises(ctc.UnalignableError):
                ctc.align(log_probs[b, :length], target)


def test_reversal_law() -> None:
    log_probs, target = frames(30, 7, 0), [1, 1, 4, 2, 6, 6]
    forwards = ctc.log_likelihood(log_probs[None], [target])
    backwards = ctc.log_likelihood(log_probs[None, ::-1], [target[::-1]])
    np.testing.assert_allclose(forwards, backwards, rtol=1e-12)


def test_a_long_and_hopeless_line_stays_finite() -> None:
    log_probs = frames(2000, 5, 0, peak=30.0)
    result = ctc.forward_backward(log_probs[None], [[1, 2, 3, 4] * 100])
    assert -1e6 < result.log_likelihood[0] < -1e4
    np.testing.assert_allclose(result.posteriors.sum(axis=2), 1.0, atol=1e-6)


def test_without_frames_only_the_empty_text_is_spelt() -> None:
    empty = np.zeros((2, 0, 3))
    assert ctc.log_likelihood(empty, [[], [1]]).tolist() == [0.0, -np.inf]
    assert ctc.log_likelihood(np.zeros((2, 4, 3)), [[], [1]], [0, 0]).tolist() == [0.0, -np.inf]
    assert ctc.align(empty[0], []).log_probability == 0.0


def test_an_impossible_class_cannot_be_aligned() -> None:
    log_probs = np.array([[np.log(0.5), np.log(0.5), -np.inf]] * 4)
    assert ctc.log_likelihood(log_probs[None], [[2]])[0] == -np.inf
    with pytest.raises(ctc.UnalignableError, match="probability above 0"):
        ctc.align(log_probs, [2])


@pytest.mark.parametrize(("target", "needed"), [([], 0), ([1], 1), ([1, 1], 3), ([1, 2, 2, 2], 6)])
def test_frames_needed(target: list[int], needed: int) -> None:
    assert ctc.frames_needed(target) == needed


@pytest.mark.parametrize(
    ("targets", "lengths", "message"),
    [
        ([[1]], [4, 4], "2 lines"),
        ([[1], [1]], [4, 5], r"outside \[0, 4\]"),
        ([[0], [1]], None, "class outside"),
    ],
)
def test_inconsistent_batches_are_refused(
    targets: list[list[int]], lengths: list[int] | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        ctc.log_likelihood(np.zeros((2, 4, 3)), targets, lengths)
