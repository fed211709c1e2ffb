"""Torch's threads are lent and given back."""

import pytest
import torch

from readapt.train.threads import torch_threads


@torch_threads(3)
def fails() -> None:
    assert torch.get_num_threads() == 3
    raise ValueError("stopped")


def test_threads_are_given_back() -> None:
    before = torch.get_num_threads()
    with pytest.raises(ValueError, match="stopped"):
        fails()
    assert torch.get_num_threads() == before
