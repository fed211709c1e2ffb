"""``readapt``: the table of commands, exit codes, and errors as one line on stderr.

To add a command: write ``cli/<name>.py`` with a function (or, for sub-commands, a
``typer.Typer``) of that name, a loader below, and a line in ``COMMANDS``.
"""

import difflib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from readapt import __version__
from readapt.errors import ReadaptError

INTERRUPTED = 130

Body = Callable[..., object] | typer.Typer


@dataclass(frozen=True)
class Command:
    """A line of ``readapt --help`` and how to get the code behind it."""

    summary: str
    load: Callable[[], Body]
    """Imports the command's module: called only when the command is."""


def _read() -> Body:
    from readapt.cli.read import read

    return read


def _recognize() -> Body:
    from readapt.cli.recognize import recognize

    return recognize


def _align() -> Body:
    from readapt.cli.align import align

    return align


def _models() -> Body:
    from readapt.cli.models import models

    return models


def _evaluate() -> Body:
    from readapt.cli.evaluate import evaluate

    return evaluate


def _synth() -> Body:
    from readapt.cli.synth import synth

    return synth


def _adapt() -> Body:
    from readapt.cli.adapt import adapt

    return adapt


def _gap() -> Body:
    from readapt.cli.gap import gap

    return gap


def _train() -> Body:
    from readapt.cli.train import train

    return train


COMMANDS: dict[str, Command] = {
    "read": Command("Read pages: text, JSON, TSV, hOCR, ALTO, PAGE.", _read),
    "recognize": Command("Read images of single lines.", _recognize),
    "align": Command("Turn the transcription of a page into line ground truth.", _align),
    "evaluate": Command("Measure a model on pages or lines with known text.", _evaluate),
    "synth": Command("Make lines or pages of known text.", _synth),
    "adapt": Command("Learn from your scans, without a label.", _adapt),
    "gap": Command("Say how far the training lines look from your scans.", _gap),
    "train": Command("Train a recognizer, a detector, a language model, or a look.", _train),
    "models": Command("List the models there are.", _models),
}


class LazyGroup(TyperGroup):
    """The commands of ``COMMANDS``; errors of readapt become one line and their exit code."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import and return one command."""
        if cmd_name not in COMMANDS:
            near = difflib.get_close_matches(cmd_name, COMMANDS, n=1)
            hint = f"Did you mean '{near[0]}'?" if near else "'readapt --help' lists them."
            ctx.fail(f"No such command '{cmd_name}'. {hint}")
        body = COMMANDS[cmd_name].load()
        if not isinstance(body, typer.Typer):
            app = typer.Typer(**SETTINGS)
            app.command(cmd_name)(body)
            body = app
        command = typer.main.get_command(body)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the table without importing any command."""
        if COMMANDS:
            with formatter.section("Commands"):
                formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])

    def invoke(self, ctx: Any) -> Any:
        """Run; turn errors into exit codes."""
        try:
            return super().invoke(ctx)
        except ReadaptError as error:
            print(f"readapt: {error}", file=sys.stderr)
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt as error:
            print("readapt: interrupted", file=sys.stderr)
            raise typer.Exit(INTERRUPTED) from error


SETTINGS: dict[str, Any] = {
    "add_completion": False,
    "rich_markup_mode": None,
    "pretty_exceptions_enable": False,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}

app = typer.Typer(cls=LazyGroup, no_args_is_help=True, **SETTINGS)


def _version(asked: bool) -> None:
    if asked:
        print(f"readapt {__version__}")
        raise typer.Exit


@app.callback()
def _readapt(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Say it and exit."),
    ] = False,
) -> None:
    """Read documents, and adapt to the look of yours without a single label.

    Exit codes: 0 all read; 1 something else stopped it, such as a full disk; 2 wrong use; 3 an
    input cannot be read; 4 a model cannot be loaded; 130 interrupted.
    """


def main() -> None:
    """Run the command line with ``sys.argv`` and exit."""
    app(prog_name="readapt")
