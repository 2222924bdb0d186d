"""Callbacks of a training by several processes, of which one writes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from deepface_models.callbacks import EpochTable, ResumableCheckpoint, SwapPreview
from deepface_models.training.devices import Devices

_READY = "deepface_models checkpoints"


class LeadingCheckpoint(ResumableCheckpoint):
    """A checkpoint that all processes restore at once, as JAX requires."""

    def __init__(self, devices: Devices, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._devices = devices

    def _sweep(self) -> None:
        super()._sweep()
        self._devices.wait(_READY)


class FollowingCheckpoint(LeadingCheckpoint):
    """Restores what the leading process saved, and writes nothing."""

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Waits for the leading process; restores the same checkpoint."""
        self._unsaved = None
        self._devices.wait(_READY)
        self._restore()

    def save(self, epoch: int) -> Path:
        """Saves nothing."""
        self._unsaved = None
        return self.folder / f"epoch-{epoch:06d}"


def checkpoint_of(devices: Devices, *args: Any, **kwargs: Any) -> ResumableCheckpoint:
    """Returns the checkpoint of this process."""
    kind = LeadingCheckpoint if devices.leads else FollowingCheckpoint
    return kind(devices, *args, **kwargs)


def of_process(
    devices: Devices, callbacks: Sequence[keras.callbacks.Callback]
) -> list[keras.callbacks.Callback]:
    """Returns the callbacks without those that only the leading process needs."""
    writing = () if devices.leads else (EpochTable, SwapPreview)
    return [one for one in callbacks if not isinstance(one, writing)]
