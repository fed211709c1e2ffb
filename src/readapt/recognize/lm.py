"""A language model of characters: n-grams with Witten-Bell smoothing, in one small file.

The probability of a character ``c`` after a history ``h`` of ``k - 1`` characters mixes what was
seen after ``h`` with what the shorter history ``h'`` expects (Witten and Bell 1991; Chen and
Goodman 1998, section 2.5)::

    p(c | h) = (n(h c) + d(h) p(c | h')) / (n(h) + d(h))

where ``n`` counts and ``d(h)`` is how many different characters were seen after ``h``; before
the shortest history stands the uniform distribution. Class 0, the blank that no text holds,
stands for the beginning and the end of a line.
"""

from __future__ import annotations

import math
import os
import unicodedata
import zlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from readapt.errors import ModelError, UsageError
from readapt.recognize.alphabet import Alphabet
from readapt.whole import written_whole

BOUNDARY: Final = 0
"""The class that begins and ends a line."""

_FORMAT: Final = 1
_CHUNK: Final = 4_000_000
"""Characters that are counted at once."""


class CharacterModel:
    """N-gram counts of an alphabet's classes, and the probabilities they give.

    A :class:`readapt.recognize.beam.LanguageModel` whose state is a history: its last
    ``order - 1`` classes packed into one integer, the newest in the lowest bits.
    """

    def __init__(
        self, alphabet: Alphabet, keys: list[NDArray[np.int64]], counts: list[NDArray[np.int64]]
    ) -> None:
        """``keys[k - 1]`` are the packed n-grams of length ``k``, rising; ``counts`` how often."""
        self.alphabet = alphabet
        self.order = len(keys)
        self._keys = keys
        self._counts = counts
        self._bits = _bits(alphabet)
        self._history = (1 << self._bits * (self.order - 1)) - 1
        # One number at a time is far quicker out of a memoryview than out of an array.
        self._key_views = [np.ascontiguousarray(k, np.int64).data for k in keys]
        sums = [np.concatenate([[0], np.cumsum(c)]) for c in counts]
        self._sum_views = [one.astype(np.int64).data for one in sums]
        # Beams ask for the same few thousand histories and characters over and over.
        self._log_p = lru_cache(maxsize=1 << 16)(self._log_probability)
        self._seen = lru_cache(maxsize=1 << 14)(self._seen_after)

    @property
    def characters(self) -> int:
        """How many characters were counted."""
        ends = self._keys[0] == BOUNDARY
        return int(self._counts[0][~ends].sum())

    def start(self) -> int:
        """Return the history at the beginning of a line."""
        return BOUNDARY

    def extend(self, state: int, character: int) -> tuple[float, int]:
        """Return ``ln p(character | state)``, and the history after ``character``."""
        return self._log_p(state, character), self._after(state, character)

    def end(self, state: int) -> float:
        """Return ``ln p(end of line | state)``."""
        return self._log_p(state, BOUNDARY)

    def log_probabilities(self, history: str) -> NDArray[np.float32]:
        """``ln p`` of each class after ``history``, which begins a line; class 0 is its end.

        Raises :class:`readapt.recognize.alphabet.AlphabetError` for characters without a class.
        """
        state = self.start()
        for character in self.alphabet.encode(history):
            state = self._after(state, character)
        return self._log_probabilities(state)

    def log_probability(self, text: str) -> float:
        """``ln p`` of a whole line, its end included."""
        state, total = self.start(), 0.0
        for character in self.alphabet.encode(text):
            log_p, state = self.extend(state, character)
            total += log_p
        return total + self.end(state)

    def _after(self, state: int, character: int) -> int:
        return (state << self._bits | character) & self._history

    def _log_probability(self, state: int, character: int) -> float:
        """``ln p(character | state)``, by the definition above."""
        p = 1 / self.alphabet.classes
        for k, (low, high) in enumerate(self._seen(state)):
            keys, sums = self._key_views[k], self._sum_views[k]
            history = state & ((1 << self._bits * k) - 1)
            key = history << self._bits | character
            i = bisect_left(keys, key, low, high)
            times = sums[i + 1] - sums[i] if i < high and keys[i] == key else 0
            kinds = high - low
            p = (times + kinds * p) / (sums[high] - sums[low] + kinds)
        return math.log(p)

    def _seen_after(self, state: int) -> list[tuple[int, int]]:
        """Where n-grams stand that go on from the ends of a history, the shortest end first."""
        found = []
        for k, keys in enumerate(self._key_views):
            history = state & ((1 << self._bits * k) - 1)
            low = bisect_left(keys, history << self._bits)
            high = bisect_left(keys, (history + 1) << self._bits, low)
            if low == high:
                break  # and no longer history was seen either
            found.append((low, high))
        return found

    def _log_probabilities(self, state: int) -> NDArray[np.float32]:
        p = np.full(self.alphabet.classes, 1 / self.alphabet.classes)
        lowest = (1 << self._bits) - 1
        for keys, counts, (low, high) in zip(
            self._keys, self._counts, self._seen(state), strict=False
        ):
            seen = counts[low:high]
            p *= high - low
            p[keys[low:high] & lowest] += seen
            p /= seen.sum() + (high - low)
        return np.asarray(np.log(p), np.float32)

    def plus(self, other: CharacterModel, times: int = 1) -> CharacterModel:
        """Add the counts of another model of the same alphabet and order, ``times`` over."""
        if other.alphabet != self.alphabet or len(other._keys) != len(self._keys):
            raise UsageError("only language models of one alphabet and one order can be added.")
        merged = [
            _merge(keys, counts, more, times * seen)
            for keys, counts, more, seen in zip(
                self._keys, self._counts, other._keys, other._counts, strict=True
            )
        ]
        return CharacterModel(self.alphabet, [k for k, _ in merged], [c for _, c in merged])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model as a compressed ``.npz`` of plain arrays, in one step."""
        path = Path(path)
        arrays: dict[str, NDArray[np.generic]] = {
            "format": np.array(_FORMAT),
            "alphabet": np.array(self.alphabet.characters),
        }
        for k, (keys, counts) in enumerate(zip(self._keys, self._counts, strict=True), start=1):
            # Differences of rising numbers are small and compress far better.
            arrays[f"steps{k}"] = np.diff(keys, prepend=0)
            arrays[f"counts{k}"] = counts.astype(np.uint32)
        with written_whole(path) as scratch, scratch.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)

    @classmethod
    def load(cls, path: str | os.PathLike[str], alphabet: Alphabet) -> CharacterModel:
        """Read a saved model. Nothing in the file can run code.

        Raises :class:`ModelError` if it cannot be read or was made for another alphabet.
        """
        try:
            with np.load(path, allow_pickle=False) as arrays:
                form = int(arrays["format"])
                characters = str(arrays["alphabet"])
                order = sum(name.startswith("steps") for name in arrays.files)
                keys = [np.cumsum(arrays[f"steps{k}"], dtype=np.int64) for k in _upto(order)]
                counts = [arrays[f"counts{k}"].astype(np.int64) for k in _upto(order)]
        except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error) as error:
            raise ModelError(f"{path} cannot be read as a language model: {error}") from error
        if form != _FORMAT or not keys:
            raise ModelError(f"{path} is not a language model of format {_FORMAT}")
        if characters != alphabet.characters:
            raise ModelError(f"{path} was made for another alphabet than this recognizer's")
        if not all(_sound(k, c, alphabet) for k, c in zip(keys, counts, strict=True)):
            raise ModelError(f"{path} is damaged: its n-grams are not those of a language model")
        return cls(alphabet, keys, counts)


def learn(
    texts: Iterable[str], alphabet: Alphabet, order: int = 6, least: int = 1
) -> CharacterModel:
    """Count the n-grams of ``texts``, each of which is a line or a sentence.

    ``order`` is the length of the longest n-grams; those of three characters and more that occur
    fewer than ``least`` times are left out, for a smaller file. Characters without a class are
    passed over. Raises :class:`UsageError` for an order that 62 bits do not hold.
    """
    most = highest_order(alphabet)
    if not 1 <= order <= most:
        raise UsageError(
            f"the order of a language model of {alphabet.classes} classes is from 1 "
            f"to {most}, not {order}"
        )
    keys = [np.zeros(0, np.int64) for _ in range(order)]
    counts = [np.zeros(0, np.int64) for _ in range(order)]
    for ids in _chunks(texts, alphabet, order):
        for k, grams in enumerate(_grams(ids, order, _bits(alphabet))):
            found, times = np.unique(grams, return_counts=True)
            keys[k], counts[k] = _merge(keys[k], counts[k], found, times)
    for k in range(2, order):
        often = counts[k] >= least
        keys[k], counts[k] = keys[k][often], counts[k][often]
    return CharacterModel(alphabet, keys, counts)


def highest_order(alphabet: Alphabet) -> int:
    """Length of the longest n-grams of an alphabet's classes that 62 bits hold."""
    return 62 // _bits(alphabet)


def _sound(keys: NDArray[np.int64], counts: NDArray[np.int64], alphabet: Alphabet) -> bool:
    """Whether every n-gram ends in a class of the alphabet, stands in order, and was seen."""
    newest = keys & ((1 << _bits(alphabet)) - 1)
    return (
        keys.shape == counts.shape == (keys.size,)
        and bool((np.diff(keys, prepend=-1) > 0).all())
        and bool((newest < alphabet.classes).all() and (counts > 0).all())
    )


def _bits(alphabet: Alphabet) -> int:
    return (alphabet.classes - 1).bit_length()


def _upto(order: int) -> range:
    return range(1, order + 1)


def _chunks(texts: Iterable[str], alphabet: Alphabet, order: int) -> Iterator[NDArray[np.int64]]:
    """Yield classes of many texts, with ``order - 1`` boundaries around each."""
    boundaries = [BOUNDARY] * max(order - 1, 1)
    ids = list(boundaries)
    for text in texts:
        text = unicodedata.normalize("NFC", text)
        lacking = alphabet.missing(text)
        ids += alphabet.encode("".join(c for c in text if c not in lacking))
        ids += boundaries
        if len(ids) > _CHUNK:
            yield np.array(ids, np.int64)
            ids = list(boundaries)
    yield np.array(ids, np.int64)


def _grams(ids: NDArray[np.int64], order: int, bits: int) -> Iterator[NDArray[np.int64]]:
    """Yield the packed n-grams of each length that end in a character or a line's end."""
    last = np.arange(max(order - 1, 1), len(ids))
    # Of a run of boundaries only the first, which ends a line, is foreseen; the rest begin one.
    last = last[(ids[last] != BOUNDARY) | (ids[last - 1] != BOUNDARY)]
    for k in _upto(order):
        packed = np.zeros(len(last), np.int64)
        for back in range(k - 1, -1, -1):
            packed = packed << bits | ids[last - back]
        yield packed


def _merge(
    keys: NDArray[np.int64],
    counts: NDArray[np.int64],
    more: NDArray[np.int64],
    times: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    every, where = np.unique(np.concatenate([keys, more]), return_inverse=True)
    total = np.zeros(len(every), np.int64)
    np.add.at(total, where, np.concatenate([counts, times]))
    return every, total
