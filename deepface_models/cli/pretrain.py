"""`pretrain`: a preset made by its recipe."""

from __future__ import annotations

import argparse

from deepface_models.cli._arguments import AGAIN, Commands, add_command, chosen, whole
from deepface_models.cli._console import say

_NUMBERS = (
    ("minutes", float, "time to train (default: as the recipe says)"),
    ("epochs", whole(), "train for at most so many"),
    ("batch-size", whole(), "images a step"),
    ("steps", whole(), "batches an epoch"),
    ("reuse", whole(), "epochs that show the same batches"),
    ("limit", whole(), "images to take at most"),
    ("workers", whole(0), "threads or processes that make batches"),
)
_TEXTS = (
    ("license", "TEXT", "of the weights, for data of your own"),
    ("about", "TEXT", "what your own data are, for the card"),
)
_FILES = (
    ("gather", "FILE", "write what is to be trained on, for another --data, and stop"),
    ("results", "JSON", "more measures for the card"),
    ("weights", "DIR", "pack into a folder of the preset's name there"),
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
        "make a preset: train it on many people, measure it on others, pack it",
        "deepface-models pretrain vae_mnist --data DATA",
        keras=True,
        resume=f"{AGAIN} (Training goes on from its last checkpoint.)",
    )
    option = parser.add_argument
    option("preset", metavar="PRESET", help="which one (see list)")
    option(
        "--data",
        metavar="DATA",
        help="folder with portraits/, synthetic_people/, talkers/, mnist/ or "
        "fashion-mnist/, or of your own faces with a folder for each person, or a "
        "file that --gather wrote (default: digits are downloaded)",
    )
    option(
        "--output",
        default="runs/pretrain",
        metavar="DIR",
        help="gets a folder of the preset's name (default: %(default)s)",
    )
    for name, kind, text in _NUMBERS:
        option(f"--{name}", type=kind, metavar="N", help=text)
    for name, metavar, text in _TEXTS:
        option(f"--{name}", default="", metavar=metavar, help=text)
    for name, metavar, text in _FILES:
        option(f"--{name}", metavar=metavar, help=text)
    talkers = "talkers whom swift_64 and swift_128 are not to see"
    option("--leave-out", nargs="+", metavar="NAME", help=talkers)
    option(
        "--seed", type=whole(0), default=0, metavar="N", help="makes a run repeatable"
    )
    dtype = "float32 (default), or mixed_bfloat16 for an accelerator"
    option("--dtype", default="float32", metavar="TYPE", help=dtype)
    shared = "share each batch between all devices"
    option("--distribute", action="store_true", help=shared)
    packed = "measure and pack what is there, and train no more"
    option("--pack-only", action="store_true", help=packed)


def run(args: argparse.Namespace) -> int:
    """Runs it."""
    from deepface_models.pretraining import pretrain

    found = pretrain(**chosen(args, *_PRETRAIN))
    if found is None:
        say(
            f"Trained in {args.output}/{args.preset}, and not measured: the faces held "
            "out are elsewhere. Copy that folder to the --output of a machine that has "
            "them and run there with --pack-only."
        )
    elif args.gather:
        say(f"What is to be trained on is in {found}. Give it to --data there.")
    else:
        say(f"The preset is in {found}. Use it: deepface-models describe {found}")
    return 0
