"""`studio`: the whole job in a browser."""

from __future__ import annotations

import argparse

from deepface_models.cli._arguments import Commands, add_command, chosen, whole
from deepface_models.cli._console import echo


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(
        commands,
        "studio",
        run,
        "show the whole job in a browser: faces, training, conversion, jobs",
        "deepface-models studio my_film",
        resume="Jobs go on in the background; see deepface-models jobs list.",
    )
    option = parser.add_argument
    option(
        "workspace",
        nargs="?",
        default="studio",
        help="folder of all its files (default: %(default)s)",
    )
    option(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="address to listen at; any other than the default one shows it to other "
        "computers, by a token that it makes (default: %(default)s)",
    )
    option(
        "--port",
        type=whole(0),
        default=7860,
        metavar="N",
        help="port to listen at; 0 for any free one (default: %(default)s)",
    )
    option(
        "--max-upload",
        type=whole(),
        default=20,
        metavar="GIB",
        help="largest upload in GiB (default: %(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """Runs it."""
    import deepface_models as dfm

    dfm.studio(
        args.workspace, opened=_tell, **chosen(args, "host", "port", "max_upload")
    )
    echo("Closed. Jobs go on in the background; see deepface-models jobs list.")
    return 0


def _tell(address: str) -> None:
    echo(f"Open {address} in a browser. Press Ctrl+C to close the studio.")
