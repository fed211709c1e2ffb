"""A short look at real documents: whatever broke reading as a whole shows here.

The limits leave room for a retrained model; ``benchmarks/peers.py`` has the figures that count.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from readapt import Reader
from readapt.evaluate.run import EvaluationConfig, evaluate
from readapt.evaluate.truth import Truth, load_truth

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
LINES = 40
PAGES = 3

CER_LIMIT = {
    "sroie_receipts": 0.07,
    "tapuscorpus_fr_typewritten": 0.10,
    "archiscribe_fraktur_lines": 0.12,
}
"""Folded character error rate on forty cut lines."""
WORD_F1_LIMIT = 0.7
"""Folded words of three receipts read whole."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def some(name: str) -> Truth:
    """Truth of one collection."""
    if not (DATA / name).is_dir():
        pytest.skip(f"{DATA / name} is not here")
    return load_truth([DATA / name])


def few_lines(truth: Truth) -> Truth:
    """Forty lines: of eight pages five each, or of the line images."""
    pages = tuple(
        replace(page, lines=page.lines[:: max(1, len(page.lines) // 5)][:5])
        for page in truth.pages[:: max(1, len(truth.pages) // 8)][:8]
    )
    return Truth(pages, truth.lines[:: max(1, len(truth.lines) // LINES)][:LINES])


@pytest.mark.parametrize("name", sorted(CER_LIMIT))
def test_lines_are_read(name: str, reader: Reader) -> None:
    config = EvaluationConfig(pages=False, ignore_case=name == "sroie_receipts", worst=8)
    result = evaluate(few_lines(some(name)), reader, config)
    wrong = [line.folded for line, _ in result.worst]
    assert result.cer_folded.rate <= CER_LIMIT[name], wrong


def test_receipts_are_read_whole(reader: Reader) -> None:
    truth = some("sroie_receipts")
    few = Truth(truth.pages[:: len(truth.pages) // PAGES][:PAGES])
    result = evaluate(few, reader, EvaluationConfig(lines=False, ignore_case=True))
    assert result.words.f1 >= WORD_F1_LIMIT, [page.located for page in result.pages]
