"""One optimizer for two players."""

from __future__ import annotations

from typing import Any

import keras

from deepface_models.layers import PACKAGE


@keras.saving.register_keras_serializable(PACKAGE)
class TwoTimeScaleAdam(keras.optimizers.Adam):
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
        **kwargs: As in `keras.optimizers.Adam`.

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

    def build(self, variables: list[Any]) -> None:
        """Creates the moments, and notes which variables are discriminators'."""
        if self.built:
            return
        super().build(variables)
        self._rates = tuple(
            self.discriminator_rate if is_marked(variable) else 1.0
            for variable in variables
        )

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Updates one variable by its own rate."""
        rate = self._rates[self._get_variable_index(variable)]
        super().update_step(gradient, variable, learning_rate * rate)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        return {**super().get_config(), "discriminator_rate": self.discriminator_rate}


def mark(discriminator: keras.Model) -> keras.Model:
    """Has `TwoTimeScaleAdam` know a discriminator's variables; returns it."""
    for variable in discriminator.variables:
        variable.of_discriminator = True
    return discriminator


def is_marked(variable: Any) -> bool:
    """Whether a variable is a discriminator's."""
    return getattr(variable, "of_discriminator", False)
