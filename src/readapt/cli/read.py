"""``readapt read``: pages in, text out."""

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from readapt.cli.options import Quiet
from readapt.document.unsure import Unsure, settle_page
from readapt.errors import InputError, UsageError
from readapt.formats.table import FormatName

if TYPE_CHECKING:
    from readapt.batch.executor import Outcome
    from readapt.document.elements import Page
    from readapt.evaluate.estimate import Estimate, Signs
    from readapt.pages.load import LoadConfig
    from readapt.reader import Reader

InputArguments = Annotated[
    list[str],
    typer.Argument(
        metavar="INPUT...",
        help="Images, PDFs, multi-page TIFFs, folders of them, quoted globs; '-' is stdin.",
    ),
]
ModelOption = Annotated[
    str | None,
    typer.Option("-m", "--model", help="A model's folder or name (see `readapt models`)."),
]
ThreadsOption = Annotated[
    int | None,
    typer.Option(
        "--threads", min=1, help="Processor threads, of each job; default: all there are."
    ),
]
BeamOption = Annotated[
    int | None,
    typer.Option(
        "--beam", min=0, help="Search with a beam this wide; 0: greedy; default: as the model says."
    ),
]
LanguageModelOption = Annotated[
    str | None,
    typer.Option(
        "--lm", metavar="FILE", help="Of `readapt train lm`, for --beam; default: the model's own."
    ),
]
LanguageWeightOption = Annotated[
    float | None,
    typer.Option("--lm-weight", min=0, help="How much the language model counts; 0: nothing."),
]
MinConfidenceOption = Annotated[
    float | None,
    typer.Option("--min-confidence", min=0, max=1, help="Words read with less are unsure."),
]
MaxWordErrorsOption = Annotated[
    float | None,
    typer.Option(
        "--max-word-errors",
        metavar="SHARE",
        min=0,
        max=1,
        help="Instead of --min-confidence: the confidence at which the calibrated model gets at "
        "most this share of words wrong, such as 0.01.",
    ),
]
UnsureOption = Annotated[
    Unsure, typer.Option("--unsure", help="Leave unsure words out, or mark them: [word?].")
]


def read(
    inputs: InputArguments,
    model: ModelOption = None,
    formats: Annotated[
        list[FormatName] | None,
        typer.Option("-f", "--format", help="Once for each format wanted; default: txt."),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            help="'-' or nothing: stdout. One input and one format: a file. Else, or if it is or "
            "ends like a folder: a folder, with a file named after each input.",
        ),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Files read at a time.")] = 1,
    resume: Annotated[
        bool, typer.Option("--resume", help="Skip what an earlier run read into -o FOLDER.")
    ] = False,
    pdf_dpi: Annotated[
        float, typer.Option("--pdf-dpi", min=50, max=1200, help="Resolution for PDF pages.")
    ] = 300.0,
    max_megapixels: Annotated[
        float, typer.Option("--max-megapixels", min=0.001, help="Refuse larger images.")
    ] = 200.0,
    threads: ThreadsOption = None,
    beam: BeamOption = None,
    lm: LanguageModelOption = None,
    lm_weight: LanguageWeightOption = None,
    min_confidence: MinConfidenceOption = None,
    max_word_errors: MaxWordErrorsOption = None,
    unsure: UnsureOption = Unsure.OMIT,
    estimate: Annotated[
        bool,
        typer.Option(
            "--estimate",
            help="Say on stderr how many characters are probably wrong, for each page and for all; "
            "reading takes several times as long.",
        ),
    ] = False,
    quiet: Quiet = False,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="A line for each input.")
    ] = False,
) -> None:
    """Read pages: every page of every input, in order.

    An input that cannot be read is one line on stderr; the others are still read, and the exit
    code is then 3. Without -f and -o, plain text goes to stdout.
    """
    from readapt import __version__
    from readapt.batch.executor import Job, make_reader, quiet_warnings, read_files
    from readapt.batch.journal import Journal
    from readapt.batch.outputs import check_plan, make_plan, name_outputs, write_outputs
    from readapt.models.bundle import find_bundle
    from readapt.pages.load import LoadConfig

    quiet_warnings()
    if quiet and verbose:
        raise UsageError("-q and -v exclude each other.")
    names, failed = find_all(inputs)
    many = len(inputs) > 1 or any(name not in inputs for name in names)
    plan = make_plan(names, formats or [], out, many=many)
    if resume and plan.folder is None:
        raise UsageError("--resume needs a folder to go on in; give one with -o FOLDER.")
    if not names:
        raise typer.Exit(InputError.exit_code)
    stems = name_outputs(names)
    check_plan(plan, stems)
    load = LoadConfig(max_pixels=round(max_megapixels * 1e6), pdf_dpi=pdf_dpi)
    job = Job(model, load, threads, beam, lm, lm_weight)
    reader = make_reader(job)
    threshold = find_threshold(reader, min_confidence, max_word_errors)
    journal: Journal | None = None
    if plan.folder is not None:
        manifest = (find_bundle(model) / "model.json").read_text("utf-8")
        suffixes = sorted(form.suffix for form in plan.formats)
        decoding = [str(beam), *_content(lm), str(lm_weight), str(threshold), unsure.value]
        journal = Journal(plan.folder, [__version__, manifest, str(load), *decoding, *suffixes])
    as_said = beam is None and lm is None and lm_weight is None
    estimated = Estimates(reader, model, load, as_said) if estimate else None
    if estimated is not None and "-" in names:
        raise UsageError("--estimate looks at pages a second time, so it needs files, not stdin.")
    todo = [name for name in names if not (resume and journal and journal.is_done(name))]
    if verbose and len(todo) < len(names):
        print(f"readapt: {len(names) - len(todo)} of {len(names)} done before", file=sys.stderr)
    shown = Progress(len(todo), quiet=quiet, verbose=verbose)
    collected: list[Page] = []
    streams = plan.folder is None and plan.file is None and plan.formats[0].suffix == ".txt"
    for found in read_files(reader, todo, job, jobs):
        if estimated is not None and found.error is None:
            estimated.add(found.pages)
        pages = settle(found.pages, threshold, unsure)
        if found.error is None and plan.folder is not None:
            try:
                written = write_outputs(plan, stems[found.name], pages, reader.model)
                if journal is not None:
                    journal.add(found.name, written)
            except InputError as error:  # a PDF shows it again, and it may be gone by now
                found = replace(found, error=error)
        elif streams and found.error is None:
            _stream(pages, first=not collected)
            collected = [*pages[-1:]] or collected
        else:
            collected.extend(pages)
        failed += found.error is not None
        shown.step(found)  # once it is written: what was said to be done is not lost
    if plan.folder is None and not streams and (collected or not failed):
        _write_all(plan.file, plan.formats[0].write(collected, reader.model))
    if estimated is not None:
        estimated.close(resumed=len(todo) < len(names))
    if failed:
        raise typer.Exit(InputError.exit_code)


class Estimates:
    """Error rates of pages, estimated as they are read, and of all of them together."""

    def __init__(
        self, reader: "Reader", model: str | None, load: "LoadConfig", as_the_model_says: bool
    ) -> None:
        from readapt.evaluate.estimate import estimating
        from readapt.models.bundle import Bundle, find_bundle

        bundle = Bundle.load(find_bundle(model))
        manifest = bundle.manifest
        self._reader, self._load = reader, load
        self._section = manifest.recognizer
        greedy, self._words = estimating(bundle)
        self._by = greedy.scaled(manifest.errors_left) if as_the_model_says else greedy
        self._signs: list[Signs] = []
        self._pages = 0

    def add(self, pages: "tuple[Page, ...]") -> None:
        """Estimate the pages of one input."""
        from readapt.evaluate.estimate import estimate, page_signs
        from readapt.pages.load import load_pages

        self._pages += len(pages)
        # In step, not all loaded first: the pictures of a long PDF would take gigabytes.
        loaded = load_pages(pages[0].source, self._load)
        for page, found in zip(pages, loaded, strict=True):
            signs = page_signs(
                self._reader,
                found.image,
                page,
                self._section.height,
                self._section.pad,
                self._words,
            )
            self._signs += signs
            where = f"{page.source}, page {page.index + 1}" if len(pages) > 1 else page.source
            self._say(where, estimate(signs, self._by))

    def close(self, *, resumed: bool) -> None:
        """Estimate all pages together; ``resumed``: an earlier run has read others."""
        from readapt.evaluate.estimate import estimate

        if not self._pages:
            print("readapt: no page was read now, so none is estimated", file=sys.stderr)
            return
        now = "the page read now" if self._pages == 1 else f"the {self._pages} pages read now"
        self._say(now if resumed else "all pages", estimate(self._signs, self._by))

    def _say(self, what: str, found: "Estimate") -> None:
        print(
            f"readapt: {what}: estimated wrong characters {found}, {found.lines} lines",
            file=sys.stderr,
        )


def find_threshold(
    reader: "Reader", min_confidence: float | None, max_word_errors: float | None
) -> float | None:
    """Find the confidence that a word needs; None where nothing was asked of it."""
    if max_word_errors is None:
        return min_confidence
    if min_confidence is not None:
        raise UsageError("--min-confidence and --max-word-errors exclude each other.")
    return reader.threshold_for(max_word_errors)


def settle(
    pages: "tuple[Page, ...]", threshold: float | None, unsure: Unsure
) -> "tuple[Page, ...]":
    """Leave out or mark the unsure words of what was read; None: all words are sure."""
    if threshold is None:
        return pages
    return tuple(settle_page(page, threshold, unsure) for page in pages)


def _content(lm: str | None) -> list[str]:
    """Identify a language model by what is in it: the file may change between two runs."""
    from readapt.models.bundle import file_sha256

    return [] if lm is None else [file_sha256(Path(lm))]


def find_all(inputs: list[str]) -> tuple[list[str], int]:
    """Expand folders and globs; say what is not there. A file named twice is read once."""
    from readapt.pages.load import find_inputs

    found: dict[str, None] = {}
    failed = 0
    for name in inputs:
        try:
            found.update(dict.fromkeys(find_inputs(name)))
        except InputError as error:
            failed += 1
            print(f"readapt: {error}", file=sys.stderr)
    return list(found), failed


def _stream(pages: "tuple[Page, ...]", *, first: bool) -> None:
    """Write text as it comes, so that a long run shows its work."""
    from readapt.batch.outputs import write_stdout
    from readapt.formats.text import write_text

    write_stdout(("" if first else "\f") + write_text(pages, ""))


def _write_all(file: Path | None, content: str | bytes) -> None:
    from readapt.batch.outputs import write_file, write_stdout

    if file is None:
        write_stdout(content)
    else:
        write_file(file, content)


class Progress:
    """Progress on stderr: one line kept up to date on a terminal, nothing in a pipe."""

    def __init__(self, count: int, *, quiet: bool, verbose: bool) -> None:
        self._count, self._verbose = count, verbose
        self._live = sys.stderr.isatty() and not quiet and not verbose and count > 1
        self._done = 0
        self._started = time.monotonic()

    def step(self, outcome: "Outcome") -> None:
        """Say what became of one input."""
        self._done += 1
        if self._live:
            print("\r\x1b[K", end="", file=sys.stderr)
        if outcome.error is not None:
            print(f"readapt: {outcome.error}", file=sys.stderr)
        elif self._verbose:
            lines = sum(len(page.lines) for page in outcome.pages)
            seconds = time.monotonic() - self._started
            print(
                f"readapt: {outcome.name}: {len(outcome.pages)} pages, {lines} lines "
                f"({self._done}/{self._count}, {seconds:.1f} s)",
                file=sys.stderr,
            )
        if self._live:
            end = "\n" if self._done == self._count else ""
            print(f"{self._done}/{self._count}", end=end, file=sys.stderr, flush=True)
