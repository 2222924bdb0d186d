"""A codebook of vectors, and how much of it is in use."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from deepface_models.core.version import PACKAGE

PATIENCE = 30  # times codebook_size: vectors after which an idle code moves


@keras.saving.register_keras_serializable(PACKAGE)
class VectorQuantizer(layers.Layer):
    """Replaces each vector by the nearest of a codebook: (B, ..., D) -> same shape.

    The gradient passes straight through to the vectors, as if nothing had been
    replaced. A loss is added: it moves codes to the vectors that took them and, times
    `commitment`, holds vectors near their codes. A code that no vector took in the
    first training step, or later of 30 * codebook_size vectors in a row, jumps to a
    vector of the batch, drawn at random.

    Args:
        codebook_size: Number of codes.
        commitment: Weight of the commitment loss, the paper's beta.
        seed: Of the vectors that codes jump to.
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
        """Creates the codebook, and what is known of its use."""
        size, bound = self.codebook_size, 1.0 / self.codebook_size
        self.learned = self.add_weight(
            shape=(size, input_shape[-1]),
            initializer=keras.initializers.RandomUniform(-bound, bound),
            name="learned",
        )
        # Jumps are kept apart: within a step, JAX lets no trainable weight be set.
        self.jumped = self._state((size, input_shape[-1]), "jumped")
        # Share of the last training batch's vectors, and how many vectors of others,
        # over the codebook's size, have passed since there were any.
        self.taken = self._state((size,), "taken")
        self.idle = self._state((size,), "idle", float(PATIENCE))

    @property
    def codebook(self) -> Any:
        """The codes' vectors, (codebook_size, D)."""
        return ops.add(self.learned, self.jumped)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Returns the nearest codes; adds the losses."""
        vectors = ops.reshape(inputs, (-1, inputs.shape[-1]))
        fixed, codebook = ops.stop_gradient(vectors), self.codebook
        nearest = self._nearest(fixed, ops.stop_gradient(codebook))
        codes = ops.take(codebook, nearest, axis=0)
        codebook_loss = _mean_square(codes - fixed)
        commitment_loss = _mean_square(vectors - ops.stop_gradient(codes))
        self.add_loss(codebook_loss + self.commitment * commitment_loss)
        straight = vectors + ops.stop_gradient(codes - vectors)
        if training:
            self._move_idle(fixed, self.shares(nearest))
        return ops.reshape(straight, ops.shape(inputs))

    def nearest(self, inputs: Any) -> Any:
        """Returns (B, ...) int32, each vector's place in the codebook."""
        vectors = ops.reshape(inputs, (-1, inputs.shape[-1]))
        found = self._nearest(vectors, self.codebook)
        return ops.cast(ops.reshape(found, ops.shape(inputs)[:-1]), "int32")

    def shares(self, codes: Any) -> Any:
        """Returns (codebook_size,), the share of each code among integer `codes`."""
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
        # Squared distances, less the vectors' own lengths, which change no order.
        lengths = ops.sum(ops.square(codebook), axis=1)
        cross = ops.matmul(vectors, ops.transpose(codebook))
        return ops.argmin(lengths - 2.0 * cross, axis=1)

    def _move_idle(self, vectors: Any, shares: Any) -> None:
        count = ops.shape(vectors)[0]
        passed = ops.cast(count, "float32") / self.codebook_size
        idle = ops.where(shares > 0, 0.0, self.idle + passed)
        moves = idle > PATIENCE
        draw = keras.random.uniform((self.codebook_size,), seed=self.generator)
        chosen = ops.cast(draw * ops.cast(count, "float32"), "int32")
        target = ops.take(vectors, ops.minimum(chosen, count - 1), axis=0)
        learned, jumped = map(ops.convert_to_tensor, (self.learned, self.jumped))
        jump = target - ops.stop_gradient(learned)
        self.jumped.assign(ops.where(moves[:, None], jump, jumped))
        self.idle.assign(ops.where(moves, 0.0, idle))
        self.taken.assign(shares)


@keras.saving.register_keras_serializable(PACKAGE)
class Perplexity(keras.metrics.Metric):
    """How many codes are in use: exp of the entropy of the codes' shares.

    Args:
        codebook_size: Number of codes, which is the largest value it can have.
        name: The metric's name in logs.
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
        """Returns the perplexity of all batches' shares together."""
        share = self.total / ops.maximum(ops.sum(self.total), 1e-12)
        return ops.exp(-ops.sum(share * ops.log(ops.maximum(share, 1e-12))))

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        return {**super().get_config(), "codebook_size": self.codebook_size}


def _mean_square(values: Any) -> Any:
    return ops.mean(ops.square(values))
