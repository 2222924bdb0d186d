"""What a training step has to know when several devices share its batch."""

from __future__ import annotations

from typing import Any

import keras


def replicas() -> int:
    """Returns how many copies of the step TensorFlow runs, each on its own faces.

    It is 1 on JAX, which runs one step on the whole batch wherever its parts are.
    """
    if keras.backend.backend() != "tensorflow":
        return 1
    import tensorflow

    return int(tensorflow.distribute.get_strategy().num_replicas_in_sync)


def portion(loss: Any) -> Any:
    """Returns a loss divided by the number of replicas.

    TensorFlow adds up the replicas' gradients. Keras divides the losses of `compile`,
    but not what a model adds to them in `compute_loss`. It must be a mean over the
    batch.
    """
    count = replicas()
    return loss if count == 1 else loss / count
