"""Keeps the model with the best value of a custom metric."""

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
    """Keeps the model with the best value of a custom metric.

    A reconstruction loss says little about the quality of a swap, so the metric is a
    function of the model: for example, the embedding distance between swapped held-out
    faces and the target person. `save_parts` writes the best model to `folder`, with
    value, epoch and mode in its metadata. A resumed training continues from that best
    value. Use a folder of its own for each training.

    Args:
        folder: Folder of the best model.
        measure: Function that takes the model and returns a number. If it uses the
            global random generators, training is no longer repeatable.
        mode: "min" if lower values are better, "max" if higher ones are.
        every: Epochs between measurements.
        restore: Whether the model gets the best weights when training ends.

    Raises:
        InUseError: When training begins: another training writes to the folder.
        ValueError: `mode` is unknown; or, when training begins, the folder holds a
            model that was saved with another mode or by something else.

    Attributes:
        best: The best value, or None.
        best_epoch: Number of epochs after which it was measured, or None.
        values: All measured values, by number of epochs.

    Example:
        >>> loss = lambda model: model.evaluate(x_train, verbose=0)
        >>> best = BestByMeasure("best", loss)
        >>> history = autoencoder.fit(x_train, callbacks=[best], verbose=0)
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
        """Reads the best value so far, if the folder holds a model."""
        self.best, self.best_epoch, self.values = None, None, {}
        self.hold()
        try:
            self._read()
        except BaseException:
            self.let_go()  # Keras does not call on_train_end after this error
            raise

    def _read(self) -> None:
        recover_folder(self.folder)
        if not self.folder.exists() or not any(self.folder.iterdir()):
            return
        metadata = read_config(self.folder).get("metadata") or {}
        if metadata.get("mode") != self.mode or "measure" not in metadata:
            raise ValueError(
                f"{self.folder} was given, which holds a model that was not saved with "
                f'mode="{self.mode}". Expected a new folder or one of this training. '
                "Choose another folder."
            )
        self.best, self.best_epoch = metadata["measure"], metadata["epoch"]
        _LOG.info("%s: the best value so far is %s.", self.folder, self.best)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Measures the model and saves it if it is the best so far."""
        model = self.model
        if (epoch + 1) % self.every and not model.stop_training:
            return
        value = self.values[epoch + 1] = float(self.measure(model))
        if not math.isfinite(value):
            _LOG.warning("Epoch %d measured %s, which is ignored.", epoch + 1, value)
        elif self.best is None or self._better(value, self.best):
            self.best, self.best_epoch = value, epoch + 1
            metadata = {"measure": value, "epoch": epoch + 1, "mode": self.mode}
            save_parts(model, self.folder, metadata)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Restores the best weights if `restore` is set."""
        if self.restore and self.best is not None:
            restore_parts(self.model, self.folder)
        self.let_go()

    def _better(self, value: float, than: float) -> bool:
        return value < than if self.mode == "min" else value > than
