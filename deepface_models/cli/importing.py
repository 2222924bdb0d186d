"""`import`: converts a model of the first face-swap programs."""

from __future__ import annotations

import argparse

from deepface_models.cli._arguments import Commands, add_command, chosen
from deepface_models.cli._console import echo


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(
        commands,
        "import",
        run,
        "load encoder.h5, decoder_A.h5 and decoder_B.h5 of FakeApp or early faceswap",
        "deepface-models import fakeapp/model ana_ben --identities ana ben",
        keras=True,
    )
    option = parser.add_argument
    option("folder", help="folder of the three files")
    option("output", help="folder to write the model to, for convert and evaluate")
    option(
        "--identities",
        nargs=2,
        default=("a", "b"),
        metavar=("A", "B"),
        help="names of the people of decoder_A.h5 and decoder_B.h5 (default: a b)",
    )
    option(
        "--face-type",
        default="half",
        metavar="TYPE",
        help="what the crops cover: half (brows to chin, as in those programs), "
        "midfull, full or whole (default: %(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """Runs it."""
    from deepface_models import importers

    model = importers.load_original(
        args.folder, **chosen(args, "identities", "face_type")
    )
    model.save_parts(args.output)
    low = ", low-memory form" if model.low_memory else ""
    echo(f"Original, {model.image_size} px{low}: the model is in {args.output}.")
    echo(f"Use it: deepface-models convert VIDEO OUTPUT --model {args.output} \\")
    identity = args.identities[1]
    echo(
        f'  --identity {identity} --consent "who agreed, and where it is written down"'
    )
    return 0
