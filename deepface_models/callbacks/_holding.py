"""Base class of callbacks that lock a folder while training."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import keras

from deepface_models.core.locks import hold


class HoldsFolder(keras.callbacks.Callback):
    """Base of callbacks that let only one training at a time write to a folder.

    Args:
        folder: Folder that the callback writes to.
    """

    def __init__(self, folder: str | Path) -> None:
        super().__init__()
        self.folder = Path(folder)
        self._holding: AbstractContextManager[int] | None = None

    def hold(self) -> None:
        """Locks the folder until `let_go` is called or this object is deleted.

        Raises:
            InUseError: Another training writes to it.
        """
        if self._holding is None:
            holding = hold(self.folder)
            holding.__enter__()
            self._holding = holding

    def let_go(self) -> None:
        """Unlocks the folder; call it if `fit` ended with an error."""
        if self._holding is not None:
            self._holding.__exit__(None, None, None)
            self._holding = None
