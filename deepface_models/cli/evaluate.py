"""`evaluate`: how good a swap is, beside baselines that learned nothing."""

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
from deepface_models.cli._console import say

if TYPE_CHECKING:
    from deepface_models.faces import FaceSet

_EVALUATE = ("to", "replaced_name", "limit", "identity_every", "progress")


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(
        commands,
        "evaluate",
        run,
        "measure a swap on frames that the model was not trained on",
        "deepface-models evaluate --model ana_ben --source faces/ana --to ben \\\n"
        "    --wanted faces/ben --replaced faces/ana --json measures.json",
        keras=True,
    )
    option = parser.add_argument
    add_model(parser)
    option(
        "--source",
        required=True,
        metavar="PATH",
        help="whom to replace: faces whose pictures or videos are still there, or "
        "a picture or video. The same folder as --replaced stands for the part of "
        "it that train held out",
    )
    option("--to", required=True, metavar="NAME", help="the wanted person")
    option(
        "--wanted", required=True, metavar="FACES", help="faces of the wanted person"
    )
    option(
        "--replaced",
        required=True,
        metavar="FACES",
        help="faces of the replaced person",
    )
    option(
        "--replaced-name",
        metavar="NAME",
        help="the replaced person's name in the model, if it knows more than two; "
        "anybody: somebody else than the two it knows",
    )
    option(
        "--validation",
        type=float,
        default=0.2,
        metavar="PART",
        help="the part that train held out (default: %(default)s)",
    )
    option("--limit", type=whole(), metavar="N", help="most frames to measure")
    option(
        "--identity-every",
        type=whole(),
        default=3,
        metavar="K",
        help="measure the identity on every k-th frame (default: %(default)s)",
    )
    option("--json", metavar="FILE", help="also write all figures there")
    add_no_progress(parser)


def run(args: argparse.Namespace) -> int:
    """Runs it."""
    import deepface_models as dfm

    wanted = dfm.FaceSet.open(args.wanted)
    source, replaced = _source_and_replaced(args)
    result = dfm.evaluate(
        load_swap(args.model),
        source,
        wanted=wanted,
        replaced=replaced,
        **chosen(args, *_EVALUATE),
    )
    say(result.table())
    if args.json:
        result.to_json(args.json)
    return 0


def _source_and_replaced(args: argparse.Namespace) -> tuple[FaceSet | str, FaceSet]:
    import deepface_models as dfm

    replaced = dfm.FaceSet.open(args.replaced)
    if not is_face_set(args.source):
        return args.source, replaced
    if Path(args.source).resolve() == Path(args.replaced).resolve():
        training, held_out = replaced.split(args.validation)
        return held_out, training
    return dfm.FaceSet.open(args.source), replaced
