"""A model under test, with suitable data and comparisons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

import keras
import numpy as np
from keras import ops, tree

from deepface_models.core.arrays import Array
from deepface_models.models.swap.base import FaceSwap
from deepface_models.testing.errors import ContractError

_SLOW_GRAPHS = keras.backend.backend() == "tensorflow"
_ANY_LENGTH = 8  # length of an axis that the model leaves open


class SignDescent(keras.optimizers.SGD):
    """Changes every value with a gradient by the learning rate.

    So even a gradient of 1e-9, such as that of a bias before a softmax, is detected.
    """

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Subtracts the gradient's sign times the rate; NaN if it is not finite."""
        step = ops.where(ops.isfinite(gradient), ops.sign(gradient), float("nan"))
        super().update_step(step, variable, learning_rate)


class Case:
    """One model under test.

    Args:
        cls: Its class.
        kwargs: Its constructor arguments.
        batch: Batch size; there is one more example than that.
        data: Examples, or (examples, targets); random bytes by default.
        loss: The loss for `compile`; the model's default loss by default.
    """

    def __init__(
        self, cls: Any, kwargs: Mapping[str, Any], batch: int, data: Any, loss: Any
    ) -> None:
        self.cls = cls
        self.kwargs = dict(kwargs)
        self.batch = batch
        self.loss = loss
        self.check = ""
        keras.utils.set_random_seed(0)
        self.model = cls(**self.kwargs)
        self.x, self.y = self._examples(data)
        self._randomize()
        self._state: list[tuple[Any, Array]] | None = None

    def fail(self, found: str, expected: str, fix: str) -> NoReturn:
        """Raises the error of the current check."""
        raise ContractError(self.cls.__name__, self.check, found, expected, fix)

    def compile(self, model: Any) -> None:
        """Compiles with the loss and an optimizer that detects any gradient."""
        loss = {} if self.loss is None else {"loss": self.loss}
        model.compile(optimizer=SignDescent(1e-6), run_eagerly=_SLOW_GRAPHS, **loss)

    def fit(self, x: Any, y: Any = None, graph: bool = False) -> dict[str, float]:
        """Trains one epoch from the same state every time; returns the logs.

        Args:
            x: Examples, or a data set.
            y: Targets.
            graph: Whether to train in a graph, as `fit` does by default. Otherwise
                TensorFlow trains eagerly, because tracing takes longer here.
        """
        self.restore(graph)
        size = {} if is_data_set(x) else {"batch_size": self.batch}
        logs = self.model.fit(x, y, epochs=1, shuffle=False, verbose=0, **size)
        return {name: float(values[0]) for name, values in logs.history.items()}

    def restore(self, graph: bool = False) -> None:
        """Restores the initial weights and random generators."""
        if self._state is None:
            self._state = [
                (variable, np.array(ops.convert_to_numpy(variable)))
                for variable in self.model.variables
            ]
            self.compile(self.model)
        eager = _SLOW_GRAPHS and not graph
        if self.model.run_eagerly != eager:
            # Compiling again would make TensorFlow trace twice.
            self.model.run_eagerly = eager
            self.model.train_function = self.model.predict_function = None
        for variable, value in self._state:
            variable.assign(value)

    def same(self, found: Any, expected: Any, what: str, fix: str) -> None:
        """Fails unless structures have the same values except for rounding."""
        for name, one, two in pairs(found, expected):
            if one.shape != two.shape or not np.allclose(one, two, 1e-4, 1e-5):
                self.fail(f"{what} {_difference(one, two, name)}", "the same", fix)

    def _examples(self, data: Any) -> tuple[Any, Any]:
        x, y = data if isinstance(data, tuple) else (data, None)
        drawn_x, drawn_y = _random_examples(self.model, self.batch + 1)
        x = drawn_x if x is None else x
        y = drawn_y if y is None else y
        for array in tree.flatten((x, y)):
            if array is not None and len(array) <= self.batch:
                raise ValueError(
                    f"data of {len(array)} examples was given with batch={self.batch}."
                    " Expected more examples than that, for a smaller last batch. "
                    f"Use {self.batch + 1} examples, or a smaller batch (2 or more)."
                )
        return rows(x, self.batch + 1), rows(y, self.batch + 1)

    def _randomize(self) -> None:
        """Adds noise to the weights, because zeros would hide later layers."""
        rng = np.random.default_rng(0)
        for variable in self.model.trainable_variables:
            noise = rng.standard_normal(variable.shape, "float32") * 0.05
            variable.assign(ops.convert_to_numpy(variable) + noise)


def _random_examples(model: Any, count: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)

    def draw(*shape: int) -> Array:
        return rng.integers(0, 256, (count, *shape), "uint8")

    if isinstance(model, FaceSwap):
        size, out = model.image_size, model.output_size
        channels = 5 if model.has_mask else 3  # with a mask and a weight
        x = {name: draw(size, size, 3) for name in model.identities}
        return x, {name: draw(out, out, channels) for name in model.identities}
    return draw(*(n or _ANY_LENGTH for n in model.data_shape)), None


def rows(data: Any, count: int) -> Any:
    """Returns the first examples."""
    return tree.map_structure(lambda a: None if a is None else a[:count], data)


def as_unit(data: Any) -> Any:
    """Returns float32 examples, uint8 ones divided by 255."""

    def convert(array: Any) -> Any:
        if array is None:
            return None
        scale = 255.0 if array.dtype == np.uint8 else 1.0
        return np.asarray(array, "float32") / np.float32(scale)

    return tree.map_structure(convert, data)


def is_data_set(data: Any) -> bool:
    """Whether data are a data set rather than arrays."""
    return not isinstance(data, dict | np.ndarray)


def forward(model: Any, data: Any) -> Any:
    """Calls a model without a graph, in inference mode."""
    tensors = tree.map_structure(ops.convert_to_tensor, data)
    return model(tensors, training=False)


def named(structure: Any) -> dict[str, Any]:
    """Returns a structure's leaves by their path, such as "ana" or "output"."""
    return {
        "/".join(map(str, path)) or "output": leaf
        for path, leaf in tree.flatten_with_path(structure)
    }


def numbers(structure: Any) -> dict[str, Array]:
    """Returns a structure's leaves by their path as arrays of float32."""
    return {
        name: np.asarray(ops.convert_to_numpy(ops.cast(leaf, "float32")))
        for name, leaf in named(structure).items()
    }


def pairs(found: Any, expected: Any) -> list[tuple[str, Array, Array]]:
    """Returns (path, found, expected) of two structures; missing arrays are empty."""
    one, two = numbers(found), numbers(expected)
    nothing = np.zeros(0)
    return [
        (name, one.get(name, nothing), two.get(name, nothing))
        for name in sorted({*one, *two})
    ]


def _difference(one: Array, two: Array, name: str) -> str:
    if one.shape != two.shape:
        return f"differ in shape, {one.shape} and {two.shape} ({name})"
    return f"differ by up to {np.abs(one - two).max():.3g} ({name})"
