"""Generator and discriminator: shapes, receptive field, identity at the start, no hidden state."""

import pytest
import torch

from readapt.nets.discriminator import Discriminator, DiscriminatorConfig, FrameDiscriminator
from readapt.nets.generator import Generator, GeneratorConfig, leaky_clamp


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(36, 52), (36, 160), (64, 64), (8, 12)])
def test_any_multiple_of_four(channels: int, size: tuple[int, int]) -> None:
    network = Generator(GeneratorConfig(channels=channels, widths=(4, 8), blocks=1))
    x = torch.rand(2, channels, *size) * 2 - 1
    y = network(x)
    assert y.shape == x.shape
    assert y.dtype == torch.float32


def test_other_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="multiples of 4"):
        Generator()(torch.zeros(1, 1, 36, 50))


def test_almost_the_identity_at_the_start() -> None:
    torch.manual_seed(0)
    x = torch.rand(2, 1, 36, 64) * 2 - 1
    with torch.no_grad():
        assert float((Generator()(x) - x).abs().mean()) < 0.05


def test_training_and_use_are_the_same_function_and_lines_do_not_meet() -> None:
    torch.manual_seed(0)
    network = Generator(GeneratorConfig(widths=(4, 8), blocks=1))
    x, z = torch.rand(3, 1, 36, 40), torch.randn(3, 1, 36, 40)
    with torch.no_grad():
        a, b, c = network.train()(x, z), network.eval()(x, z), network(x[1:2], z[1:2])
    torch.testing.assert_close(a, b)
    torch.testing.assert_close(a[1:2], c)
    assert not list(network.buffers())


def test_noise_makes_a_difference_where_it_is_asked_for() -> None:
    torch.manual_seed(0)
    x = torch.rand(1, 1, 36, 40)
    with torch.no_grad():
        noisy = Generator(GeneratorConfig(widths=(4, 8), blocks=1))
        assert not torch.equal(noisy(x), noisy(x))
        plain = Generator(GeneratorConfig(widths=(4, 8), blocks=1, noise=False))
        assert torch.equal(plain(x), plain(x))


def test_leaky_clamp() -> None:
    x = torch.tensor([-3.0, -1.0, 0.2, 1.0, 2.0], requires_grad=True)
    y = leaky_clamp(x)
    torch.testing.assert_close(y, torch.tensor([-1.1, -1.0, 0.2, 1.0, 1.05]))
    y.sum().backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None
    assert float(x.grad.min()) > 0


@pytest.mark.parametrize(("layers", "field"), [(1, 16), (2, 34), (3, 70)])
def test_receptive_field(layers: int, field: int) -> None:
    """A change outside of the field does not reach a logit, one inside does."""
    torch.manual_seed(0)
    network = Discriminator(DiscriminatorConfig(width=4, layers=layers, norm="none"))
    assert network.receptive_field == field
    side = 2 * field + 8
    x = torch.randn(1, 1, side, side, requires_grad=True)
    logits = network(x)
    middle = logits.shape[-1] // 2
    logits[0, 0, middle, middle].backward()
    assert x.grad is not None
    seen = x.grad[0, 0] != 0
    rows = torch.nonzero(seen.any(1))
    assert int(rows.max() - rows.min()) + 1 == field


def test_small_images_get_a_logit() -> None:
    network = Discriminator(DiscriminatorConfig(width=4))
    assert network(torch.zeros(2, 1, 9, 5)).numel() >= 2
    assert network(torch.zeros(2, 1, 36, 160)).shape[-2:] == (7, 38)


def test_sizes_are_as_designed() -> None:
    """About a sixth of a million weights each."""
    assert 0.14e6 < sum(p.numel() for p in Generator().parameters()) < 0.18e6
    assert 0.14e6 < sum(p.numel() for p in Discriminator().parameters()) < 0.2e6


def test_without_sides_nothing_beyond_the_ends_is_seen() -> None:
    """Every logit is that of the same patch cut out of a longer image."""
    torch.manual_seed(0)
    network = Discriminator(DiscriminatorConfig(width=4, norm="none", sides=False))
    x = torch.randn(1, 1, 36, 96)
    with torch.no_grad():
        whole, part = network(x), network(x[..., 16:80])
    torch.testing.assert_close(part, whole[..., 4 : 4 + part.shape[-1]])
    assert network(torch.zeros(1, 1, 36, 20)).shape[-1] == 1


def test_a_window_of_a_line_is_translated_as_in_the_whole_line() -> None:
    """Nothing of the far end of a line is felt here: lines are longer than what was learnt on."""
    torch.manual_seed(0)
    network = Generator(GeneratorConfig(widths=(4, 8), blocks=1))
    with torch.no_grad():
        network.head.weight.mul_(100)
        x, z = torch.rand(1, 1, 36, 400) * 2 - 1, torch.randn(1, 1, 36, 400)
        whole = network(x, z)
        part = network(x[..., 100:300], z[..., 100:300])
    torch.testing.assert_close(part[..., 60:-60], whole[..., 160:240], rtol=1e-4, atol=1e-5)


def test_frames_are_standardised_by_the_genuine_ones() -> None:
    torch.manual_seed(0)
    critic = FrameDiscriminator(6, 8)
    frames = 5 + 3 * torch.randn(400, 6)
    critic.fit(frames)
    standard = (frames - critic.centre) / critic.scale
    assert float(standard.mean().abs()) < 1e-4
    assert 0.8 < float(standard.std()) < 1.0
    assert critic(frames.reshape(4, 100, 6)).shape == (4, 1, 100)
    assert {"centre", "scale"} <= set(critic.state_dict())
