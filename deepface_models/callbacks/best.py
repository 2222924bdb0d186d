"""The model that does best on what it was not trained on."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deepface_models.callbacks._holding import HoldsFolder
from deepface_models.core.folders import recover_folder
from deepface_models.core.parts import read_config, restore_parts, save_parts
from deepface_models.core.whole import whole_numbers

_LOG = logging.getLogger(__name__)


class BestByMeasure(HoldsFolder):
    """Keeps the model that does best by a measure of yours, on held-out faces.

    A reconstruction loss says little about a swap, so the measure takes the model:
    the embedding distance of swapped held-out faces to the target person, say. The
    best model lies in `folder` as `save_parts` writes it, with the measure, the
    epoch and the mode in its metadata; a resumed training has to beat it. Use
    another folder for another training.

    Args:
        folder: Where the best model goes.
        measure: Takes the model, returns a number. It should draw no random numbers
            from global generators, or training is no longer repeatable.
        mode: "min" or "max", what is best.
        every: Epochs from one measurement to the next.
        restore: Whether to give the model the best weights when training ends.

    Raises:
        InUseError: On training begin, another training writes to the folder.
        ValueError: `mode` is unknown, or (on training begin) the folder holds a
            model that was kept by another mode or by no measure.

    Attributes:
        best: The best value, or None.
        best_epoch: After how many epochs it was measured, or None.
        values: All values measured, by epoch.
    """

    @whole_numbers(every=1)
    def __init__(
        self,
        folder: str | Path,
        measure: Callable[[Any], float],
        mode: str = "min",
        every: int = 1,
        restore: bool = False,
    ) -> None:
        super().__init__(folder)
        if mode not in ("min", "max"):
            raise ValueError(
                f'mode={mode!r} was given. Expected "min" or "max". Use "min" for '
                "distances and errors."
            )
        self.measure = measure
        self.mode = mode
        self.every = every
        self.restore = restore
        self.best: float | None = None
        self.best_epoch: int | None = None
        self.values: dict[int, float] = {}

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Reads what is to be beaten, if a model lies in the folder."""
        self.best, self.best_epoch, self.values = None, None, {}
        self.hold()
        try:
            self._read()
        except BaseException:
            self.let_go()  # Keras ends no training that it did not begin
            raise

    def _read(self) -> None:
        recover_folder(self.folder)
        if not self.folder.exists() or not any(self.folder.iterdir()):
            return
        metadata = read_config(self.folder).get("metadata") or {}
        if metadata.get("mode") != self.mode or "measure" not in metadata:
            raise ValueError(
                f"{self.folder} holds a model that was not kept as the best by "
                f'mode="{self.mode}". Expected a new folder or one of this training. '
                "Choose another folder."
            )
        self.best, self.best_epoch = metadata["measure"], metadata["epoch"]
        _LOG.info("%s: %s is to be beaten.", self.folder, self.best)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Measures; keeps the model if it is the best so far."""
        model = self.model
        if (epoch + 1) % self.every and not model.stop_training:
            return
        value = self.values[epoch + 1] = float(self.measure(model))
        if not math.isfinite(value):
            _LOG.warning("Epoch %d measured %s; it is left out.", epoch + 1, value)
        elif self.best is None or self._better(value, self.best):
            self.best, self.best_epoch = value, epoch + 1
            metadata = {"measure": value, "epoch": epoch + 1, "mode": self.mode}
            save_parts(model, self.folder, metadata)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Gives the model its best weights back where asked for."""
        if self.restore and self.best is not None:
            restore_parts(self.model, self.folder)
        self.let_go()

    def _better(self, value: float, than: float) -> bool:
        return value < than if self.mode == "min" else value > than
