"""`evaluate`: measures a swap, compared with baselines that learned nothing."""

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
    is_face_set,
    load_swap,
    whole,
)
from deepface_models.cli._console import echo

if TYPE_CHECKING:
    from deepface_models.faces import FaceSet

_EVALUATE = ("identity", "source_identity", "limit", "embed_every", "progress")


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(
        commands,
        "evaluate",
        run,
        "measure a swap on frames that the model was not trained on",
        "deepface-models evaluate --model ana_ben --source faces/ana --identity ben "
        "\\\n"
        "    --target-faces faces/ben --source-faces faces/ana --json measures.json",
        keras=True,
    )
    option = parser.add_argument
    add_model(parser)
    option(
        "--source",
        required=True,
        metavar="PATH",
        help="the source person: a folder of faces whose images or videos are still "
        "there, or an image or video. The folder of --source-faces means the part of "
        "it that train held out",
    )
    option("--identity", required=True, metavar="NAME", help="the target person")
    option(
        "--target-faces",
        required=True,
        metavar="FACES",
        help="faces of the target person",
    )
    option(
        "--source-faces",
        required=True,
        metavar="FACES",
        help="faces of the source person",
    )
    option(
        "--source-identity",
        metavar="NAME",
        help="the source person's name in the model, if it knows more than two people; "
        "anybody: a person it does not know",
    )
    option(
        "--validation",
        type=float,
        default=0.2,
        metavar="FRACTION",
        help="fraction of the faces that train held out (default: %(default)s)",
    )
    option(
        "--limit", type=whole(), metavar="N", help="largest number of frames to measure"
    )
    option(
        "--embed-every",
        type=whole(),
        default=3,
        metavar="K",
        help="compute embeddings on every k-th frame (default: %(default)s)",
    )
    option("--json", metavar="FILE", help="also write all measures to this file")
    option(
        "--sheet",
        metavar="FILE.png",
        help="also write mouths and eyes of eight frames, source above swap",
    )
    add_no_progress(parser)


def run(args: argparse.Namespace) -> int:
    """Runs it."""
    import deepface_models as dfm

    target_faces = dfm.FaceSet.open(args.target_faces)
    source, source_faces = _source_and_faces(args)
    result = dfm.evaluate(
        load_swap(args.model),
        source,
        target_faces=target_faces,
        source_faces=source_faces,
        **chosen(args, *_EVALUATE),
    )
    echo(result.table())
    if args.json:
        result.to_json(args.json)
    if args.sheet:
        result.sheet(args.sheet)
    return 0


def _source_and_faces(args: argparse.Namespace) -> tuple[FaceSet | str, FaceSet]:
    import deepface_models as dfm

    source_faces = dfm.FaceSet.open(args.source_faces)
    if not is_face_set(args.source):
        return args.source, source_faces
    if Path(args.source).resolve() == Path(args.source_faces).resolve():
        training, held_out = source_faces.split(args.validation)
        return held_out, training
    return dfm.FaceSet.open(args.source), source_faces
