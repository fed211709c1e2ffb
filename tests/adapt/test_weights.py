"""What is exported comes back and learns; norms open and close without a change."""

from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch
from bar_world import ALPHABET, bars, save_small_bundle, small_network, words

from readapt.adapt.learning.weights import (
    FixedNorm,
    blocks,
    channel_statistics,
    extended,
    extended_alphabet,
    load_weights,
    open_norms,
    renormalise,
    save_weights,
    trainable,
)
from readapt.errors import ModelError
from readapt.export.recognizer import save_recognizer_bundle
from readapt.models.bundle import Bundle
from readapt.nets.crnn import ConvBlock

LINES = [bars(text, 20, 220, 15, i) for i, text in enumerate(words(12))]
BATCH = torch.from_numpy(np.stack(LINES))


def test_a_bundle_is_trainable_and_reads_as_before(tmp_path: Path) -> None:
    original = small_network()
    network = trainable(save_small_bundle(tmp_path / "m", original))
    assert all(p.requires_grad for p in network.parameters())
    assert all(isinstance(block.norm, FixedNorm) for block in blocks(network))
    assert not any(module.training for module in network.modules())
    with torch.no_grad():
        # Half precision is all that was lost.
        torch.testing.assert_close(network.eval()(BATCH), original(BATCH), atol=0.02, rtol=0.02)


def test_training_leaves_the_statistics_alone(tmp_path: Path) -> None:
    network = trainable(save_small_bundle(tmp_path / "m")).train()
    before = {k: v.clone() for k, v in network.named_buffers()}
    network(BATCH).sum().backward()
    assert all(torch.equal(before[k], v) for k, v in network.named_buffers())
    assert all(p.grad is not None for p in network.parameters())


def test_opening_norms_changes_nothing_that_is_read(tmp_path: Path) -> None:
    network = trainable(save_small_bundle(tmp_path / "m")).eval()
    opened = deepcopy(network)
    open_norms(opened, LINES)
    with torch.no_grad():
        torch.testing.assert_close(opened(BATCH), network(BATCH), atol=1e-4, rtol=1e-4)
    mean, variance = channel_statistics(opened, opened.conv3, LINES)
    torch.testing.assert_close(opened.conv3.norm.running_mean, mean)
    torch.testing.assert_close(opened.conv3.norm.running_var, variance)


def test_statistics_are_those_of_all_pixels(tmp_path: Path) -> None:
    network = trainable(save_small_bundle(tmp_path / "m")).eval()
    mean, variance = channel_statistics(network, network.stem, LINES)
    images = BATCH.unsqueeze(1).float().div(127.5).sub(1)
    with torch.no_grad():
        output = network.stem.conv(images)
    torch.testing.assert_close(mean, output.mean((0, 2, 3)), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(variance, output.var((0, 2, 3), correction=0), atol=1e-4, rtol=1e-3)


def test_renormalising_to_the_same_lines_is_no_change_and_to_others_is_one(tmp_path: Path) -> None:
    network = trainable(save_small_bundle(tmp_path / "m")).eval()
    open_norms(network, LINES)
    same, other = deepcopy(network), deepcopy(network)
    renormalise(same, LINES)
    renormalise(other, [255 - line for line in LINES])
    with torch.no_grad():
        torch.testing.assert_close(same(BATCH), network(BATCH), atol=1e-3, rtol=1e-3)
        assert (other(BATCH) - network(BATCH)).abs().max() > 0.01


def test_renormalising_undoes_a_change_of_contrast(tmp_path: Path) -> None:
    """Halved levels of the first channels are what the statistics forgive exactly."""
    network = trainable(save_small_bundle(tmp_path / "m")).eval()
    open_norms(network, LINES)
    expected = network(BATCH).detach()
    with torch.no_grad():
        network.conv2.conv.weight.mul_(0.25)  # the same as channels a quarter as strong
    renormalise(network, LINES)
    with torch.no_grad():
        torch.testing.assert_close(network(BATCH), expected, atol=5e-3, rtol=5e-3)


def test_weights_come_back_from_disk(tmp_path: Path) -> None:
    network = trainable(save_small_bundle(tmp_path / "m"))
    path = tmp_path / "deep" / "weights.safetensors"
    changed = deepcopy(network)
    with torch.no_grad():
        changed.head.bias.add_(1.0)
    save_weights(changed, path)
    loaded = load_weights(network, path)
    for (name, a), b in zip(
        loaded.state_dict().items(), changed.state_dict().values(), strict=True
    ):
        assert torch.equal(a, b), name
    assert not path.with_name(path.name + ".part").exists()
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ModelError, match="begin anew"):
        load_weights(network, path)


def test_new_characters_get_classes_and_the_old_ones_stay(tmp_path: Path) -> None:
    network = small_network()
    alphabet = extended_alphabet(ALPHABET, frozenset("éß"))
    assert alphabet.characters == " abßé"
    grown = extended(network, 2)
    with torch.no_grad():
        old, new = network(BATCH), grown(BATCH)
    assert new.shape[-1] == 6
    torch.testing.assert_close(new[..., :4], old, atol=0.1, rtol=0.01)
    assert new[..., 4:].max() < old.max() - 4
    bundle = save_recognizer_bundle(grown, alphabet, tmp_path / "grown")
    assert trainable(Bundle.load(bundle)).config.classes == 6


def test_a_fixed_norm_learns_within_its_convolution() -> None:
    """Folded in training: the outputs and the gradients are those of the norm by itself."""
    torch.manual_seed(0)
    block = ConvBlock(3, 4, (3, 3), (2, 1), (1, 0)).double()
    norm = FixedNorm(4).double()
    block.norm = norm
    with torch.no_grad():
        for tensor in (norm.weight, norm.bias, norm.running_mean):
            tensor.normal_()
        norm.running_var.uniform_(0.5, 2.0)
    x = torch.randn(2, 3, 8, 9, dtype=torch.float64, requires_grad=True)
    inputs = [x, *block.parameters()]
    above = torch.randn(2, 4, 4, 7, dtype=torch.float64)
    apart, folded = block.eval()(x), block.train()(x)
    torch.testing.assert_close(folded, apart)
    expected, found = (torch.autograd.grad(y, inputs, above) for y in (apart, folded))
    for a, b in zip(found, expected, strict=True):
        torch.testing.assert_close(a, b)
