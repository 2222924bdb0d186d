"""The command `deepface-models`: one file per command, each calling one function.

Keras, dlib, OpenCV and PyAV are imported only when a command runs, so that --help is
instant.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from deepface_models.cli import (
    _console,
    convert,
    demo,
    doctor,
    evaluate,
    export,
    extract,
    fleet,
    importing,
    jobs,
    live,
    presets,
    pretrain,
    preview,
    studio,
    tracks,
    train,
    verify,
)
from deepface_models.cli._arguments import add_traceback
from deepface_models.core.version import __version__

PROGRAM = "deepface-models"
_COMMANDS = (
    *(extract, train, tracks, preview, convert, live, evaluate, verify),
    *(presets, pretrain, importing, export, fleet, jobs, studio, doctor, demo),
)
_EPILOG = f"""\
a face swap in three commands:
  {PROGRAM} extract ana.mp4 --output faces/ana   (and the same for ben)
  {PROGRAM} train ana=faces/ana ben=faces/ben --output ana_ben \\
      --preset swift_128
  {PROGRAM} convert ana.mp4 swap.mp4 --model ana_ben --identity ben --consent "..."

Swap faces only with the consent of both people.
Exit status: 0 success, 1 a problem was found (doctor) or some files failed, 2 invalid
input, 130 interrupted; verify: 3 unsigned, 4 altered, 5 contradictory.
"""


def build_parser() -> argparse.ArgumentParser:
    """Returns the parser of all commands."""
    parser = _console.Parser(
        PROGRAM,
        description="Face swaps of consenting people: from clips to a signed video.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--version", action="version", version=f"%(prog)s {__version__}"
    )
    add_traceback(parser)
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")
    for module in _COMMANDS:
        module.add(commands)
    parser.set_defaults(run=None, traceback=False)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        argv: Command-line arguments; `sys.argv[1:]` by default.

    Returns:
        The exit status. Invalid input prints one message and returns 2; any other
        error is a defect of the package and raises.
    """
    with _console.plain_messages():
        parser = build_parser()
        args = parser.parse_args(argv)
        if args.run is None:
            parser.print_help(sys.stderr)
            return 2
        return _run(args)


def _run(args: argparse.Namespace) -> int:
    try:
        if args.keras:
            _console.import_keras_quietly()
        status = int(args.run(args))
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        print(f"\nInterrupted. {args.resume}", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (ValueError, ImportError, OSError) as error:
        if args.traceback:
            _console.show_traceback()
        else:
            _console.error(error)
        return 2
