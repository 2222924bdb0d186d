"""`train`: face sets in, a trained face swap with its previews out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from deepface_models.callbacks import (
    EpochTable,
    ResumableCheckpoint,
    StopOnNonFinite,
    SwapPreview,
    TimeBudget,
)
from deepface_models.core.choices import choose
from deepface_models.core.locks import hold_folder
from deepface_models.core.names import check_names
from deepface_models.core.whole import whole_numbers
from deepface_models.data import Augmentation, SwapPairs
from deepface_models.faces import FaceSet
from deepface_models.models.registry import architectures
from deepface_models.models.swap import FaceSwap
from deepface_models.training import fine_tuning as _fine_tuning

_MANY_EPOCHS = 9999  # more than anybody waits for: a time budget ends the training


def open_sets(faces: Mapping[str, FaceSet | str | Path]) -> dict[str, FaceSet]:
    """Returns each person's faces, opened where a folder is given."""
    return {
        name: value if isinstance(value, FaceSet) else FaceSet.open(value)
        for name, value in faces.items()
    }


@whole_numbers(image_size=1)
def build(
    architecture: str,
    identities: Sequence[str],
    image_size: int | None = None,
    face_type: str = "full",
) -> FaceSwap:
    """Returns a new model by its architecture's name.

    Args:
        architecture: A name of `list_architectures(family="swap")`.
        identities: The people's names.
        image_size: Pixels in; the architecture's own size by default.
        face_type: How the faces were cut out.

    Raises:
        ValueError: There is no such architecture.
    """
    sized: dict[str, Any] = {} if image_size is None else {"image_size": image_size}
    return _class_of(architecture)(
        identities=tuple(identities), face_type=face_type, **sized
    )


def _class_of(architecture: str) -> type[FaceSwap]:
    known = architectures("swap")
    found: type[FaceSwap] = known[choose("architecture", architecture, known)].model
    return found


@whole_numbers(
    image_size=1,
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
    preset: str | Path | None = None,
    freeze: Mapping[str, float] | None = None,
    rates: Mapping[str, float] | None = None,
    minutes: float | None = None,
    epochs: int | None = None,
    batch_size: int = 8,
    steps: int = 100,
    validation: float = 0.2,
    augmentation: Augmentation | None = None,
    preview_every: int = 5,
    checkpoint_every: int = 5,
    seed: int = 0,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: Any = "auto",
    say: Callable[[str], None] = print,
) -> FaceSwap:
    """Trains a face swap; called again after an interruption, it goes on.

    Everything here can be done by hand with `SwapPairs`, `model.fit` and
    `callbacks`; this puts the usual ones together. `output` gets `model/` (load it
    with `deepface_models.load`), `previews/`, `checkpoints/` and `history.csv`.

    Args:
        faces: For each person a `FaceSet` or its folder.
        output: Folder of the results.
        architecture: A name of `list_architectures`, such as "original"; by default
            "swift" or that of the preset.
        image_size: Pixels of the model; that of the architecture by default.
        preset: What to start from instead of a new model: a preset's name, address
            or folder, as in `deepface_models.load`. It is noted in `start.json`, and a
            training goes on with the same one only.
        freeze: For each part that stands still at first, the share of the training:
            {"encoder": 0.2} is the first fifth, 1.0 all of it. Nothing by default,
            which was best where that was measured (docs/presets.md).
        rates: For each part with a learning rate of its own, that rate beside the
            others': {"encoder": 0.1}.
        minutes: Time to train; the learning rate falls to the end of it. If `epochs`
            is not given either, 6 by default, or 2 where shared parts were pretrained.
        epochs: Passes of `steps` batches, instead of or at most beside `minutes`.
        batch_size: Faces of each person in a batch.
        steps: Batches an epoch.
        validation: Part of each person's faces held out (whole clips, else the end
            of the clip); `FaceSet.split(validation)` gives the same ones again.
        augmentation: Random changes; `Augmentation.light()` by default.
        preview_every: Epochs between preview images.
        checkpoint_every: Epochs between checkpoints.
        seed: Makes weights and draws repeatable.
        callbacks: More Keras callbacks.
        verbose: As in `keras.Model.fit`.
        say: Takes the line that says what a training from a preset starts from,
            unless `verbose` is 0.

    Returns:
        The trained model.

    Raises:
        InUseError: Another training writes to `output`.
        ValueError: Too few people or faces, an unknown architecture, or a preset of
            another architecture, size or kind of faces.
        FileNotFoundError: There is no such preset.
        ModelFileError: The training in `output` started from something else, or
            knows these faces as another person's.
    """
    output = Path(output)
    check_names(faces)
    sets = open_sets(faces)
    splits = {name: value.split(validation) for name, value in sets.items()}
    keras.utils.set_random_seed(seed)
    cut = {value.face_type for value in sets.values()}
    if len(cut) != 1:
        raise ValueError(
            f"The sets hold faces cut out as {sorted(cut)}. Expected the same for all "
            "people. Extract them again with one FaceAligner(face_type=...)."
        )
    people = tuple(sets)
    if preset is None:
        model = build(architecture or "swift", people, image_size, cut.pop())
    else:
        expected = _class_of(architecture) if architecture else None
        model = _fine_tuning.from_preset(
            preset, people, expected, image_size, cut.pop()
        )
    schedule = _fine_tuning.FineTuneSchedule.of(model, freeze, rates)
    pairs = SwapPairs(
        {name: training for name, (training, _) in splits.items()},
        batch_size,
        image_size=model.image_size,
        output_size=model.output_size,
        steps=steps,
        augmentation=augmentation or Augmentation.light(),
        seed=seed,
    )
    schedule.compile(model)
    budget = None
    if minutes is not None or epochs is None:
        budget = TimeBudget(schedule.minutes if minutes is None else minutes)
    timed = [budget] if budget else []
    held_out = {name: pairs.fitting(held) for name, (_, held) in splits.items()}
    checkpoint = ResumableCheckpoint(
        output / "checkpoints", pairs, every=checkpoint_every, also=timed
    )
    called = [
        EpochTable(output / "history.csv"),
        checkpoint,
        *callbacks,
        *timed,
        *schedule.callbacks(epochs and epochs * steps, budget),
        StopOnNonFinite(),
        SwapPreview(output / "previews", held_out, every=preview_every),
    ]
    with hold_folder(output):
        _fine_tuning.note_start(model, output, checkpoint)
        if model.started_from and verbose != 0:
            say(_fine_tuning.says(model, schedule))
        try:
            model.fit(
                pairs,
                epochs=epochs or _MANY_EPOCHS,
                verbose=verbose,
                callbacks=called,
            )
        finally:
            checkpoint.let_go()
        model.save_parts(output / "model")
    return model
