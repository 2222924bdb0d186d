"""Pretraining of the shared parts of `Swift` with groups of views.

The latent of a plain autoencoder encodes the identity, so that a swap resembles the
source person. Here latents have to render other people too (`groups`), each person's
mean is subtracted from them, and the rendered identity comes from a mean image. In
addition, a linear map has to predict the landmarks from the latents.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from deepface_models.losses import FaceLoss
from deepface_models.models.swap import Swift
from deepface_models.models.swap.swift.networks import logits
from deepface_models.pretraining.group_batches import Groups
from deepface_models.pretraining.groups import POINTS, STEPS, VIEWS
from deepface_models.pretraining.job import Job
from deepface_models.pretraining.machine import share_batches
from deepface_models.pretraining.views import TALKERS, Views, gather

# Noise and L2 penalty of the latents, which suppress unimportant ones.
_NOISE, _SMALL = 0.3, 1e-4
_LANDMARKS = 0.05  # weight of the landmarks' error in pixels at 128 px
_PEOPLE = ("a", "b")
ADAPTED = 128  # latents that are adapted to the faces of new people


class OfGroups(layers.Layer):
    """Means over the views of each group, or the inputs minus these means.

    Args:
        left: Whether to return the inputs minus the means.
        **kwargs: As in `keras.layers.Layer`.
    """

    def __init__(self, left: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.left = left

    def call(self, inputs: Any) -> Any:
        """Returns a tensor of the same shape, (groups * VIEWS, ...)."""
        shape = tuple(inputs.shape[1:])
        grouped = ops.reshape(inputs, (-1, VIEWS, *shape))
        mean = ops.mean(grouped, axis=1, keepdims=True)
        found = grouped - mean if self.left else ops.repeat(mean, VIEWS, axis=1)
        return ops.reshape(found, (-1, *shape))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the shape of the input."""
        return input_shape


class ByteFaceLoss(FaceLoss):
    """`FaceLoss` for targets in uint8."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Returns the loss of each image, (B,); see `GroupSampler.batch`."""
        unit = y_true / 255.0
        weight = unit[..., 4:] * (255.0 / STEPS)
        return super().call(ops.concatenate([unit[..., :4], weight], -1), y_pred)


def build(model: Swift) -> keras.Model:
    """Returns the training model, which contains the shared parts.

    Faces that are rendered have the side of the model's output images.
    """
    size, out = model.image_size, model.output_size
    image = keras.Input((size, size, 3), name="image", dtype="uint8")
    face = keras.Input((out, out, 4), name="face", dtype="uint8")
    seen, known = (layers.Rescaling(1.0 / 255.0)(x) for x in (image, face))
    latent = OfGroups(left=True)(model.encoder(seen))
    latent = layers.ActivityRegularization(l2=_SMALL)(latent)
    latent = layers.GaussianNoise(_NOISE)(latent)
    mean = OfGroups(left=False)(known)
    small, detail = _appearance(mean, out // size)
    maps, vector = model.decoder_initializers["decoder_initializer"]([latent, small])
    appearance = [logits(small), *detail]
    rendered = model.parts["shared_decoder"]([maps, vector, *appearance])
    points = layers.Dense(POINTS, use_bias=False, name="points")(latent)
    outputs = {"rendered": rendered, "points": points}
    return keras.Model({"image": image, "face": face}, outputs)


def _appearance(mean: Any, times: int) -> tuple[Any, list[Any]]:
    """Returns a mean face at the input's size, and its fine detail, if any."""
    if times == 1:
        return mean, []
    small = layers.AveragePooling2D(times)(mean)
    enlarged = layers.UpSampling2D(times, interpolation="bilinear")(logits(small))
    return small, [layers.Subtract()([logits(mean), enlarged])]


def even(model: Swift, data: Groups) -> None:
    """Scales latents to a standard deviation of 1 about their person's mean."""
    images = np.concatenate([data[n][0]["image"] for n in range(min(8, len(data)))])
    latents = model.encode(images).reshape(-1, VIEWS, model.latent_size)
    scale = float(np.std(latents - latents.mean(axis=1, keepdims=True)))
    last = model.encoder.layers[-1]
    first = model.decoder_initializers["decoder_initializer"].get_layer("coarse")
    last.set_weights([weight / scale for weight in last.get_weights()])
    kernel, bias = first.get_weights()
    first.set_weights([kernel * scale, bias])


def load(job: Job) -> Views:
    """Returns the faces of many people, from images and clips or a gathered file."""
    size = job.recipe.size
    if job.gathered:
        return Views.open(job.gathered).resized(size)
    given = job.settings["leave_out"]
    if given is None:
        there = job.folder / TALKERS
        given = [name for name in job.recipe.leave_out if (there / name).is_dir()]
    cache = job.run.parent / f"faces_{size}"
    return gather(job.folder, size, cache, given, job.settings["limit"])


def train(job: Job, views: Views) -> None:
    """Trains the shared parts, or resumes; writes them and the history."""
    recipe, seed, groups = job.recipe, job.settings["seed"], _groups(job)
    # First, because its processes are forks of this one.
    inputs = int(recipe.arguments["image_size"])
    settings = (recipe.steps or 50, recipe.reuse, job.workers, inputs)
    data = Groups(views, seed, groups, *settings)
    devices = share_batches() if job.distribute else 1
    if groups % devices:
        data.close()
        raise ValueError(
            f"batch_size={recipe.batch_size} was given for {devices} devices. Expected "
            f"a multiple of {VIEWS * devices}. Use "
            f"{VIEWS * devices * math.ceil(groups / devices)}."
        )
    facts = job.facts(views.text, devices, views.commit)
    keras.utils.set_random_seed(seed)
    model = _model(job)
    if recipe.preset:
        take_pretrained(model, recipe.preset)
        # Only the shared decoder learns: both presets encode and initialize alike.
        for part in (model.encoder, *model.decoder_initializers.values()):
            part.trainable = False
    whole = build(model)
    whole.compile(
        keras.optimizers.Adam(recipe.learning_rate, beta_2=0.99),
        {"rendered": ByteFaceLoss(), "points": "mae"},
        {"rendered": 1.0, "points": _LANDMARKS},
    )
    try:
        steps = job.fit(whole, data, every=recipe.checkpoint_every)
        if not recipe.preset:
            even(model, data)
    finally:
        data.close()
    for name, part in _learned(model, recipe.preset).items():
        part.save_weights(job.run / f"{name}.weights.h5")
    job.record({**facts, "steps": steps})


def finish(job: Job, views: Views) -> Path:
    """Saves the shared parts as a preset."""
    model, preset = _model(job, "float32"), job.recipe.preset
    learned = _learned(model, preset)
    for name, part in learned.items():
        part.load_weights(job.run / f"{name}.weights.h5")
    if preset:
        adaptable = _of_size(preset, model)
        for name, part in learned.items():
            adaptable.parts[name].set_weights(part.get_weights())
    else:
        adaptable = with_adapted_latents(model)
    data = job.recorded["data"]
    return job.pack(adaptable, data, {}, shared=True, dtype="float16")


def with_adapted_latents(model: Swift) -> Swift:
    """Returns the same model with additional latents for faces of new people."""
    keras.utils.clear_session()  # for repeatable layer names, which are saved
    sizes = {"image_size": model.image_size, "output_size": model.output_size}
    adaptable = Swift(_PEOPLE, **sizes, adapted_latent_size=ADAPTED)
    adaptable.take_parts(model)  # except for the encoder, which differs
    given, own = model.encoder.get_weights(), adaptable.encoder.get_weights()
    adaptable.encoder.set_weights([*given, *own[len(given) :]])
    return adaptable


def take_pretrained(model: Swift, preset: str) -> None:
    """Takes the shared parts of a preset, without its adapted latents."""
    source = _of_size(preset, model)
    model.take_parts(source)
    known = model.encoder.get_weights()
    model.encoder.set_weights(source.encoder.get_weights()[: len(known)])
    model.started_from = source.started_from


def _groups(job: Job) -> int:
    size = job.recipe.batch_size
    if size % VIEWS or size < VIEWS:
        raise ValueError(
            f"batch_size={size} was given. Expected a multiple of {VIEWS}, the images "
            f"of a group. Use {VIEWS * max(1, round(size / VIEWS))}."
        )
    return size // VIEWS


def _model(job: Job, dtype: str | None = None) -> Swift:
    how = dtype or job.settings["dtype"]
    model = Swift(_PEOPLE, **job.recipe.arguments, dtype=how)
    model.build_decoder_initializers(["decoder_initializer"])
    return model


def _of_size(preset: str, model: Swift) -> Swift:
    """Returns a preset with people and output size of a model."""
    source = Swift.from_preset(preset, identities=model.identities)
    return source.with_output_size(model.output_size)


def _learned(model: Swift, preset: str) -> dict[str, keras.Model]:
    """Returns the shared parts that are trained, and the decoder initializer.

    From a preset, only the shared decoder is.
    """
    decoder = {"shared_decoder": model.parts["shared_decoder"]}
    if preset:
        return decoder
    return {"encoder": model.encoder, **decoder, **model.decoder_initializers}
