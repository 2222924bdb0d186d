"""Base class of face-swap models with discriminators, and their loss weights."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from deepface_models.core.choices import choose
from deepface_models.core.inputs import as_unit
from deepface_models.core.replicas import portion
from deepface_models.models.swap.base import FaceSwap
from deepface_models.optimizers import TwoTimeScaleAdam, mark


class LossTerms(keras.layers.Layer):
    """The weights of a loss's terms; they may change while training.

    Args:
        start: Initial value of each weight, and of other numbers that a term needs.
        noted: Names of the terms, which the history shows as `<name>_loss`.
    """

    def __init__(self, start: Mapping[str, float], noted: Sequence[str]) -> None:
        super().__init__(dtype="float32", name="loss_terms")
        self._values = {
            name: self.add_weight(
                shape=(),
                initializer=keras.initializers.Constant(value),
                trainable=False,
                name=name,
            )
            for name, value in start.items()
        }
        self.noted = tuple(noted)
        self._means = {n: keras.metrics.Mean(name=f"{n}_loss") for n in noted}

    @property
    def weights(self) -> list[Any]:
        """An empty list: nothing here is learned or saved."""
        return []

    def __getitem__(self, name: str) -> Any:
        """Returns the variable of that name."""
        return self._values[name]

    def total(self, terms: Mapping[str, Any], count: Any) -> Any:
        """Returns the weighted sum and records each term for the history.

        Args:
            terms: Value of each term; a term without a weight has the weight 1.
            count: Images in the batch.
        """
        total = 0.0
        for name, value in terms.items():
            self._means[name].update_state(value, sample_weight=count)
            weighted = name in self._values
            scale = ops.convert_to_tensor(self._values[name]) if weighted else 1.0
            total = total + scale * value
        return total


def chosen_weights(
    given: Mapping[str, float] | None, defaults: Mapping[str, float]
) -> dict[str, float]:
    """Returns the weights of a loss's terms: those given, else the defaults.

    Raises:
        ValueError: There is no such term, or a weight is negative or not finite.
    """
    for name, value in (given or {}).items():
        choose("loss_terms key", name, defaults)
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(
                f"loss_terms[{name!r}]={value!r} was given. Expected a finite number "
                f"of 0 or more. Use {defaults[name]}."
            )
    return {**defaults, **(given or {})}


class AdversarialSwap(FaceSwap):
    """Base of face-swap models with a discriminator for each person.

    One step of one optimizer trains the generator and the discriminators: gradients of
    the discriminators' loss are not propagated to the generator, nor the reverse. A
    subclass calls `_join` at the end of its constructor and implements `_person`.

    Attributes:
        discriminators: Each person's discriminator.
        terms: Weights of the loss's terms, as variables:
            `model.terms["edge"].assign(0.2)`.
    """

    discriminators: dict[str, keras.Model]
    terms: LossTerms
    _given: tuple[tuple[str, float], ...]

    def _join(
        self,
        discriminators: Mapping[str, keras.Model],
        start: Mapping[str, float],
        noted: Sequence[str],
    ) -> None:
        # Sorted, so that weights, which Keras saves by position, do not depend on the
        # order of the people.
        self.discriminators = {
            n: mark(discriminators[n]) for n in sorted(discriminators)
        }
        self.terms = LossTerms(start, noted)

    @property
    def loss_terms(self) -> dict[str, float]:
        """The weights given to the constructor; `terms` has the current values."""
        return dict(self._given)

    @property
    def adversarial_weight(self) -> Any:
        """Weight of the generator's adversarial loss, a variable; may be set."""
        return self.terms["adversarial"]

    @adversarial_weight.setter
    def adversarial_weight(self, value: float) -> None:
        self.terms["adversarial"].assign(value)

    @property
    def parts(self) -> dict[str, keras.Model]:
        """The networks, and the discriminators that only training needs."""
        extra = {f"discriminator.{n}": d for n, d in self.discriminators.items()}
        return {**super().parts, **extra}

    def _default_loss(self) -> Any:
        return None

    def compile(self, optimizer: Any = None, loss: Any = None, **kwargs: Any) -> None:
        """Compiles; the default optimizer is `TwoTimeScaleAdam`."""
        optimizer = optimizer or TwoTimeScaleAdam()
        super().compile(optimizer=optimizer, loss=loss, **kwargs)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Adds the model's own loss terms to the compiled losses; see the class.

        `sample_weight` applies to the compiled losses only.
        """
        images = self._images(y_pred)
        compiled = super().compute_loss(x, y, images, sample_weight, training)
        terms = self._terms(as_unit(x), as_unit(y), y_pred, training)
        count = ops.shape(next(iter(images.values())))[0]
        return compiled + portion(self.terms.total(terms, count))

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> Any:
        """Computes the metrics given to `compile` on the images."""
        return super().compute_metrics(x, y, self._images(y_pred), sample_weight)

    def _images(self, y_pred: Any) -> dict[str, Any]:
        return y_pred

    def _terms(self, x: Any, y: Any, y_pred: Any, training: bool) -> dict[str, Any]:
        """Returns the loss terms, each summed over people."""
        people = self.identities
        found = [self._person(n, x[n], y[n], y_pred[n], training) for n in people]
        return {term: sum(one[term] for one in found) for term in self.terms.noted}

    def _person(
        self, name: str, x: Any, y: Any, y_pred: Any, training: bool
    ) -> dict[str, Any]:
        """Returns one person's loss terms.

        Args:
            name: The person.
            x: Input images in [0, 1].
            y: Targets; their images are in [0, 1].
            y_pred: The model's output.
            training: Whether the discriminators are in training mode.
        """
        raise NotImplementedError
