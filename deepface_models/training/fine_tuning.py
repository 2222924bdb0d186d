"""Training from a preset: its origin, frozen parts, and learning-rate multipliers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from deepface_models.callbacks import FreezeParts, ResumableCheckpoint, TimeBudget
from deepface_models.callbacks._steps import inner_optimizer
from deepface_models.core import parts
from deepface_models.core.checked import read
from deepface_models.core.errors import ModelFileError
from deepface_models.core.files import write_json
from deepface_models.models.swap import FaceSwap
from deepface_models.optimizers import with_lr_multipliers
from deepface_models.presets import record, registry

# Default minutes of `train`. Where the shared parts were pretrained for new people,
# training longer improves little (docs/presets.md).
MINUTES = 2.0
FROM_SCRATCH = 6.0

_START = "start.json"


def from_preset(
    preset: str | Path,
    identities: Sequence[str],
    model_class: type[FaceSwap] | None,
    image_size: int | None,
    face_type: str,
    output_size: int | None = None,
) -> FaceSwap:
    """Returns a preset's model after checking that it fits the training.

    Args:
        preset: A preset's name, address or folder, as in `deepface_models.load`.
        identities: The people's names.
        model_class: The expected architecture, or None for any.
        image_size: The expected image size in pixels, or None for any.
        face_type: How the training faces are cropped, such as "full".
        output_size: The size of the output images in pixels, or None for the preset's.

    Raises:
        ValueError: The preset's architecture, image size or face type is another, or
            its architecture has no such output size.
    """
    model: FaceSwap = FaceSwap.from_preset(preset, identities=identities)
    model.started_from = _origin(preset, model)
    if model_class not in (None, type(model)):
        found, expected, remedy = (
            f"a {type(model).__name__}",
            f"a {model_class.__name__}, as `architecture` was given",
            "Leave `architecture` out to use the preset's",
        )
    elif image_size not in (None, model.image_size):
        found, expected, remedy = (
            f"a model of {model.image_size} pixels",
            f"image_size={image_size}, as was given",
            "Leave the size out to use the preset's",
        )
    elif face_type != model.face_type:
        found, expected, remedy = (
            f"a model of faces cropped as {model.face_type!r}",
            f"{face_type!r}, as in the face sets",
            f"Extract the faces with FaceAligner(face_type={model.face_type!r})",
        )
    elif output_size in (None, model.output_size):
        return model
    elif hasattr(model, "with_output_size"):
        resized: FaceSwap = model.with_output_size(output_size)
        return resized
    else:
        found, expected, remedy = (
            f"a model with images of {model.output_size} pixels",
            f"output_size={output_size}, as was given",
            "Leave it out to use the preset's",
        )
    raise ValueError(
        f"{preset} holds {found}. Expected {expected}. {remedy}, or choose another "
        "preset."
    )


@dataclass(frozen=True)
class FineTuneSchedule:
    """Which parts of a model are frozen, for how long, and how fast the others learn.

    Attributes:
        freeze: For each frozen part, the fraction of the training.
        lr_multipliers: Part names and factors on their learning rates.
        minutes: Default duration of the training.
    """

    freeze: Mapping[str, float]
    lr_multipliers: Mapping[str, float]
    minutes: float = FROM_SCRATCH

    @classmethod
    def of(
        cls,
        model: FaceSwap,
        freeze: Mapping[str, float] | None,
        lr_multipliers: Mapping[str, float] | None,
    ) -> FineTuneSchedule:
        """Returns the schedule; with None for both, all parts learn from the start."""
        minutes = MINUTES if model.decoder_initializers else FROM_SCRATCH
        schedule = cls(freeze or {}, lr_multipliers or {}, minutes)
        for name in (*schedule.freeze, *schedule.lr_multipliers):
            model._part(name)
        return schedule

    def compile(self, model: FaceSwap) -> None:
        """Compiles with the architecture's default loss and optimizer."""
        always = [name for name, share in self.freeze.items() if share == 1.0]
        if always:  # these parts need no gradients either
            model.freeze(*always)
        model.compile()
        factors = {**dict.fromkeys(self._at_first, 1.0), **self.lr_multipliers}
        factors = {name: f for name, f in factors.items() if name not in always}
        if factors:
            optimizer = inner_optimizer(model)
            model.compile(optimizer=with_lr_multipliers(optimizer, model, factors))

    def callbacks(
        self, steps: int | None, budget: TimeBudget | None
    ) -> list[keras.callbacks.Callback]:
        """Returns the callback that unfreezes parts, if any are frozen at first."""
        return [FreezeParts(self._at_first, steps, budget)] if self._at_first else []

    def __str__(self) -> str:
        """Describes the schedule in half a sentence."""
        phrases = [
            f"{name} is frozen "
            + ("to the end" if share == 1.0 else f"for the first {100 * share:g} %")
            for name, share in self.freeze.items()
            if share
        ]
        phrases += [
            f"{name} learns at {factor:g} times the learning rate"
            for name, factor in self.lr_multipliers.items()
            if factor != 1.0
        ]
        return ", ".join(phrases) or "all parts learn from the first step"

    @property
    def _at_first(self) -> dict[str, float]:
        return {name: share for name, share in self.freeze.items() if 0 != share != 1}


def summary(model: FaceSwap, schedule: FineTuneSchedule) -> str:
    """Returns one sentence: the preset a training starts from, and its schedule."""
    name = str(model.started_from).partition("#")[0]
    return f"Training starts from {name}: {schedule}."


def record_start(
    model: FaceSwap, output: Path, checkpoint: ResumableCheckpoint
) -> None:
    """Records the preset that a training starts from, or checks it when resuming.

    Raises:
        ModelFileError: The training to resume started from something else.
    """
    path = output / _START
    origin = model.started_from
    recorded = _read(path)
    if checkpoint.checkpoints() and _digest(recorded) != _digest(origin):
        raise ModelFileError(
            f"{output} holds a training that started from {recorded or 'a new model'}, "
            f"not from {origin or 'a new model'}. Expected the same, because the "
            "training is resumed. Start from that, or choose another folder."
        )
    if origin is not None:
        write_json(path, {"started_from": origin})
    else:
        path.unlink(missing_ok=True)


def _read(path: Path) -> str | None:
    if not path.exists():
        return None
    try:
        return str(read(path, "start")["started_from"])
    except ValueError as error:
        raise ModelFileError(
            f"{path} is damaged ({error}). Expected the preset that the training "
            f'started from. Write the file again, as {{"started_from": ...}}, or '
            "choose another folder."
        ) from error


def _digest(origin: str | None) -> str:
    return (origin or "").partition("#")[2]


def _origin(preset: str | Path, model: Any) -> str:
    """Returns a preset's name and digest, or a model folder's name and digest."""
    folder = Path(preset)
    if registry.find(preset) or not folder.is_dir() or record.has_record(folder):
        return str(model.started_from)
    files = json.dumps(parts.read_config(folder)["parts"], sort_keys=True)
    digest = hashlib.sha256(files.encode()).hexdigest()
    return f"{folder.resolve().name}#sha256={digest}"
