"""What the models of both families share: checked arguments, config, parts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from deepface_models.core import cloning as _cloning
from deepface_models.core import quantized as _quantized
from deepface_models.core import saving as _saving
from deepface_models.core.batches import checked
from deepface_models.core.choices import choose
from deepface_models.core.weights import refuse_classes


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

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Has constructors check integers and know what `clone_model` gives them."""
        super().__init_subclass__(**kwargs)
        init = vars(cls).get("__init__")
        if init is not None:
            type.__setattr__(cls, "__signature__", _cloning.ConstructorSignature(init))
            type.__setattr__(cls, "__init__", _cloning.constructor(init))

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
        from deepface_models.core import parts

        return parts.save_parts(self, folder)

    def fit(self, x: Any = None, y: Any = None, **kwargs: Any) -> Any:
        """Trains as `keras.Model.fit` does, once the first batch was looked at."""
        refuse_classes(kwargs.get("class_weight"), self.name)
        _saving.check_callbacks(kwargs.get("callbacks"), self)
        x = checked(x, self._check_batch)
        if "validation_data" in kwargs:
            held_out = checked(kwargs["validation_data"], self._check_batch)
            kwargs["validation_data"] = held_out
        self._begin(x, y)
        return super().fit(x, y, **kwargs)

    def evaluate(self, x: Any = None, y: Any = None, **kwargs: Any) -> Any:
        """Measures as `keras.Model.evaluate` does."""
        return super().evaluate(checked(x, self._check_batch), y, **kwargs)

    def predict(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """Predicts as `keras.Model.predict` does."""
        return super().predict(checked(x, self._check_batch), *args, **kwargs)

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

    def save(self, filepath: str | Path, *args: Any, **kwargs: Any) -> None:
        """Saves a `.keras` file, as `keras.Model.save` does.

        Raises:
            ValueError: The name ends in `.h5` or `.hdf5`.
        """
        _saving.refuse_h5(filepath, self)
        super().save(filepath, *args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments, and what `quantize` changed."""
        _saving.refuse_legacy(self)
        config = {name: getattr(self, name) for name in self._arguments}
        own = {"trainable": self.trainable, "dtype": self.dtype_policy.name}
        return {**config, "name": self.name, **own, **_quantized.describe(self)}

    def get_compile_config(self) -> dict[str, Any]:
        """Returns how it was compiled; nothing where parts are frozen or quantized.

        What is frozen is not saved, and an optimizer knows only what it was made for.
        """
        if self.frozen or _quantized.describe(self):
            return {}
        return dict(super().get_compile_config())

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
        config = dict(config)
        quantized = config.pop(_quantized.KEY, None)
        model = cls(**cls._arguments_of(config, custom_objects))
        _quantized.restore(model, quantized)
        return model

    @classmethod
    def _arguments_of(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Returns the constructor's arguments that a config stands for."""
        return config

    def _build_as(self, config: dict[str, Any]) -> None:
        """Builds this model, which is new, by another one's config."""
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
        """Raises ValueError where a batch is not what the model takes."""

    def _begin(self, x: Any, y: Any) -> None:
        """Prepares a model for the data that it is about to be trained on."""

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
        return self.parts[choose("part", name, self.parts)]
