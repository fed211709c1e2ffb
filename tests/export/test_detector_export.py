import numpy as np
import onnxruntime
import pytest
import torch

from readapt.detect.detector import Detector, DetectorConfig
from readapt.errors import ModelError
from readapt.export.detector import detector_graph, export_detector
from readapt.nets.detector import DISTANCE_UNIT, DetectorNet, DetectorNetConfig


@pytest.fixture(scope="module")
def net():
    """A net whose batch norms have seen something."""
    torch.manual_seed(0)
    net = DetectorNet(DetectorNetConfig((8, 16, 16, 16, 16), 16, 8))
    for _ in range(3):
        net(torch.randint(0, 256, (2, 96, 96), dtype=torch.uint8))
    torch.nn.init.normal_(net.out.weight, std=0.3)
    return net.eval()


@pytest.mark.parametrize("shape", [(1, 32, 32), (1, 64, 224), (3, 160, 96), (2, 416, 288)])
@pytest.mark.parametrize("half", [False, True])
def test_parity_at_any_size_and_batch(net, shape, half):
    model = detector_graph(net, half)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    pages = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    scores, edges = session.run(["scores", "edges"], {"pages": pages})
    with torch.inference_mode():
        logits, logs = net(torch.from_numpy(pages))
    tolerance = 5e-3 if half else 1e-4
    assert scores.shape == (shape[0], shape[1] // 4, shape[2] // 4)
    assert scores == pytest.approx(torch.sigmoid(logits).numpy(), abs=tolerance)
    assert edges == pytest.approx((logs.exp() * DISTANCE_UNIT).numpy(), rel=tolerance * 5)


def test_the_whole_net_is_small(tmp_path):
    export_detector(DetectorNet().eval(), tmp_path / "detector.onnx")
    assert (tmp_path / "detector.onnx").stat().st_size < 1_500_000


def test_tiles_change_nothing_but_memory(net, tmp_path):
    """With as much overlap as the net sees, tiles give the maps of the whole page."""
    export_detector(net, tmp_path / "d.onnx")
    page = np.random.default_rng(2).integers(0, 256, (700, 1500)).astype(np.uint8)
    whole = Detector(tmp_path / "d.onnx", threads=1).maps(page)
    small = DetectorConfig(tile=1024, overlap=640)
    tiled = Detector(tmp_path / "d.onnx", small, threads=1).maps(page)
    assert whole[0].shape == (175, 375)
    assert tiled[0] == pytest.approx(whole[0], abs=1e-4)
    assert tiled[1] == pytest.approx(whole[1], rel=1e-3)


def test_what_is_no_detector_is_refused(tmp_path):
    with pytest.raises(ModelError, match="no detector at"):
        Detector(tmp_path / "none.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"not a model")
    with pytest.raises(ModelError, match="cannot be loaded"):
        Detector(tmp_path / "bad.onnx")
