"""Warm-up of the weight of the KL divergence."""

from __future__ import annotations

import math
from typing import Any

import keras

from deepface_models.core.whole import whole_numbers


class KLWarmup(keras.callbacks.Callback):
    """Increases a variational autoencoder's `beta` linearly.

    A low weight of the KL divergence at the beginning prevents posterior collapse. The
    history has the `beta` at the end of each epoch. Epochs and steps count from epoch
    0, so a training that continues at `initial_epoch` has the right weight.

    Reference: S. Bowman et al., "Generating Sentences from a Continuous Space", 2016.

    Args:
        epochs: Number of epochs until `end`; the weight changes once per epoch.
        steps: Instead of `epochs`, number of steps (batches) until `end`; the weight
            changes in each step. For data of unknown length, steps are the
            optimizer's.
        start: The first weight.
        end: The last weight; by default the `beta` that the model was built with.

    Raises:
        ValueError: Not exactly one of `epochs` and `steps` is given, or a number is
            out of range.
        TypeError: When training begins: the model has no variable `beta`.

    Example:
        >>> from deepface_models.models.autoencoders import BetaVAE
        >>> model = BetaVAE((8, 8, 1), latent_size=2, widths=(8,))
        >>> model.compile()
        >>> warmup = KLWarmup(epochs=2)
        >>> history = model.fit(x_train, epochs=2, callbacks=[warmup], verbose=0)
    """

    @whole_numbers(epochs=1, steps=1)
    def __init__(
        self,
        epochs: int | None = None,
        steps: int | None = None,
        start: float = 0.0,
        end: float | None = None,
    ) -> None:
        super().__init__()
        if (epochs is None) == (steps is None) or (epochs or steps or 0) < 1:
            raise ValueError(
                f"epochs={epochs!r} and steps={steps!r} were given. Expected one of "
                "them, 1 or more. Use KLWarmup(epochs=10)."
            )
        for name, value in (("start", start), ("end", end)):
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise ValueError(
                    f"{name}={value!r} was given. Expected a finite number of 0 or "
                    f"more. Use {name}=1.0."
                )
        self.epochs = epochs
        self.steps = steps
        self.start = start
        self.end = end
        self._end = 0.0
        self._epoch = self._step = 0
        self._set: float | None = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Finds the model's `beta` and its last value."""
        model = self.model
        if not hasattr(getattr(model, "beta", None), "assign"):
            raise TypeError(
                f"A {type(model).__name__}, which has no variable `beta`, was given to "
                "KLWarmup. Expected a VariationalAutoencoder or BetaVAE. Leave the "
                "callback out."
            )
        self._end = model.get_config()["beta"] if self.end is None else self.end
        self._step = int(model.optimizer.iterations)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Sets the number of epochs and steps that are done."""
        self._epoch, self._set = epoch, None
        if self.params.get("steps"):
            self._step = epoch * self.params["steps"]

    def on_train_batch_begin(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        """Sets the weight if it changes."""
        # Not when the epoch begins, because a checkpoint may be restored then.
        weight = self._weight()
        if weight != self._set:
            self.model.beta.assign(weight)
            self._set = weight

    def on_train_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        """Counts the step."""
        self._step += 1

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Adds the weight to the logs."""
        if logs is not None and self._set is not None:
            logs["beta"] = self._set

    def _weight(self) -> float:
        done = (
            self._epoch / self.epochs if self.epochs else self._step / (self.steps or 1)
        )
        return self.start + (self._end - self.start) * min(1.0, done)
