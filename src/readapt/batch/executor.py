"""Many files read side by side, each by one process, the results in the order of the files."""

import signal
import sys
import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from typing import TYPE_CHECKING

from readapt.cores import cores
from readapt.document.elements import Page
from readapt.errors import InputError, ReadaptError
from readapt.pages.load import LoadConfig

if TYPE_CHECKING:
    from readapt.reader import Reader


@dataclass(frozen=True)
class Job:
    """What every process needs to know."""

    model: str | None
    load: LoadConfig
    threads: int | None = None
    """Of each process; None shares the cores out."""
    beam: int | None = None
    language_model: str | None = None
    language_weight: float | None = None
    """How lines are decoded; see :class:`readapt.reader.Reader`."""


@dataclass(frozen=True)
class Outcome:
    """What became of one file: its pages, or why there are none."""

    name: str
    pages: tuple[Page, ...] = ()
    error: InputError | None = None


def make_reader(job: Job, processes: int = 1) -> "Reader":
    """Load the model; one of several processes gets its share of the cores."""
    from readapt.reader import Reader

    threads = job.threads
    if threads is None and processes > 1:
        threads = max(1, cores() // processes)
    reader = Reader(
        job.model,
        threads,
        beam=job.beam,
        language_model=job.language_model,
        language_weight=job.language_weight,
    )
    reader.load = job.load
    return reader


def read_file(reader: "Reader", name: str) -> Outcome:
    """Read every page of one file; a file of which any page fails has failed."""
    try:
        return Outcome(name, tuple(reader.read_pages(name)))
    except InputError as error:
        return Outcome(name, error=error)


def read_files(
    reader: "Reader", names: Sequence[str], job: Job, processes: int
) -> Iterator[Outcome]:
    """Read files, in order, with ``reader`` or with ``processes`` processes of their own.

    What is read does not depend on ``processes``. stdin ("-") is always read here.

    Raises:
        ReadaptError: a process died (most often for want of memory).

    """
    if processes == 1 or len(names) < 2:
        for name in names:
            yield read_file(reader, name)
        return
    processes = min(processes, len(names))
    with ProcessPoolExecutor(
        processes,
        mp_context=get_context("spawn"),  # forking a process that runs threads can hang
        initializer=_start,
        initargs=(job, processes),
    ) as pool:
        waiting: deque[tuple[str, Future[Outcome] | None]] = deque()
        left = iter(names)
        try:
            while True:
                # A bounded queue: results wait in memory until their turn.
                for name in islice(left, 2 * processes - len(waiting)):
                    waiting.append((name, None if name == "-" else pool.submit(_read, name)))
                if not waiting:
                    return
                name, future = waiting.popleft()
                yield read_file(reader, name) if future is None else future.result()
        except BrokenProcessPool as error:
            raise ReadaptError(
                f"{name}: a reading process died, perhaps for want of memory; use fewer --jobs."
            ) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def quiet_warnings() -> None:
    """Keep libraries' warnings about odd but readable files off stderr, unless Python is asked."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")


_reader: "Reader | None" = None  # of this process, when it is one of the pool's


def _start(job: Job, processes: int) -> None:
    global _reader
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles it
    quiet_warnings()
    _reader = make_reader(job, processes)


def _read(name: str) -> Outcome:
    if _reader is None:
        raise RuntimeError("this process was not started by read_files")
    return read_file(_reader, name)
