"""CycleGAN: every loss reaches its player, the text's gradient arrives, resume is exact."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from bar_lines import ALPHABET, bars, rendered, small_recognizer, texts

from readapt.gan.crops import Feed, FeedConfig
from readapt.gan.cyclegan import CycleGan, CycleGanConfig, balance, ink_loss, to_images
from readapt.gan.frozen import frame_features, text_loss
from readapt.gan.objectives import Name
from readapt.gan.play import PlayConfig, Verdict, play
from readapt.nets.discriminator import DiscriminatorConfig
from readapt.nets.generator import Generator, GeneratorConfig

CONFIG = CycleGanConfig(
    GeneratorConfig(widths=(4, 8), blocks=1),
    DiscriminatorConfig(width=4, layers=1),
    pool=3,
    half=False,
)
PLAY = PlayConfig(steps=6, log_every=2, judge_every=2, checkpoint_seconds=0.0)


def feed() -> Feed:
    real = [bars(t, 60, 200, 10, i) for i, t in enumerate(texts(8, 6))]
    lines = [rendered(t) for t in texts(8, 6, 1)]
    return Feed(real, lines, ALPHABET, FeedConfig(columns=128, widths=(32, 64)))


def test_the_generator_feels_the_text_alone() -> None:
    """CTC through the frozen recognizer reaches every weight of the generator, and it learns."""
    torch.manual_seed(0)
    generator, recognizer = Generator(CONFIG.generator), small_recognizer()
    batch = feed().batch(0)
    images = to_images(batch.rendered)
    optimizer = torch.optim.Adam(generator.parameters(), lr=1e-2)
    losses = []
    for _ in range(25):
        optimizer.zero_grad()
        loss = text_loss(recognizer, frame_features(recognizer, generator(images)), batch)
        loss.backward()
        assert all(p.grad is not None for p in generator.parameters())
        total = sum(float(p.grad.abs().sum()) for p in generator.parameters() if p.grad is not None)
        assert total > 0
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] - 0.05
    assert all(p.grad is None for p in recognizer.parameters())


def test_the_text_weighs_more_where_texts_are_lost() -> None:
    """By half at each such look, not without end; a resumed game goes on with it."""
    lost = Verdict(1.0, {}, too_few_texts=True)
    game = CycleGan(feed(), small_recognizer(), CONFIG, lambda generator: lost)
    weights = []
    for step in range(5):
        game.judge(step)
        weights.append(game.text / CONFIG.text)
    assert weights == pytest.approx([1.5, 2.25, 3.375, 4.0, 4.0])
    again = CycleGan(feed(), small_recognizer(), CONFIG)
    again.restore(game.state())
    assert again.text == game.text
    kept = CycleGan(feed(), small_recognizer(), CONFIG, lambda generator: Verdict(1.0, {}))
    kept.judge(0)
    assert kept.text == CONFIG.text


@pytest.mark.parametrize("one_sided", [False, True])
def test_the_text_moves_the_generator_in_the_game(one_sided: bool) -> None:
    """With every other pull switched off, one turn still moves G, and with text off it does not."""
    off = replace(CONFIG, one_sided=one_sided, cycle=0.0, identity=0.0, ink=0.0, features=0.0)
    moved = []
    for text in (0.0, 1.0):
        game = CycleGan(feed(), small_recognizer(), replace(off, text=text))
        with torch.no_grad():  # a critic of zeros: no adversarial gradient but in the last bias
            for p in game.real_critic.parameters():
                p.zero_()
        before = [p.detach().clone() for p in game.to_real.parameters()]
        game.turn(0, 0.0)
        changes = (
            float((p.detach() - q).abs().sum())
            for p, q in zip(game.to_real.parameters(), before, strict=True)
        )
        moved.append(sum(changes))
    assert moved[0] == 0
    assert moved[1] > 0


def test_balance() -> None:
    torch.manual_seed(0)
    a, b = torch.randn(1000), 1e-2 * torch.randn(1000)
    assert float((balance(a, b, 1.0) * a).std()) == pytest.approx(float(b.std()), rel=1e-4)
    assert balance(b * 1e-6, a, 1.0) == 100.0
    assert balance(a, torch.zeros(1000), 1.0) == 1e-3
    assert balance(torch.zeros(1000), torch.zeros(1000), 1.0) == 1e-3


def test_ink_loss_sees_strokes_and_forgives_paper() -> None:
    a = to_images(bars("abab")[None])
    darker_paper = to_images(bars("abab", 20, 190)[None])
    lost, ghost = to_images(bars("ab b")[None]), to_images(bars("abab")[None])
    ghost[..., 6:30, 0:4] = -1
    assert float(ink_loss(a, a)) == 0
    assert float(ink_loss(darker_paper, a)) < 0.5 * float(ink_loss(lost, a))
    assert float(ink_loss(ghost, a)) > 0.005


@pytest.mark.parametrize("objective", ["lsgan", "non-saturating", "wgan-gp", "relativistic"])
def test_every_player_moves(objective: Name) -> None:
    game = CycleGan(feed(), small_recognizer(), replace(CONFIG, objective=objective))
    before = {k: [p.detach().clone() for p in v.parameters()] for k, v in game.networks.items()}
    for step in range(2):
        figures = game.turn(step, 0.0)
    expected = {"adversarial", "adversarial_back", "cycle", "identity", "text", "ink"}
    assert expected <= set(figures)
    for name, network in game.networks.items():
        pairs = zip(network.parameters(), before[name], strict=True)
        assert sum(float((p.detach() - q).abs().sum()) for p, q in pairs) > 0, name
        assert all(torch.isfinite(p).all() for p in network.parameters())


def test_one_sided_has_half_of_the_players() -> None:
    game = CycleGan(feed(), None, replace(CONFIG, one_sided=True))
    figures = game.turn(0, 0.0)
    assert set(game.networks) == {"to_real", "real_critic", "average"}
    assert "cycle" not in figures
    assert "text" not in figures


def test_rates_fall() -> None:
    game = CycleGan(feed(), None, CONFIG)
    game.turn(0, 0.75)
    rates = {g["lr"] for o in game.optimizers.values() for g in o.param_groups}
    assert rates == {0.5 * CONFIG.lr}


@pytest.mark.parametrize("half", [False, True])
def test_killed_and_resumed_equals_uninterrupted(half: bool, tmp_path: Path) -> None:
    config = replace(CONFIG, half=half, instance_noise=0.05)
    whole, parts = (CycleGan(feed(), small_recognizer(), config) for _ in range(2))
    play(whole, PLAY, tmp_path / "whole")
    turn = parts.turn

    def dies(step: int, elapsed: float) -> Mapping[str, float]:
        if step == 3:
            raise KeyboardInterrupt
        return turn(step, elapsed)

    parts.turn = dies  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        play(parts, PLAY, tmp_path / "parts")
    again = CycleGan(feed(), small_recognizer(), replace(config, seed=7))
    torch.manual_seed(99)
    play(again, PLAY, tmp_path / "parts", resume=True)
    for name, network in whole.networks.items():
        for p, q in zip(network.parameters(), again.networks[name].parameters(), strict=True):
            assert torch.equal(p, q), name
    best, other = whole.best_generator(), again.best_generator()
    for p, q in zip(best.parameters(), other.parameters(), strict=True):
        assert torch.equal(p, q)


def test_learns_a_plain_change_of_look() -> None:
    """Grey ink on darker paper: a few hundred turns bring the translated levels nearer.

    The rates fall to nothing: at a constant rate two small players swing around each other for
    ever, and what one turn shows depends on how a processor rounds. Four seeds end at 0.20 to
    0.43 of the distance they began with.
    """
    sees_levels = DiscriminatorConfig(width=4, layers=1, norm="none")
    config = replace(
        CONFIG, discriminator=sees_levels, lr=5e-3, identity=0.0, ink=0.0, one_sided=True, seed=3
    )
    game = CycleGan(feed(), None, config)
    for step in range(400):
        game.turn(step, step / 400)
    batch = feed().batch(240)
    a, b = to_images(batch.rendered), to_images(batch.real)
    with torch.no_grad():
        fake = game.average(a)

    def paper(x: torch.Tensor) -> float:
        return float(x.flatten().quantile(0.75))

    assert abs(paper(fake) - paper(b)) < 0.7 * abs(paper(a) - paper(b))


def test_a_weaker_look_is_kept_where_texts_are_lost() -> None:
    """The strongest that keeps enough of them, and that one is what comes out."""
    torch.manual_seed(0)
    lines = to_images(feed().batch(0).rendered)

    def change(generator: torch.nn.Module) -> float:
        with torch.no_grad():
            return float((generator(lines, torch.zeros_like(lines)) - lines).abs().mean())

    whole = 0.0
    asked: list[float] = []

    def judge(generator: torch.nn.Module) -> Verdict:
        asked.append(change(generator) / whole)
        lost = asked[-1] > 0.8
        return Verdict(100.0 if lost else 1.0, {}, too_few_texts=lost)

    game = CycleGan(feed(), small_recognizer(), CONFIG, judge)
    whole = change(game.average)
    verdict = game.judge(0)
    assert asked == pytest.approx([1.0, 0.85, 0.7], rel=1e-3)
    assert not verdict.too_few_texts
    game.keep()
    assert change(game.best_generator()) == pytest.approx(0.7 * whole, rel=1e-3)
    assert game.strength == 0.7
    assert change(game.average) == pytest.approx(whole)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("one_sided", [True, False])
def test_the_game_on_a_gpu(tmp_path: Path, one_sided: bool) -> None:
    """Every player learns there; what is judged and kept is on the processor, and resumes there."""
    judged: list[torch.device] = []

    def judge(generator: torch.nn.Module) -> Verdict:
        judged.append(next(generator.parameters()).device)
        return Verdict(float(-len(judged)), {})

    config = replace(CONFIG, one_sided=one_sided, half=True)
    recognizer = small_recognizer()
    game = CycleGan(feed(), recognizer, config, judge, torch.device("cuda"))
    before = {name: [p.clone() for p in n.parameters()] for name, n in game.networks.items()}
    play(game, PLAY, tmp_path)
    assert {device.type for device in judged} == {"cpu"}
    for name, network in game.networks.items():
        pairs = list(zip(before[name], network.parameters(), strict=True))
        assert all(torch.isfinite(p).all() for _, p in pairs), name
        assert any(not torch.equal(a, b) for a, b in pairs), name
    assert next(game.best_generator().parameters()).device.type == "cpu"
    again = CycleGan(feed(), recognizer, config, judge)
    play(again, replace(PLAY, steps=8), tmp_path, resume=True)
    assert next(recognizer.parameters()).device.type == "cpu"
