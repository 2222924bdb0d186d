"""How a person's latents and images depend on the expression, to match it in a swap."""

from __future__ import annotations

from typing import Any

import cv2
import keras
import numpy as np
from keras import ops

from deepface_models.core.arrays import Array
from deepface_models.core.expressions import FEATURES
from deepface_models.core.version import PACKAGE
from deepface_models.models.swap._kernels import (
    HALVES,
    directions_of,
    kernel,
    nearest,
    regress,
    spacing_of,
)
from deepface_models.models.swap.linear import linear_map

_RIDGE = 0.1  # of the reader, relative to the latents' mean variance
# Of so few faces the kernel regression explains half. Mouths are then those of the
# nearest examples, a linear map helps out for the eyes, and detail is dimmed.
_ENOUGH = 20
# How much the linear map counts in the upper half. A stranger's latents also contain
# the shape of the eyes, which would keep lids from closing.
_UPPER = 0.5
_FAR = 1e3  # where examples are that a person of few faces does not have
_LIMIT = 4.0  # largest detail, in logits
# Height of the border of lower and upper half in crops, and its softness.
_BORDER, _SOFT = 0.56, 0.03


@keras.saving.register_keras_serializable(PACKAGE)
class Expressions(keras.layers.Layer):
    """Returns latents (B, L) unchanged; stores how they depend on the expression.

    It keeps some of a person's faces as examples, chosen over expressions and
    directions of view: their expressions, and the detail that the decoder lacks there.
    A kernel regression from expressions to latents has one kernel at each example. The
    lower and the upper half of a face have kernels of their own, so that a closed eye
    and an open mouth may come from different examples. The fewer faces there are, the
    more the lower half has the latents of the nearest examples themselves: between two
    of them, lips and teeth of both would be seen. A linear map, `reader` and `offset`,
    predicts the expression from a latent, and `directions` a latent from the
    expression; they count most in the upper half of a person of few faces.

    References: Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006
    (sparse regression, additive kernels); Bregler et al., "Video Rewrite", 1997 (the
    mouth of a speaker from examples).

    Args:
        examples: Most faces that are kept.
        size: Side of the images in pixels.
        **kwargs: As in `keras.layers.Layer`.
    """

    def __init__(self, examples: int = 96, size: int = 128, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.examples = examples
        self.size = size

    def build(self, input_shape: Any) -> None:
        """Creates the maps and examples, all zero, and whether they are known."""
        latents = input_shape[-1]
        shapes = {
            "reader": (latents, FEATURES),
            "offset": (FEATURES,),
            "least": (FEATURES,),
            "most": (FEATURES,),
            "mean": (latents,),
            "coefficients": (len(HALVES), self.examples, latents),
            "faces": (self.examples, FEATURES),
            "spacing": (len(HALVES),),
            "directions": (len(HALVES), FEATURES, latents),
            "few": (),
            "known": (),
        }
        own = {"initializer": "zeros", "trainable": False, "autocast": False}
        for name, shape in shapes.items():
            weight = self.add_weight(shape=shape, dtype="float32", name=name, **own)
            setattr(self, name, weight)
        shape = (self.examples, self.size * self.size * 3)
        self.detail = self.add_weight(shape=shape, dtype="uint8", name="detail", **own)

    def call(self, inputs: Any) -> Any:
        """Returns `inputs`."""
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the input shape."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        own = {"examples": self.examples, "size": self.size}
        return {**super().get_config(), **own}

    def estimate(self, latents: Array, expressions: Array, chosen: Array) -> None:
        """Sets all but the detail from a person's faces.

        Args:
            latents: (N, L), N at least 16.
            expressions: (N, 7), from `core.expressions`.
            chosen: Numbers of the examples among the faces, at most `examples`.
        """
        latents = np.asarray(latents, np.float64)
        expressions = np.asarray(expressions, np.float64)
        middle, mean = expressions.mean(axis=0), latents.mean(axis=0)
        reader, offset = linear_map(latents, expressions - middle, _RIDGE)
        self.reader.assign(reader)
        self.offset.assign(offset + middle)
        self.least.assign(expressions.min(axis=0))
        self.most.assign(expressions.max(axis=0))
        self.mean.assign(mean)
        faces = np.full((self.examples, FEATURES), _FAR)
        faces[: len(chosen)] = expressions[chosen]
        self.faces.assign(faces)
        few = min(1.0, _ENOUGH / len(latents))
        self.few.assign(few)
        known, parts = faces[: len(chosen)], range(len(HALVES))
        self.spacing.assign(np.array([spacing_of(known, half) for half in parts]))
        centered = latents - mean
        lower = regress(expressions, faces, centered, 0, exact=few)
        self.coefficients.assign(
            np.stack([lower, regress(expressions, faces, centered, 1)])
        )
        self.directions.assign(
            np.stack([directions_of(expressions, latents, half) for half in parts])
        )
        self.known.assign(1.0)

    def set_detail(self, logits: Array) -> None:
        """Sets what decoded images of the examples lack, (K, S, S, 3) in logits."""
        root = np.sqrt(np.abs(logits).clip(max=_LIMIT) / _LIMIT)
        values = np.rint(128.0 + 127.0 * np.sign(logits) * root)
        detail = np.full(self.detail.shape, 128, np.uint8)
        detail[: len(logits)] = values.reshape(len(logits), -1)
        self.detail.assign(detail)

    def copy(self, other: Expressions) -> None:
        """Takes the weights of a layer for images of another size; resizes detail."""
        *weights, detail = other.get_weights()
        images = detail.reshape(-1, other.size, other.size, 3)
        shape = (self.size, self.size)
        resized = [
            cv2.resize(one, shape, interpolation=cv2.INTER_LINEAR) for one in images
        ]
        self.set_weights([*weights, np.stack(resized).reshape(len(detail), -1)])

    def read(self, latents: Any) -> Any:
        """Predicts expressions (B, 7) from latents (B, L)."""
        return ops.add(ops.matmul(latents, self.reader), self.offset)

    def find(self, expressions: Any, half: int) -> Any:
        """Predicts latents (B, L) of the lower (0) or upper (1) half of the face.

        Args:
            expressions: (B, 7).
            half: Number of the half, as in `HALVES`.
        """
        bounded = self._bounded(expressions)
        weights = kernel(bounded, self.faces, half)
        if half == 0:
            near = self._nearest(bounded, half)
            own = ops.matmul(near, kernel(self.faces, self.faces, half))
            known = ops.sum(near, axis=1, keepdims=True)
            weights = weights + self.few * (own - known * weights)
        return ops.add(ops.matmul(weights, self.coefficients[half]), self.mean)

    def move(self, latents: Any, expressions: Any, half: int) -> Any:
        """Moves latents (B, L) linearly to expressions (B, 7) of a half."""
        missing = self._bounded(expressions) - self.read(latents)
        return latents + ops.matmul(missing, self.directions[half])

    def find_detail(self, expressions: Any) -> list[Any]:
        """Returns the nearest examples' detail of each half, (B, S, S, 3) in logits."""
        bounded = self._bounded(expressions)
        signed = ops.cast(self.detail, "float32") - 128.0
        detail = signed * ops.abs(signed)  # its unit is in the share
        share = _LIMIT / 127.0**2 / (1.0 + self.few)
        shape = (-1, self.size, self.size, 3)
        halves = []
        for half in range(len(HALVES)):
            weights = self._nearest(bounded, half)
            halves.append(ops.reshape(ops.matmul(share * weights, detail), shape))
        return halves

    def _nearest(self, expressions: Any, half: int) -> Any:
        return nearest(expressions, self.faces, half, self.spacing[half], self.few)

    def _bounded(self, expressions: Any) -> Any:
        return ops.minimum(ops.maximum(expressions, self.least), self.most)


class ReadExpressions(keras.layers.Layer):
    """Reads expressions (B, 7) from latents (B, L) of a person of the model."""

    def __init__(self, source: Expressions) -> None:
        super().__init__(dtype="float32")
        self.source = source

    def call(self, latents: Any) -> Any:
        """Returns the expressions."""
        return self.source.read(latents)

    def compute_output_shape(self, latents_shape: Any) -> Any:
        """Returns the shape of the expressions."""
        return (latents_shape[0], FEATURES)


class MatchExpressions(keras.layers.Layer):
    """Replaces latents by the target's own ones of the given expressions, if known.

    Args:
        target: The person to decode.
        half: Number of the half of the face to decode, as in `HALVES`.
        source: The person in the images; None if expressions were measured.
        shifted: Whether the latents have been shifted to the target's mean. If so, and
            the target has few faces, what the latents say of the expression counts too.
    """

    def __init__(
        self,
        target: Expressions,
        half: int,
        source: Expressions | None = None,
        shifted: bool = True,
    ) -> None:
        super().__init__(dtype="float32")
        self.target = target
        self.half = half
        self.source = source
        self.shifted = shifted

    def call(self, latents: Any, expressions: Any) -> Any:
        """Returns latents (B, L)."""
        target = self.target
        found = target.find(expressions, self.half)
        if self.shifted:
            moved = target.move(latents, expressions, self.half)
            share = target.few * (1.0 - target.few if self.half == 0 else _UPPER)
            found = found + share * (moved - target.mean)
        return ops.where(_both_known(target, self.source) > 0, found, latents)

    def compute_output_shape(self, latents_shape: Any, expressions_shape: Any) -> Any:
        """Returns the shape of the latents."""
        return latents_shape


class FindDetail(keras.layers.Layer):
    """Finds the detail of given expressions for each half; zeros if it is not known.

    Args:
        target: The person to decode.
        source: The person in the images; None if expressions were measured.
    """

    def __init__(self, target: Expressions, source: Expressions | None = None) -> None:
        super().__init__(dtype="float32")
        self.target = target
        self.source = source

    def call(self, expressions: Any) -> list[Any]:
        """Returns logits to add, (B, S, S, 4) for each half; 0 for the mask."""
        known = _both_known(self.target, self.source) > 0
        found = self.target.find_detail(expressions)
        padding = [(0, 0)] * 3 + [(0, 1)]
        return [ops.pad(ops.where(known, one, 0.0), padding) for one in found]

    def compute_output_shape(self, expressions_shape: Any) -> list[Any]:
        """Returns the shape of the logits."""
        size = self.target.size
        return [(expressions_shape[0], size, size, 4)] * len(HALVES)


def join_halves(lower: Any, upper: Any) -> Any:
    """Returns images (B, S, S, C) with the lower half of one and the upper of another.

    Halves are decoded apart because few people were recorded with each mouth at each
    opening of the eyes: latents of a smile and of closed eyes add up to half-open ones.
    """
    size = lower.shape[1]
    rows = (np.arange(size) + 0.5) / size
    below = 1.0 / (1.0 + np.exp((_BORDER - rows) / _SOFT))
    return upper + (lower - upper) * below.astype("float32")[:, None, None]


def _both_known(target: Expressions, source: Expressions | None) -> Any:
    return target.known if source is None else target.known * source.known
