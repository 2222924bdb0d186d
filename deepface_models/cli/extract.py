"""`extract`: finds and aligns the faces of images and videos."""

from __future__ import annotations

import argparse
from pathlib import Path

from deepface_models.cli._arguments import (
    RESUME,
    Commands,
    add_command,
    add_no_progress,
    chosen,
    landmarks,
    whole,
)
from deepface_models.cli._console import echo
from deepface_models.core.words import many

ALIGNER = ("image_size", "face_type", "landmarks", "embeddings", "max_faces")
_EXTRACT = ("output", "every_n", "limit", "progress", "workers")


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(
        commands,
        "extract",
        run,
        "find and align the faces of images and videos",
        "deepface-models extract ana.mp4 --output faces/ana",
        resume=RESUME,
    )
    option = parser.add_argument
    option("source", nargs="+", help="images, videos or folders of them")
    option(
        "--output",
        required=True,
        metavar="DIR",
        help="folder for the faces, their table and a contact sheet",
    )
    add_faces(parser)
    option(
        "--workers",
        type=whole(),
        metavar="N",
        help="number of threads (default: one per core, at most 4)",
    )
    add_no_progress(parser)


def add_faces(parser: argparse.ArgumentParser) -> None:
    """Adds the options of which faces are extracted, and how."""
    option = parser.add_argument
    option(
        "--size",
        dest="image_size",
        type=whole(),
        default=128,
        metavar="PX",
        help="side of the aligned faces (default: %(default)s)",
    )
    option(
        "--face-type",
        default="full",
        metavar="TYPE",
        help="what the crop covers: half, midfull, full, whole (default: %(default)s)",
    )
    option(
        "--landmarks",
        type=landmarks,
        default=68,
        metavar="N|mesh",
        help="landmarks: 68 of dlib; 5 of dlib, or mesh (68 of the face mesh), whose "
        "model files allow commercial use (default: %(default)s)",
    )
    option(
        "--every-n",
        type=whole(),
        default=1,
        metavar="N",
        help="take every n-th frame of videos (default: %(default)s)",
    )
    option(
        "--person",
        metavar="PATH",
        help="keep only this person: an image, or a folder written by extract",
    )
    option("--limit", type=whole(), metavar="N", help="stop after this many faces")
    option(
        "--max-faces",
        type=whole(),
        metavar="N",
        help="keep only this many of the largest faces of a frame; 1 is faster",
    )
    embedding = parser.add_mutually_exclusive_group()
    embedding.add_argument(
        "--no-embeddings",
        dest="embeddings",
        action="store_false",
        help="compute no embeddings: faster, but evaluate needs them",
    )
    embedding.add_argument(
        "--embed-every",
        dest="embeddings",
        type=whole(),
        metavar="K",
        help="compute the embedding in one of K frames of a face in videos and "
        "interpolate in between; 1: in each frame (default: %(default)s)",
    )
    parser.set_defaults(embeddings=32)


def run(args: argparse.Namespace) -> int:
    """Runs it."""
    import deepface_models as dfm

    aligner = dfm.FaceAligner(**chosen(args, *ALIGNER))
    faces = aligner.extract(args.source, person=args.person, **chosen(args, *_EXTRACT))
    found = f"{many(len(faces), 'face')} from {many(len(faces.sources), 'file')}"
    echo(f"{found}, in {args.output}.")
    echo(f"Look at {Path(args.output) / 'sheet.png'}. To remove wrong faces,")
    echo(f"delete their images in {Path(args.output) / 'faces'}.")
    if not faces.failed:
        return 0
    failed = many(len(faces.failed), "source")
    echo(f"{failed} could not be read; see the warnings above.")
    return 1
