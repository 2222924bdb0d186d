"""Face tracks: the same face in consecutive frames, smoothed, with gaps filled."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.whole import whole_numbers
from deepface_models.faces.align import invert, transform_points
from deepface_models.faces.face import Box, Face

MAX_GAP = 8  # most frames without a detection that are filled in


@dataclass
class Track:
    """One face in consecutive frames.

    Attributes:
        frames: Frame numbers, ascending.
        faces: The face in each of them.
    """

    frames: list[int] = field(default_factory=list)
    faces: list[Face] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.frames)


@whole_numbers(max_gap=0)
def track_faces(
    per_frame: Sequence[Sequence[Face]],
    cuts: Collection[int] = (),
    max_gap: int = MAX_GAP,
) -> list[Track]:
    """Joins the faces of consecutive frames into tracks, by overlap and distance.

    Args:
        per_frame: The faces of each frame, in order.
        cuts: Numbers of the first frames of new scenes; no track crosses one.
        max_gap: Largest number of consecutive frames that a track may miss.

    Returns:
        Tracks in order of first appearance. Each face is in exactly one.
    """
    tracks: list[Track] = []
    start = 0
    for number, faces in enumerate(per_frame):
        start = number if number in cuts else start
        alive = [
            t
            for t in tracks
            if t.frames[-1] >= start and number - t.frames[-1] <= max_gap + 1
        ]
        for face, track in _pairs(faces, alive, tracks):
            track.frames.append(number)
            track.faces.append(face)
    return tracks


def _pairs(
    faces: Sequence[Face], alive: list[Track], tracks: list[Track]
) -> Iterable[tuple[Face, Track]]:
    """Matches faces to tracks, best first; an unmatched face starts a new track."""
    scored = [
        (_nearness(face.box, track.faces[-1].box), i, j)
        for i, face in enumerate(faces)
        for j, track in enumerate(alive)
    ]
    free_faces, free_tracks = set(range(len(faces))), set(range(len(alive)))
    pairs = []
    for score, i, j in sorted(scored, reverse=True):
        if score > 0 and i in free_faces and j in free_tracks:
            free_faces.remove(i)
            free_tracks.remove(j)
            pairs.append((faces[i], alive[j]))
    for i in sorted(free_faces):
        tracks.append(Track())
        pairs.append((faces[i], tracks[-1]))
    return pairs


def _nearness(a: Box, b: Box) -> float:
    """Returns a score above 0 if two boxes may be one face: overlapping or close."""
    size = (a.width + b.width) / 2
    if not 0.5 < a.width / max(b.width, 1e-6) < 2:
        return 0.0
    (ax, ay), (bx, by) = a.center, b.center
    distance = float(np.hypot(ax - bx, ay - by)) / max(size, 1e-6)
    return a.iou(b) + max(0.0, 0.5 - distance)


@whole_numbers(shape_window=1, pose_window=1, max_gap=0)
def smooth_track(
    track: Track, shape_window: int = 5, pose_window: int = 9, max_gap: int = MAX_GAP
) -> Track:
    """Fills short gaps of a track and removes jitter from landmarks and crops.

    The face's position, size and rotation are smoothed separately from the landmarks
    within the face, by sliding quadratic fits, which neither delay nor weaken a steady
    movement. The window is short for the landmarks, to keep the movements of speech,
    and longer for the matrices, to keep the crop still.

    Args:
        track: A track from `track_faces`.
        shape_window: Frames of the fit for landmarks, odd.
        pose_window: Frames of the fit for matrices, odd.
        max_gap: Longest gap to fill, in frames.

    Returns:
        A new track. Filled-in faces have detector "interpolated" and score 0.
    """
    filled = _fill(track, max_gap)
    faces = list(filled.faces)
    for begin, end in _runs(filled.frames):
        faces[begin:end] = _smooth(faces[begin:end], shape_window, pose_window)
    return Track(list(filled.frames), faces)


def _runs(frames: list[int]) -> list[tuple[int, int]]:
    """Returns the runs of consecutive frame numbers as (begin, end) indices."""
    breaks = [i for i in range(1, len(frames)) if frames[i] != frames[i - 1] + 1]
    edges = [0, *breaks, len(frames)]
    return [(a, b) for a, b in itertools.pairwise(edges) if b > a]


def _smooth(faces: list[Face], shape_window: int, pose_window: int) -> list[Face]:
    poses = np.array([_pose(f.matrix, f.image_size) for f in faces])
    poses[:, 3] = np.unwrap(poses[:, 3])
    shapes = np.array([transform_points(f.landmarks, f.matrix) for f in faces])
    short, long = (smooth(poses, w) for w in (shape_window, pose_window))
    shapes = smooth(shapes, shape_window)
    result = []
    for face, shape, shape_pose, crop_pose in zip(
        faces, shapes, short, long, strict=True
    ):
        points = transform_points(shape, invert(_matrix(shape_pose, face.image_size)))
        matrix = _matrix(crop_pose, face.image_size)
        landmarks = np.asarray(points, np.float32)
        result.append(replace(face, landmarks=landmarks, matrix=matrix))
    return result


def _pose(matrix: Array, size: int) -> list[float]:
    """Returns center x and y of the crop in the frame, log scale and rotation."""
    center = transform_points(np.full(2, (size - 1) / 2), invert(matrix))
    a, b = matrix[0, 0], matrix[1, 0]
    return [center[0], center[1], np.log(np.hypot(a, b)), np.arctan2(b, a)]


def _matrix(pose: Array, size: int) -> Array:
    scale, angle = np.exp(pose[2]), pose[3]
    rotation = scale * np.array(
        [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    )
    return np.column_stack([rotation, (size - 1) / 2 - rotation @ pose[:2]])


def smooth(values: Array, window: int, degree: int = 2) -> Array:
    """Smooths values (T, ...) by sliding polynomial fits, without delay.

    Each value is replaced by that of a polynomial fitted to its neighborhood, so a
    polynomial of that degree does not change. At the ends the neighborhood is
    one-sided.

    Reference: Savitzky and Golay, "Smoothing and Differentiation of Data by Simplified
    Least Squares Procedures", 1964.

    Args:
        values: (T, ...) numbers, one entry for each frame.
        window: Frames of the fit.
        degree: Degree of the polynomials.
    """
    values = np.asarray(values, np.float64)
    count = len(values)
    window = min(window, count)
    if window <= degree + 1:
        return values.copy()
    flat = values.reshape(count, -1)
    result = np.empty_like(flat)
    for i in range(count):
        begin = min(max(0, i - window // 2), count - window)
        powers = np.vander(np.arange(begin, begin + window) - i, degree + 1)
        # The last coefficient is the fit's value at i itself.
        result[i] = np.linalg.pinv(powers)[-1] @ flat[begin : begin + window]
    return result.reshape(values.shape)


def _fill(track: Track, max_gap: int) -> Track:
    filled = Track()
    for number, face in zip(track.frames, track.faces, strict=True):
        if filled.frames:
            last, before = filled.frames[-1], filled.faces[-1]
            if 1 < number - last <= max_gap + 1:
                for missing in range(last + 1, number):
                    part = (missing - last) / (number - last)
                    filled.frames.append(missing)
                    filled.faces.append(_between(before, face, part))
        filled.frames.append(number)
        filled.faces.append(face)
    return filled


def _between(a: Face, b: Face, part: float) -> Face:
    def mix(x: Any, y: Any) -> Any:
        if x is None or y is None:
            return None
        return x + (y - x) * part

    pose_a, pose_b = (np.array(_pose(f.matrix, f.image_size)) for f in (a, b))
    angle = (pose_b[3] - pose_a[3] + np.pi) % (2 * np.pi) - np.pi
    pose_b[3] = pose_a[3] + angle
    corners = zip(a.box.as_tuple(), b.box.as_tuple(), strict=True)
    return Face(
        box=Box(*(mix(x, y) for x, y in corners)),
        landmarks=np.asarray(mix(a.landmarks, b.landmarks), np.float32),
        score=0.0,
        detector="interpolated",
        matrix=_matrix(mix(pose_a, pose_b), a.image_size),
        image_size=a.image_size,
        blur=mix(a.blur, b.blur),
        yaw=mix(a.yaw, b.yaw),
        pitch=mix(a.pitch, b.pitch),
        roll=mix(a.roll, b.roll),
        embedding=mix(a.embedding, b.embedding),
    )


def scene_cuts(images: Iterable[Array], threshold: float = 0.5) -> list[int]:
    """Finds the frames that begin a new scene.

    Compares the color histograms of consecutive frames in each quarter of the image.

    Args:
        images: RGB uint8 frames.
        threshold: Fraction of the pixels (0 to 1) that must change color.

    Returns:
        The numbers of these frames.
    """
    cuts: list[int] = []
    before: Array | None = None
    for number, image in enumerate(images):
        now = _histograms(image)
        if before is not None:
            changed = 0.5 * np.abs(now - before).sum(axis=1)
            if float(np.median(changed)) > threshold:
                cuts.append(number)
        before = now
    return cuts


def _histograms(image: Array) -> Array:
    small = cv2.resize(image, (64, 64), interpolation=cv2.INTER_AREA)
    # Coarse, blurred bins: a small change of brightness must not count as a cut.
    codes = [[0, 1, 2], None, [6, 6, 6], [0, 256, 0, 256, 0, 256]]
    rows = []
    for y in (0, 32):
        for x in (0, 32):
            part = np.ascontiguousarray(small[y : y + 32, x : x + 32])
            counts = cv2.calcHist([part], *codes)  # type: ignore[call-overload]
            for axis in range(3):
                counts = (
                    np.roll(counts, 1, axis) + 2 * counts + np.roll(counts, -1, axis)
                ) / 4
            rows.append(counts.ravel() / counts.sum())
    return np.array(rows)
