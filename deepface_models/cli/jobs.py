"""`jobs`: a queue of long commands, which go on after a kill."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepface_models.cli._arguments import Commands, add_command, add_traceback, whole
from deepface_models.cli._console import echo
from deepface_models.core.display import message

if TYPE_CHECKING:
    from deepface_models.jobs import Job, Queue

_CHANGES = {
    "cancel": "end a job that waits or runs",
    "pause": "let a job wait; a training saves a checkpoint first",
    "resume": "let a paused job go on",
    "stop": "end a running training now, with the model as it is",
    "retry": "put a failed or cancelled job into the queue again",
}


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(
        commands,
        "jobs",
        run,
        "queue long commands and run them one after another",
        "deepface-models jobs add extract ana.mp4 --output faces/ana\n"
        "  deepface-models jobs run",
        resume="Run the same command again; the interrupted job goes on.",
    )
    parser.set_defaults(does=None, parser=parser)
    does = parser.add_subparsers(metavar="WHAT", title="what to do")
    _add_add(does, commands)
    _one(does, "run", _work, "run the queued jobs until none is left")
    listing = _one(does, "list", _list, "list the jobs, with progress and time left")
    listing.add_argument("--json", action="store_true", help="print a JSON list")
    for name, summary in _CHANGES.items():
        changing = _one(does, name, _change, summary)
        changing.set_defaults(change=name)
        changing.add_argument(
            "number", type=whole(), nargs="+", metavar="N", help="numbers of jobs"
        )


def _one(
    does: Commands, name: str, function: Callable[[argparse.Namespace], int], text: str
) -> argparse.ArgumentParser:
    description = f"{text[0].upper()}{text[1:]}."
    parser = does.add_parser(
        name, help=text, description=description, allow_abbrev=False
    )
    add_traceback(parser)
    parser.set_defaults(does=function)
    parser.add_argument(
        "--workspace",
        default="studio",
        metavar="DIR",
        help="folder of the queue, which the studio uses too (default: %(default)s)",
    )
    return parser


def _add_add(does: Commands, commands: Commands) -> None:
    parser = _one(does, "add", _add, "add a command at the end of the queue")
    parser.add_argument(
        "words",
        nargs=argparse.REMAINDER,
        metavar="COMMAND ...",
        help="extract, tracks, train, convert, evaluate or demo, with its options; it "
        "runs in this folder",
    )
    parser.set_defaults(known=commands.choices)


def run(args: argparse.Namespace) -> int:
    """Runs it."""
    if args.does is None:
        args.parser.print_help()
        return 2
    return int(args.does(args))


def _queue(args: argparse.Namespace) -> Queue:
    from deepface_models.jobs import Queue

    if args.does in (_list, _change) and not (Path(args.workspace) / "jobs").is_dir():
        raise FileNotFoundError(
            f"--workspace {args.workspace} was given, which holds no jobs. Expected a "
            "folder to which jobs were added. Add one with deepface-models jobs add."
        )
    return Queue(args.workspace)


def _add(args: argparse.Namespace) -> int:
    from deepface_models.jobs.job import check_words

    words = check_words(args.words)
    args.known[words[0]].parse_args(list(words[1:]))  # ends with a message if wrong
    job = _queue(args).add(words, os.getcwd())
    echo(f"Job {job.number} is queued. Run it: deepface-models jobs run")
    return 0


def _work(args: argparse.Namespace) -> int:
    from deepface_models.jobs import work

    _queue(args)
    return 1 if work(args.workspace, echo) else 0


def _list(args: argparse.Namespace) -> int:
    jobs = _queue(args).jobs()
    if args.json:
        echo(json.dumps([_plain(job) for job in jobs], indent=1))
        return 0
    for job in jobs:
        echo(_line(job))
    if not jobs:
        echo("There are no jobs. Add one with deepface-models jobs add.")
    return 0


def _plain(job: Job) -> dict[str, Any]:
    from deepface_models.jobs.progress import fraction, seconds_left

    values = {**asdict(job), "command": job.command, "kind": job.kind}
    known = job.progress if job.state == "running" else {}
    left = {"fraction": fraction(known), "seconds_left": seconds_left(known)}
    return {**values, **left}


def _line(job: Job) -> str:
    from deepface_models.jobs.progress import in_words

    notes = in_words(job.progress) if job.state == "running" else job.message
    text = f"{job.number:4}  {job.state:<9}  {message(job.command)}"
    return f"{text}\n{'':17}{message(notes)}" if notes else text


def _change(args: argparse.Namespace) -> int:
    queue = _queue(args)
    for number in args.number:
        job = getattr(queue, args.change)(number)
        asked = {"cancel": "will be cancelled", "pause": "will pause"}
        asked["stop"] = "will end with the model as it is"
        told = asked[args.change] if job.state == "running" else f"is {job.state}"
        echo(f"Job {number} {told}.")
    return 0
