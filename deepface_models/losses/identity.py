"""Identity loss: the distance of face embeddings."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from deepface_models.core.version import PACKAGE
from deepface_models.losses.base import CompositeLoss
from deepface_models.losses.embedders import as_config, as_model, outputs_of_both


@keras.saving.register_keras_serializable(PACKAGE)
class IdentityLoss(CompositeLoss):
    """One minus the cosine similarity of the two faces' embeddings.

    Images are resized to the embedder's input size. Other preprocessing, such as
    scaling to [-1, 1], has to be the embedder's first layer. The embedder's weights
    are not trained.

    Reference: Li et al., "FaceShifter: Toward High Fidelity and Occlusion Aware
    Face Swapping", 2019, with Deng et al., "ArcFace: Additive Angular Margin Loss
    for Deep Face Recognition", 2019.

    Args:
        embedder: Any Keras model from images (B, h, w, 3) in [0, 1] to vectors
            (B, n), or the path of its `.keras` file. The loss's config, which is
            saved with a compiled model, has the whole network for a model, but only
            the path for a path.
        **kwargs: As `CompositeLoss`.

    Example:
        >>> embedder = keras.Sequential(
        ...     [keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(4)]
        ... )
        >>> faces = keras.random.uniform((2, 64, 64, 3), seed=0)
        >>> round(abs(float(IdentityLoss(embedder)(faces, faces))), 4)
        0.0
    """

    _arguments: tuple[str, ...] = ("outside",)

    def __init__(self, embedder: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._source = embedder
        self.embedder = as_model(embedder)

    def compare(self, true: Any, pred: Any) -> Any:
        """Returns one value in [0, 2] for each image, (B,)."""
        expected, found = outputs_of_both(self.embedder, true, pred)
        # Half the squared distance of unit vectors is exactly 0 for equal ones.
        return 0.5 * ops.sum(ops.square(_unit(expected[0]) - _unit(found[0])), axis=-1)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        stored = as_config(self._source, self.embedder)
        return {**super().get_config(), "embedder": stored}


def _unit(vectors: Any) -> Any:
    vectors = ops.reshape(vectors, (ops.shape(vectors)[0], -1))
    length = ops.sum(ops.square(vectors), axis=-1, keepdims=True)
    return vectors * ops.rsqrt(length + 1e-12)
