"""Training from a preset: what it builds on, what stands still, what learns slower."""

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

# How long `train` takes unless told otherwise; where the parts that people share were
# pretrained for new people, more brings little (docs/presets.md).
MINUTES = 2.0
FROM_SCRATCH = 6.0

_START = "start.json"


def from_preset(
    preset: str | Path,
    identities: Sequence[str],
    model_class: type[FaceSwap] | None,
    image_size: int | None,
    face_type: str,
) -> FaceSwap:
    """Returns a preset's model, if it is what was asked for.

    Args:
        preset: As in `deepface_models.load`.
        identities: The people.
        model_class: The architecture asked for, or None for any.
        image_size: Pixels asked for, or None for any.
        face_type: How the faces are cut out.

    Raises:
        ValueError: It is of another architecture, size or kind of faces.
    """
    model: FaceSwap = FaceSwap.from_preset(preset, identities=identities)
    model.started_from = _origin(preset, model)
    if model_class not in (None, type(model)):
        found, expected, remedy = (
            f"a {type(model).__name__}",
            f"a {model_class.__name__}, as `architecture` says",
            "Leave `architecture` out, which the preset decides",
        )
    elif image_size not in (None, model.image_size):
        found, expected, remedy = (
            f"a model of {model.image_size} pixels",
            f"image_size={image_size}, as was given",
            "Leave the size out, which the preset decides",
        )
    elif face_type != model.face_type:
        found, expected, remedy = (
            f"a model of faces cut out as {model.face_type!r}",
            f"{face_type!r}, as the sets are",
            f"Extract them with FaceAligner(face_type={model.face_type!r})",
        )
    else:
        return model
    raise ValueError(
        f"{preset} holds {found}. Expected {expected}. {remedy}, or choose another "
        "preset."
    )


@dataclass(frozen=True)
class FineTuneSchedule:
    """How the parts of a model learn.

    Attributes:
        freeze: For each part that stands still, the share of the training.
        rates: For each part with a rate of its own, that rate.
        minutes: How long, where nobody says.
    """

    freeze: Mapping[str, float]
    rates: Mapping[str, float]
    minutes: float = FROM_SCRATCH

    @classmethod
    def of(
        cls,
        model: FaceSwap,
        freeze: Mapping[str, float] | None,
        rates: Mapping[str, float] | None,
    ) -> FineTuneSchedule:
        """Returns what was asked for: without, all parts learn from the first step."""
        minutes = MINUTES if model.decoder_initializers else FROM_SCRATCH
        found = cls(freeze or {}, rates or {}, minutes)
        for name in (*found.freeze, *found.rates):
            model._part(name)
        return found

    def compile(self, model: FaceSwap) -> None:
        """Compiles with the architecture's own loss and optimizer."""
        never = [name for name, share in self.freeze.items() if share == 1.0]
        if never:  # needs no gradients either
            model.freeze(*never)
        model.compile()
        rates = {**dict.fromkeys(self._waits, 1.0), **self.rates}
        rates = {name: rate for name, rate in rates.items() if name not in never}
        if rates:
            optimizer = inner_optimizer(model)
            model.compile(optimizer=with_lr_multipliers(optimizer, model, rates))

    def callbacks(
        self, steps: int | None, budget: TimeBudget | None
    ) -> list[keras.callbacks.Callback]:
        """Returns what lets parts go in time."""
        return [FreezeParts(self._waits, steps, budget)] if self._waits else []

    def __str__(self) -> str:
        """Says it in half a sentence."""
        said = [
            f"{name} stands still "
            + ("to the end" if share == 1.0 else f"for the first {100 * share:g} %")
            for name, share in self.freeze.items()
            if share
        ]
        said += [f"{name} learns at {rate:g} of the rate" for name, rate in self._own]
        return ", ".join(said) or "all parts learn from the first step"

    @property
    def _waits(self) -> dict[str, float]:
        return {name: share for name, share in self.freeze.items() if 0 != share != 1}

    @property
    def _own(self) -> list[tuple[str, float]]:
        return [(name, rate) for name, rate in self.rates.items() if rate != 1.0]


def says(model: FaceSwap, schedule: FineTuneSchedule) -> str:
    """Returns the line that says what a training starts from."""
    name = str(model.started_from).partition("#")[0]
    return f"Starts from {name}: {schedule}."


def note_start(model: FaceSwap, output: Path, checkpoint: ResumableCheckpoint) -> None:
    """Notes what a training starts from, or refuses to go on with something else.

    Raises:
        ModelFileError: The training to go on with started from something else.
    """
    path = output / _START
    mine = model.started_from
    noted = _read(path)
    if checkpoint.checkpoints() and _digest(noted) != _digest(mine):
        raise ModelFileError(
            f"{output} holds a training that started from {noted or 'a new model'}, "
            f"not from {mine or 'a new model'}. Expected the same, as it goes on where "
            "it was. Start from that, or choose another folder."
        )
    if mine is not None:
        write_json(path, {"started_from": mine})
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
            f'started from. Write it anew, as {{"started_from": ...}}, or choose '
            "another folder."
        ) from error


def _digest(origin: str | None) -> str:
    return (origin or "").partition("#")[2]


def _origin(preset: str | Path, model: Any) -> str:
    """Returns a preset's name and digest, or those of a plain folder's weights."""
    folder = Path(preset)
    if registry.find(preset) or not folder.is_dir() or record.has_record(folder):
        return str(model.started_from)
    files = json.dumps(parts.read_config(folder)["parts"], sort_keys=True)
    digest = hashlib.sha256(files.encode()).hexdigest()
    return f"{folder.resolve().name}#sha256={digest}"
