"""Checks of inputs and targets that are dictionaries keyed by person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from deepface_models.core.arrays import Array, as_float, images_of
from deepface_models.core.batches import arrays_in, is_data_set
from deepface_models.core.inputs import (
    as_numbers,
    check_unit,
)

_COLORS_AND_MASK = 4  # channels in [0, 1]; the next is a weight and may exceed 1


class NamedImages:
    """Checks dictionaries of images, and batches of data sets.

    Args:
        identities: The people's names.
        image_size: Side of the input faces in pixels.
        model: The model's name, for error messages.
    """

    def __init__(self, identities: Sequence[str], image_size: int, model: str) -> None:
        self.identities = tuple(identities)
        self.image_size = image_size
        self.model = model

    def inputs(self, x: Any, method: str, advice: str = "") -> Any:
        """Returns all faces as float32 in [0, 1]; returns data sets unchanged.

        Args:
            x: A data set, or a dictionary of (N, S, S, 3).
            method: Name of the calling method, for the error message.
            advice: A sentence to append to the error message.

        Raises:
            ValueError: `x` is neither, a person is missing, or faces do not fit.
        """
        if x is None or is_data_set(x):
            return x
        if not isinstance(x, Mapping):
            shape = f" of shape {np.shape(x)}" if hasattr(x, "shape") else ""
            names = ", ".join(f'"{name}": ...' for name in self.identities)
            raise ValueError(
                f"A {type(x).__name__}{shape} was given to {method} of {self.model}. "
                "Expected SwapPairs, another data set, or a dictionary keyed by "
                f"identity: {{{names}}}. {advice}".rstrip()
            )
        self._check_names(x, "faces")
        return {name: self._faces(name, x[name]) for name in x}

    def targets(self, y: Any, x: Any = None) -> Any:
        """Returns all targets as float32, with colors and masks in [0, 1].

        Args:
            y: A dictionary of (N, T, T, 3..5), or None if `x` is a data set.
            x: The inputs.

        Raises:
            ValueError: There are no targets, a person is missing, or values are out
                of range.
        """
        if y is None and isinstance(x, Mapping):
            raise ValueError(
                f"Faces without targets were given to {self.model}. Expected both, "
                "keyed by identity. Use fit(faces, faces), or SwapPairs, which makes "
                "both."
            )
        if not isinstance(y, Mapping):
            return y
        self._check_names(y, "targets")
        return {name: self._target(name, y[name]) for name in y}

    def held_out(self, data: tuple[Any, ...]) -> tuple[Any, ...]:
        """Returns checked validation data, (x, y) or (x, y, sample_weight)."""
        x, *rest = data
        x = self.inputs(x, "fit(validation_data=...)")
        y = self.targets(rest[0] if rest else None, x)
        return (x, y, *(_for_each(y, weight) for weight in rest[1:]))

    def weigh(self, y: Any, kwargs: dict[str, Any]) -> None:
        """Repeats a single array of sample weights for each person.

        Raises:
            ValueError: A person's weights are missing.
        """
        weight = kwargs.get("sample_weight")
        if isinstance(weight, Mapping):
            self._check_names(weight, "sample weights")
        elif weight is not None:
            kwargs["sample_weight"] = _for_each(y, weight)

    def check(self, x: Any, y: Any) -> None:
        """Checks a batch of a data set.

        Raises:
            ValueError: A person is missing, or values are out of range.
        """
        if isinstance(x, Mapping):
            self._check_names(x, "faces")
        if isinstance(y, Mapping):
            self._check_names(y, "targets")
        for array in arrays_in(x):
            check_unit(array)
        for array in arrays_in(y):
            check_unit(array[..., :_COLORS_AND_MASK])

    def _check_names(self, given: Mapping[str, Any], what: str) -> None:
        missing = [name for name in self.identities if name not in given]
        others = sorted(set(map(str, given)) - set(self.identities))
        if missing or others:
            raise ValueError(
                f"The {what} of {', '.join(map(str, given)) or 'nobody'} were given to "
                f"{self.model}. Expected exactly those of "
                f"{', '.join(self.identities)}. Check the keys of the dictionary."
            )

    def _faces(self, name: str, given: Any) -> Array:
        faces = as_numbers(images_of(given), self.model)
        size = self.image_size
        if faces.shape[1:] != (size, size, 3) or not len(faces):
            raise ValueError(
                f"Faces of shape {faces.shape} were given for {name!r}. Expected "
                f"(N, {size}, {size}, 3), RGB, with N of 1 or more for {self.model}. "
                f"Align them with FaceAligner(image_size={size})."
            )
        return _unit(faces)

    def _target(self, name: str, given: Any) -> Array:
        target = as_numbers(images_of(given), self.model)
        if not target.size:
            raise ValueError(
                f"Targets of shape {target.shape} were given for {name!r}. Expected "
                "(N, T, T, 3) to (N, T, T, 5) with N of 1 or more. Check the data."
            )
        return _unit(target)


def _unit(images: Array) -> Array:
    """Returns images as float32, with masks and weights if there are any."""
    check_unit(images[..., :_COLORS_AND_MASK])
    return as_float(images)


def _for_each(y: Any, weight: Any) -> Any:
    """Returns weights for each person if targets are keyed by person."""
    if weight is None or isinstance(weight, Mapping) or not isinstance(y, Mapping):
        return weight
    return dict.fromkeys(y, np.asarray(weight))
