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
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pretrain_measures as measures
import pretrain_pictures as pictures
import pretrain_recipes as recipes
from autoencoders import load as load_digits
from numpy.typing import NDArray
from pretrain_data import Face, Faces, Pictures, read
from pretrain_recipes import RECIPES, Recipe

from deepface_models import parts, presets
from deepface_models._files import write_json
from deepface_models.callbacks import (
    KLWarmup,
    ReconstructionGrid,
    ResumableCheckpoint,
    StopOnNonFinite,
    TimeBudget,
)

Array = NDArray[Any]

MANY_EPOCHS = 99_999  # the minutes end the training
MODEL, TRAINING, RESULTS = "model", "training.json", "results.json"
MOST_DIGITS = 2000  # to measure with
NO_LOSS = 0.01  # dB that float16 may cost
TITLES = {
    "mnist": "MNIST (Y. LeCun, C. Cortes, C. Burges)",
    "fashion": "Fashion-MNIST (Zalando Research, MIT)",
}


@dataclass
class Data:
    """What a recipe is trained on and what is held out."""

    training: Faces | Array
    test: Array  # without a border
    faces: list[Face]  # of the test; none for digits
    text: str  # for the card

    @property
    def people(self) -> list[str]:
        return [f.person for f in self.faces] or [str(i) for i in range(len(self.test))]


def load(recipe: Recipe, args: argparse.Namespace) -> Data:
    """The recipe's data, split."""
    if recipe.data != recipes.FACES:
        training, test = load_digits(recipe.data, args.folder, args.limit)
        count, test = len(training) + len(test), test[:MOST_DIGITS]
        part = ", of its 10,000 test pictures" if count == 10_000 else ""
        text = f"{TITLES[recipe.data]}: {len(training):,} pictures{part}"
        return Data(training, test, [], f"{text}; {len(test):,} others held out")
    folders = [f for f in (args.portraits, args.people) if f is not None]
    found = read(folders, recipe.size, args.output / "data", args.sfhq)
    if args.limit:
        found = found.select(i < args.limit for i in range(len(found)))
    training, held_out = found.split()
    if not len(training) or not len(held_out):
        raise ValueError(
            f"{len(found)} pictures of {len({f.person for f in found.faces})} people "
            "leave nobody to train on or to hold out. Expected about twenty people or "
            "more. Put the pictures into one folder a person."
        )
    text = f"{described(training)} Held out: {described(held_out)}"
    return Data(training, held_out.images, held_out.faces, text)


def seen(recipe: Recipe, data: Data) -> Array:
    """What was trained on: without a border, mirrored too where training mirrors."""
    faces = isinstance(data.training, Faces)
    images = data.training.images if faces else data.training
    flips = recipe.augmentation and recipe.augmentation.flip
    return np.concatenate([images, images[:, :, ::-1]]) if flips else images


def described(faces: Faces) -> str:
    """How many pictures of whom, with their licences."""
    people = len({face.person for face in faces.faces})
    names = [recipes.SOURCES.get(f.source, f.source) for f in faces.faces]
    return f"{len(faces):,} pictures of {people:,} people: {measures.counted(names)}."


# Training


def share() -> int:
    """Has each batch shared between all devices, and says how many there are."""
    devices = keras.distribution.list_devices()
    if len(devices) > 1:
        keras.distribution.set_distribution(
            keras.distribution.DataParallel(devices=devices, auto_shard_dataset=False)
        )
    return len(devices)


def batches(recipe: Recipe, data: Data, seed: int, devices: int) -> Pictures:
    faces = data.training
    wide, border = (
        (faces.wide, faces.border) if isinstance(faces, Faces) else (faces, 0)
    )
    size = math.ceil(recipe.batch_size / devices) * devices
    return Pictures(wide, border, size, recipe.augmentation, recipe.colour, seed)


def train(recipe: Recipe, data: Data, run: Path, args: argparse.Namespace) -> None:
    """Trains, or goes on; leaves model, previews and history in `run`."""
    began = time.strftime("%Y-%m-%d")
    keras.utils.set_random_seed(args.seed)
    devices = share() if args.distribute else 1
    model = recipe.build(args.dtype)
    loss = recipe.loss() if recipe.loss else None
    model.compile(keras.optimizers.Adam(recipe.learning_rate), loss=loss)
    given = batches(recipe, data, args.seed, devices)
    budget = TimeBudget(args.minutes)
    checkpoint = ResumableCheckpoint(run / "checkpoints", given, also=[budget])
    kept = [checkpoint, budget, StopOnNonFinite()]
    if recipe.warmup:
        kept.append(KLWarmup(steps=recipe.warmup))
    if devices == 1:  # a batch of ten cannot be shared
        kept.append(ReconstructionGrid(data.test[:200], run / "previews", every=20))
    kept.append(keras.callbacks.CSVLogger(run / "history.csv", append=True))
    # With --pack-only the checkpoint is restored, and its epochs are done already.
    epochs = 1 if args.pack_only else args.epochs or MANY_EPOCHS
    model.fit(given, epochs=epochs, verbose=2, callbacks=kept)
    keras.distribution.set_distribution(None)
    if hasattr(model, "fit_prior"):
        model.fit_prior(seen(recipe, data))
    done = int(model.optimizer.iterations)
    write_json(
        run / TRAINING,
        {
            "minutes": args.minutes,
            "steps": done,
            "batch_size": given.batch_size,
            "seed": args.seed,
            "dtype": args.dtype,
            "devices": devices,
            "backend": keras.backend.backend(),
            "machine": f"{os.cpu_count()} CPU cores, {platform.machine()}",
            "date": began,
            "commit": commit(),
            "command": shlex.join(["python", "benchmarks/pretrain.py", *args.command]),
        },
    )
    model.save_parts(run / MODEL)


def commit() -> str:
    """The code's commit, and whether the code was changed since."""

    def git(*words: str) -> str:
        told = ["git", "-C", str(Path(__file__).parent), *words]
        return subprocess.run(told, capture_output=True, text=True).stdout.strip()

    found = git("rev-parse", "HEAD") or "unknown"
    registry = ":!deepface_models/presets/presets.json"  # grows by what is made
    code = ("benchmarks", "deepface_models", registry)
    changed = git("-C", "..", "status", "--porcelain", "-uno", "--", *code)
    return f"{found}, changed" if changed else found


def trained(run: Path) -> dict[str, Any]:
    """What `train` noted, or nothing if it did not finish."""
    path = run / TRAINING
    return json.loads(path.read_text()) if path.is_file() else {}


def finished(run: Path) -> Any:
    """The trained model in float32."""
    model = parts.load(run / MODEL)
    if model.dtype_policy.name == "float32":
        return model
    plain = type(model).from_config({**model.get_config(), "dtype": "float32"})
    plain.set_weights(model.get_weights())
    return plain


# Measuring and packing


def measure(
    recipe: Recipe, model: Any, data: Data, args: argparse.Namespace
) -> dict[str, Any]:
    """All measures, and the picture if it is wanted."""
    noisy = hasattr(model, "corrupt")
    if noisy:
        drawn = measures.denoised(model, seen(recipe, data), data.test)
    else:
        drawn = measures.compressed(model, seen(recipe, data), data.test)
    ours = "denoised" if noisy else "reconstruction"
    groups = [face.groups for face in data.faces] or [()] * len(data.test)
    most = args.descriptors if data.faces else 0
    found = measures.report(data.test, drawn, ours, data.people, groups, most)
    if args.pictures is not None:
        index = pictures.shown(data.faces) if data.faces else range(pictures.COLUMNS)
        originals = data.test[list(index)]
        rows = {"never seen": originals}
        rows |= {name: one[list(index)] for name, one in drawn.items()}
        picture = pictures.sheet(model, rows, originals)
        pictures.write(args.pictures / f"{args.preset}.jpg", picture)
    inputs = measures.as_unit(data.test) if not noisy else drawn["noisy"]
    lost = measures.lost_to_float16(model, data.test, lambda m: m.reconstruct(inputs))
    return found | {"PSNR lost to float16": measures.rounded(lost)}


def golden(data: Data) -> Array | None:
    """Two pictures of nobody for the golden values; noise where there are none."""
    nobody = [i for i, f in enumerate(data.faces) if "generated" in f.groups]
    return data.test[nobody[:2]] if len(nobody) > 1 else None


def pack(
    recipe: Recipe,
    model: Any,
    data: Data,
    results: dict[str, Any],
    run: Path,
    args: argparse.Namespace,
) -> Path:
    """Writes the preset; one among those that ship is entered under its name."""
    told = trained(run)
    how = ("minutes", "steps", "batch_size", "dtype", "backend", "machine")
    small = results["PSNR lost to float16"] <= NO_LOSS
    folder = presets.save_preset(
        model,
        args.weights / args.preset,
        description=recipe.description,
        licence=args.licence or recipes.LICENCES[recipe.data],
        data=f"{args.data} {data.text}" if args.data else data.text,
        use=recipes.USE[recipe.data],
        limits=recipes.LIMITS[recipe.data],
        not_for=recipes.NOT_FOR[recipe.data],
        seed=told["seed"],
        commit=told["commit"],
        command=told["command"],
        results={**results, "training": {key: told[key] for key in how}},
        dtype="float16" if small else "float32",
        images=golden(data),
    )
    home = presets.weights_folder()
    if home is not None and home.samefile(args.weights):  # others do not ship
        presets.register(folder)
    return folder


def arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("preset", choices=tuple(RECIPES))
    parser.add_argument("--portraits", type=Path, help="folder of faces")
    parser.add_argument("--people", type=Path, help="folder of synthetic people")
    parser.add_argument("--folder", type=Path, help="IDX files of the digits")
    parser.add_argument("--output", type=Path, default=Path("runs/pretrain"))
    parser.add_argument("--weights", type=Path, help="where presets are packed to")
    parser.add_argument("--pictures", type=Path, help="where to draw what it draws")
    parser.add_argument("--minutes", type=float, help="the recipe's by default")
    parser.add_argument("--epochs", type=int, help="at most so many")
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
    args.minutes = args.minutes or RECIPES[args.preset].minutes
    if RECIPES[args.preset].data == recipes.FACES and args.portraits is None:
        parser.error(f"{args.preset} is trained on faces. Give --portraits FOLDER.")
    return args


def main(words: list[str]) -> None:
    args = arguments(words)
    recipe, run = RECIPES[args.preset], args.output / args.preset
    run.mkdir(parents=True, exist_ok=True)
    data = load(recipe, args)
    print(data.text, flush=True)
    done = trained(run).get("minutes", 0) >= args.minutes
    if not (done or (args.pack_only and (run / MODEL).is_dir())):
        if args.pack_only and not (run / "checkpoints").is_dir():
            raise SystemExit(f"{run} holds no checkpoint. Run without --pack-only.")
        train(recipe, data, run, args)
    model = finished(run)
    results = measure(recipe, model, data, args)
    write_json(run / RESULTS, results)
    print(json.dumps(results, indent=1))
    if args.weights is not None:
        print(pack(recipe, model, data, results, run, args))


if __name__ == "__main__":
    np.set_printoptions(precision=4)
    main(sys.argv[1:])
