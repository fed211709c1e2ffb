"""The pool of past fakes."""

import torch

from readapt.gan.pool import Pool


def fakes(*values: float) -> torch.Tensor:
    return torch.tensor(values).view(-1, 1, 1, 1)


def test_fills_then_mixes() -> None:
    pool = Pool(4)
    first = pool.show(fakes(0, 1, 2, 3))
    assert first.flatten().tolist() == [0, 1, 2, 3]
    shown = [float(pool.show(fakes(100 + i))) for i in range(400)]
    old = sum(s != 100 + i for i, s in enumerate(shown)) / 400
    assert 0.4 < old < 0.6
    assert len(pool.images) == 4
    # Every fake is shown at most once more: it leaves the pool when it is shown again.
    assert len(set(shown)) == len(shown)


def test_no_graph_is_kept() -> None:
    x = torch.zeros(2, 1, 2, 2, requires_grad=True)
    pool = Pool(2)
    assert not pool.show(x * 2).requires_grad
    assert not any(image.requires_grad for image in pool.images)


def test_size_zero_shows_the_newest() -> None:
    pool = Pool(0)
    x = fakes(1, 2)
    assert torch.equal(pool.show(x), x)
    assert pool.images == []


def test_widths_may_change() -> None:
    pool = Pool(3)
    for i, width in enumerate((4, 8, 4, 8, 8, 4, 4, 8) * 5):
        assert pool.show(torch.full((2, 1, 2, width), float(i))).shape == (2, 1, 2, width)
    assert len(pool.images) == 3


def test_goes_on_where_it_stopped() -> None:
    whole, part = Pool(3, seed=1), Pool(3, seed=1)
    for i in range(10):
        whole.show(fakes(i))
        part.show(fakes(i))
    again = Pool(3, seed=2)
    again.restore(part.state())
    for i in range(10, 30):
        assert torch.equal(whole.show(fakes(i)), again.show(fakes(i)))
