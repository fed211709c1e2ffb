import numpy as np
import pytest
import torch

from readapt.nets.detector import STRIDE, ConvNorm, DetectorNet, DetectorNetConfig
from readapt.train.detector_data import CropConfig, targets
from readapt.train.detector_loss import detector_loss

SMALL = DetectorNetConfig((8, 8, 8, 8, 8), 8, 8)


@pytest.mark.parametrize("size", [(32, 32), (64, 160), (224, 96)])
def test_maps_have_a_cell_for_every_four_pixels(size):
    torch.manual_seed(0)
    pages = torch.randint(0, 256, (2, *size), dtype=torch.uint8)
    logits, logs = DetectorNet(SMALL)(pages)
    assert logits.shape == (2, size[0] // STRIDE, size[1] // STRIDE)
    assert logs.shape == (2, 2, size[0] // STRIDE, size[1] // STRIDE)
    assert logits.dtype == logs.dtype == torch.float32


def test_a_folded_batch_norm_computes_the_same():
    torch.manual_seed(0)
    module = ConvNorm(3, 5, 3, relu=False)
    for _ in range(5):
        module(torch.randn(4, 3, 8, 8) * 3 + 1)
    torch.nn.init.uniform_(module.norm.weight)
    torch.nn.init.normal_(module.norm.bias)
    module.eval()
    x = torch.randn(2, 3, 9, 7)
    weight, bias = module.folded()
    expected = module(x)
    found = torch.nn.functional.conv2d(x, weight, bias, padding=1)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


def test_an_untrained_net_is_silent():
    torch.manual_seed(0)
    logits, _ = DetectorNet()(torch.full((1, 64, 64), 200, dtype=torch.uint8))
    assert float(torch.sigmoid(logits.detach()).max()) < 0.3


def test_pages_of_a_batch_do_not_see_each_other():
    torch.manual_seed(0)
    net = DetectorNet(SMALL).eval()
    pages = torch.randint(0, 256, (3, 64, 64), dtype=torch.uint8)
    with torch.inference_mode():
        together, alone = net(pages)[0], net(pages[1:2])[0]
    torch.testing.assert_close(together[1:2], alone)


def test_one_batch_overfits():
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    page = rng.integers(180, 256, (128, 128)).astype(np.uint8)
    quads = np.float32([[[12, y], [116, y], [116, y + 20], [12, y + 20]] for y in (20, 52, 84)])
    for quad in quads:
        x0, y0, x1, y1 = (int(v) for v in (*quad[0], *quad[2]))
        page[y0 + 4 : y1 - 4, x0:x1:3] = 20
    core, edges, weight = (
        torch.from_numpy(x)[None] for x in targets(quads, (128, 128), STRIDE, CropConfig())
    )
    net = DetectorNet(SMALL)
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-2)
    first = last = 0.0
    for step in range(60):
        loss = detector_loss(*net(torch.from_numpy(page)[None]), core, edges, weight)
        optimizer.zero_grad()
        loss.total.backward()
        optimizer.step()
        last = float(loss.total.detach())
        first = first or last
        assert np.isfinite(last), step
    assert last < 0.25 * first
