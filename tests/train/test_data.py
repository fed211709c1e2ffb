"""The stream of batches: whatever draws it, the same batches, resumable anywhere."""

import itertools
from dataclasses import replace

import numpy as np

from readapt.recognize.alphabet import LATIN
from readapt.synth.lines import LineConfig
from readapt.train.data import LineBatch, LineStream, PoolMaker, StreamConfig, cut, frames_needed

CONFIG = StreamConfig(
    LineConfig(seed=1), pool=24, batch_columns=1500, batch_lines=6, curriculum=((30, 4),)
)


def equal(a: LineBatch, b: LineBatch) -> bool:
    return np.array_equal(a.images, b.images) and np.array_equal(a.labels, b.labels)


def test_frames_needed() -> None:
    assert frames_needed([]) == 0
    assert frames_needed([5, 5, 5, 2]) == 6


def test_cut_keeps_to_its_bounds() -> None:
    widths = np.random.default_rng(0).integers(5, 300, 200).tolist()
    groups = cut(widths, 900, 8)
    assert sorted(i for g in groups for i in g) == list(range(200))
    for group in groups:
        assert len(group) <= 8
        assert len(group) == 1 or len(group) * max(widths[i] for i in group) <= 900


def test_batches_hold_feasible_labels_and_the_curriculum() -> None:
    maker = PoolMaker(CONFIG)
    for batch in maker.batches(0):
        assert batch.images.shape[2] % 32 == 0
        assert batch.label_lengths.max() <= 4
        assert (batch.label_lengths <= batch.frames).all()
        assert batch.labels.min() >= 1
        assert batch.labels.max() < LATIN.classes
    assert max(int(b.label_lengths.max()) for b in maker.batches(3)) > 4


def test_resume_anywhere() -> None:
    with LineStream(CONFIG, workers=0) as stream:
        batches, positions = [], [stream.position]
        for batch in itertools.islice(stream, 14):
            batches.append(batch)
            positions.append(stream.position)
    for start in (0, 3, 9, 13):
        with LineStream(CONFIG, positions[start], workers=0) as stream:
            assert equal(next(iter(stream)), batches[start])


def test_workers_and_shares_draw_the_same_lines() -> None:
    with LineStream(CONFIG, workers=0) as alone, LineStream(CONFIG, workers=2) as two:
        for a, b in itertools.islice(zip(alone, two, strict=False), 12):
            assert equal(a, b)
    first = PoolMaker(CONFIG).batches(0)
    second = PoolMaker(CONFIG).batches(1)
    with LineStream(replace(CONFIG), workers=0, share=(1, 2)) as other:
        drawn = list(itertools.islice(other, len(second)))
        assert all(equal(a, b) for a, b in zip(drawn, second, strict=True))
        assert other.position == (2, 0)
    assert not equal(first[0], second[0])
