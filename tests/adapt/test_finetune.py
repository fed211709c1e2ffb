"""Networks between one and what it was fine-tuned to."""

import pytest
import torch

from readapt.adapt.learning.finetune import part_way
from readapt.nets.crnn import Crnn, CrnnConfig


@pytest.mark.parametrize("way", [0.0, 0.25, 1.0])
def test_part_of_the_way(way: float) -> None:
    torch.manual_seed(0)
    config = CrnnConfig(5, (4, 6, 8, 10, 12), hidden=8, layers=1)
    before, after = Crnn(config), Crnn(config)
    kept = {name: tensor.clone() for name, tensor in after.state_dict().items()}
    between = part_way(before, after, way)
    assert not between.training
    for name, tensor in between.state_dict().items():
        if tensor.is_floating_point():
            expected = before.state_dict()[name] * (1 - way) + kept[name] * way
            torch.testing.assert_close(tensor, expected)
        assert torch.equal(after.state_dict()[name], kept[name])
