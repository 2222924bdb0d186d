"""Training and evaluation of models whose images have people's names as keys."""

from __future__ import annotations

from typing import Any

import keras

from deepface_models.core.inputs import as_unit
from deepface_models.core.weights import weights_for_each
from deepface_models.losses import ImageLoss
from deepface_models.models.stored import StoredModel
from deepface_models.models.swap._named import NamedImages


class TrainedByName(StoredModel):
    """Base of models whose inputs, outputs and targets are dictionaries by identity."""

    identities: tuple[str, ...]
    _people: NamedImages

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Reconstructs each person's faces; uint8 images are scaled to [0, 1]."""
        return super().call(as_unit(inputs), training=training, mask=mask)

    def compile(self, optimizer: Any = None, loss: Any = None, **kwargs: Any) -> None:
        """Compiles; the defaults are Adam with 1e-4 and `ImageLoss` for each person."""
        super().compile(
            optimizer=optimizer or keras.optimizers.Adam(1e-4),
            loss=loss or self._default_loss(),
            **kwargs,
        )

    def _default_loss(self) -> Any:
        """Returns what `compile` takes; None for a model with losses of its own."""
        return {name: ImageLoss() for name in self.identities}

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Computes the loss; targets are uint8 or in [0, 1]."""
        y = y if y is None else as_unit(y)
        weight = weights_for_each(self.loss, y, y_pred, sample_weight)
        return super().compute_loss(x, y, y_pred, weight, training)

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> Any:
        """Computes the metrics with the same targets as `compute_loss`."""
        y = y if y is None else as_unit(y)
        return super().compute_metrics(x, y, y_pred, sample_weight)

    def fit(self, x: Any = None, y: Any = None, **kwargs: Any) -> Any:
        """Trains as `keras.Model.fit` does; images may be uint8.

        Args:
            x: `SwapPairs`, a data set, or a dictionary of faces keyed by identity.
            y: Targets keyed by identity, if `x` is a dictionary.
            **kwargs: As in `keras.Model.fit`.

        Returns:
            Keras' History.
        """
        if isinstance(x, keras.utils.PyDataset):
            # A resumed training must see the same batches in the same order.
            kwargs.setdefault("shuffle", False)
        x, y = self._people.inputs(x, "fit"), self._people.targets(y, x)
        self._people.weigh(y, kwargs)
        held_out = kwargs.get("validation_data")
        if isinstance(held_out, tuple):
            kwargs["validation_data"] = self._people.held_out(held_out)
        history = super().fit(x, y, **kwargs)
        self.update_latent_means(x, y)
        return history

    def _begin(self, x: Any, y: Any) -> None:
        """Creates the variables of optimizer, losses and metrics before the first step.

        If the step creates them, TensorFlow traces it twice, which takes seconds. On
        JAX and PyTorch, Keras reads batches ahead to create them, which changes all
        later random numbers.
        """
        super()._begin(x, y)
        if not self.compiled or getattr(self, "_distribute_strategy", None):
            return  # with several devices of TensorFlow, Keras does it
        if isinstance(x, keras.utils.PyDataset):
            self._symbolic_build(data_batch=x[0])
        elif isinstance(x, dict) and isinstance(y, dict):
            few = keras.tree.map_structure(lambda array: array[:1], (x, y))
            self._symbolic_build(data_batch=few)

    def update_latent_means(self, x: Any, y: Any = None) -> None:
        """Sets each person's latent mean, if the model has them; `fit` calls it.

        Args:
            x: As in `fit`. Nothing is set for data other than `SwapPairs` and
                dictionaries, such as `tf.data`.
            y: As in `fit`.
        """

    def evaluate(self, x: Any = None, y: Any = None, **kwargs: Any) -> Any:
        """Evaluates as `keras.Model.evaluate` does; images may be uint8."""
        x, y = self._people.inputs(x, "evaluate"), self._people.targets(y, x)
        self._people.weigh(y, kwargs)
        return super().evaluate(x, y, **kwargs)

    def _check_batch(self, x: Any, y: Any) -> None:
        self._people.check(x, y)
