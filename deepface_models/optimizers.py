"""Optimizers with learning-rate dropout, AutoClip and learning-rate multipliers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from deepface_models.core.lr_multipliers import LearningRateMultipliers, mark_group
from deepface_models.core.model import PartModel
from deepface_models.core.version import PACKAGE
from deepface_models.core.whole import whole_number

_DISCRIMINATORS = "discriminators"


class _Extras(LearningRateMultipliers):
    """Mixin that adds learning-rate dropout and AutoClip to an optimizer."""

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


class _AdaBelief(keras.optimizers.Optimizer):
    """AdaBelief without learning-rate dropout and AutoClip."""

    def __init__(
        self,
        learning_rate: Any = 1e-3,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-16,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def build(self, variables: list[Any]) -> None:
        """Creates the mean and the variance of each variable's gradient."""
        if self.built:
            return
        super().build(variables)
        self._means, self._variances = self.add_optimizer_variables(
            variables, ["momentum", "belief"]
        )

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Steps by the mean gradient divided by its standard deviation."""
        dtype = variable.dtype
        rate, gradient = ops.cast(learning_rate, dtype), ops.cast(gradient, dtype)
        step = ops.cast(self.iterations + 1, dtype)
        index = self._get_variable_index(variable)
        mean, variance = self._means[index], self._variances[index]
        self.assign_add(mean, (gradient - mean) * (1.0 - self.beta_1))
        squared = ops.square(gradient - mean)
        change = (squared - variance) * (1.0 - self.beta_2) + self.epsilon
        self.assign_add(variance, change)
        bias_1 = 1.0 - ops.power(ops.cast(self.beta_1, dtype), step)
        bias_2 = 1.0 - ops.power(ops.cast(self.beta_2, dtype), step)
        deviation = ops.sqrt(ops.convert_to_tensor(variance) / bias_2) + self.epsilon
        self.assign_sub(variable, rate * (mean / bias_1) / deviation)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        names = ("beta_1", "beta_2", "epsilon")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


@keras.saving.register_keras_serializable(PACKAGE)
class AdaBelief(_Extras, _AdaBelief):
    """AdaBelief: like Adam, with larger steps where gradients agree with their mean.

    References: J. Zhuang et al., "AdaBelief Optimizer: Adapting Stepsizes by the
    Belief in Observed Gradients", 2020; Z. Lin et al., "Learning Rate Dropout", 2019;
    P. Seetharaman et al., "AutoClip: Adaptive Gradient Clipping for Source Separation
    Networks", 2020. DeepFaceLab uses AdaBelief with a learning rate of 5e-5 and
    without bias correction.

    Args:
        learning_rate: A number, schedule or callable, as in Keras.
        beta_1: Decay of the gradient's moving mean, in [0, 1).
        beta_2: Decay of the gradient's moving variance, in [0, 1).
        epsilon: Added to the variance and to its square root.
        lr_dropout: Fraction of each variable's elements whose update is dropped, from
            0 to below 1; the elements are sampled anew in each step. Moving averages
            and weight decay are applied to all elements. DeepFaceLab's
            `lr_dropout=0.3` is the fraction that it keeps: 0.7 here. With None there
            is no dropout, and it cannot be set later; with 0.0 it can.
        autoclip: Percentile, from 0 to 100, of past gradient norms. The gradient is
            clipped to that norm; the paper uses 10. Norms are those of all variables
            together and include the current step's. A norm that is not finite is not
            recorded.
        history: How many past norms to keep; the paper keeps all.
        seed: Seed of the dropout masks.
        lr_multipliers: For each group of variables, the factor on `learning_rate`;
            usually set by `with_lr_multipliers`, which also forms the groups.
        **kwargs: `weight_decay`, `use_ema`, `gradient_accumulation_steps` and the
            others of `keras.optimizers.Optimizer`. With accumulation the averaged
            gradient is clipped.

    Raises:
        ValueError: A number is out of range, or two ways to clip gradients are given.
    """


@keras.saving.register_keras_serializable(PACKAGE)
class Adam(_Extras, keras.optimizers.Adam):
    """`keras.optimizers.Adam` with `lr_dropout` and `autoclip`; see `AdaBelief`."""


@keras.saving.register_keras_serializable(PACKAGE)
class AdamW(_Extras, keras.optimizers.AdamW):
    """`keras.optimizers.AdamW` with `lr_dropout` and `autoclip`; see `AdaBelief`."""


@keras.saving.register_keras_serializable(PACKAGE)
class RMSprop(_Extras, keras.optimizers.RMSprop):
    """`keras.optimizers.RMSprop` with `lr_dropout` and `autoclip`; see `AdaBelief`."""


@keras.saving.register_keras_serializable(PACKAGE)
class SGD(_Extras, keras.optimizers.SGD):
    """`keras.optimizers.SGD` with `lr_dropout` and `autoclip`; see `AdaBelief`."""


@keras.saving.register_keras_serializable(PACKAGE)
class TwoTimeScaleAdam(LearningRateMultipliers, keras.optimizers.Adam):
    """Adam with a higher learning rate for discriminators than for the generator.

    A weight on the discriminators' loss would change nothing, because Adam divides by
    the gradient's size. `learning_rate` is the generator's: schedules and callbacks
    set it, and the discriminators' rate changes in proportion.

    Reference: Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge
    to a Local Nash Equilibrium", 2017.

    Args:
        learning_rate: The generator's learning rate, as in Keras.
        beta_1: Decay of the gradient's moving mean.
        discriminator_rate: Factor on `learning_rate` for the discriminators.
        **kwargs: As in `keras.optimizers.Adam`, and `lr_multipliers` as in
            `AdaBelief`.

    Raises:
        ValueError: `discriminator_rate` is not above 0.
    """

    def __init__(
        self,
        learning_rate: Any = 1e-4,
        beta_1: float = 0.5,
        discriminator_rate: float = 2.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate=learning_rate, beta_1=beta_1, **kwargs)
        if not discriminator_rate > 0:
            raise ValueError(
                f"discriminator_rate={discriminator_rate!r} was given. Expected a "
                "number above 0: 2.0 makes discriminators learn twice as fast. Use "
                "discriminator.trainable = False to freeze them."
            )
        self.discriminator_rate = discriminator_rate
        self._factors[_DISCRIMINATORS] = discriminator_rate

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        return {**super().get_config(), "discriminator_rate": self.discriminator_rate}


def mark(discriminator: keras.Model) -> keras.Model:
    """Marks a model's variables as a discriminator's for `TwoTimeScaleAdam`.

    Returns:
        The same model.
    """
    mark_group(discriminator.variables, _DISCRIMINATORS)
    return discriminator


def with_lr_multipliers(
    optimizer: keras.optimizers.Optimizer,
    model: PartModel,
    lr_multipliers: Mapping[str, float],
) -> keras.optimizers.Optimizer:
    """Returns a copy of an optimizer with learning-rate multipliers for parts.

    Args:
        optimizer: An optimizer of this module, or Keras' of the same name.
        model: The model that will be compiled with it.
        lr_multipliers: For each such part of the model, the factor on the optimizer's
            learning rate: `{"encoder": 0.1}`.

    Returns:
        A new optimizer without training state; compile the model with it.

    Raises:
        ValueError: The model has no such part, a multiplier is not above 0, or the
            optimizer is of a class that does not support multipliers.
    """
    name = type(optimizer).__name__
    ours = {kind.__name__: kind for kind in (AdaBelief, Adam, AdamW, RMSprop, SGD)}
    kind = (
        type(optimizer)
        if isinstance(optimizer, LearningRateMultipliers)
        else ours.get(name)
    )
    theirs = getattr(keras.optimizers, name, LearningRateMultipliers)
    if kind is None or not isinstance(optimizer, theirs | LearningRateMultipliers):
        raise ValueError(
            f"The optimizer {name} was given. Expected one of {', '.join(ours)} for "
            f"learning-rate multipliers of {', '.join(lr_multipliers)}. Use "
            "deepface_models.optimizers.Adam(1e-4)."
        )
    config = {**optimizer.get_config(), "lr_multipliers": dict(lr_multipliers)}
    multiplied = kind.from_config(config)
    for part in lr_multipliers:
        mark_group(model._part(part).variables, part)
    return multiplied


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
