"""Optimizers with learning-rate dropout, autoclip and rates of parts; for GANs, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from deepface_models.core.lr_multipliers import LearningRateMultipliers, mark_group
from deepface_models.core.model import PartModel
from deepface_models.core.version import PACKAGE

_DISCRIMINATORS = "discriminators"


class _Extras(LearningRateMultipliers):
    """Adds learning-rate dropout and autoclip to the optimizer beside it."""

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
        doubled = [name for name in clips if getattr(self, name) is not None]
        if autoclip is not None and doubled:
            raise ValueError(
                f"autoclip={autoclip} and {doubled[0]} were given. Expected one way to "
                f"clip gradients. Leave {doubled[0]} out."
            )
        self.autoclip = autoclip
        self.history = history
        self.seed = seed
        self._share: Any = None
        if lr_dropout is not None:
            self._share = self._scalar(lr_dropout, "lr_dropout")
            self._draws = keras.random.SeedGenerator(seed)
            self._draws_state = self._draws.state  # so that it is saved and resumed
        if autoclip is not None:
            self._norms = self.add_variable((history,), name="gradient_norms")
            self._noted = self.add_variable((), dtype="int32", name="norms_noted")
            self._norm = self._scalar(0.0, "gradient_norm")
            self._limit = self._scalar(float("inf"), "clip_norm")

    @property
    def lr_dropout(self) -> float | None:
        """Share of the weights whose update is dropped; may be set while training."""
        return None if self._share is None else _number(self._share)

    @lr_dropout.setter
    def lr_dropout(self, value: float) -> None:
        if self._share is None:
            raise ValueError(
                f"lr_dropout={value} was set. This {type(self).__name__} was made "
                "without, and its compiled step draws no masks. Make it with "
                "lr_dropout=0.0, which drops nothing at first."
            )
        _check(value, None, 1)
        self._share.assign(value)

    @property
    def gradient_norm(self) -> float | None:
        """Norm of the last step's gradient before clipping, with autoclip."""
        return None if self.autoclip is None else _number(self._norm)

    @property
    def clip_norm(self) -> float | None:
        """Norm that the last step's gradient was clipped to, with autoclip."""
        return None if self.autoclip is None else _number(self._limit)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Updates one weight; leaves a random share of its numbers as they were."""
        if self._share is None:
            super().update_step(gradient, variable, learning_rate)
            return
        # A copy, as Torch changes the variable's own memory.
        before = ops.copy(ops.convert_to_tensor(variable))
        super().update_step(gradient, variable, learning_rate)
        drawn = keras.random.uniform(before.shape, dtype="float32", seed=self._draws)
        kept = drawn >= ops.convert_to_tensor(self._share)
        self.assign(variable, ops.where(kept, ops.convert_to_tensor(variable), before))

    def _clip_gradients(self, grads: list[Any]) -> list[Any]:
        # Keras calls this once an update, on accumulated and unscaled gradients.
        if self.autoclip is None:
            return super()._clip_gradients(grads)
        norm = _global_norm(grads)
        limit = self._note(norm)
        self._norm.assign(norm)
        self._limit.assign(limit)
        scale = ops.minimum(1.0, limit / ops.maximum(norm, 1e-30))
        scale = ops.where(ops.isfinite(norm), scale, norm)  # stays visible
        return [None if g is None else g * ops.cast(scale, g.dtype) for g in grads]

    def _note(self, norm: Any) -> Any:
        """Takes a norm into the history and returns the history's percentile."""
        places = ops.arange(self.history, dtype="int32")
        noted = ops.convert_to_tensor(self._noted)
        finite = ops.isfinite(norm)
        here = ops.logical_and(places == noted % self.history, finite)
        norms = ops.where(here, norm, ops.convert_to_tensor(self._norms))
        noted = noted + ops.cast(finite, "int32")
        self._norms.assign(norms)
        self._noted.assign(noted)
        filled = ops.maximum(ops.minimum(noted, self.history), 1)
        ordered = ops.sort(ops.where(places < filled, norms, float("inf")))
        rank = ops.cast(filled - 1, "float32") * ((self.autoclip or 0.0) / 100.0)
        low = ops.cast(ops.floor(rank), "int32")
        below = ops.take(ordered, low)
        above = ops.take(ordered, ops.minimum(low + 1, filled - 1))
        part = rank - ops.cast(low, "float32")
        return below + (above - below) * part

    def _scalar(self, value: float, name: str) -> Any:
        start = keras.initializers.Constant(value)
        return self.add_variable((), start, dtype="float32", name=name)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        names = ("lr_dropout", "autoclip", "history", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


class _AdaBelief(keras.optimizers.Optimizer):
    """AdaBelief without extras."""

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
        """Makes a mean and a spread for each weight."""
        if self.built:
            return
        super().build(variables)
        self._means, self._spreads = self.add_optimizer_variables(
            variables, ["momentum", "belief"]
        )

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Steps by the mean gradient over how far gradients stray from it."""
        dtype = variable.dtype
        rate, gradient = ops.cast(learning_rate, dtype), ops.cast(gradient, dtype)
        step = ops.cast(self.iterations + 1, dtype)
        index = self._get_variable_index(variable)
        mean, spread = self._means[index], self._spreads[index]
        self.assign_add(mean, (gradient - mean) * (1.0 - self.beta_1))
        strayed = ops.square(gradient - mean)
        self.assign_add(spread, (strayed - spread) * (1.0 - self.beta_2) + self.epsilon)
        bias_1 = 1.0 - ops.power(ops.cast(self.beta_1, dtype), step)
        bias_2 = 1.0 - ops.power(ops.cast(self.beta_2, dtype), step)
        spread = ops.sqrt(ops.convert_to_tensor(spread) / bias_2) + self.epsilon
        self.assign_sub(variable, rate * (mean / bias_1) / spread)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        names = ("beta_1", "beta_2", "epsilon")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


@keras.saving.register_keras_serializable(PACKAGE)
class AdaBelief(_Extras, _AdaBelief):
    """Adam that takes large steps where gradients agree with their mean.

    References: J. Zhuang et al., "AdaBelief Optimizer: Adapting Stepsizes by the
    Belief in Observed Gradients", 2020; Z. Lin et al., "Learning Rate Dropout", 2019;
    P. Seetharaman et al., "AutoClip: Adaptive Gradient Clipping for Source Separation
    Networks", 2020. DeepFaceLab trains with it at 5e-5 and without the correction of
    the first steps' bias.

    Args:
        learning_rate: A number, schedule or callable, as in Keras.
        beta_1: Decay of the mean gradient, in [0, 1).
        beta_2: Decay of the spread around it, in [0, 1).
        epsilon: Added to the spread and to its root.
        lr_dropout: Share of each weight's numbers, drawn anew each step, whose update
            is dropped; from 0 to below 1. Means and spreads move on, and so does
            weight decay. DeepFaceLab's `lr_dropout=0.3` is the share it keeps: 0.7
            here. None draws nothing and cannot be set later; 0.0 can.
        autoclip: Percentile, 0 to 100, of the norms of past gradients (all weights'
            together, this step's included) that the gradient is clipped to; 10 as
            published. A norm that is not finite is not noted.
        history: How many norms to remember; published with all.
        seed: Of the dropout's draws.
        rates: For parts of a model, their learning rate beside `learning_rate`; see
            `with_lr_multipliers`, which tells it the parts.
        **kwargs: `weight_decay`, `use_ema`, `gradient_accumulation_steps` and the
            others of `keras.optimizers.Optimizer`. With accumulation the averaged
            gradient is clipped.

    Raises:
        ValueError: A number is out of range, or there are two ways to clip.
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
    """Adam that takes longer steps on discriminators than on what they judge.

    Adam divides by the gradient's size, so that a factor on the discriminators' loss
    would change nothing. Schedules and callbacks set `learning_rate`, which is the
    generator's; the discriminators' follows.

    Reference: Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge
    to a Local Nash Equilibrium", 2017.

    Args:
        learning_rate: The generator's, as in Keras.
        beta_1: Decay of the mean gradient.
        discriminator_rate: The discriminators' learning rate beside `learning_rate`.
        **kwargs: As in `keras.optimizers.Adam`, and `rates` of `AdaBelief`.

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
                "number above 0: 2.0 makes discriminators learn twice as fast. To "
                "have them stand, freeze them: discriminator.trainable = False."
            )
        self.discriminator_rate = discriminator_rate
        self._factors[_DISCRIMINATORS] = discriminator_rate

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        return {**super().get_config(), "discriminator_rate": self.discriminator_rate}


def mark(discriminator: keras.Model) -> keras.Model:
    """Has `TwoTimeScaleAdam` know a discriminator's variables; returns it."""
    mark_group(discriminator.variables, _DISCRIMINATORS)
    return discriminator


def with_lr_multipliers(
    optimizer: keras.optimizers.Optimizer, model: PartModel, rates: Mapping[str, float]
) -> keras.optimizers.Optimizer:
    """Returns an optimizer like this one that gives parts rates of their own.

    Args:
        optimizer: One of this module, or the one of Keras of the same name.
        model: The model that will be compiled with it.
        rates: For parts of the model, their learning rate beside the optimizer's:
            `{"encoder": 0.1}`.

    Returns:
        A new optimizer, which has not trained yet; compile the model with it.

    Raises:
        ValueError: The model has no such part, a rate is not above 0, or the
            optimizer is another.
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
            f"A {name} was given, which has one learning rate for all. Expected one of "
            f"{', '.join(ours)} to give the parts {', '.join(rates)} rates of their "
            "own. Use deepface_models.optimizers.Adam(1e-4)."
        )
    made = kind.from_config({**optimizer.get_config(), "rates": dict(rates)})
    for part in rates:
        mark_group(model._part(part).variables, part)
    return made


def _check(dropout: float | None, percentile: float | None, history: int) -> None:
    if dropout is not None and not 0.0 <= dropout < 1.0:
        raise ValueError(
            f"lr_dropout={dropout} was given. Expected the share of updates to drop, "
            "from 0 to below 1. DeepFaceLab's 0.3 is 0.7 here."
        )
    if percentile is not None and not 0.0 <= percentile <= 100.0:
        raise ValueError(
            f"autoclip={percentile} was given. Expected a percentile from 0 to 100. "
            "Use autoclip=10."
        )
    if history < 1:
        raise ValueError(
            f"history={history} was given. Expected 1 norm or more. Use history=1000."
        )


def _global_norm(grads: list[Any]) -> Any:
    squares = [
        ops.sum(ops.square(ops.cast(ops.convert_to_tensor(g), "float32")))
        for g in grads
        if g is not None
    ]
    return ops.sqrt(ops.sum(ops.stack(squares)))


def _number(variable: Any) -> float:
    return float(np.asarray(ops.convert_to_numpy(variable)))
