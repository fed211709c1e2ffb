"""What is compiled: products of any shape, the same whatever the threads, and doing without."""

import shutil
from collections.abc import Iterator

import pytest
import torch

from readapt.nets import peephole_compiled as compiled
from readapt.nets.peephole import PeepholeFunction
from readapt.nets.recurrent import Recurrence

needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
TOLERANCE = {torch.float32: 2e-5, torch.float64: 1e-12}


@pytest.fixture(params=[1, 2, 5])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@needs_compiler
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize(
    "shape", [(1, 1, 1, 1), (2, 3, 5, 7), (1, 70, 9, 32), (2, 33, 17, 65), (1, 0, 3, 4)]
)
def test_product(shape: tuple[int, int, int, int], dtype: torch.dtype, threads: int) -> None:
    directions, rows, inner, columns = shape
    torch.manual_seed(0)
    a = torch.randn(directions, rows, inner, dtype=dtype)
    start = torch.randn(directions, columns, dtype=dtype)
    for b in (
        torch.randn(directions, inner, columns, dtype=dtype),
        torch.randn(directions, columns, inner, dtype=dtype).transpose(1, 2),
    ):
        expected = torch.baddbmm(start.unsqueeze(1), a, b)
        got = compiled.product(a, b, start)
        assert got is not None
        torch.testing.assert_close(got, expected, rtol=0, atol=TOLERANCE[dtype])


@needs_compiler
@pytest.mark.parametrize("directions", [1, 2])
def test_threads_change_nothing_but_the_order_of_sums(directions: int, threads: int) -> None:
    torch.manual_seed(0)
    shapes = ((directions, 6, 21, 3), (directions, 20, 3), (directions, 20, 5), (directions, 20))
    more = ((directions, 3, 5), (directions, 21, 5), (directions, 21, 5))
    arguments = [
        torch.randn(shape, dtype=torch.float64).requires_grad_() for shape in (*shapes, *more)
    ]
    h, c = PeepholeFunction.apply(*arguments)
    got = torch.autograd.grad((h.square().sum() + c.sum()), arguments)
    torch.set_num_threads(1)
    one_h, one_c = PeepholeFunction.apply(*arguments)
    expected = torch.autograd.grad((one_h.square().sum() + one_c.sum()), arguments)
    assert torch.equal(h, one_h)
    for a, b in zip(got, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-11)


@needs_compiler
def test_every_line_has_one_share(threads: int) -> None:
    for rows in (1, 7, 8, 9, 32, 100):
        lines = [(d, b) for d, *ends in compiled._shares(2, rows) for b in range(*ends)]
        assert lines == [(d, b) for d in range(2) for b in range(rows)]


def test_without_a_compiler_torch_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    recurrence = Recurrence("peephole", 3, 4)
    x = torch.randn(2, 5, 3)
    expected = recurrence(x)
    monkeypatch.setenv("CC", "no-such-compiler")
    compiled._library.cache_clear()
    try:
        assert compiled.product(x, x.transpose(1, 2), x.new_zeros(2, 5)) is None
        torch.testing.assert_close(recurrence(x), expected, rtol=0, atol=1e-6)
    finally:
        compiled._library.cache_clear()
