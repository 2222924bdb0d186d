"""Learning-rate dropout and AutoClip for any optimizer of Keras."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from deepface_models.core.lr_multipliers import LearningRateMultipliers
from deepface_models.core.replicas import replicas
from deepface_models.core.whole import whole_number


class Extras(LearningRateMultipliers):
    """Mixin that adds learning-rate dropout and AutoClip to an optimizer.

    Args:
        *args: Arguments of the optimizer.
        lr_dropout: Fraction of each variable's elements whose update is dropped, from
            0 to below 1. With None there is no dropout, and it cannot be set later.
        autoclip: Percentile, from 0 to 100, of past gradient norms to which the
            gradient is clipped; None does not clip.
        history: How many past norms to keep.
        seed: Seed of the dropout masks.
        **kwargs: Arguments of the optimizer, and `lr_multipliers`.
    """

    def __init__(
        self,
        *args: Any,
        lr_dropout: float | None = None,
        autoclip: float | None = None,
        history: int = 1000,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        _check(lr_dropout, autoclip, history)
        clips = ("clipnorm", "clipvalue", "global_clipnorm")
        others = [name for name in clips if getattr(self, name) is not None]
        if autoclip is not None and others:
            raise ValueError(
                f"autoclip={autoclip} and {others[0]} were given. Expected one way to "
                f"clip gradients. Leave {others[0]} out."
            )
        self.autoclip = autoclip
        self.history = history
        self.seed = seed
        self._dropout: Any = None
        if lr_dropout is not None:
            self._dropout = self._scalar(lr_dropout, "lr_dropout")
            self._seeds = keras.random.SeedGenerator(seed)
            self._seed_state = self._seeds.state  # so that it is saved and resumed
        if autoclip is not None:
            self._norms = self.add_variable((history,), name="gradient_norms")
            self._count = self.add_variable((), dtype="int32", name="norms_noted")
            self._norm = self._scalar(0.0, "gradient_norm")
            self._limit = self._scalar(float("inf"), "clip_norm")

    def build(self, variables: list[Any]) -> None:
        """Creates the optimizer's variables.

        Raises:
            ValueError: TensorFlow distributes the training; see `replicas`.
        """
        given = {"lr_dropout": self._dropout, "autoclip": self.autoclip}
        used = [name for name, value in given.items() if value is not None]
        if used and replicas() > 1:
            raise ValueError(
                f"An optimizer with {' and '.join(used)} was given for {replicas()} "
                "devices under TensorFlow, where each sees only its own part of the "
                "gradients. Expected an optimizer without. Leave it out, train on one "
                "device, or set KERAS_BACKEND=jax."
            )
        super().build(variables)

    @property
    def lr_dropout(self) -> float | None:
        """Fraction of weight updates that is dropped; can be set during training."""
        return None if self._dropout is None else _number(self._dropout)

    @lr_dropout.setter
    def lr_dropout(self, value: float) -> None:
        if self._dropout is None:
            raise ValueError(
                f"lr_dropout={value} was set. Expected a {type(self).__name__} made "
                "with lr_dropout: without it the compiled step samples no masks. "
                "Make it with lr_dropout=0.0, which drops nothing at first."
            )
        _check(value, None, 1)
        self._dropout.assign(value)

    @property
    def gradient_norm(self) -> float | None:
        """Gradient norm of the last step before clipping; None without `autoclip`."""
        return None if self.autoclip is None else _number(self._norm)

    @property
    def clip_norm(self) -> float | None:
        """Clipping threshold of the last step; None without `autoclip`."""
        return None if self.autoclip is None else _number(self._limit)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Updates one variable, except for a random fraction of its elements."""
        if self._dropout is None:
            super().update_step(gradient, variable, learning_rate)
            return
        # A copy, because Torch updates variables in place.
        before = ops.copy(ops.convert_to_tensor(variable))
        super().update_step(gradient, variable, learning_rate)
        noise = keras.random.uniform(before.shape, dtype="float32", seed=self._seeds)
        kept = noise >= ops.convert_to_tensor(self._dropout)
        self.assign(variable, ops.where(kept, ops.convert_to_tensor(variable), before))

    def _clip_gradients(self, grads: list[Any]) -> list[Any]:
        # Keras calls this once per update, with accumulated and unscaled gradients.
        if self.autoclip is None:
            return super()._clip_gradients(grads)
        norm = _global_norm(grads)
        limit = self._record(norm)
        self._norm.assign(norm)
        self._limit.assign(limit)
        scale = ops.minimum(1.0, limit / ops.maximum(norm, 1e-30))
        # Gradients that are not finite stay so: StopOnNonFinite must see them.
        scale = ops.where(ops.isfinite(norm), scale, norm)
        return [None if g is None else g * ops.cast(scale, g.dtype) for g in grads]

    def _record(self, norm: Any) -> Any:
        """Adds a norm to the history and returns the history's percentile."""
        slots = ops.arange(self.history, dtype="int32")
        count = ops.convert_to_tensor(self._count)
        finite = ops.isfinite(norm)
        current = ops.logical_and(slots == count % self.history, finite)
        norms = ops.where(current, norm, ops.convert_to_tensor(self._norms))
        count = count + ops.cast(finite, "int32")
        self._norms.assign(norms)
        self._count.assign(count)
        filled = ops.maximum(ops.minimum(count, self.history), 1)
        ordered = ops.sort(ops.where(slots < filled, norms, float("inf")))
        rank = ops.cast(filled - 1, "float32") * ((self.autoclip or 0.0) / 100.0)
        low = ops.cast(ops.floor(rank), "int32")
        below = ops.take(ordered, low)
        above = ops.take(ordered, ops.minimum(low + 1, filled - 1))
        fraction = rank - ops.cast(low, "float32")
        return below + (above - below) * fraction

    def _scalar(self, value: float, name: str) -> Any:
        initializer = keras.initializers.Constant(value)
        return self.add_variable((), initializer, dtype="float32", name=name)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        names = ("lr_dropout", "autoclip", "history", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def _check(dropout: float | None, percentile: float | None, history: int) -> None:
    if dropout is not None and not 0.0 <= dropout < 1.0:
        raise ValueError(
            f"lr_dropout={dropout} was given. Expected the fraction of updates to "
            "drop, from 0 to below 1. Use 0.7 for DeepFaceLab's 0.3."
        )
    if percentile is not None and not 0.0 <= percentile <= 100.0:
        raise ValueError(
            f"autoclip={percentile} was given. Expected a percentile from 0 to 100. "
            "Use autoclip=10."
        )
    whole_number("history", history)


def _global_norm(grads: list[Any]) -> Any:
    squares = [
        ops.sum(ops.square(ops.cast(ops.convert_to_tensor(g), "float32")))
        for g in grads
        if g is not None
    ]
    return ops.sqrt(ops.sum(ops.stack(squares)))


def _number(variable: Any) -> float:
    return float(np.asarray(ops.convert_to_numpy(variable)))
