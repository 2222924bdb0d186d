"""`FaceMesh`: 478 points of a face and its irises, by MediaPipe's networks."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike

from deepface_models.core.arrays import Array, as_float, as_uint8
from deepface_models.faces import _mesh_points as numbers
from deepface_models.faces._template import five_points
from deepface_models.faces.align import (
    invert,
    template,
    transform_points,
    umeyama,
    warp,
)
from deepface_models.faces.models import model_path

CROP_SIZE, EYE_SIZE = 192, 64  # sides of what the networks see, in pixels
# MediaPipe's crop of a face is 1.5 times its mesh. In units of the mean face's square
# that is this one, the median of the 117 front views of benchmarks/alignment.py.
_CENTER, _SIDE = (0.5, 0.38), 1.885
_EYE_SIDE = 2.3  # of an eye's crop, in widths of the eye
_LOCK = threading.RLock()
_networks: dict[str, tuple[Any, list[str]]] = {}


class FaceMesh:
    """Finds 478 points of a face: 468 of its surface and five of each iris.

    The networks are MediaPipe's face landmark and iris networks (Apache-2.0), which
    OpenCV runs: about 3 ms a face and 2.5 ms an eye on one CPU core.

    References: Kartynnik et al., "Real-time Facial Surface Geometry from Monocular
    Video on Mobile GPUs", 2019; Ablavatski et al., "Real-time Pupil Tracking from
    Monocular Video for Digital Puppetry", 2020.

    Example:
        >>> mesh = FaceMesh()
        >>> image = np.zeros((90, 120, 3), np.uint8)
        >>> points, presence = mesh.predict([image], [np.eye(2, 3)])
        >>> points.shape, bool(presence[0] < 0.5)
        ((1, 478, 3), True)
    """

    def predict(
        self, images: Sequence[Array], matrices: Sequence[ArrayLike] | Array
    ) -> tuple[Array, Array]:
        """Returns the points of faces and whether there are faces.

        Args:
            images: One RGB image for each face, uint8 or float in [0, 1].
            matrices: (N, 2, 3), from pixels of the image to those of the crop of 192
                px that the network sees; see `mesh_matrix`.

        Returns:
            Points (N, 478, 3) float32: x and y in pixels of the image, and depth in
            the same unit, smaller toward the viewer. The first 468 are numbered as in
            MediaPipe, then follow the left and the right iris of the image: center,
            right, top, left and bottom of the rim for the left one, mirrored for the
            right one. Then the presence of a face, (N,) float32 in [0, 1].
        """
        images = [as_uint8(image) for image in images]
        into = np.asarray(matrices, np.float64).reshape(-1, 2, 3)
        if len(images) != len(into):
            raise ValueError(
                f"{len(images)} images and {len(into)} matrices were given. Expected "
                "one of each for every face. Repeat an image that shows several faces."
            )
        if not images:
            return np.zeros((0, numbers.NUM_POINTS, 3), np.float32), np.zeros(0, "f4")
        surface, logits = self._run("face", _crops(images, into, CROP_SIZE))
        surface = _back(surface, into)
        eyes = [self._eyes(images, surface, right) for right in (False, True)]
        for (outline, _), there in zip(eyes, _EYES, strict=True):
            surface[:, there, :2] = outline[..., :2]
        points = np.concatenate([surface, *(iris for _, iris in eyes)], axis=1)
        presence = 1 / (1 + np.exp(-logits[:, 0].astype(np.float64)))
        return points.astype(np.float32), presence.astype(np.float32)

    def _eyes(
        self, images: Sequence[Array], surface: Array, right: bool
    ) -> tuple[Array, Array]:
        """Returns outline (N, 71, 3) and iris (N, 5, 3) of one eye of each face."""
        into = np.array([_eye_matrix(points, right) for points in surface])
        outline, iris = self._run("iris", _crops(images, into, EYE_SIZE))
        return _back(outline, into), _back(iris, into)

    def _run(self, name: str, crops: Array) -> list[Array]:
        network, outputs = _network(name)
        found = []
        for crop in np.ascontiguousarray(crops.transpose(0, 3, 1, 2)):
            with _LOCK:
                network.setInput(crop[None])
                found.append([np.array(one) for one in network.forward(outputs)])
        return [np.concatenate(parts) for parts in zip(*found, strict=True)]


def mesh_matrix(landmarks: ArrayLike) -> Array:
    """Returns the (2, 3) matrix from pixels of an image to `FaceMesh`'s crop.

    Args:
        landmarks: (68, 2) or (5, 2) in pixels of the image.

    Example:
        >>> from deepface_models.faces import template
        >>> mesh_matrix(template(68, 64, "full")).shape
        (2, 3)
    """
    scale = CROP_SIZE / _SIDE
    wanted = (template(5, 1, "half") + 0.5 - _CENTER) * scale + CROP_SIZE / 2 - 0.5
    return umeyama(five_points(np.asarray(landmarks)), wanted)


def mesh_network(name: str) -> Any:
    """Returns the Keras model of the network "face" or "iris", with its weights."""
    from deepface_models.faces import _mesh_network  # imports Keras

    model = getattr(_mesh_network, f"{name}_network")()
    model.load_weights(model_path(f"mesh_{name}"))
    return model


_EYES = (list(numbers.LEFT_EYE), list(numbers.RIGHT_EYE))


def _network(name: str) -> tuple[Any, list[str]]:
    """Returns the network "face" or "iris", which all threads share; its outputs."""
    with _LOCK:
        if name not in _networks:
            from deepface_models.faces._onnx import to_onnx

            model = mesh_network(name)
            file = np.frombuffer(to_onnx(model), np.uint8)
            outputs = [one._keras_history.operation.name for one in model.outputs]
            _networks[name] = cv2.dnn.readNetFromONNX(file), outputs
        return _networks[name]


def _crops(images: Sequence[Array], matrices: Array, size: int) -> Array:
    pairs = zip(images, matrices, strict=True)
    return as_float(np.stack([warp(i, m, size, size) for i, m in pairs]))


def _back(points: Array, matrices: Array) -> Array:
    """Returns points of crops (N, K, 3) in pixels of the images.

    The networks count from the crop's corner and not from its first pixel's center.
    """
    result = np.array(points, np.float64)
    for one, matrix in zip(result, matrices, strict=True):
        inverse = invert(matrix)
        one[:, :2] = transform_points(one[:, :2] - 0.5, inverse)
        one[:, 2] *= np.sqrt(abs(np.linalg.det(inverse[:, :2])))
    return result


def _eye_matrix(surface: Array, right: bool) -> Array:
    """Returns the matrix to an eye's crop; a right eye is mirrored."""
    ends = numbers.RIGHT_CORNERS if right else numbers.LEFT_CORNERS
    outer, inner = surface[list(ends), :2]
    middle, half = EYE_SIZE / 2 - 0.5, EYE_SIZE / _EYE_SIDE / 2
    wanted = np.array([[middle - half, middle], [middle + half, middle]])
    if not right:
        return umeyama(np.array([outer, inner]), wanted)
    mirror = np.array([-1.0, 1.0])
    matrix = umeyama(np.array([outer, inner]) * mirror, wanted)
    matrix[:, 0] *= -1
    return matrix
