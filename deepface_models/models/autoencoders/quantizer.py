"""Vector quantization with a codebook, and the codebook's perplexity."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from deepface_models.core.version import PACKAGE

PATIENCE = 30  # times codebook_size: vectors after which an unused code is reset


@keras.saving.register_keras_serializable(PACKAGE)
class VectorQuantizer(layers.Layer):
    """Replaces each vector by the nearest of a codebook: (B, ..., D) -> same shape.

    The gradient is that of a straight-through estimator. Two losses are added: the
    codebook loss moves codes to the vectors that are assigned to them; the commitment
    loss, times `commitment`, keeps vectors near their codes. A code that is not used in
    the first training step, or later for 30 * codebook_size vectors in a row, is reset
    to a random vector of the batch.

    Args:
        codebook_size: Number of codes.
        commitment: Weight of the commitment loss, the paper's beta.
        seed: Seed for the vectors that codes are reset to.
    """

    def __init__(
        self,
        codebook_size: int,
        commitment: float = 0.25,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.codebook_size = codebook_size
        self.commitment = commitment
        self.seed = seed
        self.generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape: Any) -> None:
        """Creates the codebook and its usage statistics."""
        size, bound = self.codebook_size, 1.0 / self.codebook_size
        self.learned = self.add_weight(
            shape=(size, input_shape[-1]),
            initializer=keras.initializers.RandomUniform(-bound, bound),
            name="learned",
        )
        # Resets are stored separately: JAX cannot assign trainable weights in a step.
        self.jumped = self._state((size, input_shape[-1]), "jumped")
        # Each code's share of the last training batch's vectors, and the number of
        # vectors since it was last used, divided by the codebook's size.
        self.taken = self._state((size,), "taken")
        self.idle = self._state((size,), "idle", float(PATIENCE))

    @property
    def codebook(self) -> Any:
        """The codebook's vectors, (codebook_size, D)."""
        return ops.add(self.learned, self.jumped)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Returns the nearest codebook vectors; adds the losses."""
        vectors = ops.reshape(inputs, (-1, inputs.shape[-1]))
        fixed, codebook = ops.stop_gradient(vectors), self.codebook
        nearest = self._nearest(fixed, ops.stop_gradient(codebook))
        codes = ops.take(codebook, nearest, axis=0)
        codebook_loss = _mean_square(codes - fixed)
        commitment_loss = _mean_square(vectors - ops.stop_gradient(codes))
        self.add_loss(codebook_loss + self.commitment * commitment_loss)
        straight = vectors + ops.stop_gradient(codes - vectors)
        if training:
            self._reset_unused(fixed, self.shares(nearest))
        return ops.reshape(straight, ops.shape(inputs))

    def nearest(self, inputs: Any) -> Any:
        """Returns the index of the nearest code for each vector, (B, ...) int32."""
        vectors = ops.reshape(inputs, (-1, inputs.shape[-1]))
        found = self._nearest(vectors, self.codebook)
        return ops.cast(ops.reshape(found, ops.shape(inputs)[:-1]), "int32")

    def shares(self, codes: Any) -> Any:
        """Returns the share of each code among integer `codes`, (codebook_size,)."""
        one_hot = ops.one_hot(ops.reshape(codes, (-1,)), self.codebook_size)
        return ops.mean(ops.cast(one_hot, "float32"), axis=0)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the shape of the vectors."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        own = ("codebook_size", "commitment", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}

    def _state(self, shape: tuple[int, ...], name: str, value: float = 0.0) -> Any:
        start = keras.initializers.Constant(value)
        return self.add_weight(
            shape=shape, initializer=start, trainable=False, name=name
        )

    @staticmethod
    def _nearest(vectors: Any, codebook: Any) -> Any:
        # Squared distances without the vectors' own norms, which are constant.
        lengths = ops.sum(ops.square(codebook), axis=1)
        cross = ops.matmul(vectors, ops.transpose(codebook))
        return ops.argmin(lengths - 2.0 * cross, axis=1)

    def _reset_unused(self, vectors: Any, shares: Any) -> None:
        count = ops.shape(vectors)[0]
        passed = ops.cast(count, "float32") / self.codebook_size
        idle = ops.where(shares > 0, 0.0, self.idle + passed)
        resets = idle > PATIENCE
        noise = keras.random.uniform((self.codebook_size,), seed=self.generator)
        chosen = ops.cast(noise * ops.cast(count, "float32"), "int32")
        target = ops.take(vectors, ops.minimum(chosen, count - 1), axis=0)
        learned, jumped = map(ops.convert_to_tensor, (self.learned, self.jumped))
        jump = target - ops.stop_gradient(learned)
        self.jumped.assign(ops.where(resets[:, None], jump, jumped))
        self.idle.assign(ops.where(resets, 0.0, idle))
        self.taken.assign(shares)


@keras.saving.register_keras_serializable(PACKAGE)
class Perplexity(keras.metrics.Metric):
    """Effective number of codes in use: the exponential of the shares' entropy.

    Args:
        codebook_size: Number of codes, which is the largest possible value.
        name: The metric's name in the logs.
        dtype: As in `keras.metrics.Metric`.
    """

    def __init__(
        self, codebook_size: int, name: str = "perplexity", dtype: Any = None
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.codebook_size = codebook_size
        self.total = self.add_variable((codebook_size,), "zeros", name="total")

    def update_state(self, shares: Any) -> None:
        """Adds a batch's shares, (codebook_size,)."""
        self.total.assign_add(ops.cast(shares, self.total.dtype))

    def result(self) -> Any:
        """Returns the perplexity over all batches."""
        share = self.total / ops.maximum(ops.sum(self.total), 1e-12)
        return ops.exp(-ops.sum(share * ops.log(ops.maximum(share, 1e-12))))

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        return {**super().get_config(), "codebook_size": self.codebook_size}


def _mean_square(values: Any) -> Any:
    return ops.mean(ops.square(values))
