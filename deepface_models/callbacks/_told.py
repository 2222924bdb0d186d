"""What `train` tells those who watch it: its progress, and the held-out error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from deepface_models.callbacks._images import choose_faces
from deepface_models.callbacks.budget import TimeBudget
from deepface_models.core.arrays import Array, as_float
from deepface_models.core.watching import stop_wanted, tell

_MOST = 6  # held-out faces of each person


class ToldProgress(keras.callbacks.Callback):
    """Tells a watcher how much of a training is done, and ends it when asked.

    Args:
        budget: The training's time, or None.
        steps: The training's number of batches, or None.
    """

    def __init__(self, budget: TimeBudget | None, steps: int | None) -> None:
        super().__init__()
        self.budget, self.steps = budget, steps
        self._before = 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Counts the batches of earlier epochs."""
        self._before = epoch * int((self.params or {}).get("steps") or 0)

    def on_train_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        """Tells the progress: by time or by batches, whichever ends first."""
        told: list[tuple[float, float]] = []
        if self.budget is not None:
            told.append((self.budget.used, 60.0 * self.budget.minutes))
        if self.steps is not None:
            told.append((self._before + batch + 1, self.steps))
        if told:
            tell("train", *max(told, key=lambda one: one[0] / one[1]))
        if stop_wanted():
            self.model.stop_training = True


class HeldOutError(keras.callbacks.Callback):
    """Adds the error of reconstructed held-out faces to the logs of each epoch.

    Args:
        faces: Faces (N, S, S, 3) of each person, uint8 or float in [0, 1].
    """

    def __init__(self, faces: Mapping[str, Array]) -> None:
        super().__init__()
        self.faces = choose_faces(faces, _MOST)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Measures the mean absolute difference, from 0 to 1."""
        if logs is not None:
            errors = [self._error(name, faces) for name, faces in self.faces.items()]
            logs["held_out_error"] = float(np.mean(errors))

    def _error(self, name: str, faces: Array) -> float:
        decoded = self.model.predict(faces, identity=name, source_identity=name)
        expected = as_float(faces)
        if decoded.shape[1:3] != expected.shape[1:3]:
            expected = keras.ops.convert_to_numpy(
                keras.ops.image.resize(expected, decoded.shape[1:3])
            )
        return float(np.abs(decoded[..., :3] - expected).mean())
