"""AdaBelief and optimizers of Keras with dropout, AutoClip and multipliers."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from deepface_models.core.version import PACKAGE
from deepface_models.optimizers._extras import Extras


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
class AdaBelief(Extras, _AdaBelief):
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

    Example:
        >>> optimizer = AdaBelief(1e-4, lr_dropout=0.7, autoclip=10)
        >>> autoencoder.compile(optimizer)
        >>> history = autoencoder.fit(x_train, verbose=0)
    """


@keras.saving.register_keras_serializable(PACKAGE)
class Adam(Extras, keras.optimizers.Adam):
    """`keras.optimizers.Adam` with `lr_dropout` and `autoclip`; see `AdaBelief`.

    Example:
        >>> optimizer = Adam(1e-3, autoclip=10)
        >>> autoencoder.compile(optimizer)
        >>> history = autoencoder.fit(x_train, verbose=0)
    """


@keras.saving.register_keras_serializable(PACKAGE)
class AdamW(Extras, keras.optimizers.AdamW):
    """`keras.optimizers.AdamW` with `lr_dropout` and `autoclip`; see `AdaBelief`.

    Example:
        >>> optimizer = AdamW(1e-3, autoclip=10)
        >>> autoencoder.compile(optimizer)
        >>> history = autoencoder.fit(x_train, verbose=0)
    """


@keras.saving.register_keras_serializable(PACKAGE)
class RMSprop(Extras, keras.optimizers.RMSprop):
    """`keras.optimizers.RMSprop` with `lr_dropout` and `autoclip`; see `AdaBelief`.

    Example:
        >>> optimizer = RMSprop(1e-3, autoclip=10)
        >>> autoencoder.compile(optimizer)
        >>> history = autoencoder.fit(x_train, verbose=0)
    """


@keras.saving.register_keras_serializable(PACKAGE)
class SGD(Extras, keras.optimizers.SGD):
    """`keras.optimizers.SGD` with `lr_dropout` and `autoclip`; see `AdaBelief`.

    Example:
        >>> optimizer = SGD(1e-3, autoclip=10)
        >>> autoencoder.compile(optimizer)
        >>> history = autoencoder.fit(x_train, verbose=0)
    """
