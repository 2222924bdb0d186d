"""`train` makes a trained face-swap model, with previews, from face sets."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras

from deepface_models.callbacks import (
    EpochTable,
    StopOnNonFinite,
    SwapPreview,
    TimeBudget,
)
from deepface_models.callbacks._told import HeldOutError, ToldProgress
from deepface_models.core.choices import choose
from deepface_models.core.locks import hold_folder
from deepface_models.core.names import check_names
from deepface_models.core.poses import pose_range
from deepface_models.core.whole import whole_numbers
from deepface_models.data import Augmentation, SwapPairs
from deepface_models.faces import FaceSet
from deepface_models.models.registry import OWN_ARCHITECTURE, architectures
from deepface_models.models.swap import FaceSwap, Swift
from deepface_models.training import fine_tuning as _fine_tuning
from deepface_models.training.devices import find_devices
from deepface_models.training.following import checkpoint_of, of_process

_MANY_EPOCHS = 9999  # never reached: the time budget ends the training first
_LOG = logging.getLogger(__name__)


def open_sets(faces: Mapping[str, FaceSet | str | Path]) -> dict[str, FaceSet]:
    """Returns each person's `FaceSet`; opens those given as folders.

    Args:
        faces: For each person's name, a `FaceSet` or its folder.

    Raises:
        FileNotFoundError: There is no such folder.
        MediaError: A folder is not a face set, or damaged.

    Example:
        >>> open_sets({"ana": "faces/ana", "ben": "faces/ben"})  # doctest: +SKIP
    """
    return {
        name: value if isinstance(value, FaceSet) else FaceSet.open(value)
        for name, value in faces.items()
    }


@whole_numbers(image_size=1, output_size=1)
def build(
    architecture: str,
    identities: Sequence[str],
    image_size: int | None = None,
    face_type: str = "full",
    output_size: int | None = None,
) -> FaceSwap:
    """Returns a new model by its architecture's name.

    Args:
        architecture: A name of `list_architectures(family="swap")`.
        identities: The people's names.
        image_size: Side of the input images in pixels; the architecture's default if
            None.
        face_type: How the faces are cropped, such as "full".
        output_size: Side of the output images in pixels; the architecture's default if
            None.

    Raises:
        ValueError: There is no such architecture, or it has no such size.

    Example:
        >>> build("swift", ("ana", "ben"), image_size=64).image_size
        64
    """
    model_class = _class_of(architecture)
    sizes = {"image_size": image_size, "output_size": output_size}
    sized: dict[str, Any] = {k: size for k, size in sizes.items() if size is not None}
    if output_size is not None and not _has_output_size(model_class):
        raise ValueError(
            f"output_size={output_size} was given for {architecture}, whose images all "
            "have one size. Expected an architecture with another output size: "
            f"{', '.join(_enlarging())}. Use image_size={output_size}, or one of them."
        )
    return model_class(identities=tuple(identities), face_type=face_type, **sized)


def _enlarging() -> list[str]:
    """Returns names of the architectures with an `output_size`."""
    known = architectures("swap").items()
    return [name for name, one in known if _has_output_size(one.model)]


def _has_output_size(model_class: Any) -> bool:
    return "output_size" in inspect.signature(model_class).parameters


def _class_of(architecture: str) -> type[FaceSwap]:
    known = architectures("swap")
    found: type[FaceSwap] = known[
        choose("architecture", architecture, known, OWN_ARCHITECTURE)
    ].model
    return found


@whole_numbers(
    image_size=1,
    output_size=1,
    epochs=1,
    batch_size=1,
    steps=1,
    preview_every=1,
    checkpoint_every=1,
    seed=0,
)
def train(
    faces: Mapping[str, FaceSet | str | Path],
    output: str | Path,
    *,
    architecture: str | None = None,
    image_size: int | None = None,
    output_size: int | None = None,
    preset: str | Path | None = None,
    freeze: Mapping[str, float] | None = None,
    lr_multipliers: Mapping[str, float] | None = None,
    minutes: float | None = None,
    epochs: int | None = None,
    batch_size: int = 8,
    steps: int = 100,
    devices: str | Sequence[str] | None = None,
    validation: float = 0.2,
    augmentation: Augmentation | None = None,
    preview_every: int = 5,
    checkpoint_every: int = 5,
    seed: int = 0,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: Any = "auto",
) -> FaceSwap:
    """Trains a face-swap model; resumes the training in `output` if there is one.

    It combines `SwapPairs`, `model.fit` and the usual `callbacks`, which can also be
    used separately. `output` receives `model/` (load it with `deepface_models.load`),
    `previews/`, `checkpoints/` and `history.csv`, with the loss and the error of
    reconstructed held-out faces after each epoch. The logger
    "deepface_models.training" reports the preset a training starts from at level
    INFO, unless `verbose` is 0.

    Args:
        faces: For each person's name, a `FaceSet` or its folder.
        output: Folder of the results.
        architecture: A name of `list_architectures`, such as "original". By default the
            preset's, or "swift" without a preset.
        image_size: Side of the model's input images in pixels; the architecture's
            default if None.
        output_size: Side of its output images in pixels; by default the preset's, or
            the architecture's. Extract the faces at least as large.
        preset: A preset to start from instead of a new model: its name, address or
            folder, as in `deepface_models.load`. It is recorded in `start.json`; a
            training can only be resumed with the same preset.
        freeze: For each part that is frozen at first, the fraction of the training:
            {"encoder": 0.2} is the first fifth, 1.0 all of it. By default no part is
            frozen, which gave the best results (docs/presets.md).
        lr_multipliers: Part names and factors on their learning rates: with
            {"encoder": 0.1} the encoder learns at a tenth of the rate.
        minutes: Duration of the training in minutes; the learning rate decays until
            then. If neither `minutes` nor `epochs` is given, 2 with a preset whose
            shared parts were pretrained, else 6.
        epochs: Number of epochs of `steps` batches. With `minutes` too, the training
            ends at whichever comes first.
        batch_size: Faces of each person in a batch, of all devices together.
        steps: Batches per epoch.
        devices: "all" for all accelerators, or the names of some, such as ["gpu:0",
            "gpu:1"]: each gets an equal part of every batch (docs/distribute.md). By
            default one device. On JAX, several processes may train together.
        validation: Fraction of each person's faces that is held out: whole clips, or
            the end of the only clip. `FaceSet.split(validation)` returns the same.
        augmentation: Random changes of the faces; `Augmentation.light()` by default,
            without its warp for a `Swift` whose images are larger than its input.
        preview_every: Epochs between preview images.
        checkpoint_every: Epochs between checkpoints.
        seed: Seed of the initial weights and of everything that is sampled.
        callbacks: Further Keras callbacks.
        verbose: As in `keras.Model.fit`.

    Returns:
        The trained model.

    Raises:
        InUseError: Another training writes to `output`.
        ValueError: There are too few people or faces, the architecture is unknown,
            the preset has another architecture, image size or face type, or the batch
            cannot be divided among the devices.
        FileNotFoundError: There is no such preset.
        ModelFileError: The training in `output` started from something else, or these
            faces belong to other people there.

    Example:
        >>> faces = {"ana": "faces/ana", "ben": "faces/ben"}
        >>> model = train(faces, "run", preset="swift_128")  # doctest: +SKIP
        >>> from deepface_models import load
        >>> model = load("run/model")  # doctest: +SKIP
    """
    output = Path(output)
    check_names(faces)
    together = find_devices(devices)
    together.check(batch_size, minutes, epochs)
    sets = open_sets(faces)
    splits = {name: value.split(validation) for name, value in sets.items()}
    keras.utils.set_random_seed(seed)
    face_type = _face_type(sets)
    people = tuple(sets)
    with together.scope():
        if preset is None:
            model = build(
                architecture or "swift", people, image_size, face_type, output_size
            )
        else:
            expected = _class_of(architecture) if architecture else None
            model = _fine_tuning.from_preset(
                preset, people, expected, image_size, face_type, output_size
            )
        schedule = _fine_tuning.FineTuneSchedule.of(model, freeze, lr_multipliers)
        schedule.compile(model)
    ranges = {n: pose_range(training.faces) for n, (training, _) in splits.items()}
    model.poses = {name: one for name, one in ranges.items() if one is not None}
    pairs = SwapPairs(
        {name: training for name, (training, _) in splits.items()},
        batch_size,
        image_size=model.image_size,
        output_size=model.output_size,
        steps=steps,
        augmentation=augmentation or _augmentation(model),
        seed=seed,
    ).share(together.process, together.processes)
    budget = None
    if minutes is not None or epochs is None:
        budget = TimeBudget(schedule.minutes if minutes is None else minutes)
    timed = [budget] if budget else []
    held_out = {name: pairs.fitting(held) for name, (_, held) in splits.items()}
    checkpoint = checkpoint_of(
        together, output / "checkpoints", pairs, every=checkpoint_every, also=timed
    )
    all_callbacks = [
        HeldOutError(held_out),
        EpochTable(output / "history.csv"),
        checkpoint,
        *callbacks,
        *timed,
        *schedule.callbacks(epochs and epochs * steps, budget),
        StopOnNonFinite(),
        ToldProgress(budget, epochs and epochs * steps),
        SwapPreview(output / "previews", held_out, every=preview_every),
    ]
    with hold_folder(output) if together.leads else nullcontext(), together.running():
        if together.leads:
            _fine_tuning.record_start(model, output, checkpoint)
            if model.started_from and verbose != 0:
                _LOG.info("%s", _fine_tuning.summary(model, schedule))
            _warn_of_small_faces(sets, model.output_size)
        try:
            model.fit(
                pairs,
                epochs=epochs or _MANY_EPOCHS,
                verbose=verbose if together.leads else 0,
                callbacks=of_process(together, all_callbacks),
            )
        finally:
            checkpoint.let_go()
        if together.leads:
            model.save_parts(output / "model")
        together.wait("deepface_models saved")
        model.loaded_from = str((output / "model").absolute())  # for `replay`
    return model


def _face_type(sets: Mapping[str, FaceSet]) -> str:
    """Returns the face type of all people's faces."""
    face_types = {value.face_type for value in sets.values()}
    if len(face_types) != 1:
        raise ValueError(
            f"Face sets of the types {sorted(face_types)} were given. Expected the "
            "same type for all people. Extract them again with one "
            "FaceAligner(face_type=...)."
        )
    return face_types.pop()


def _augmentation(model: FaceSwap) -> Augmentation:
    light = Augmentation.light()
    # A warp hides by 4 of 256 pixels where things are, which blurs all that is finer.
    larger = isinstance(model, Swift) and model.output_size > model.image_size
    return replace(light, warp=0.0) if larger else light


def _warn_of_small_faces(sets: Mapping[str, FaceSet], size: int) -> None:
    sides = {name: faces.image_size for name, faces in sets.items()}
    if size > 128 and min(sides.values()) < size:
        _LOG.warning(
            "Faces of %s pixels were given to train images of %d. Expected faces at "
            "least as large: enlarged ones have no detail to learn. Extract them with "
            "FaceAligner(image_size=%d), or extract --size %d.",
            *(sides, size, size, size),
        )
