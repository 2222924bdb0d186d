"""`convert`: swaps faces in an image, a video or a folder and signs the result."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from deepface_models.cli._arguments import (
    Commands,
    add_command,
    add_model,
    add_no_progress,
    chosen,
    landmarks,
    load_swap,
    whole,
)
from deepface_models.cli._console import echo
from deepface_models.core.registry import names_in

if TYPE_CHECKING:
    from deepface_models.provenance import Certificate

_CONVERSION = Path(__file__).parents[1] / "conversion"
_CONVERT = (
    *(
        "identity",
        "source_identity",
        "consent",
        "progress",
        "codec",
        "crf",
        "lossless",
        "mask",
        "color",
    ),
    *("blend", "feather", "erode", "sharpen", "batch_size", "side_by_side", "debug"),
)


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(
        commands,
        "convert",
        run,
        "swap a face in an image, a video or a folder of them",
        "deepface-models convert ana.mp4 swap.mp4 --model ana_ben --identity ben \\\n"
        '    --consent "Ana and Ben, release of 2026-03-01, file 17"',
        keras=True,
        resume="No unfinished result is left. Run the same command again: a folder "
        "continues after its last finished file, a single file starts again.",
    )
    _add_main(parser)
    _add_appearance(parser.add_argument_group("appearance"))
    _add_file(parser.add_argument_group("output file"))


def _add_main(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    option("source", help="image, video or folder of them; never changed")
    option("output", help="file or folder to write")
    add_model(parser)
    option(
        "--identity",
        required=True,
        metavar="NAME",
        help="target person, whose face is rendered",
    )
    option(
        "--source-identity",
        metavar="NAME",
        help="source person, who is replaced: a name that the model knows, or anybody, "
        "whose mean latent is measured on --person or on each video (default: the "
        "other person of a model of two, else anybody)",
    )
    option(
        "--consent",
        required=True,
        metavar="TEXT",
        help="who agreed to this use, and where that is written down; becomes part of "
        "the result",
    )
    option(
        "--person",
        metavar="PATH",
        help="person to replace when there are several: an image, or a folder written "
        "by extract (default: the largest face for the longest time)",
    )
    option(
        "--landmarks",
        type=landmarks,
        default=68,
        metavar="N|mesh",
        help="landmarks: 68, 5 or mesh, as in extract (default: %(default)s)",
    )
    add_no_progress(parser)


def _add_appearance(group: argparse._ArgumentGroup) -> None:
    option = group.add_argument
    option(
        "--mask",
        default="learned*hull",
        metavar="NAME",
        help=f"pixels to swap: {_names('mask')}, or several joined by * for their "
        "intersection (default: %(default)s)",
    )
    option(
        "--color",
        default="reinhard",
        metavar="NAME",
        help="color transfer from the frame to the face, one of "
        f"{_names('color')} (default: %(default)s)",
    )
    option(
        "--blend",
        default="laplacian",
        metavar="NAME",
        help=f"blending, one of {_names('blend')} (default: %(default)s)",
    )
    option(
        "--feather",
        type=float,
        default=0.05,
        metavar="FRACTION",
        help="width of the soft edge, as a fraction of the face's size "
        "(default: %(default)s)",
    )
    option(
        "--erode",
        type=float,
        default=0.0,
        metavar="FRACTION",
        help="shrink the mask by this fraction of the face's size; negative grows it "
        "(default: %(default)s)",
    )
    option(
        "--sharpen",
        type=float,
        default=0.0,
        metavar="AMOUNT",
        help="sharpening of the face, 0 to 10 (default: %(default)s)",
    )
    option(
        "--batch-size",
        type=whole(),
        default=16,
        metavar="N",
        help="faces decoded at once (default: %(default)s)",
    )
    option(
        "--side-by-side",
        action="store_true",
        help="show the source to the left of the result",
    )
    option("--debug", metavar="NAME", help="mask: show the swapped pixels in green")


def _names(what: str) -> str:
    """Returns the names of the package's masks, blends or colors, for the help."""
    return ", ".join(names_in(_CONVERSION, f"register_{what}"))


def _add_file(group: argparse._ArgumentGroup) -> None:
    option = group.add_argument
    option(
        "--codec",
        default="h264",
        metavar="NAME",
        help="h264, hevc, av1 or vp9 (default: %(default)s)",
    )
    option(
        "--crf",
        type=float,
        default=18,
        metavar="N",
        help="quality of videos, 0 (best) to 51 (default: %(default)s)",
    )
    option(
        "--lossless",
        action="store_true",
        help="keep every pixel, in a much larger video that few players support",
    )
    option(
        "--certificate",
        metavar="CHAIN.pem",
        help="certificate chain to sign with (default: one created on this computer)",
    )
    option(
        "--key", metavar="KEY.pem", help="private key of the certificate, not encrypted"
    )


def run(args: argparse.Namespace) -> int:
    """Runs it."""
    import deepface_models as dfm

    certificate = _certificate(args)
    model = load_swap(args.model)
    aligner = dfm.FaceAligner(
        model.image_size, model.face_type, args.landmarks, embeddings=False
    )
    report = dfm.convert(
        args.source,
        args.output,
        model,
        person=args.person,
        certificate=certificate,
        aligner=aligner,
        **chosen(args, *_CONVERT),
    )
    echo(report.summary())
    return 1 if report.failed else 0


def _certificate(args: argparse.Namespace) -> Certificate | None:
    if not args.certificate and not args.key:
        return None
    if not (args.certificate and args.key):
        raise ValueError(
            f"--certificate {args.certificate} and --key {args.key} were given. "
            "Expected both or neither. Pass the chain and its private key."
        )
    import deepface_models as dfm

    return dfm.Certificate.load(args.certificate, args.key)
