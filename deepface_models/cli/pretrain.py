"""`pretrain`: trains and packs a preset by its recipe."""

from __future__ import annotations

import argparse

from deepface_models.cli._arguments import RESUME, Commands, add_command, chosen, whole
from deepface_models.cli._console import echo

_NUMBERS = (
    ("minutes", float, "training time in minutes (default: the recipe's)"),
    ("epochs", whole(), "largest number of epochs"),
    ("batch-size", whole(), "images per step"),
    ("steps", whole(), "batches per epoch"),
    ("reuse", whole(), "number of epochs that reuse the same batches"),
    ("limit", whole(), "largest number of images to use"),
    ("workers", whole(0), "threads or processes that prepare batches"),
)
_TEXTS = (
    ("license", "TEXT", "license of the weights, for your own data"),
    ("about", "TEXT", "description of your own data, for the model card"),
)
_FILES = (
    ("gather", "FILE", "write the training images to a file for --data, and stop"),
    ("results", "JSON", "more measures for the model card"),
    ("weights", "DIR", "folder in which the preset's folder is written"),
)
_PRETRAIN = (
    *("preset", "data", "output", "leave_out", "seed", "dtype", "distribute"),
    *("pack_only", *(n.replace("-", "_") for n, *_ in (*_NUMBERS, *_TEXTS, *_FILES))),
)


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(
        commands,
        "pretrain",
        run,
        "make a preset: train on many people, measure on others, pack",
        "deepface-models pretrain vae_mnist --data DATA",
        keras=True,
        resume=f"{RESUME} (Training goes on from its last checkpoint.)",
    )
    option = parser.add_argument
    option("preset", metavar="PRESET", help="name of the preset (see list)")
    option(
        "--data",
        metavar="DATA",
        help="folder with portraits/, synthetic_people/, talkers/, mnist/ or "
        "fashion-mnist/; or of your own faces, with a folder for each person; or a "
        "file written by --gather (default: MNIST is downloaded)",
    )
    option(
        "--output",
        default="runs/pretrain",
        metavar="DIR",
        help="folder in which the run's folder is written (default: %(default)s)",
    )
    for name, kind, text in _NUMBERS:
        option(f"--{name}", type=kind, metavar="N", help=text)
    for name, metavar, text in _TEXTS:
        option(f"--{name}", default="", metavar=metavar, help=text)
    for name, metavar, text in _FILES:
        option(f"--{name}", metavar=metavar, help=text)
    talkers = "talkers to exclude from swift_64 and swift_128"
    option("--leave-out", nargs="+", metavar="NAME", help=talkers)
    option(
        "--seed", type=whole(0), default=0, metavar="N", help="makes a run repeatable"
    )
    dtype = "float32 (default), or mixed_bfloat16 for an accelerator"
    option("--dtype", default="float32", metavar="TYPE", help=dtype)
    shared = "split each batch among all devices"
    option("--distribute", action="store_true", help=shared)
    packed = "measure and pack an existing run without further training"
    option("--pack-only", action="store_true", help=packed)


def run(args: argparse.Namespace) -> int:
    """Runs it."""
    from deepface_models.pretraining import pretrain

    found = pretrain(**chosen(args, *_PRETRAIN))
    if found is None:
        echo(
            f"The model in {args.output}/{args.preset} is trained but not measured, as "
            "the held-out faces are not here. Copy that folder into --output on a "
            "machine that has them, and run --pack-only there."
        )
    elif args.gather:
        echo(f"The training images are in {found}. Pass it to --data.")
    else:
        echo(f"The preset is in {found}. Use it: deepface-models describe {found}")
    return 0
