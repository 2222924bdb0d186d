"""`verify`: shows who made a file, and whether it was changed since."""

from __future__ import annotations

import argparse
import dataclasses
import json
from typing import Any

from deepface_models.cli import _console
from deepface_models.cli._arguments import Commands, add_command

MISTAKE, UNSIGNED, ALTERED, CONTRADICTORY = 2, 3, 4, 5
_STATUS = {"valid": 0, "unsigned": UNSIGNED, "altered": ALTERED}
_WORST_LAST = (0, UNSIGNED, CONTRADICTORY, ALTERED, MISTAKE)


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(
        commands,
        "verify",
        run,
        "show what made a file, from which source and with whose consent",
        "deepface-models verify swap.mp4",
    )
    parser.epilog = (
        f"{parser.epilog}\n\nexit status: 0 valid, {UNSIGNED} unsigned (it carries no "
        f"Content Credentials),\n{ALTERED} altered since it was signed, "
        f"{CONTRADICTORY} signed, but tags and\ncredentials contradict each other, "
        f"{MISTAKE} no such file; the worst one of several files"
    )
    option = parser.add_argument
    option("path", nargs="+", metavar="FILE", help="files of any kind")
    option(
        "--trust",
        metavar="PEM",
        help="certificates of the authorities to trust",
    )
    option("--json", action="store_true", help="print a JSON list instead of text")


def run(args: argparse.Namespace) -> int:
    """Runs it."""
    import deepface_models as dfm

    statuses, values = [], []
    for path in args.path:
        try:
            found = dfm.verify(path, args.trust)
        except OSError as problem:  # the other files can still be verified
            _console.error(problem)
            statuses.append(MISTAKE)
            values.append({"path": path, "error": str(problem)})
            continue
        statuses.append(_status(found))
        values.append(_plain(found))
        if not args.json:
            _console.echo(found.summary())
    if args.json:
        _console.echo(json.dumps(values, indent=1))
    return max(statuses, key=_WORST_LAST.index)


def _status(found: Any) -> int:
    contradictory = found.state == "valid" and found.conflicts
    return CONTRADICTORY if contradictory else _STATUS[found.state]


def _plain(found: Any) -> dict[str, Any]:
    """Returns a `Verification` as values that can be written as JSON."""
    values = json.loads(json.dumps(dataclasses.asdict(found), default=str))
    return {
        **values,
        "trusted": found.trusted,
        "consent": found.consent,
        "statement_signed": found.statement_signed,
    }
