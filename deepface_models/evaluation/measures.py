"""The measures of a swap: functions of landmarks, embeddings and time.

Distances between landmarks are in face units: divided by the distance between the
centers of the eyes. Frames in which no face was found are rows of NaN and give NaN.
"""

from __future__ import annotations

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.expressions import gaps
from deepface_models.faces import (
    alignment_matrix,
    head_pose,
    template,
    transform_points,
)

EYES_AND_MOUTH = slice(36, 68)
# Pairs of opposite landmarks of the inner lips and of the lids, of dlib's 68.
LIPS = ((61, 67), (62, 66), (63, 65))
LIDS = ((37, 41), (38, 40), (43, 47), (44, 46))
_LEFT_EYE, _RIGHT_EYE = slice(36, 42), slice(42, 48)


def embedding_distance(embeddings: Array, person: Array) -> Array:
    """Returns the mean distance of each face to the faces of a person.

    Distances are between single faces, not to the person's mean embedding, because
    dlib's threshold of 0.6 is for pairs of faces, and a mean is closer to everything.

    Args:
        embeddings: (N, 128) face embeddings.
        person: (M, 128) embeddings of the person; rows of NaN are ignored.

    Returns:
        (N,) distances, about 0.3 for the same person and 0.8 for another.
    """
    known = person[~np.isnan(person).any(axis=1)]
    return np.array(
        [np.linalg.norm(known - row, axis=1).mean() for row in embeddings], float
    )


def poses(landmarks: Array, frame_sizes: Array) -> Array:
    """Returns the head poses.

    Args:
        landmarks: (N, 68 or 5, 2) in pixels of the frames.
        frame_sizes: (N, 2) widths and heights.

    Returns:
        (N, 3) yaw, pitch and roll in degrees, see `faces.head_pose`.
    """
    result = np.full((len(landmarks), 3), np.nan)
    for i, (points, (width, height)) in enumerate(
        zip(landmarks, frame_sizes, strict=True)
    ):
        if np.isfinite(points).all():
            result[i] = head_pose(points, (int(width), int(height)))
    return result


def pose_error(result: Array, source: Array) -> Array:
    """Returns the mean absolute difference of yaw, pitch and roll.

    Args:
        result: (N, 3) degrees.
        source: (N, 3) degrees.

    Returns:
        (N,) degrees, 0 to 180.
    """
    difference = np.abs(result - source) % 360
    return np.asarray(np.minimum(difference, 360 - difference).mean(axis=-1))


def eye_distance(landmarks: Array) -> Array:
    """Returns the distance between the eyes' centers: (..., 68 or 5, 2) -> (...)."""
    if landmarks.shape[-2] == 5:  # dlib's five: both corners of each eye, nose
        left, right = landmarks[..., 2:4, :], landmarks[..., 0:2, :]
    else:
        left, right = landmarks[..., _LEFT_EYE, :], landmarks[..., _RIGHT_EYE, :]
    return np.asarray(np.linalg.norm(left.mean(-2) - right.mean(-2), axis=-1))


def aligned_shapes(landmarks: Array) -> Array:
    """Returns the faces' shapes without position, size and roll.

    Args:
        landmarks: (N, 68 or 5, 2) in pixels of the frames.

    Returns:
        The landmarks aligned to the mean face, in units of its eye distance.
    """
    shapes = np.full(landmarks.shape, np.nan)
    unit = eye_distance(template(landmarks.shape[1], 1, "half"))
    for i, points in enumerate(np.asarray(landmarks, np.float64)):
        if np.isfinite(points).all():
            shapes[i] = transform_points(points, alignment_matrix(points, 1, "half"))
    return np.asarray(shapes / unit)


def landmark_error(result: Array, source: Array) -> Array:
    """Returns how far eyes and mouth of the result lie from those of the source.

    A different face shape counts as error here; see `expression_error` for the
    expression alone.

    Args:
        result: (N, 68, 2) in pixels of the frames.
        source: (N, 68, 2) in pixels of the same frames.

    Returns:
        (N,) mean distances in face units of the source.
    """
    moved = (result - source)[:, EYES_AND_MOUTH]
    return np.asarray(np.linalg.norm(moved, axis=-1).mean(-1) / eye_distance(source))


def expression_offsets(
    result: Array, source: Array, result_mean: Array, source_mean: Array
) -> Array:
    """Returns the difference in expression at each landmark of eyes and mouth.

    An expression is the difference between a shape and the person's mean shape. The
    result is the expression of the result minus that of the source.

    Args:
        result: (N, 68, 2) aligned shapes of the results.
        source: (N, 68, 2) aligned shapes of the source frames.
        result_mean: (68, 2) mean aligned shape of the target person.
        source_mean: (68, 2) mean aligned shape of the source person.

    Returns:
        (N, 32, 2) in face units.
    """
    difference = (result - result_mean) - (source - source_mean)
    return np.asarray(difference[:, EYES_AND_MOUTH])


def expression_error(offsets: Array) -> Array:
    """Returns the mean length of the offsets: (N, 32, 2) -> (N,) in face units."""
    return np.asarray(np.linalg.norm(offsets, axis=-1).mean(-1))


def motion_error(offsets: Array, clips: Array) -> Array:
    """Returns the expression error without its constant part in each clip.

    Two people's mean shapes also differ because their images show other poses and
    moods. What remains is the error in following the source's movements.

    Args:
        offsets: (N, 32, 2) from `expression_offsets`.
        clips: (N,) labels; frames of the same clip have the same label.

    Returns:
        (N,) in face units; NaN for clips of one frame.
    """
    varying = np.full(offsets.shape, np.nan)
    for clip in np.unique(clips):
        members = (clips == clip) & np.isfinite(offsets).all(axis=(1, 2))
        if members.sum() > 1:
            varying[members] = offsets[members] - offsets[members].mean(axis=0)
    return expression_error(varying)


def mouth_opening(landmarks: Array) -> Array:
    """Returns the gap between the lips: (N, 68, 2) -> (N,) in face units."""
    return _gap(landmarks, LIPS)


def eye_opening(landmarks: Array) -> Array:
    """Returns the mean gap between the eyelids: (N, 68, 2) -> (N,) in face units."""
    return _gap(landmarks, LIDS)


def _gap(landmarks: Array, pairs: tuple[tuple[int, int], ...]) -> Array:
    return np.asarray(gaps(landmarks, pairs).mean(-1) / eye_distance(landmarks))


def correlation(result: Array, source: Array, clips: Array) -> float:
    """Returns Pearson's correlation within clips.

    Args:
        result: (N,) values of the results.
        source: (N,) values of the source frames.
        clips: (N,) labels; each clip's mean is subtracted first.

    Returns:
        -1 to 1, or NaN with fewer than three frames or constant values.
    """
    a, b = centered(result, source, clips)
    scale = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum() / scale) if len(a) > 2 and scale > 1e-12 else np.nan


def centered(result: Array, source: Array, clips: Array) -> tuple[Array, Array]:
    """Returns both values, where both are known, less their means in each clip.

    Args:
        result: (N,) values of the results; NaN where not known.
        source: (N,) values of the source frames.
        clips: (N,) labels.
    """
    known = np.isfinite(result) & np.isfinite(source)
    a, b, clips = result[known].copy(), source[known].copy(), clips[known]
    for clip in np.unique(clips):
        a[clips == clip] -= a[clips == clip].mean()
        b[clips == clip] -= b[clips == clip].mean()
    return a, b


def second_difference(values: Array, runs: Array) -> Array:
    """Returns the second difference x[t-1] - 2 x[t] + x[t+1].

    It is 0 for a steady movement.

    Args:
        values: (N, ...).
        runs: (N,) labels; neighbors with the same label are consecutive frames.

    Returns:
        (N, ...), NaN at both ends of every run.
    """
    values, runs = np.asarray(values, np.float64), np.asarray(runs)
    change = np.full(values.shape, np.nan)
    inner = np.zeros(len(values), bool)
    inner[1:-1] = (runs[:-2] == runs[1:-1]) & (runs[1:-1] == runs[2:])
    at = np.flatnonzero(inner)
    change[at] = values[at - 1] - 2 * values[at] + values[at + 1]
    return change


def jitter(landmarks: Array, runs: Array) -> Array:
    """Returns the jitter of the landmarks from frame to frame.

    Args:
        landmarks: (N, P, 2) in pixels of the frames.
        runs: (N,) labels of runs of consecutive frames.

    Returns:
        (N,) mean length of the second difference in face units.
    """
    change = np.linalg.norm(second_difference(landmarks, runs), axis=-1).mean(-1)
    return np.asarray(change / eye_distance(landmarks))


def flicker(colors: Array, runs: Array) -> Array:
    """Returns the changes of the face's mean color from frame to frame.

    Args:
        colors: (N, 3) mean red, green, blue inside the mask in [0, 1].
        runs: (N,) labels of runs of consecutive frames.

    Returns:
        (N,) mean size of the second difference in 8-bit levels.
    """
    return np.asarray(np.abs(second_difference(colors, runs)).mean(-1) * 255)


def ratio(result: Array, source: Array) -> float:
    """Returns mean of `result` / mean of `source`, over frames where both are known."""
    known = np.isfinite(result) & np.isfinite(source)
    divisor = float(source[known].mean()) if known.any() else 0.0
    return float(result[known].mean()) / divisor if divisor > 0 else np.nan
