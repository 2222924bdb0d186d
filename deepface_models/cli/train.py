"""`train`: trains a face-swap model on people's faces."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from deepface_models.cli._arguments import (
    RESUME,
    Commands,
    add_command,
    chosen,
    model_source,
    whole,
)
from deepface_models.cli._console import echo
from deepface_models.models.names import architecture_names

_TRAIN = (
    *("output", "architecture", "image_size", "output_size", "minutes", "epochs"),
    *(
        "batch_size",
        "steps",
        "devices",
        "validation",
        "preview_every",
        "checkpoint_every",
        "seed",
    ),
)


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(
        commands,
        "train",
        run,
        "train a model that swaps these people",
        "deepface-models train ana=faces/ana ben=faces/ben --output ana_ben",
        keras=True,
        resume=f"{RESUME} (Training goes on from its last checkpoint.)",
    )
    option = parser.add_argument
    option(
        "faces",
        nargs="+",
        type=_named,
        metavar="NAME=FACES",
        help="a person's name and the folder written by extract; two or more",
    )
    option(
        "--output",
        required=True,
        metavar="DIR",
        help="folder for the model, previews, checkpoints and history.csv",
    )
    option(
        "--architecture",
        metavar="NAME",
        help=f"one of {', '.join(architecture_names('swap'))}; swift is "
        "by far the fastest (default: swift, or the preset's)",
    )
    option(
        "--size",
        dest="image_size",
        type=whole(),
        metavar="PX",
        help="side of the model's images (default: the architecture's)",
    )
    option(
        "--output-size",
        type=whole(),
        metavar="PX",
        help="side of the images it renders, if larger: 256 or 384 for swift; extract "
        "the faces with at least this --size (default: the preset's, or --size)",
    )
    option(
        "--preset",
        metavar="SOURCE",
        help="start from a trained model instead of a new one: a preset's name (see "
        "list), https://... or hf://..., or a folder",
    )
    option(
        "--minutes",
        type=float,
        metavar="N",
        help="time to train (default: 6, or 2 from a preset of shared parts, unless "
        "--epochs is given)",
    )
    option("--epochs", type=whole(), metavar="N", help="train for this many epochs")
    option(
        "--batch-size",
        type=whole(),
        default=8,
        metavar="N",
        help="faces of each person in a batch, of all devices (default: %(default)s)",
    )
    option(
        "--steps",
        type=whole(),
        default=100,
        metavar="N",
        help="batches per epoch (default: %(default)s)",
    )
    option(
        "--devices",
        type=_devices,
        metavar="NAMES",
        help="all, or names such as gpu:0,gpu:1: each device gets an equal part of "
        "every batch (default: one device)",
    )
    option(
        "--validation",
        type=float,
        default=0.2,
        metavar="FRACTION",
        help="fraction of the faces held out for previews (default: %(default)s)",
    )
    option(
        "--preview-every",
        type=whole(),
        default=5,
        metavar="N",
        help="epochs between preview images (default: %(default)s)",
    )
    option(
        "--checkpoint-every",
        type=whole(),
        default=5,
        metavar="N",
        help="epochs between checkpoints (default: %(default)s)",
    )
    option(
        "--seed",
        type=whole(0),
        default=0,
        metavar="N",
        help="makes a run repeatable (default: %(default)s)",
    )
    option(
        "--verbose",
        choices=("auto", "0", "1", "2"),
        default="auto",
        help="0 silent, 1 progress bar, 2 one line per epoch (default: a bar on a "
        "terminal, else lines)",
    )


def run(args: argparse.Namespace) -> int:
    """Runs it."""
    import deepface_models as dfm

    dfm.train(
        _people(args.faces),
        preset=args.preset and model_source(args.preset),
        verbose=_verbosity(args),
        **chosen(args, *_TRAIN),
    )
    output = Path(args.output)
    echo(f"The model is in {output / 'model'}, previews are in {output / 'previews'}.")
    names = [name for name, _ in args.faces]
    echo(f"Use it: deepface-models convert VIDEO OUTPUT --model {output / 'model'} \\")
    echo(
        f'  --identity {names[-1]} --consent "who agreed, and where it is written down"'
    )
    return 0


def _named(text: str) -> tuple[str, str]:
    name, equals, folder = text.partition("=")
    if not (name and equals and folder):
        raise argparse.ArgumentTypeError(
            f"{text!r} was given. Expected NAME=FACES, such as ana=faces/ana"
        )
    return name, folder


def _devices(text: str) -> str | list[str]:
    return text if text == "all" else text.split(",")


def _people(named: list[tuple[str, str]]) -> dict[str, str]:
    people = dict(named)
    if len(people) < len(named):
        raise ValueError(
            f"The names {', '.join(name for name, _ in named)} were given. Expected "
            "each name once. Extract all of a person's clips into one folder."
        )
    return people


def _verbosity(args: argparse.Namespace) -> Any:
    """Returns Keras' verbosity; its progress bar is for terminals only."""
    if args.verbose != "auto":
        return int(args.verbose)
    return 1 if sys.stdout.isatty() else 2
