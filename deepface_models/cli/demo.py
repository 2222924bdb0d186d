"""`demo`: a complete face swap with the clips that come with the package."""

from __future__ import annotations

import argparse

from deepface_models.cli._arguments import RESUME, Commands, add_command, chosen
from deepface_models.cli._console import echo


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(
        commands,
        "demo",
        run,
        "run all steps on the package's clips, from extract to verify",
        "deepface-models demo --output demo",
        keras=True,
        resume=RESUME,
    )
    option = parser.add_argument
    option(
        "--output",
        required=True,
        metavar="DIR",
        help="folder for nobody.mp4, swap.mp4, frames.jpg, preview.png, report.json, "
        "and the model",
    )
    option(
        "--minutes",
        type=float,
        default=3.0,
        metavar="N",
        help="training time in minutes (default: %(default)s)",
    )
    option(
        "--quick",
        action="store_true",
        help="only check that everything works, in about two minutes",
    )


def run(args: argparse.Namespace) -> int:
    """Runs it."""
    from deepface_models.demo import run as run_demo

    run_demo(args.output, log=echo, **chosen(args, "minutes", "quick"))
    return 0
