"""``readapt train``: networks from fonts and texts, language models from texts."""

import typer

from readapt.cli.train_cyclegan import cyclegan
from readapt.cli.train_detector import detector
from readapt.cli.train_lm import lm
from readapt.cli.train_pages import pages
from readapt.cli.train_paper import paper
from readapt.cli.train_recognizer import recognizer

train = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Train a network (needs the learning tier, pip install '.[train]') or a language "
    "model (needs nothing).",
)
train.command()(recognizer)
train.command()(detector)
train.command()(lm)
train.command()(cyclegan)
train.command()(pages)
train.command()(paper)
