"""Adam with a learning rate of its own for discriminators."""

from __future__ import annotations

from typing import Any

import keras

from deepface_models.core.lr_multipliers import LearningRateMultipliers, mark_group
from deepface_models.core.version import PACKAGE

_DISCRIMINATORS = "discriminators"


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

    Example:
        >>> discriminator = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        >>> optimizer = TwoTimeScaleAdam(1e-4, discriminator_rate=2.0)
        >>> optimizer.build(mark(discriminator).trainable_variables)
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

    Args:
        discriminator: A built model.

    Returns:
        The same model.

    Example:
        >>> plain = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        >>> discriminator = mark(plain)
        >>> discriminator.compile(TwoTimeScaleAdam(), "binary_crossentropy")
    """
    mark_group(discriminator.variables, _DISCRIMINATORS)
    return discriminator
