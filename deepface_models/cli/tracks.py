"""`tracks`: finds the faces of a video by track, lists and edits them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from deepface_models.cli._arguments import (
    RESUME,
    Commands,
    add_command,
    add_no_progress,
    landmarks,
)
from deepface_models.cli._console import echo
from deepface_models.core.display import message
from deepface_models.core.words import many

if TYPE_CHECKING:
    from deepface_models.faces import FaceTracks


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(
        commands,
        "tracks",
        run,
        "find the faces of a video by track, to review and to edit whom convert swaps",
        "deepface-models tracks ana.mp4 --output ana.tracks\n"
        "  deepface-models tracks ana.tracks --skip 3 --merge 1=4 --assign 2=zoe",
        resume=RESUME,
    )
    option = parser.add_argument
    option("source", help="video to analyze, or folder written by this or by convert")
    option("--output", metavar="DIR", help="folder for the tracks of a video")
    option(
        "--landmarks",
        type=landmarks,
        default=68,
        metavar="N|mesh",
        help="landmarks: 68, 5 or mesh, as in convert (default: %(default)s)",
    )
    edit = parser.add_argument_group("edits of a folder")
    option = edit.add_argument
    option(
        "--skip",
        type=int,
        nargs="+",
        default=[],
        metavar="N",
        help="never swap these tracks",
    )
    option(
        "--merge",
        type=_pair,
        nargs="+",
        default=[],
        metavar="N=M",
        help="track M shows the same person as track N",
    )
    option(
        "--assign",
        type=_pair,
        nargs="+",
        default=[],
        metavar="N=NAME",
        help="track N shows this person, a name for convert --people",
    )
    option(
        "--keep",
        type=int,
        nargs="+",
        default=[],
        metavar="N",
        help="take back all edits of these tracks",
    )
    parser.add_argument("--json", action="store_true", help="print a JSON list")
    add_no_progress(parser)


def _pair(text: str) -> tuple[int, str]:
    number, sign, value = text.partition("=")
    if not (sign and number.isascii() and number.isdigit() and value):
        raise argparse.ArgumentTypeError(
            f"{text!r} was given. Expected a track's number, = and a value"
        )
    return int(number), value


def run(args: argparse.Namespace) -> int:
    """Runs it."""
    from deepface_models.faces import FaceTracks

    found = FaceTracks.open(args.source) if _is_folder(args) else _analyze(args)
    _edit(found, args)
    rows = found.rows()
    if args.json:
        echo(json.dumps(rows, indent=1))
        return 0
    cuts = many(len(found.cuts), "cut")
    echo(f"{many(len(rows), 'track')} in {many(found.frames, 'frame')}; {cuts}")
    for row in rows:
        notes = ["skipped"] if row["skipped"] else []
        notes += [] if row["merged"] is None else [f"as track {row['merged']}"]
        notes += [message(row["person"])] if row["person"] else []
        echo(
            f"{row['track']:4}  frames {row['first']} to {row['last']}, "
            f"{row['width']} px  {', '.join(notes)}".rstrip()
        )
    echo(f"Look at the faces in {Path(str(found.folder)) / 'sheet.png'}")
    return 0


def _is_folder(args: argparse.Namespace) -> bool:
    if not Path(args.source).is_dir():
        return False
    if args.output:
        raise ValueError(
            f"--output {args.output} was given for the folder {args.source}. Expected "
            "it for a video only. Leave it out to edit the folder."
        )
    return True


def _analyze(args: argparse.Namespace) -> FaceTracks:
    from deepface_models.faces import FaceAligner, analyze

    if not args.output:
        raise ValueError(
            f"{args.source} was given without --output. Expected a folder to write. "
            f"Add --output {Path(args.source).name}.tracks"
        )
    aligner = FaceAligner(landmarks=args.landmarks)
    return analyze(args.source, args.output, aligner, progress=args.progress)


def _edit(found: FaceTracks, args: argparse.Namespace) -> None:
    if not (args.keep or args.skip or args.merge or args.assign):
        return
    found.keep(*args.keep)
    found.skip(*args.skip)
    for into, other in args.merge:
        if not (other.isascii() and other.isdigit()):
            raise ValueError(
                f"--merge {into}={other} was given. Expected two numbers of tracks. "
                "Use --assign for a name."
            )
        found.merge(into, int(other))
    for number, person in args.assign:
        found.assign(number, person)
    found.save()
