"""Images keyed by people, as a face swap is trained with them."""

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

_COLORS_AND_MASK = 4  # what follows in a target weighs pixels and may exceed 1


class NamedImages:
    """Checks dictionaries of images and the batches of data sets.

    Args:
        identities: The people's names.
        image_size: Pixels of the faces that go in.
        model: The model's name, for errors.
    """

    def __init__(self, identities: Sequence[str], image_size: int, model: str) -> None:
        self.identities = tuple(identities)
        self.image_size = image_size
        self.model = model

    def inputs(self, x: Any, method: str, advice: str = "") -> Any:
        """Returns everybody's faces as float32 in [0, 1]; data sets as they are.

        Args:
            x: A data set, or a dictionary of (N, S, S, 3).
            method: Whose argument it is, for the error.
            advice: What else could be done.

        Raises:
            ValueError: It is neither, somebody is missing, or faces do not fit.
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
        """Returns everybody's targets as float32, colors and masks in [0, 1].

        Args:
            y: A dictionary of (N, T, T, 3..5), or None where `x` is a data set.
            x: What goes in.

        Raises:
            ValueError: There are none, somebody is missing, or values are out of
                range.
        """
        if y is None and isinstance(x, Mapping):
            raise ValueError(
                f"{self.model} was given faces and no targets. Expected both, keyed "
                "by identity. Use fit(faces, faces), or SwapPairs, which makes both."
            )
        if not isinstance(y, Mapping):
            return y
        self._check_names(y, "targets")
        return {name: self._target(name, y[name]) for name in y}

    def held_out(self, data: tuple[Any, ...]) -> tuple[Any, ...]:
        """Returns validation data, (x, y) or (x, y, sample_weight)."""
        x, *rest = data
        x = self.inputs(x, "fit(validation_data=...)")
        y = self.targets(rest[0] if rest else None, x)
        return (x, y, *(_for_each(y, weight) for weight in rest[1:]))

    def weigh(self, y: Any, kwargs: dict[str, Any]) -> None:
        """Gives one array of sample weights to everybody.

        Raises:
            ValueError: Somebody's are missing.
        """
        weight = kwargs.get("sample_weight")
        if isinstance(weight, Mapping):
            self._check_names(weight, "sample weights")
        elif weight is not None:
            kwargs["sample_weight"] = _for_each(y, weight)

    def check(self, x: Any, y: Any) -> None:
        """Checks a batch of a data set.

        Raises:
            ValueError: Somebody is missing, or values are out of range.
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
                f"{self.model}. Expected those of {', '.join(self.identities)}, no "
                "more and no fewer. Check the keys of the dictionary."
            )

    def _faces(self, name: str, given: Any) -> Array:
        faces = as_numbers(images_of(given), self.model)
        size = self.image_size
        if faces.shape[1:] != (size, size, 3) or not len(faces):
            raise ValueError(
                f"Faces of shape {faces.shape} were given for {name!r}. {self.model} "
                f"takes (N, {size}, {size}, 3) with N of 1 or more, red green blue. "
                f"Align them with FaceAligner(image_size={size})."
            )
        return _unit(faces)

    def _target(self, name: str, given: Any) -> Array:
        target = as_numbers(images_of(given), self.model)
        if not target.size:
            raise ValueError(
                f"Targets of shape {target.shape} were given for {name!r}. Expected "
                "(N, T, T, 3) to (N, T, T, 5) with N of 1 or more. Look where they "
                "come from."
            )
        return _unit(target)


def _unit(images: Array) -> Array:
    """Returns images, with masks and weights if there are any, as float32."""
    check_unit(images[..., :_COLORS_AND_MASK])
    return as_float(images)


def _for_each(y: Any, weight: Any) -> Any:
    """Returns weights for each person, where targets are keyed by people."""
    if weight is None or isinstance(weight, Mapping) or not isinstance(y, Mapping):
        return weight
    return dict.fromkeys(y, np.asarray(weight))
