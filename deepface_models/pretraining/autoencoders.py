"""Pretraining of autoencoders, on faces or digits."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from deepface_models.callbacks import KLWarmup, ReconstructionGrid
from deepface_models.core.arrays import Array
from deepface_models.core.files import write_json
from deepface_models.data import Augmentation
from deepface_models.losses import FaceLoss
from deepface_models.models import autoencoders
from deepface_models.presets import loading
from deepface_models.pretraining import measures
from deepface_models.pretraining.batches import Images
from deepface_models.pretraining.data import Data, read_digits, read_faces
from deepface_models.pretraining.facts import FACES
from deepface_models.pretraining.job import MODEL, Job
from deepface_models.pretraining.machine import share_batches
from deepface_models.pretraining.recipes import Recipe

_NO_LOSS = 0.01  # dB of PSNR that float16 may cost
_SHOWN = 200  # held-out images from which previews are selected


def load(job: Job) -> Data:
    """Returns the recipe's data, split into training and test images."""
    recipe, limit = job.recipe, job.settings["limit"]
    if recipe.data != FACES:
        return read_digits(recipe.data, job.data, limit)
    if job.gathered:
        return Data.open(job.gathered, recipe.size)
    return read_faces(job.folder, recipe.size, job.run.parent / "data", limit)


def train(job: Job, data: Data) -> None:
    """Trains the model, or resumes; writes model, previews and history."""
    recipe, seed = job.recipe, job.settings["seed"]
    keras.utils.set_random_seed(seed)
    devices = share_batches() if job.distribute else 1
    size = math.ceil(recipe.batch_size / devices) * devices
    batches = Images(
        data.wide,
        data.border,
        size,
        Augmentation(**recipe.moves) if recipe.moves else None,
        recipe.color,
        seed,
        blend=recipe.blend,
        steps=recipe.steps,
        workers=job.workers or 1,
    )
    facts = replace(job, recipe=replace(recipe, batch_size=batches.batch_size)).facts(
        data.text, devices, data.commit
    )
    model = build(recipe, job.settings["dtype"])
    if getattr(model, "latent_size", None) and hasattr(model, "adapt"):
        model.adapt(seen(recipe, data.images))
    adam = keras.optimizers.Adam(
        recipe.learning_rate, weight_decay=recipe.weight_decay or None
    )
    model.compile(adam, loss=FaceLoss(**recipe.loss) if recipe.loss else None)
    more: list[keras.callbacks.Callback] = []
    if recipe.warmup:
        more.append(KLWarmup(steps=recipe.warmup))
    if devices == 1 and data.test is not None:  # ten images cannot be distributed
        previews = job.run / "previews"
        more.append(ReconstructionGrid(data.test[:_SHOWN], previews, every=20))
    steps = job.fit(model, batches, callbacks=more)
    if hasattr(model, "fit_prior"):
        model.fit_prior(seen(recipe, data.images))
    model.save_parts(job.run / MODEL)
    job.record({**facts, "steps": steps})


def build(recipe: Recipe, dtype: str = "float32") -> Any:
    """Returns the recipe's model with random weights."""
    return getattr(autoencoders, recipe.architecture)(**recipe.arguments, dtype=dtype)


def seen(recipe: Recipe, images: Array) -> Array:
    """Returns the training images; with mirrored copies if training mirrors them."""
    flips = recipe.moves is not None and recipe.moves.get("flip")
    return np.concatenate([images, images[:, :, ::-1]]) if flips else images


def finish(job: Job, data: Data) -> Path | None:
    """Measures the model and saves the preset; None without test images."""
    if data.test is None:
        return None
    job.check_data(data.text)
    model = _in_float32(loading.load(job.run / MODEL))
    results = measure(job.recipe, model, data)
    write_json(job.run / "results.json", results)
    small = results["PSNR lost to float16"] <= _NO_LOSS
    dtype = "float16" if small else "float32"
    return job.pack(model, data.text, results, dtype=dtype, images=_golden(data))


def measure(recipe: Recipe, model: Any, data: Data) -> dict[str, Any]:
    """Returns the measures of a trained model on held-out images."""
    test = np.asarray(data.test)
    rendered = measures.rendered_by(model, seen(recipe, data.images), test)
    ours = measures.own(model)
    people = [face.person for face in data.faces]
    groups = [face.groups for face in data.faces]
    found = measures.report(test, rendered, ours, people, groups)
    inputs = rendered.get("noisy", test)
    lost = measures.lost_to_float16(model, test, lambda m: m.reconstruct(inputs))
    return {**found, "PSNR lost to float16": lost}


def _in_float32(model: Any) -> Any:
    """Returns a trained model in float32."""
    if model.dtype_policy.name == "float32":
        return model
    plain = type(model).from_config({**model.get_config(), "dtype": "float32"})
    plain.set_weights(model.get_weights())
    return plain


def _golden(data: Data) -> Array | None:
    """Returns two generated faces for the golden values; None for noise."""
    generated = [i for i, f in enumerate(data.faces) if "generated" in f.groups]
    return np.asarray(data.test)[generated[:2]] if len(generated) > 1 else None
