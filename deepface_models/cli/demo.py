"""`demo`: the whole job on the clips that come with the package."""

from __future__ import annotations

import argparse

from deepface_models.cli._arguments import AGAIN, Commands, add_command, chosen
from deepface_models.cli._console import say


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(
        commands,
        "demo",
        run,
        "run the whole job on the clips in the package: extract to verify",
        "deepface-models demo --output demo",
        keras=True,
        resume=AGAIN,
    )
    option = parser.add_argument
    option(
        "--output",
        required=True,
        metavar="DIR",
        help="gets nobody.mp4, swap.mp4, frames.jpg, preview.png, report.json and the "
        "model",
    )
    option(
        "--minutes",
        type=float,
        default=3.0,
        metavar="N",
        help="time to train (default: %(default)s)",
    )
    option(
        "--quick",
        action="store_true",
        help="only show that everything works, in about two minutes",
    )


def run(args: argparse.Namespace) -> int:
    """Runs it."""
    from deepface_models.demo import run as run_demo

    run_demo(args.output, say=say, **chosen(args, "minutes", "quick"))
    return 0
