"""The recognizer learns, resumes, and exports."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from readapt.nets.crnn import Crnn, CrnnConfig
from readapt.recognize.alphabet import LATIN
from readapt.synth.lines import LineConfig
from readapt.train.data import PoolMaker, StreamConfig, collate
from readapt.train.loop import LoopConfig
from readapt.train.recognizer import (
    RecognizerConfig,
    ctc_loss,
    greedy_texts,
    train_recognizer,
    true_texts,
)

NETWORK = CrnnConfig(LATIN.classes, channels=(4, 8, 8, 12, 16), hidden=12)
STREAM = StreamConfig(
    LineConfig(seed=1, max_characters=4), pool=16, batch_columns=800, batch_lines=6, curriculum=()
)
TINY = RecognizerConfig(
    NETWORK, STREAM, LoopConfig(steps=8, log_every=2, checkpoint_seconds=0.0), workers=0
)


def test_padding_is_never_supervised() -> None:
    """The loss of a line is the same beside a longer one: its frames past the end do not count."""
    rng = np.random.default_rng(0)
    short = (rng.integers(0, 255, (36, 64), dtype=np.uint8), LATIN.encode("ab"))
    batch = collate([short])
    log_probs = torch.randn(1, 40, LATIN.classes).log_softmax(-1)
    changed = log_probs.clone()
    changed[:, int(batch.frames[0]) :] = 0.0
    assert ctc_loss(log_probs, batch) == ctc_loss(changed, batch)
    assert greedy_texts(log_probs, batch, LATIN) == greedy_texts(changed, batch, LATIN)
    assert true_texts(batch, LATIN) == ["ab"]


def test_loss_is_per_character_and_silence_per_quarter_frame() -> None:
    """Against torch's own normalisation, and the probability of an all-blank path."""
    images = [np.full((36, 80), 230, np.uint8), np.full((36, 48), 230, np.uint8)]
    log_probs = torch.randn(2, 24, LATIN.classes).log_softmax(-1)
    words = collate([(images[0], LATIN.encode("abc")), (images[1], LATIN.encode("d"))])
    torchs = torch.nn.functional.ctc_loss(
        log_probs.transpose(0, 1),
        torch.from_numpy(words.labels),
        torch.from_numpy(words.frames),
        torch.from_numpy(words.label_lengths),
    )
    torch.testing.assert_close(ctc_loss(log_probs, words), torchs)
    silence = collate([(images[0], []), (images[1], [])])
    blank = -log_probs[..., 0]
    expected = (blank[0, :20].sum() / 5 + blank[1, :12].sum() / 3) / 2
    torch.testing.assert_close(ctc_loss(log_probs, silence), expected)


def test_one_batch_overfits() -> None:
    torch.manual_seed(0)
    batch = PoolMaker(replace(STREAM, batch_lines=4)).batches(0)[0]
    config = CrnnConfig(LATIN.classes, channels=(8, 16, 16, 24, 32), hidden=32, layers=1)
    network = Crnn(config).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-2)
    images = torch.from_numpy(batch.images)
    for _ in range(500):
        optimizer.zero_grad()
        loss = ctc_loss(network(images), batch)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
        if loss < 0.004:
            break
    assert greedy_texts(network(images), batch, LATIN) == true_texts(batch, LATIN)


def test_resumed_equals_uninterrupted(tmp_path: Path) -> None:
    whole = train_recognizer(TINY, tmp_path / "whole", echo=False)
    half = replace(TINY, loop=replace(TINY.loop, steps=4))
    # The first half runs on the whole's schedule: it is stopped, not shortened.
    import readapt.train.loop as loop

    rate = loop.learning_rate
    loop.learning_rate = lambda fraction, config: rate(fraction / 2, config)
    try:
        train_recognizer(half, tmp_path / "parts", echo=False)
    finally:
        loop.learning_rate = rate
    parts = train_recognizer(TINY, tmp_path / "parts", resume=True, echo=False)
    for (name, a), b in zip(whole.state_dict().items(), parts.state_dict().values(), strict=True):
        assert torch.equal(a, b), name


def test_two_processes_train_one_model(tmp_path: Path) -> None:
    network = train_recognizer(
        replace(TINY, processes=2, loop=replace(TINY.loop, steps=3)), tmp_path, echo=False
    )
    assert all(torch.isfinite(p).all() for p in network.parameters())


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_trains_on_a_gpu(tmp_path: Path) -> None:
    network = train_recognizer(replace(TINY, device="cuda"), tmp_path, echo=False)
    assert all(torch.isfinite(p).all() for p in network.parameters())
