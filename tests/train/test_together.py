"""Several threads take the gradient that one takes."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from readapt.nets.crnn import Crnn, CrnnConfig
from readapt.train.data import collate
from readapt.train.recognizer import ctc_loss
from readapt.train.together import Together


def two_biases() -> tuple[nn.ParameterDict, list[Callable[[], Tensor]]]:
    """Weights whose gradient is one and the same tensor, and a weight that no part needs."""
    weights = nn.ParameterDict({"a": torch.ones(3), "b": torch.ones(3), "c": torch.ones(2)})
    inputs = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])
    return weights, [lambda x=x: ((weights["a"] + weights["b"]) * x).sum() for x in inputs]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_losses_and_gradients_add_up(threads: int) -> None:
    weights, parts = two_biases()
    before = torch.get_num_threads()
    with Together(weights, threads) as together:
        assert together.threads == threads
        loss = together.sum(parts)
        (2 * loss).backward()
    assert torch.get_num_threads() == before
    assert loss.item() == 90
    for name in ("a", "b"):
        assert torch.equal(weights[name].grad, torch.tensor([24.0, 30.0, 36.0]))
    assert weights["c"].grad is None


def test_an_error_on_a_thread_is_raised() -> None:
    def fails() -> Tensor:
        raise ValueError("no such line")

    weights, parts = two_biases()
    with Together(weights, 2) as together, pytest.raises(ValueError, match="no such line"):
        together.sum([*parts, fails])


def test_parts_of_a_batch_are_the_batch() -> None:
    """Lines of every length, one without a label: dealt out, their loss is that of the batch."""
    random = np.random.default_rng(0)
    labels = [[1, 2], [], [3], [4, 5, 5], [6]]
    widths = [40, 60, 48, 64, 56]
    lines = [
        (random.integers(0, 255, (36, width), dtype=np.uint8), ids)
        for width, ids in zip(widths, labels, strict=True)
    ]
    batch = collate(lines)
    torch.manual_seed(0)
    network = Crnn(CrnnConfig(7, channels=(4, 8, 8, 12, 16), hidden=12))

    def loss(part: int, of: int) -> Tensor:
        own = batch.parts(of)[part]
        log_probs = network(torch.from_numpy(own.images))
        return ctc_loss(log_probs, own) * (len(own.images) / len(labels))

    network.eval()
    whole = loss(0, 1)
    expected = torch.autograd.grad(whole, network.parameters())
    with Together(network, 3) as together:
        found = together.sum([lambda i=i: loss(i, 3) for i in range(3)])
        found.backward()
    torch.testing.assert_close(found, whole)
    for parameter, gradient in zip(network.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.grad, gradient, rtol=1e-4, atol=1e-5)
    assert [len(part.images) for part in batch.parts(9)] == [1] * 5


@pytest.mark.parametrize("threads", [1, 2])
def test_what_is_begun_earlier_is_there_later(threads: int) -> None:
    weights, parts = two_biases()
    with Together(weights, threads) as together:
        coming = together.later(lambda: "drawn")
        together.sum(parts)
        assert coming() == "drawn"
