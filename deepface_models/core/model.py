"""Base class of all models: checked arguments, config, parts and their saving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import keras

from deepface_models.core import cloning as _cloning
from deepface_models.core import quantized as _quantized
from deepface_models.core import saving as _saving
from deepface_models.core.averages import separate_averages
from deepface_models.core.batches import checked
from deepface_models.core.choices import choose
from deepface_models.core.poses import PoseRange
from deepface_models.core.weights import refuse_classes


class PartModel(keras.Model):
    """A functional model made of parts; its config is its constructor arguments.

    A subclass lists its constructor arguments in `_arguments`, stores them as
    attributes, and returns its networks by name from `parts`.
    """

    compiled: bool
    # The preset that the weights are from: "name#sha256=<digest of preset.json>".
    started_from: str | None = None
    # How far each person's head is turned in the faces of the training, if known.
    poses: Mapping[str, PoseRange] = MappingProxyType({})
    _arguments: tuple[str, ...] = ()
    _more_arguments: tuple[str, ...] = ()  # those of the base class

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Makes constructors check integers and accept the inputs of `clone_model`."""
        super().__init_subclass__(**kwargs)
        init = vars(cls).get("__init__")
        if init is not None:
            type.__setattr__(cls, "__signature__", _cloning.ConstructorSignature(init))
            type.__setattr__(cls, "__init__", _cloning.constructor(init))

    def _check_arguments(self, kwargs: dict[str, Any]) -> None:
        """Rejects unknown arguments, which Keras would ignore."""
        known = ("name", "dtype", "trainable")
        unknown = set(kwargs) - set(known)
        if unknown:
            *first, last = (*self._arguments, *self._more_arguments, *known)
            raise TypeError(
                f"{', '.join(sorted(unknown))} was given to {type(self).__name__}. "
                f"Expected {', '.join(first)} or {last}. Check the spelling."
            )

    def save_parts(self, folder: str | Path) -> Path:
        """Saves the model as a folder: its config, and a weights file for each part.

        Args:
            folder: The folder; a model in it is replaced.

        Returns:
            The folder.

        Raises:
            ValueError: The folder contains something else.
        """
        from deepface_models.core import parts

        return parts.save_parts(self, folder)

    def fit(self, x: Any = None, y: Any = None, **kwargs: Any) -> Any:
        """Trains like `keras.Model.fit`, after checking the first batch."""
        refuse_classes(kwargs.get("class_weight"), self.name)
        _saving.check_callbacks(kwargs.get("callbacks"), self)
        x = checked(x, self._check_batch)
        if "validation_data" in kwargs:
            held_out = checked(kwargs["validation_data"], self._check_batch)
            kwargs["validation_data"] = held_out
        self._begin(x, y)
        history = super().fit(x, y, **kwargs)
        separate_averages(self.optimizer)
        return history

    def evaluate(self, x: Any = None, y: Any = None, **kwargs: Any) -> Any:
        """Measures like `keras.Model.evaluate`, after checking the first batch."""
        return super().evaluate(checked(x, self._check_batch), y, **kwargs)

    def predict(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """Predicts like `keras.Model.predict`, after checking the first batch."""
        return super().predict(checked(x, self._check_batch), *args, **kwargs)

    @property
    def parts(self) -> dict[str, keras.Model]:
        """The networks by name; each has its own weights file."""
        raise NotImplementedError(f"{type(self).__name__} has to name its parts.")

    def freeze(self, *names: str) -> None:
        """Freezes parts, so that training does not change their weights.

        Call `compile` afterwards; until then `fit` raises an error. Frozen parts are
        not saved with the model.

        Args:
            *names: Names of `parts`, such as "encoder".

        Raises:
            ValueError: No name was given, or there is no such part.
        """
        if not names:
            raise ValueError(
                "No part was given to freeze(). Expected one or more of "
                f"{', '.join(map(repr, self.parts))}. Use freeze('encoder')."
            )
        self._set_trainable(names, False)

    def unfreeze(self, *names: str) -> None:
        """Unfreezes parts, all of them by default; see `freeze`."""
        self._set_trainable(names or tuple(self.parts), True)

    @property
    def frozen(self) -> tuple[str, ...]:
        """Names of the frozen parts."""
        return tuple(n for n, part in self.parts.items() if not part.trainable)

    def save(self, filepath: str | Path, *args: Any, **kwargs: Any) -> None:
        """Saves a `.keras` file like `keras.Model.save`.

        Raises:
            ValueError: The name ends in `.h5` or `.hdf5`, which are not supported.
        """
        _saving.refuse_h5(filepath, self)
        super().save(filepath, *args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments, and the layers that are quantized."""
        _saving.refuse_legacy(self)
        config = {name: getattr(self, name) for name in self._arguments}
        own = {"trainable": self.trainable, "dtype": self.dtype_policy.name}
        return {**config, "name": self.name, **own, **_quantized.describe(self)}

    def get_compile_config(self) -> dict[str, Any]:
        """Returns the compile settings; empty if parts are frozen or quantized.

        Frozen parts are not saved, and the optimizer's state depends on them.
        """
        if self.frozen or _quantized.describe(self):
            return {}
        return dict(super().get_compile_config())

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compiles with the settings of a `.keras` file, to continue training.

        Custom losses have to be registered or passed as `custom_objects`, as for any
        Keras model.
        """
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Builds the model that `get_config` described."""
        config = dict(config)
        quantized = config.pop(_quantized.KEY, None)
        model = cls(**cls._arguments_of(config, custom_objects))
        _quantized.restore(model, quantized)
        return model

    @classmethod
    def _arguments_of(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Converts a config to constructor arguments."""
        return config

    def _build_as(self, config: dict[str, Any]) -> None:
        """Builds this new model from another model's config."""
        quantized = config.pop(_quantized.KEY, None)
        type(self).__init__(self, **self._arguments_of(config))
        _quantized.restore(self, quantized)

    def _run_through_graph(
        self, inputs: Any, operation_fn: Any = lambda layer: layer, call_fn: Any = None
    ) -> Any:
        run = super()._run_through_graph
        return _cloning.run_through_graph(
            self, run, inputs, operation_fn, call_fn=call_fn
        )

    def _check_batch(self, x: Any, y: Any) -> None:
        """Raises ValueError if a batch does not fit the model."""

    def _begin(self, x: Any, y: Any) -> None:
        """Prepares the model for the training data."""

    def _owners(self) -> dict[str, str]:
        """Returns the person of each person-specific part."""
        return {}

    def _set_trainable(self, names: Sequence[str], value: bool) -> None:
        parts = {name: self._part(name) for name in names}
        for part in parts.values():
            # The optimizer of before would still train it, or fail later.
            self.compiled = self.compiled and part.trainable == value
            part.trainable = value

    def _part(self, name: str) -> keras.Model:
        """Returns a part by name."""
        return self.parts[choose("part", name, self.parts)]
