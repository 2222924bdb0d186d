"""`preview`: shows single frames with several settings side by side."""

from __future__ import annotations

import argparse
from typing import Any

from deepface_models.cli._arguments import (
    Commands,
    add_command,
    add_model,
    add_no_progress,
    chosen,
    frame_rate,
    load_swap,
    whole,
)
from deepface_models.cli._console import echo
from deepface_models.cli._swapping import (
    add_landmarks,
    add_signer,
    amount,
    certificate,
    names_of,
    who_of,
)

_LOOK = ("mask", "color", "blend", "feather", "erode", "sharpen")
_PREVIEW = (
    *("identity", "source_identity", "consent", "frame", "person", "tracks", "fps"),
    *("crop", "width", "progress", *_LOOK),
)


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(
        commands,
        "preview",
        run,
        "show single frames of a swap with several settings side by side",
        "deepface-models preview ana.mp4 --frame 12 40 --blend alpha poisson \\\n"
        '    --model ana_ben --identity ben --consent "Ana and Ben, file 17"',
        keras=True,
    )
    _add_main(parser)
    _add_look(parser.add_argument_group("appearance: one value, or several to compare"))
    add_signer(parser.add_argument_group("output file"))


def _add_main(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    option("source", help="image, video or image sequence; never changed")
    option(
        "--output",
        default="preview.png",
        metavar="IMAGE",
        help="image to write (default: %(default)s)",
    )
    add_model(parser)
    option("--identity", metavar="NAME", help="target person; or use --people")
    option(
        "--people",
        type=who_of,
        nargs="+",
        metavar="WHO=NAME",
        help="several people to replace, as in convert",
    )
    option(
        "--consent",
        required=True,
        metavar="TEXT",
        help="who agreed to this use, and where that is written down",
    )
    option(
        "--frame",
        type=whole(0),
        nargs="+",
        default=0,
        metavar="N",
        help="frames to show, from 0 (default: %(default)s)",
    )
    option("--person", metavar="PATH", help="person to replace, as in convert")
    option("--source-identity", metavar="NAME", help="source person, as in convert")
    option(
        "--tracks",
        default=True,
        metavar="DIR",
        help="finished tracks of the video (default: those beside the output, if any)",
    )
    option(
        "--fps",
        type=frame_rate,
        metavar="N",
        help="frames per second of an image sequence in a folder",
    )
    add_landmarks(parser)
    option("--crop", action="store_true", help="show only the faces' surroundings")
    option(
        "--width",
        type=whole(16),
        default=640,
        metavar="PX",
        help="most pixels across of one image (default: %(default)s)",
    )
    add_no_progress(parser)


def _add_look(group: argparse._ArgumentGroup) -> None:
    option = group.add_argument
    for name, default in (
        *(("mask", "learned*hull*skin"), ("color", "reinhard")),
        ("blend", "laplacian"),
    ):
        option(
            f"--{name}",
            nargs="+",
            default=default,
            metavar="NAME",
            help=f"{names_of(name)} (default: %(default)s)",
        )
    numbers: tuple[tuple[str, Any, Any], ...] = (
        *(("feather", float, 0.05), ("erode", float, 0.0)),
        ("sharpen", amount, "auto"),
    )
    for name, kind, value in numbers:
        option(
            f"--{name}",
            type=kind,
            nargs="+",
            default=value,
            metavar="N",
            help="as in convert (default: %(default)s)",
        )


def run(args: argparse.Namespace) -> int:
    """Runs it."""
    from deepface_models.conversion import preview
    from deepface_models.conversion.converter import aligner_of

    signer = certificate(args)
    model = load_swap(args.model)
    preview(
        args.source,
        args.output,
        model,
        people=dict(args.people) if args.people else None,
        certificate=signer,
        aligner=aligner_of(model, args.landmarks),
        **chosen(args, *_PREVIEW),
    )
    echo(f"Look at {args.output}")
    return 0
