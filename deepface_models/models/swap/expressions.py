"""How a person's latents depend on the expression, to match it in a swap."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from deepface_models.core.arrays import Array
from deepface_models.core.expressions import FEATURES
from deepface_models.core.version import PACKAGE
from deepface_models.models.swap.linear import linear_map

FEWEST = 16  # faces from which they are estimated
_RIDGE = 0.1  # relative to the latents' mean variance
# The directions are shrunk by 10 / N for N faces. In few faces, much else changes with
# the expression by chance, and moving latents by all of it burns the skin.
_SHRINKAGE = 10.0


@keras.saving.register_keras_serializable(PACKAGE)
class Expressions(keras.layers.Layer):
    """Returns latents (B, L) unchanged; stores how they depend on the expression.

    Two linear maps, estimated by least squares from a person's faces: `reader` and
    `offset` predict the expression from a latent; `directions` say how a latent changes
    with the expression. `least` and `most` are the person's own range.
    """

    def build(self, input_shape: Any) -> None:
        """Creates the maps, all zero, and whether they are known."""
        size = input_shape[-1]
        shapes = {
            "reader": (size, FEATURES),
            "offset": (FEATURES,),
            "directions": (FEATURES, size),
            "least": (FEATURES,),
            "most": (FEATURES,),
            "known": (),
        }
        own = {"initializer": "zeros", "trainable": False, "autocast": False}
        for name, shape in shapes.items():
            weight = self.add_weight(shape=shape, dtype="float32", name=name, **own)
            setattr(self, name, weight)

    def call(self, inputs: Any) -> Any:
        """Returns `inputs`."""
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the input shape."""
        return input_shape

    def estimate(self, latents: Array, expressions: Array) -> None:
        """Sets the maps from a person's faces; with fewer than 16, nothing is set.

        Args:
            latents: (N, L).
            expressions: (N, 3), from `core.expressions`.
        """
        if len(latents) < FEWEST:
            return
        latents = np.asarray(latents, np.float64)
        expressions = np.asarray(expressions, np.float64)
        mean, middle = latents.mean(axis=0), expressions.mean(axis=0)
        spread = np.maximum(expressions.std(axis=0), 1e-9)
        reader, offset = linear_map(latents, expressions - middle, _RIDGE)
        self.reader.assign(reader)
        self.offset.assign(offset + middle)
        standard = (expressions - middle) / spread
        directions, _ = linear_map(standard, latents - mean, _SHRINKAGE / len(latents))
        self.directions.assign(directions / spread[:, None])
        few = max(1, len(expressions) // 200)
        ordered = np.sort(expressions, axis=0)
        least, most = ordered[:few].mean(axis=0), ordered[-few:].mean(axis=0)
        self.least.assign(least)
        self.most.assign(most)
        self.known.assign(1.0)

    def read(self, latents: Any) -> Any:
        """Predicts expressions (B, 3) from latents (B, L)."""
        return ops.add(ops.matmul(latents, self.reader), self.offset)

    def move(self, latents: Any, expressions: Any, known: Any) -> Any:
        """Moves latents (B, L) to expressions (B, 3), if `known`, 0 or 1, is 1."""
        goal = ops.minimum(ops.maximum(expressions, self.least), self.most)
        step = ops.matmul(ops.subtract(goal, self.read(latents)), self.directions)
        return ops.add(latents, ops.multiply(ops.multiply(known, self.known), step))


class MatchExpressions(keras.layers.Layer):
    """Gives shifted latents the expression that the source's latents have.

    Args:
        target: The maps of the person to decode.
        source: Those of the person in the images; None if the expressions are passed
            to `call`.
    """

    def __init__(self, target: Expressions, source: Expressions | None = None) -> None:
        super().__init__(dtype="float32")
        self.target = target
        self.source = source

    def call(self, shifted: Any, given: Any) -> Any:
        """Returns the shifted latents (B, L), moved.

        Args:
            shifted: Latents after the shift to the target's mean.
            given: The latents before; or the expressions (B, 3), if there is no source.
        """
        if self.source is None:
            return self.target.move(shifted, given, 1.0)
        read = self.source.read(given)
        return self.target.move(shifted, read, self.source.known)

    def compute_output_shape(self, shifted_shape: Any, given_shape: Any) -> Any:
        """Returns the shape of the latents."""
        return shifted_shape
