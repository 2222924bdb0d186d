"""Makes a preset: trains it, measures it on people never seen, packs and registers it.

    python benchmarks/pretrain.py autoencoder_faces_64 --portraits FOLDER \
        --people FOLDER --weights weights --pictures docs/presets
    python benchmarks/pretrain.py vae_mnist --folder FOLDER --weights weights
    python benchmarks/pretrain.py vae_faces_64 --portraits MINE --licence CC0-1.0 \
        --data "400 pictures of my own"

PRESETS are in pretrain_recipes.py. --portraits is a folder with an index.csv as
pretrain_data.py reads it, or one of your own with a folder for each person; --people
one of synthetic people; --folder holds the IDX files of MNIST or Fashion-MNIST. Nothing
is downloaded with them.

Run again after an interruption, it goes on from the last checkpoint in --output, and
with more --minutes it trains on. --pack-only measures and packs what is there. Any
backend of Keras will do (KERAS_BACKEND); --dtype mixed_bfloat16 suits a GPU, and
--distribute shares each batch between all devices. Without --weights nothing is packed:
the measures are printed, and lie in --output with model, previews and history.

Another machine may train, with neither the pictures nor dlib nor PyAV:

    python benchmarks/pretrain.py PRESET --portraits FOLDER --people FOLDER \
        --gather faces.npz
    KERAS_BACKEND=jax python benchmarks/pretrain.py PRESET --gathered faces.npz \
        --minutes 2 --batch-size 64 --workers 6 --passes 20   # there
    python benchmarks/pretrain.py PRESET --portraits FOLDER --people FOLDER \
        --pack-only --weights weights   # here, with PRESET/ of its --output in ours
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shlex
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# What needs dlib (pretrain_data, pretrain_packing) is imported where it is used.
import keras
import numpy as np
import pretrain_recipes as recipes
from pretrain_batches import Pictures
from pretrain_gather import Data, gather, gathered
from pretrain_machine import commit, machine
from pretrain_recipes import Recipe

from deepface_models._files import write_json
from deepface_models.callbacks import (
    KLWarmup,
    ReconstructionGrid,
    ResumableCheckpoint,
    StopOnNonFinite,
    TimeBudget,
)

MANY_EPOCHS = 99_999  # the minutes end the training
MODEL, TRAINING, RESULTS = "model", "training.json", "results.json"
CHECKPOINTS = "checkpoints"

# Training


def share() -> int:
    """Has each batch shared between all devices, and says how many there are."""
    devices = keras.distribution.list_devices()
    if len(devices) > 1:
        keras.distribution.set_distribution(
            keras.distribution.DataParallel(devices=devices, auto_shard_dataset=False)
        )
    return len(devices)


def batches(
    recipe: Recipe, data: Data, args: argparse.Namespace, devices: int
) -> Pictures:
    size = math.ceil((args.batch_size or recipe.batch_size) / devices) * devices
    return Pictures(
        data.wide,
        data.border,
        size,
        recipe.moves,
        recipe.colour,
        args.seed,
        blend=recipe.blend,
        passes=args.passes,
        workers=args.workers,
    )


def train(recipe: Recipe, data: Data, run: Path, args: argparse.Namespace) -> None:
    """Trains, or goes on; leaves model, previews and history in `run`."""
    began, code = time.strftime("%Y-%m-%d"), commit()  # somebody may work on meanwhile
    keras.utils.set_random_seed(args.seed)
    devices = share() if args.distribute else 1
    model = recipe.build(args.dtype)
    loss = recipe.loss() if recipe.loss else None
    if getattr(model, "latent_size", None) and hasattr(model, "adapt"):
        model.adapt(recipe.seen(data.images))
    decay = recipe.weight_decay or None
    adam = keras.optimizers.Adam(recipe.learning_rate, weight_decay=decay)
    model.compile(adam, loss=loss)
    given = batches(recipe, data, args, devices)
    # With --pack-only the checkpoint is restored, and its epochs are done already.
    epochs = 1 if args.pack_only else args.epochs or MANY_EPOCHS
    kept = callbacks(recipe, data, given, run, args.minutes, devices)
    model.fit(given, epochs=epochs, verbose=2, callbacks=kept)
    keras.distribution.set_distribution(None)
    if hasattr(model, "fit_prior"):
        model.fit_prior(recipe.seen(data.images))
    told = {
        "minutes": args.minutes,
        "steps": int(model.optimizer.iterations),
        "batch_size": given.batch_size,
        "seed": args.seed,
        "dtype": args.dtype,
        "devices": devices,
        "backend": keras.backend.backend(),
        "machine": machine(),
        "date": began,
        "commit": data.commit if args.gathered else code,
        "command": shlex.join(["python", "benchmarks/pretrain.py", *args.command]),
        "data": data.text,
    }
    write_json(run / TRAINING, told)
    model.save_parts(run / MODEL)


def callbacks(
    recipe: Recipe, data: Data, given: Pictures, run: Path, minutes: float, devices: int
) -> list[Any]:
    budget = TimeBudget(minutes)
    kept = [ResumableCheckpoint(run / CHECKPOINTS, given, also=[budget]), budget]
    kept.append(StopOnNonFinite())
    if recipe.warmup:
        kept.append(KLWarmup(steps=recipe.warmup))
    if devices == 1 and data.test is not None:  # a batch of ten cannot be shared
        kept.append(ReconstructionGrid(data.test[:200], run / "previews", every=20))
    return [*kept, keras.callbacks.CSVLogger(run / "history.csv", append=True)]


def trained(run: Path) -> dict[str, Any]:
    """What `train` noted, or nothing if it did not finish."""
    path = run / TRAINING
    return json.loads(path.read_text()) if path.is_file() else {}


# The command


def arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("preset", choices=tuple(recipes.RECIPES))
    parser.add_argument("--portraits", type=Path, help="folder of faces")
    parser.add_argument("--people", type=Path, help="folder of synthetic people")
    parser.add_argument("--folder", type=Path, help="IDX files of the digits")
    parser.add_argument("--gather", type=Path, help="write what to train on, and stop")
    parser.add_argument("--gathered", type=Path, help="train on what --gather wrote")
    parser.add_argument("--output", type=Path, default=Path("runs/pretrain"))
    parser.add_argument("--weights", type=Path, help="where presets are packed to")
    parser.add_argument("--pictures", type=Path, help="where to draw what it draws")
    parser.add_argument("--minutes", type=float, help="the recipe's by default")
    parser.add_argument("--epochs", type=int, help="at most so many")
    parser.add_argument("--batch-size", type=int, help="the recipe's by default")
    parser.add_argument("--workers", type=int, default=1, help="threads for batches")
    parser.add_argument("--passes", type=int, default=1, help="of the data, an epoch")
    parser.add_argument("--pack-only", action="store_true")
    parser.add_argument("--dtype", default="float32", help="or mixed_bfloat16")
    parser.add_argument("--distribute", action="store_true", help="on all devices")
    parser.add_argument("--sfhq", action="store_true", help="take its folder too")
    parser.add_argument("--limit", type=int, help="pictures to take")
    parser.add_argument("--descriptors", type=int, default=100, help="people at most")
    parser.add_argument("--licence", help="of the weights, for data of your own")
    parser.add_argument("--data", help="what your own data are, for the card")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(words)
    args.command = words
    args.minutes = args.minutes or recipe_of(args).minutes
    problem = refused(args)
    if problem:
        parser.error(problem)
    return args


def refused(args: argparse.Namespace) -> str:
    """What is wrong with the arguments together, or nothing."""
    faces = recipe_of(args).data == recipes.FACES
    if (args.gather or args.gathered) and not faces:
        return f"{args.preset} is trained on digits, read anywhere. Give --folder."
    if args.gathered and (args.portraits or args.pack_only or args.weights):
        return "--gathered trains only. Measure and pack where the pictures are."
    if faces and not args.portraits and not args.gathered:
        return f"{args.preset} is trained on faces. Give --portraits FOLDER."
    return ""


def recipe_of(args: argparse.Namespace) -> Recipe:
    return recipes.RECIPES[args.preset]


def load(recipe: Recipe, args: argparse.Namespace) -> Data:
    """The recipe's data, split; or what was gathered of them."""
    if args.gathered:
        return gathered(args.gathered, recipe.size)
    import pretrain_data

    return pretrain_data.load(recipe, args)


def is_trained(run: Path, args: argparse.Namespace) -> bool:
    """Whether it is done, or what there is shall do."""
    told = trained(run) if (run / MODEL).is_dir() else {}
    if told and (args.pack_only or told["minutes"] >= args.minutes):
        return True
    if args.pack_only and not (run / CHECKPOINTS).is_dir():
        raise SystemExit(f"{run} holds no checkpoint. Run without --pack-only.")
    return False


def finish(recipe: Recipe, data: Data, run: Path, args: argparse.Namespace) -> None:
    """Measures, and packs if that is wanted."""
    import pretrain_packing as packing

    told = trained(run)
    if told.get("data", data.text) != data.text:
        raise SystemExit(
            f"{run} was trained on: {told['data']} Expected the data given now: "
            f"{data.text} Give the folders that were gathered."
        )
    model = packing.finished(run / MODEL)
    results = packing.measure(recipe, model, data, args)
    write_json(run / RESULTS, results)
    print(json.dumps(results, indent=1))
    if args.weights is not None:
        print(packing.pack(recipe, model, data, results, told, args))


def main(words: list[str]) -> None:
    args = arguments(words)
    recipe, run = recipe_of(args), args.output / args.preset
    data = load(recipe, args)
    print(data.text, flush=True)
    if args.gather:
        gather(args.gather, data, commit())
        print(f"{args.gather}: {args.gather.stat().st_size / 1e6:.1f} MB")
        return
    run.mkdir(parents=True, exist_ok=True)
    if not is_trained(run, args):
        train(recipe, data, run, args)
    if data.test is None:
        print(
            f"Trained, and not measured: the faces held out are elsewhere. Copy {run} "
            "to the --output of a machine that has them and run there with --pack-only."
        )
        return
    finish(recipe, data, run, args)


if __name__ == "__main__":
    np.set_printoptions(precision=4)
    main(sys.argv[1:])
