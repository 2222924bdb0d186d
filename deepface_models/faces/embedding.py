"""Face embeddings: 128 numbers per face, close together for the same person."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.faces import _dlib, _embedding_network
from deepface_models.faces.face import Box, Face
from deepface_models.faces.models import model_path

Embedder = Callable[[Sequence[Array]], Array]  # see `embed_chips`
CHIP_SIZE = 150
# dlib's published threshold: faces closer than this count as the same person.
SAME_PERSON = 0.6
_lock = threading.Lock()


def chip(image: Array, face: Face | Array) -> Array:
    """Returns the 150 px image that the embedding network takes, RGB uint8."""
    import dlib

    points = face.landmarks if isinstance(face, Face) else np.asarray(face)
    if points.shape not in ((68, 2), (5, 2)):
        raise ValueError(
            f"Landmarks of shape {points.shape} were given. Expected a Face, (68, 2) "
            "or (5, 2) points in pixels of the image. Use FaceAligner.detect."
        )
    low, high = points.min(0), points.max(0)
    shape = _dlib.shape_of(Box(*low.tolist(), *high.tolist()), points)
    return np.asarray(dlib.get_face_chip(_dlib.as_rgb(image), shape, CHIP_SIZE, 0.25))


def embed_chips(chips: Sequence[Array]) -> Array:
    """Returns the embeddings of 150 px chips, (N, 128) float32."""
    if not len(chips):
        return np.zeros((0, 128), np.float32)
    rows = []
    for one in chips:
        pixels = _embedding_network.normalized(one)
        with _lock:  # all threads share the network
            network = _network()
            network.setInput(np.ascontiguousarray(pixels.transpose(2, 0, 1)[None]))
            rows.append(np.array(network.forward()[0], np.float32))
    return np.stack(rows)


@functools.cache
def _network() -> Any:
    weights = model_path("embedding").read_bytes()
    file = np.frombuffer(_embedding_network.to_onnx(weights), np.uint8)
    return cv2.dnn.readNetFromONNX(file)


def embed(image: Array, face: Face | Array) -> Array:
    """Returns the embedding of a face; takes about 10 ms on one CPU core.

    Args:
        image: RGB frame, uint8 or float32 in [0, 1].
        face: A `Face` of this frame, or its (68, 2) or (5, 2) landmarks.

    Returns:
        (128,) float32.

    Example:
        >>> face = people["ana"].faces[0]  # its landmarks lie in the image `found`
        >>> embed(found, face).shape  # doctest: +SKIP
        (128,)
    """
    result: Array = embed_chips([chip(image, face)])[0]
    return result


def embedding_of(image: Array, face: Face) -> Array:
    """Returns a face's embedding, (128,) float32, computed only if it has none yet."""
    return embed(image, face) if face.embedding is None else face.embedding


def distance(a: Array, b: Array) -> Any:
    """Returns the Euclidean distance between embeddings.

    Faces closer than `SAME_PERSON` (0.6) count as the same person.

    Args:
        a: (128,) or (N, 128).
        b: (128,) or (N, 128).

    Returns:
        A float, or (N,) float32 when one of them has N rows.

    Example:
        >>> round(float(distance(np.zeros(128), np.full(128, 0.05))), 3)
        0.566
    """
    distances = np.linalg.norm(np.asarray(a) - np.asarray(b), axis=-1)
    return float(distances) if np.ndim(distances) == 0 else distances.astype(np.float32)


def matches(
    embeddings: Array, reference: Array, threshold: float = SAME_PERSON
) -> Array:
    """Returns which faces are the reference person's, (N,) bool.

    Args:
        embeddings: (N, 128) embeddings.
        reference: (128,) embedding, or (M, 128), of which the nearest one counts.
        threshold: Largest distance that counts as the same person.

    Example:
        >>> reference = np.zeros(128)
        >>> matches(np.stack([reference + 0.05, reference + 0.06]), reference)
        array([ True, False])
    """
    reference = np.atleast_2d(np.asarray(reference, np.float32))
    distances = _distances(np.asarray(embeddings, np.float32), reference)
    result: Array = distances.min(axis=1) < threshold
    return result


def cluster(embeddings: Array, threshold: float = 0.5) -> Array:
    """Groups faces by person.

    Chinese whispers on the graph of all pairs closer than `threshold`. The number of
    people need not be known, and the result is the same in each run.

    Reference: Biemann, "Chinese Whispers", TextGraphs 2006.

    Args:
        embeddings: (N, 128) embeddings.
        threshold: Largest distance between neighbors in the graph.

    Returns:
        (N,) int labels; 0 is the person with the most faces.

    Example:
        >>> embeddings = np.repeat(np.eye(2, 128), 3, axis=0)
        >>> cluster(embeddings).tolist()
        [0, 0, 0, 1, 1, 1]
    """
    embeddings = np.asarray(embeddings, np.float32)
    distances = _distances(embeddings, embeddings)
    weights = np.where(distances < threshold, 1.0 - distances, 0.0)
    np.fill_diagonal(weights, 0.0)
    labels = np.arange(len(embeddings))
    rng = np.random.default_rng(0)
    for _ in range(50):
        before = labels.copy()
        for i in rng.permutation(len(labels)):
            if weights[i].any():
                labels[i] = np.bincount(labels, weights=weights[i]).argmax()
        if (labels == before).all():
            break
    return _by_size(labels)


def _by_size(labels: Array) -> Array:
    names, counts = np.unique(labels, return_counts=True)
    rank = {int(n): i for i, n in enumerate(names[np.argsort(-counts, kind="stable")])}
    return np.array([rank[int(label)] for label in labels], int)


def _distances(a: Array, b: Array) -> Array:
    square = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    result: Array = np.sqrt(np.maximum(square, 0))
    return result
