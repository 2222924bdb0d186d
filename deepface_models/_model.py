"""What the models of both families share: checked arguments, config, parts."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from deepface_models._guards import MAX_PARAMETERS


class PartModel(keras.Model):
    """A functional model made of parts; its config is its constructor arguments.

    A subclass names its constructor arguments in `_arguments` and stores them as
    attributes; `parts` gives its networks by the name of their weights file.
    """

    compiled: bool
    # The preset that its weights come from, "name#sha256=<digest of preset.json>".
    started_from: str | None = None
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

    @property
    def parts(self) -> dict[str, keras.Model]:
        """The networks by the name of their weights file."""
        raise NotImplementedError(f"{type(self).__name__} has to name its parts.")

    def freeze(self, *names: str) -> None:
        """Stops parts from learning: training leaves their weights as they are.

        Call `compile` afterwards, as an optimizer knows only what it was made for;
        until then `fit` refuses. Like the optimizer, this is a setting of the
        training and is not saved with the model.

        Args:
            *names: Names of `parts`, such as "encoder".

        Raises:
            ValueError: No part was named, or there is none of that name.
        """
        if not names:
            raise ValueError(
                "freeze() was given no part. Expected one or more of "
                f"{', '.join(map(repr, self.parts))}. Use freeze('encoder')."
            )
        self._set_trainable(names, False)

    def unfreeze(self, *names: str) -> None:
        """Lets parts learn again, all of them by default; see `freeze`."""
        self._set_trainable(names or tuple(self.parts), True)

    @property
    def frozen(self) -> tuple[str, ...]:
        """Names of the parts that do not learn."""
        return tuple(n for n, part in self.parts.items() if not part.trainable)

    def take_parts(
        self,
        source: keras.Model | str | Path,
        parts: str | Sequence[str] | Mapping[str, str] | None = None,
    ) -> tuple[str, ...]:
        """Copies weights of another model's parts, of any class, into this one's.

        Args:
            source: A model, or what `save_parts` or `save("x.keras")` wrote.
            parts: Names of the parts, the same here and there; by default those
                that both have in the same structure and that are nobody's own. A
                dictionary takes parts of other names and of other people: this
                model's part to the source's, `{"decoder.zoe": "decoder.ana"}`.

        Returns:
            This model's parts that were taken.

        Raises:
            FileNotFoundError: Nothing is at `source`.
            ModelFileError: It is no model of this package.
            ValueError: A part is missing, differs in structure, or is another
                person's and was not given in a dictionary. Nothing was copied.
        """
        from deepface_models import _transfer

        return _transfer.take_parts(self, source, parts)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        config = {name: getattr(self, name) for name in self._arguments}
        own = {"trainable": self.trainable, "dtype": self.dtype_policy.name}
        return {**config, "name": self.name, **own}

    def get_compile_config(self) -> dict[str, Any]:
        """Returns how it was compiled; nothing where parts are frozen.

        What is frozen is not saved, and an optimizer knows only what it was made for.
        """
        return {} if self.frozen else super().get_compile_config()

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compiles as a `.keras` file says, for training to go on.

        Keras leaves that to classes whose `compile` is their own. A loss of one's own
        has to be registered, or given as `custom_objects`, as for any Keras model.
        """
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Builds the model that `get_config` described."""
        return cls(**config)

    @classmethod
    def from_preset(
        cls,
        source: str | Path,
        *,
        identities: Sequence[str] | None = None,
        load_weights: bool = True,
        max_parameters: int = MAX_PARAMETERS,
    ) -> Any:
        """Builds a model of this class from a preset; it is not compiled.

        Args:
            source: A name of `presets.list_models()`, a folder that `save_parts` or
                `presets.save_preset` wrote, "https://host/folder" or
                "hf://owner/repo[/folder][@revision]".
            identities: The people of a face swap: new ones where the preset holds
                only what people share, else the preset's own in any order.
            load_weights: False for the architecture alone, with fresh weights.
            max_parameters: The most parameters to allocate memory for; see
                `presets.load`.

        Raises:
            FileNotFoundError: There is no such preset.
            ConnectionError: It cannot be fetched.
            IntegrityError: A file is missing, damaged or changed.
            ModelFileError: It holds no model of this class and version.
            ValueError: `identities` are not the preset's, or are missing.
        """
        from deepface_models import presets

        return presets.load(
            source,
            load_weights=load_weights,
            identities=identities,
            expected=cls,
            max_parameters=max_parameters,
        )

    def _owners(self) -> dict[str, str]:
        """Returns whose own a part is, by part; nobody's are left out."""
        return {}

    def _set_trainable(self, names: Sequence[str], value: bool) -> None:
        parts = {name: self._part(name) for name in names}
        for part in parts.values():
            # A stale optimizer would go on training, or fail much later.
            self.compiled = self.compiled and part.trainable == value
            part.trainable = value

    def _part(self, name: str) -> keras.Model:
        """Returns a part, or says which there are."""
        if name in self.parts:
            return self.parts[name]
        near = difflib.get_close_matches(str(name), self.parts, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(
            f"{name!r} is no part of this {type(self).__name__}. Expected one of "
            f"{', '.join(map(repr, self.parts))}.{hint}"
        )
