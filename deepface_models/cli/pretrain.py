"""`pretrain`: a preset made by its recipe."""

from __future__ import annotations

import argparse

from deepface_models.cli._arguments import AGAIN, Commands, add_command, chosen
from deepface_models.cli._console import say

_PRETRAIN = (
    *("preset", "data", "output", "minutes", "epochs", "batch_size", "steps"),
    *("reuse", "seed", "dtype", "limit", "leave_out", "license", "about", "workers"),
    *("distribute", "pack_only", "gather", "results", "weights"),
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
    _add_training(parser)
    option("--license", default="", metavar="TEXT", help="of weights from own data")
    option("--about", default="", metavar="TEXT", help="what your own data are")
    option(
        "--pack-only",
        action="store_true",
        help="measure and pack what is there, and train no more",
    )
    option(
        "--gather",
        metavar="FILE",
        help="write what is to be trained on, for another machine's --data, and stop",
    )
    option("--results", metavar="JSON", help="more measures for the card")
    option(
        "--weights",
        metavar="DIR",
        help="pack into a folder of the preset's name there (default: preset/ in "
        "--output)",
    )


def _add_training(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    option("--minutes", type=float, metavar="N", help="default: as the recipe says")
    option("--epochs", type=int, metavar="N", help="train for at most so many")
    option("--batch-size", type=int, metavar="N", help="images a step")
    option("--steps", type=int, metavar="N", help="batches an epoch")
    option("--reuse", type=int, metavar="N", help="epochs that show the same batches")
    option("--limit", type=int, metavar="N", help="images to take at most")
    option(
        "--leave-out",
        nargs="+",
        metavar="NAME",
        help="talkers whom swift_64 and swift_128 are not to see",
    )
    option(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="makes a run repeatable (default: %(default)s)",
    )
    option(
        "--dtype",
        default="float32",
        metavar="TYPE",
        help="of the training: float32, or mixed_bfloat16 for an accelerator "
        "(default: %(default)s)",
    )
    option("--workers", type=int, metavar="N", help="threads or processes for batches")
    option(
        "--distribute",
        action="store_true",
        help="share each batch between all devices",
    )


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
