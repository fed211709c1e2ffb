"""A detector that is exported comes back and learns."""

from pathlib import Path

import pytest
import torch
from bar_world import save_small_bundle
from page_world import STUDENT, BarPages, finding_network, save_page_bundle

from readapt.adapt.learning.detector_weights import trainable_detector
from readapt.adapt.learning.weights import load_weights, save_weights
from readapt.errors import ModelError
from readapt.models.bundle import Bundle
from readapt.train.detector_student import DetectorStudent


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("bundle")
    return save_page_bundle(folder / "base", folder / "files")


def test_what_was_exported_answers_alike_and_learns(bundle: Bundle) -> None:
    network = trainable_detector(bundle)
    assert network is not None
    page = torch.from_numpy(BarPages()(3)[0])[None, :224, :]
    with torch.inference_mode():
        before, after = finding_network()(page), network(page)
    assert torch.allclose(torch.sigmoid(before[0]), torch.sigmoid(after[0]), atol=0.02)
    assert torch.allclose(before[1], after[1], atol=0.05)
    network.train()
    _, step = next(DetectorStudent(network, (), BarPages(), STUDENT).steps([0, 0]))
    statistics = {k: v.clone() for k, v in network.named_buffers()}
    step.loss.backward()  # type: ignore[no-untyped-call]
    assert all(parameter.grad is not None for parameter in network.parameters())
    assert all(torch.equal(statistics[k], v) for k, v in network.named_buffers())


def test_weights_on_disk(bundle: Bundle, tmp_path: Path) -> None:
    network = trainable_detector(bundle)
    assert network is not None
    with torch.no_grad():
        network.out.weight += 1
    save_weights(network, tmp_path / "detector.safetensors")
    template = trainable_detector(bundle)
    assert template is not None
    loaded = load_weights(template, tmp_path / "detector.safetensors")
    assert torch.equal(loaded.out.weight, network.out.weight)


def test_bundles_without_one_and_from_elsewhere(tmp_path: Path, tiny_model: Bundle) -> None:
    assert trainable_detector(save_small_bundle(tmp_path / "lines")) is None
    with pytest.raises(ModelError, match="cannot be trained"):
        trainable_detector(tiny_model)
