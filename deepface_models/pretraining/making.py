"""`pretrain`: trains a preset and saves it with its model card."""

from __future__ import annotations

import importlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from deepface_models.core.errors import ModelFileError
from deepface_models.core.locks import hold_folder
from deepface_models.core.whole import whole_numbers
from deepface_models.pretraining.facts import FACES, VIEWS
from deepface_models.pretraining.job import Job
from deepface_models.pretraining.recipes import Recipe, find

_OF_RECIPE = ("minutes", "batch_size", "steps", "reuse")


@whole_numbers(seed=0, workers=0, limit=1, batch_size=1, steps=1, reuse=1, epochs=1)
def pretrain(
    preset: str,
    data: str | Path | None = None,
    output: str | Path = "runs/pretrain",
    *,
    minutes: float | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    steps: int | None = None,
    reuse: int | None = None,
    seed: int = 0,
    dtype: str = "float32",
    limit: int | None = None,
    leave_out: Sequence[str] | None = None,
    license: str = "",
    about: str = "",
    workers: int | None = None,
    distribute: bool = False,
    pack_only: bool = False,
    gather: str | Path | None = None,
    results: str | Path | None = None,
    weights: str | Path | None = None,
) -> Path | None:
    """Trains a preset, measures it on held-out people, and saves it.

    Called again after an interruption, it resumes from the last checkpoint; with more
    `minutes`, it continues a finished training. It works with any backend of Keras.

    `data` is a folder of training data (docs/presets.md describes its layout):
    `portraits/` and `synthetic_people/` for faces, also `talkers/` for Swift,
    `synthetic_people/P007/` for swap_demo, `mnist/` or `fashion-mnist/` for digits. For
    faces it can be any folder with a folder of images for each person.

    To train on another machine, without the images, dlib and PyAV: write the training
    data to a file with `gather`, train there with that file as `data`, copy the output
    folder back, and call it here with `pack_only` to measure and save the preset.

    Args:
        preset: A key of `RECIPES`, such as "vae_mnist".
        data: Folder of the data, or a file of `gather`. None downloads digits.
        output: Parent of the training's folder, which has the preset's name and
            receives `preset/`, `training.json`, `history.csv`, `checkpoints/` and
            measures.
        minutes: Duration of the training; by default that of the recipe, as for
            `batch_size`, `steps` and `reuse`.
        epochs: Most epochs.
        batch_size: Images per step; a multiple of 6 for Swift.
        steps: Batches per epoch.
        reuse: Epochs with the same batches, if preparing batches is slower than
            training; for Swift only.
        seed: Seed of weights and batches.
        dtype: "float32", or "mixed_bfloat16" for an accelerator.
        limit: Most images.
        leave_out: Talkers to exclude from the training of Swift, for measuring.
        license: License of the weights, for your own data.
        about: Description of your own data, for the model card.
        workers: Threads or processes that prepare batches.
        distribute: Whether to distribute each batch over all devices.
        pack_only: Whether to measure and save the trained model without training.
        gather: File to write the training data to, without training.
        results: JSON file of more measures for the model card.
        weights: Folder that receives the preset, under its name. In the package's
            `weights/`, the preset can be loaded by name.

    Returns:
        The preset's folder, or the gathered file. None if the test images are on
        another machine.

    Raises:
        ValueError: The preset or an argument is unknown, or there are too few data.
        FileNotFoundError: There are no data.
        InUseError: Another process is training the same preset in `output`.
        ModelFileError: With `pack_only`, there is no training, or it used other data.

    Example:
        >>> pretrain("vae_mnist", minutes=1)  # doctest: +SKIP
    """
    recipe = find(preset)
    settings: dict[str, Any] = {
        "minutes": minutes,
        "epochs": epochs,
        "batch_size": batch_size,
        "steps": steps,
        "reuse": reuse,
        "seed": seed,
        "dtype": dtype,
        "limit": limit,
        "leave_out": None if leave_out is None else tuple(leave_out),
        "license": license,
        "about": about,
    }
    _check(preset, recipe, settings)
    own = {name: settings[name] for name in _OF_RECIPE if settings[name] is not None}
    job = Job(
        preset,
        replace(recipe, **own),
        settings,
        Path(output) / preset,
        None if data is None else _existing(data),
        None if weights is None else Path(weights),
        pack_only,
        workers,
        distribute,
        None if results is None else json.loads(Path(results).read_text("utf-8")),
    )
    return _made(job, None if gather is None else Path(gather))


def _made(job: Job, gather: Path | None) -> Path | None:
    maker = importlib.import_module(f"{__package__}.{job.recipe.module}")
    _check_gathered(job, gather)
    found = maker.load(job)
    if gather is not None:
        found.save(gather)
        return gather
    if job.pack_only and not (job.recorded or (job.run / "checkpoints").is_dir()):
        raise ModelFileError(
            f"{job.run} contains no training. Expected a trained model. Leave out "
            "--pack-only."
        )
    with hold_folder(job.run):
        if not job.finished:
            maker.train(job, found)
        done: Path | None = maker.finish(job, found)
    return done


def _check(preset: str, recipe: Recipe, settings: dict[str, Any]) -> None:
    for name in (*_OF_RECIPE, "epochs", "limit"):
        value = settings[name]
        if value is not None and not value > 0:
            raise ValueError(
                f"{name}={value!r} was given. Expected more than 0. Leave it out for "
                f"the recipe of {preset}."
            )
    if settings["leave_out"] is not None and recipe.data != VIEWS:
        raise ValueError(
            f"leave_out={settings['leave_out']} was given for {preset}, which is not "
            "trained on talkers. Expected swift_64, swift_128 or swift_256. Leave it "
            "out."
        )


def _check_gathered(job: Job, gather: Path | None) -> None:
    if (gather or job.gathered) and job.recipe.data not in (FACES, VIEWS):
        raise ValueError(
            f"A file of gathered faces was given for {job.name}. Expected a preset of "
            "many people's faces. Use --data FOLDER."
        )


def _existing(data: str | Path) -> Path:
    path = Path(data)
    if not path.exists():
        raise FileNotFoundError(
            f"Nothing is at {path}. Expected a folder of data, or a file of --gather. "
            "Check --data."
        )
    return path
