"""What the models of both families share: checked arguments, config, parts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras


class PartModel(keras.Model):
    """A functional model made of parts; its config is its constructor arguments.

    A subclass names its constructor arguments in `_arguments` and stores them as
    attributes; `parts` gives its networks by the name of their weights file.
    """

    _arguments: tuple[str, ...] = ()
    _more_arguments: tuple[str, ...] = ()  # those of the family's base

    def _check_arguments(self, kwargs: dict[str, Any]) -> None:
        """Refuses what nobody takes; Keras would take it without a word."""
        known = ("name", "dtype", "trainable")
        unknown = set(kwargs) - set(known)
        if unknown:
            *first, last = (*self._arguments, *self._more_arguments, *known)
            raise TypeError(
                f"{type(self).__name__} was given {', '.join(sorted(unknown))}. "
                f"Expected {', '.join(first)} or {last}. Check the spelling."
            )

    def save_parts(self, folder: str | Path) -> Path:
        """Saves the config and one weights file a part; see `parts`."""
        from deepface_models import parts

        return parts.save_parts(self, folder)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        config = {name: getattr(self, name) for name in self._arguments}
        own = {"trainable": self.trainable, "dtype": self.dtype_policy.name}
        return {**config, "name": self.name, **own}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Builds the model that `get_config` described."""
        return cls(**config)
