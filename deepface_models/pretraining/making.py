"""`pretrain`: data in, a preset out that says how it was made."""

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
    """Makes a preset: trains it, measures it on people never seen, packs it.

    Called again after an interruption, it goes on from the last checkpoint, and with
    more minutes it trains on. Any backend of Keras will do.

    `data` is a folder with what the preset is trained on (docs/presets.md says how it
    is laid out): `portraits/` and `synthetic_people/` for faces, `talkers/` besides for
    Swift, `synthetic_people/P007/` for swap_demo, `mnist/` or `fashion-mnist/` for
    digits. For faces a folder of your own serves, with a folder for each person.

    Another machine may train, with neither the images nor dlib nor PyAV: `gather`
    writes what is to be trained on, `data` takes that file there, and `pack_only`
    measures and packs here, with its output's folder of that name in yours.

    Args:
        preset: A key of `RECIPES`, such as "vae_mnist".
        data: Folder of the data, or a file that `gather` wrote. None downloads digits.
        output: Folder that gets a folder of the preset's name with `preset/`,
            `training.json`, `history.csv`, `checkpoints/` and what was measured.
        minutes: Time to train; as the recipe says by default.
        epochs: At most so many.
        batch_size: Images a step; of Swift a multiple of 6.
        steps: Batches an epoch.
        reuse: Epochs that show the same batches: where making them is slower than
            learning. Of Swift only.
        seed: Makes weights and batches repeatable.
        dtype: "float32", or "mixed_bfloat16" for an accelerator.
        limit: Images to take at most.
        leave_out: Talkers whom Swift is not to see, to measure with.
        license: Of the weights, for data of your own.
        about: What your own data are, for the card.
        workers: Threads or processes that make batches.
        distribute: Whether to share each batch between all devices.
        pack_only: Whether to measure and pack what is there, and train no more.
        gather: File to write what is to be trained on into; nothing is trained.
        results: JSON file of more measures for the card.
        weights: Folder to pack the preset into, under its name. `weights/` of this
            package makes it known by name.

    Returns:
        The preset's folder, or the gathered file. None if what is to be measured with
        is on another machine.

    Raises:
        ValueError: The preset or an argument is unknown, or the data do not suffice.
        FileNotFoundError: The data are not there.
        InUseError: The same preset is being made in `output`.
        ModelFileError: With `pack_only` there is nothing to pack, or the training was
            on other data.
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
    if job.pack_only and not (job.told or (job.run / "checkpoints").is_dir()):
        raise ModelFileError(
            f"{job.run} holds no training. Expected one to pack. Leave --pack-only out."
        )
    with hold_folder(job.run):
        if not job.finished:
            maker.train(job, found)
        done: Path | None = maker.finish(job, found)
    return done


def _check(preset: str, recipe: Recipe, settings: dict[str, Any]) -> None:
    """Refuses numbers that nothing could be trained with."""
    for name in (*_OF_RECIPE, "epochs", "limit"):
        value = settings[name]
        if value is not None and not value > 0:
            raise ValueError(
                f"{name}={value!r} was given. Expected more than 0. Leave it out for "
                f"what the recipe of {preset} says."
            )
    if settings["leave_out"] is not None and recipe.data != VIEWS:
        raise ValueError(
            f"leave_out={settings['leave_out']} was given for {preset}, which sees no "
            "talkers. Expected swift_64 or swift_128. Leave it out."
        )


def _check_gathered(job: Job, gather: Path | None) -> None:
    if (gather or job.gathered) and job.recipe.data not in (FACES, VIEWS):
        raise ValueError(
            f"A file of gathered faces was named for {job.name}. Expected a preset of "
            "many people's faces. Give --data FOLDER, which any machine can read."
        )


def _existing(data: str | Path) -> Path:
    path = Path(data)
    if not path.exists():
        raise FileNotFoundError(
            f"Nothing is at {path}. Expected a folder of data, or a file that --gather "
            "wrote. Check --data."
        )
    return path
