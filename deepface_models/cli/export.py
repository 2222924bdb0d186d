"""`export`: a network as a file for ONNX Runtime, LiteRT or OpenVINO."""

from __future__ import annotations

import argparse
from typing import Any

from deepface_models.cli._arguments import (
    Commands,
    add_command,
    add_model,
    chosen,
    load_model,
    whole,
)
from deepface_models.cli._console import echo

_EXPORT = (
    *("identity", "source_identity", "part", "dtype", "expressions", "batch_size"),
    *("license", "consent"),
)
_LANDMARKS = ("mesh_face", "mesh_iris")


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(
        commands,
        "export",
        run,
        "write a network as a file that other engines run",
        "deepface-models export ben.onnx --model ana_ben --identity ben",
        keras=True,
    )
    option = parser.add_argument
    option(
        "path",
        metavar="FILE",
        help="file to write: .onnx, .tflite, .xml (OpenVINO), or a folder without "
        "extension (SavedModel)",
    )
    add_model(parser)
    option("--identity", metavar="NAME", help="whose face a face swap renders")
    option(
        "--source-identity",
        metavar="NAME",
        help="whose faces are replaced; anybody: a person the model does not know "
        "(default: the other person of a model of two)",
    )
    option(
        "--part",
        metavar="NAME",
        help="swap, encoder, decoder or autoencoder (default: the whole)",
    )
    option(
        "--dtype",
        default="float32",
        metavar="TYPE",
        help="float32, float16 or int8 (default: %(default)s)",
    )
    option(
        "--expressions",
        action="store_true",
        help="a second input takes the expressions that convert measures in the frames",
    )
    option(
        "--batch-size",
        type=whole(),
        metavar="N",
        help="faces at once (default: any number; 1 in .tflite files)",
    )
    option(
        "--samples",
        metavar="FACES",
        help="faces of the source person, which int8 needs to measure its scales",
    )
    option("--license", metavar="TEXT", help="license of the weights, for the file")
    option(
        "--consent",
        metavar="TEXT",
        help="who agreed that this network is passed on, for the file",
    )


def run(args: argparse.Namespace) -> int:
    """Runs it."""
    import deepface_models as dfm

    model: Any = args.model if args.model in _LANDMARKS else load_model(args.model)
    samples = None if args.samples is None else dfm.FaceSet.open(args.samples)
    made = dfm.export(model, args.path, samples=samples, **chosen(args, *_EXPORT))
    far = ", ".join(f"{name} {value:.2g}" for name, value in made.differences.items())
    echo(f"{made.path}: {made.file_format}, {made.dtype}, {made.bytes / 1e6:.1f} MB.")
    echo(f"Its engine gives what the model gives; largest differences: {far}.")
    return 0
