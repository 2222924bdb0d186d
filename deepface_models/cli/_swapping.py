"""Options of the commands that swap faces: appearance and signature."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from deepface_models.cli._arguments import landmarks, whole
from deepface_models.core.registry import names_in

if TYPE_CHECKING:
    from deepface_models.provenance import Certificate

_CONVERSION = Path(__file__).parents[1] / "conversion"


def add_appearance(
    group: argparse._ArgumentGroup, blend: str, reshape: bool = True
) -> None:
    """Adds the options of how a face is put into its frame.

    Args:
        group: Gets the options.
        blend: The default of --blend.
        reshape: The default of --reshape.
    """
    option = group.add_argument
    option(
        "--mask",
        default="learned*hull*skin",
        metavar="NAME",
        help=f"pixels to swap: {names_of('mask')}, or several joined by * for their "
        "intersection (default: %(default)s)",
    )
    option(
        "--color",
        default="reinhard",
        metavar="NAME",
        help="color transfer from the frame to the face, one of "
        f"{names_of('color')} (default: %(default)s)",
    )
    option(
        "--blend",
        default=blend,
        metavar="NAME",
        help=f"blending, one of {names_of('blend')} (default: %(default)s)",
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
        type=amount,
        default="auto",
        metavar="AMOUNT",
        help="sharpening of the face, 0 to 10, or auto for the detail and the noise "
        "of the frame's own face (default: %(default)s)",
    )
    option(
        "--reshape",
        action=argparse.BooleanOptionalAction,
        default=reshape,
        help="move lids, irises and lips where the decoded face falls short of the "
        f"source's expression (default: {'yes' if reshape else 'no'})",
    )
    option(
        "--side-by-side",
        action="store_true",
        help="show the source to the left of the result",
    )
    option("--debug", metavar="NAME", help="mask: show the swapped pixels in green")


def amount(text: str) -> float | str:
    """Is an argparse `type` for an amount of sharpening."""
    try:
        return text if text == "auto" else float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} was given. Expected auto, or a number from 0 to 10"
        ) from error


def names_of(what: str) -> str:
    """Returns the names of the package's masks, blends or colors, for the help."""
    return ", ".join(names_in(_CONVERSION, f"register_{what}"))


def add_batch_size(group: argparse._ArgumentGroup) -> None:
    """Adds the option of how many faces are decoded at once."""
    group.add_argument(
        "--batch-size",
        type=whole(),
        default=16,
        metavar="N",
        help="faces decoded at once (default: %(default)s)",
    )


def add_quality(group: argparse._ArgumentGroup) -> None:
    """Adds the options of how exactly videos are encoded."""
    option = group.add_argument
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


def add_landmarks(parser: argparse.ArgumentParser, default: int | str = 68) -> None:
    """Adds the option of which landmarks align the faces."""
    parser.add_argument(
        "--landmarks",
        type=landmarks,
        default=default,
        metavar="N|mesh",
        help="landmarks: 68, 5 or mesh, as in extract (default: %(default)s)",
    )


def add_signer(group: argparse._ArgumentGroup) -> None:
    """Adds the options of the certificate."""
    option = group.add_argument
    option(
        "--certificate",
        metavar="CHAIN.pem",
        help="certificate chain to sign with (default: one created on this computer)",
    )
    option(
        "--key", metavar="KEY.pem", help="private key of the certificate, not encrypted"
    )


def certificate(args: argparse.Namespace) -> Certificate | None:
    """Returns the given certificate, or None for the one of this computer."""
    if not args.certificate and not args.key:
        return None
    if not (args.certificate and args.key):
        raise ValueError(
            f"--certificate {args.certificate} and --key {args.key} were given. "
            "Expected both or neither. Pass the chain and its private key."
        )
    import deepface_models as dfm

    return dfm.Certificate.load(args.certificate, args.key)


def who_of(text: str) -> tuple[str | int, str]:
    """Is an argparse `type` for a person and an identity, such as ana.png=ben."""
    who, sign, identity = text.rpartition("=")
    if not (sign and who and identity):
        raise argparse.ArgumentTypeError(
            f"{text!r} was given. Expected a person, = and an identity of the model"
        )
    return (int(who) if who.isascii() and who.isdigit() else who), identity
