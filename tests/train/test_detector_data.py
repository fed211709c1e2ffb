import numpy as np
import pytest

from readapt.train.detector_data import (
    CropConfig,
    CropStream,
    crop,
    line_heights,
    parallel_batches,
    targets,
)

CONFIG = CropConfig(size=96, pool=3, crops_per_page=2, turn=0.0, stretch=0.0, invert=0.0)


def striped_page(index):
    """A page whose only ink is its lines."""
    rng = np.random.default_rng(index)
    page = np.full((300, 260), 250, np.uint8)
    quads = []
    for y in range(20, 260, 40):
        x0, x1 = int(rng.integers(5, 60)), int(rng.integers(150, 250))
        page[y : y + 20, x0:x1] = 10
        quads.append([[x0, y], [x1, y], [x1, y + 20], [x0, y + 20]])
    return page, np.array(quads, np.float32)


def empty_page(index):
    return np.full((300, 260, 3), 200, np.uint8), np.zeros((0, 4, 2), np.float32)


@pytest.mark.parametrize("turn", [0.0, 1.0])
def test_ink_and_quads_move_together(turn):
    config = CropConfig(size=192, turn=turn)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        image, quads = crop(striped_page(seed), config, rng)
        core, _, weight = targets(quads, image.shape, 4, config)
        small = image.reshape(48, 4, 48, 4).mean((1, 3))
        assert small[(core > 0.99) & (weight > 0)].max(initial=0) < 60
        assert core.max() > 0.9


def test_targets_of_a_straight_line():
    quad = np.float32([[[8, 8], [88, 8], [88, 40], [8, 40]]])
    core, edges, weight = targets(quad, (64, 96), 4, CropConfig())
    rows, columns = np.nonzero(core > 0.5)
    assert (rows.min(), rows.max()) == (4, 7)  # the middle half: 16 to 32
    assert (columns.min(), columns.max()) == (4, 19)  # cut by 8 on both sides: 16 to 80
    y = (rows + 0.5) * 4
    assert edges[0, rows, columns] == pytest.approx(y - 8)
    assert edges[1, rows, columns] == pytest.approx(40 - y)
    assert weight.min() == 1


def test_print_too_small_to_learn_is_neither_text_nor_paper():
    quad = np.float32([[[8, 8], [88, 8], [88, 12], [8, 12]]])
    core, _, weight = targets(quad, (64, 96), 4, CropConfig(learned_height=(6, 90)))
    assert core.max() == 0
    assert weight[2].min() == 0
    assert weight[8:].min() == 1


def test_heights_of_slanted_quads():
    assert line_heights(np.float32([[[0, 0], [10, 10], [8, 12], [-2, 2]]])) == pytest.approx(
        [np.sqrt(8)]
    )


def test_a_page_without_text_gives_crops_without_text():
    image, quads = crop(empty_page(0), CONFIG, np.random.default_rng(0))
    assert image.shape == (96, 96)
    assert len(quads) == 0


def stream(number=0, streams=1):
    return CropStream(striped_page, CONFIG, 4, 4, seed=5, stream=number, streams=streams)


def same(a, b):
    return (
        np.array_equal(a.pages, b.pages)
        and np.array_equal(a.targets.core, b.targets.core)
        and np.array_equal(a.targets.edges, b.targets.edges)
    )


def test_a_stream_goes_on_where_it_stopped():
    whole = stream().batches()
    batches = [next(whole) for _ in range(6)]
    later = stream().batches(4)
    assert same(next(later), batches[4])
    assert same(next(later), batches[5])
    assert not same(batches[4], batches[5])


def test_every_page_serves_its_share_of_crops_and_streams_share_none():
    pages = [stream().page_of(number)[1] for number in range(300)]
    assert max(np.bincount(pages)) == CONFIG.crops_per_page
    others = {stream(1, 2).page_of(number)[1] for number in range(300)}
    assert not others & {stream(0, 2).page_of(number)[1] for number in range(300)}


def test_workers_give_the_streams_in_turn():
    streams = [stream(0, 2), stream(1, 2)]
    own = [s.batches() for s in streams]
    expected = [next(own[i % 2]) for i in range(6)]
    found = parallel_batches(streams, first=3)
    for number in (3, 4, 5):
        assert same(next(found), expected[number])
    found.close()
