"""Mixing two people's codes: by weighted sums, or channel by channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops, tree

from deepface_models.core.arrays import Array
from deepface_models.core.version import PACKAGE


def blend(one: Any, two: Any, share: Any) -> Any:
    """Returns share * one + (1 - share) * two, of tensors or lists of them.

    Args:
        one: Tensor (B, ...) or a list of tensors.
        two: The same for the other person.
        share: (B, 1), from 0 to 1.
    """

    def mixed(first: Any, second: Any) -> Any:
        weight = _broadcastable(share, first)
        return weight * first + (1.0 - weight) * second

    return tree.map_structure(mixed, one, two)


@keras.saving.register_keras_serializable(PACKAGE)
class ChannelMix(keras.layers.Layer):
    """Takes each channel from one person's code or from another's.

    Inputs are codes (B, H, W, C): first the person's own, then those of the other
    people. While training, `share` of the channels come from the first code and the
    rest from one of the others; channels and other person are sampled for each face.
    At inference all channels come from the first code.

    Reference: DeepFaceLab, model "AMP".

    Args:
        share: Fraction of channels that come from the first code, at least one channel.
        seed: Seed of the random numbers.
    """

    def __init__(
        self, share: float = 0.5, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.share = share
        self.seed = seed
        self.generator = keras.random.SeedGenerator(seed)

    def call(self, inputs: Sequence[Any], training: Any = None) -> Any:
        """Mixes while training; returns the first code at inference."""
        first, *others = inputs
        if not training or not others:
            return first
        batch, channels = ops.shape(first)[0], first.shape[-1]
        noise = keras.random.uniform((batch, channels), seed=self.generator)
        rank = ops.argsort(ops.argsort(noise, axis=-1), axis=-1)
        kept = rank < max(1, int(channels * self.share))
        return ops.where(kept[:, None, None, :], first, self._other(others, batch))

    def between(self, one: Any, two: Any, share: Any) -> Any:
        """Takes the first channels from one code and the rest from the other.

        Args:
            one: (B, H, W, C).
            two: The same for the other person.
            share: (B, 1), the fraction of channels from `one`, rounded.
        """
        channels = one.shape[-1]
        position = (np.arange(channels, dtype="float32") + 0.5) / channels
        kept = ops.greater(ops.cast(share, "float32"), position[None])
        return ops.where(ops.reshape(kept, (-1, 1, 1, channels)), one, two)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the shape of the first code."""
        return input_shape[0]

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        return {**super().get_config(), "share": self.share, "seed": self.seed}

    def _other(self, others: Sequence[Any], batch: Any) -> Any:
        """Returns for each face the code of a random other person."""
        if len(others) == 1:
            return others[0]
        choice = keras.random.randint((batch,), 0, len(others), seed=self.generator)
        chosen = others[0]
        for index, code in enumerate(others[1:], 1):
            same = ops.reshape(choice == index, (-1, 1, 1, 1))
            chosen = ops.where(same, code, chosen)
        return chosen


def shares(morph: Any, count: int) -> Array:
    """Returns one share for each of `count` faces, (count, 1), float32.

    Raises:
        ValueError: `morph` is neither one share nor one for each face, or a share is
            not in [0, 1].
    """
    values = np.asarray(morph, "float32")
    inside = bool(values.size) and bool(np.all((values >= 0) & (values <= 1)))
    if values.shape not in ((), (count,)) or not inside:
        raise ValueError(
            f"morph={morph!r} was given for {count} face(s). Expected one share from 0 "
            "(the person `other`) to 1 (the person `identity`), or one for each face. "
            "Use morph=0.5 for the middle."
        )
    return np.ascontiguousarray(np.broadcast_to(values, (count,))[:, None])


def _broadcastable(share: Any, tensor: Any) -> Any:
    """Returns shares (B, 1) with the tensor's dtype and number of axes."""
    ones = (1,) * (len(tensor.shape) - 1)
    return ops.cast(ops.reshape(share, (-1, *ones)), tensor.dtype)
