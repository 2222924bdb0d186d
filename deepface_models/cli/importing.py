"""`import`: a model of the first face-swap programs to one of this package."""

from __future__ import annotations

import argparse

from deepface_models.cli._arguments import Commands, add_command, chosen
from deepface_models.cli._console import say


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
    option("folder", help="where the three files are")
    option("output", help="folder of the model, for convert and evaluate")
    option(
        "--identities",
        nargs=2,
        default=("a", "b"),
        metavar=("A", "B"),
        help="who is drawn by decoder_A.h5 and who by decoder_B.h5 (default: a b)",
    )
    option(
        "--face-type",
        default="half",
        metavar="TYPE",
        help="how the faces were cut out: half (brows to chin, as those programs "
        "did), midfull, full or whole (default: %(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """Runs it."""
    from deepface_models import importers

    model = importers.load_original(
        args.folder, **chosen(args, "identities", "face_type")
    )
    model.save_parts(args.output)
    low = ", low-memory form" if model.low_memory else ""
    say(f"Original, {model.image_size} px{low}: the model is in {args.output}.")
    say(f"Use it: deepface-models convert VIDEO OUTPUT --model {args.output} \\")
    identity = args.identities[1]
    say(f'  --identity {identity} --consent "who agreed, and where it is written down"')
    return 0
