"""Callbacks that own a folder for the length of a training."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import keras

from deepface_models.core.locks import hold


class HoldsFolder(keras.callbacks.Callback):
    """Base of callbacks that write to one folder: one training at a time.

    Args:
        folder: Where the callback writes.
    """

    def __init__(self, folder: str | Path) -> None:
        super().__init__()
        self.folder = Path(folder)
        self._holding: AbstractContextManager[int] | None = None

    def hold(self) -> None:
        """Takes the folder, until `let_go` or until nobody has this callback.

        Raises:
            InUseError: Another training writes to it.
        """
        if self._holding is None:
            holding = hold(self.folder)
            holding.__enter__()
            self._holding = holding

    def let_go(self) -> None:
        """Lets others write to the folder; for a `fit` that ended with an error."""
        if self._holding is not None:
            self._holding.__exit__(None, None, None)
            self._holding = None
