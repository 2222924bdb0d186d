"""Measures of a face: blur and head pose."""

from __future__ import annotations

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.faces._template import (
    DEPTH_5,
    DEPTH_68,
    MEAN_FACE_5,
    MEAN_FACE_68,
    STABLE_68,
)
from deepface_models.faces.align import align_part, resize_matrix, visible_part

# Median pitch that the fit gives 99 front views of the London and Canada sets.
_LEVEL = {68: 8.6, 5: 11.9}
_BLUR_SIZE = 128
_EDGE = _BLUR_SIZE // 5  # pixels at each side that are not measured
_BLUR_HALF = 0.02  # share of fine detail at which blur is 0.5


def blur(aligned: Array) -> float:
    """Measures how blurred an aligned face is: 0 (sharp) to 1 (no fine detail).

    Based on the variance of the Laplacian, divided by the variance of the image so that
    contrast does not matter, and measured at 128 px whatever the size.

    Args:
        aligned: (S, S, 3) RGB or (S, S) gray, uint8 or float32 in [0, 1].

    Example:
        >>> rng = np.random.default_rng(0)
        >>> sharp = rng.integers(0, 256, (64, 64, 3)).astype(np.uint8)
        >>> blur(sharp) < blur(np.full((64, 64, 3), 128, np.uint8))
        True
    """
    image = aligned if aligned.dtype == np.uint8 else np.clip(aligned, 0, 1) * 255
    gray: Array = image.astype(np.float32)
    if gray.ndim == 3:
        gray = np.asarray(cv2.cvtColor(gray, cv2.COLOR_RGB2GRAY))
    if gray.shape[0] != _BLUR_SIZE:
        shrink = gray.shape[0] > _BLUR_SIZE
        how = cv2.INTER_AREA if shrink else cv2.INTER_CUBIC
        gray = cv2.resize(gray, (_BLUR_SIZE, _BLUR_SIZE), interpolation=how)
    return _blur_of(np.ascontiguousarray(gray[_EDGE:-_EDGE, _EDGE:-_EDGE]))


def blur_in(image: Array, matrix: Array, image_size: int) -> float:
    """Measures the `blur` of a face in its frame; only the face's middle is cut out.

    Args:
        image: (H, W, 3) RGB uint8, the frame.
        matrix: (2, 3) from `alignment_matrix`.
        image_size: Side of the aligned face in pixels.
    """
    middle = resize_matrix(matrix, image_size, _BLUR_SIZE)
    middle[:, 2] -= _EDGE
    side = _BLUR_SIZE - 2 * _EDGE
    place = visible_part(middle, side, image.shape)
    gray = np.asarray(cv2.cvtColor(image[place], cv2.COLOR_RGB2GRAY))
    return _blur_of(align_part(gray, place, middle, side).astype(np.float32))


def _blur_of(inner: Array) -> float:
    """Returns the blur of the middle of a face, gray float32 in 0..255."""
    detail = float(cv2.Laplacian(inner, cv2.CV_32F).var()) / (float(inner.var()) + 1.0)
    return _BLUR_HALF / (_BLUR_HALF + detail)


def head_pose(
    landmarks: Array, frame_size: tuple[int, int]
) -> tuple[float, float, float]:
    """Estimates the head pose: (yaw, pitch, roll) in degrees.

    Args:
        landmarks: (68, 2) or (5, 2) points in pixels of the frame.
        frame_size: (width, height) of the frame in pixels. A field of view of about 53
            degrees across the longer side is assumed.

    Returns:
        yaw: positive when the face looks to the right of the image.
        pitch: positive when the face looks up.
        roll: positive when the head leans clockwise.

    Example:
        >>> from deepface_models.faces import template
        >>> mean_face = template(68, 256, "full")
        >>> yaw, pitch, roll = head_pose(mean_face, (256, 256))
        >>> abs(yaw) < 1, abs(roll) < 1
        (True, True)
    """
    points = np.asarray(landmarks, np.float64)
    model, points = _model_points(points)
    focal = float(max(frame_size))
    camera = np.array(
        [[focal, 0, frame_size[0] / 2], [0, focal, frame_size[1] / 2], [0, 0, 1]]
    )
    # Start from a frontal face of the right size at the right place: five nearly
    # flat points have a second, mirrored solution otherwise.
    size = np.ptp(points[:, 0]) / np.ptp(model[:, 0])
    depth = focal / max(float(size), 1e-6)
    middle = (points.mean(0) - camera[:2, 2]) / focal * depth
    start = np.array([middle[0], middle[1], depth])
    _, turn, _ = cv2.solvePnP(
        model,
        points,
        camera,
        None,
        np.zeros((3, 1)),
        start.reshape(3, 1),
        True,
        cv2.SOLVEPNP_ITERATIVE,
    )
    rotation = np.asarray(cv2.Rodrigues(turn)[0])
    yaw, pitch, roll = _angles(rotation)
    return yaw, pitch - _LEVEL[len(landmarks)], roll


def _model_points(points: Array) -> tuple[Array, Array]:
    """Returns the mean head's points in camera axes, and the matching landmarks."""
    if len(points) == 68:
        keep = list(STABLE_68)
        flat, depth, points = MEAN_FACE_68[keep], DEPTH_68[keep], points[keep]
    else:
        flat, depth = MEAN_FACE_5, DEPTH_5
    model = np.column_stack([flat, -depth])
    return model - model.mean(0), points


def _angles(rotation: Array) -> tuple[float, float, float]:
    look = rotation @ np.array([0.0, 0.0, -1.0])
    yaw = np.arctan2(look[0], -look[2])
    pitch = np.arcsin(np.clip(-look[1], -1, 1))
    roll = np.arctan2(rotation[1, 0], rotation[0, 0])
    degrees = np.degrees([yaw, pitch, roll]).tolist()
    return degrees[0], degrees[1], degrees[2]
