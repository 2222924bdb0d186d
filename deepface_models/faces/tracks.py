"""Face tracks: the same face in consecutive frames, smoothed, with gaps filled."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.whole import whole_numbers
from deepface_models.faces.align import invert, transform_points
from deepface_models.faces.detect import Detection
from deepface_models.faces.face import Box, Face

MAX_GAP = 8  # most frames without a detection that are filled in
_TOUCHING, _PARTED = 1.2, 1.5  # distances of faces in widths; a head is wider than one


@dataclass
class Track:
    """One face in the frames of a scene, gaps included, with landmarks and matrices.

    It is joined from what the `Tracklet`s of the chunks found.

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

    Example:
        >>> face = people["ana"].faces[0]
        >>> tracks = track_faces([[face], [], [face]])  # missed in the second frame
        >>> [track.frames for track in tracks]
        [[0, 2]]
    """
    return collect_tracks(per_frame, cuts, max_gap)[1]


def collect_tracks(
    per_frame: Sequence[Sequence[Face]],
    cuts: Collection[int] = (),
    max_gap: int = MAX_GAP,
) -> tuple[list[list[int]], list[Track]]:
    """Returns the numbers of each frame's tracks, and what `track_faces` does."""
    tracker, tracks, numbered = Tracker(max_gap), dict[int, Track](), []
    for frame, faces in enumerate(per_frame):
        numbers = tracker.add(frame, faces, frame in cuts)
        collect(tracks, frame, faces, numbers)
        numbered.append(numbers)
    return numbered, list(tracks.values())


def collect(
    tracks: dict[int, Track],
    frame: int,
    faces: Sequence[Face],
    numbers: Sequence[int],
) -> None:
    """Adds the faces of a frame to their tracks, by the numbers of `Tracker.add`."""
    for face, number in zip(faces, numbers, strict=True):
        track = tracks.setdefault(number, Track())
        track.frames.append(frame)
        track.faces.append(face)


@dataclass(frozen=True)
class _Seen:
    """Where a track was seen last, and whether its face touched another one there."""

    frame: int
    box: Box
    touches: bool


class Tracker:
    """Joins the faces of consecutive frames into tracks, frame by frame.

    A track ends where two faces come so close that one may hide the other, and again
    where they part, since then nothing but their embeddings tells who is who.

    Args:
        max_gap: Largest number of consecutive frames that a track may miss.
    """

    def __init__(self, max_gap: int = MAX_GAP) -> None:
        self._max_gap = max_gap
        self._last: dict[int, _Seen] = {}  # of each track that may continue
        self._count = 0

    def add(
        self, frame: int, faces: Sequence[Face | Detection], is_cut: bool = False
    ) -> list[int]:
        """Returns the number of each face's track; new tracks are counted upwards.

        Args:
            frame: Number of the frame, larger than those before.
            faces: Its faces.
            is_cut: Whether it begins a new scene; no track goes on then.
        """
        alive = {} if is_cut else self._last
        recent = frame - self._max_gap - 1
        self._last = {n: seen for n, seen in alive.items() if seen.frame >= recent}
        matched = _matches(frame, faces, self._last)
        hidden = [s.box for n, s in self._last.items() if n not in matched.values()]
        boxes = [*(face.box for face in faces), *hidden]
        numbers = []
        for i, face in enumerate(faces):
            before = self._last.get(matched.get(i, -1))
            touches = _touches(i, boxes, before is not None and before.touches)
            number = matched.get(i, self._count)
            if before is not None and before.touches != touches:
                del self._last[number]
                number = self._count
            self._count = max(self._count, number + 1)
            self._last[number] = _Seen(frame, face.box, touches)
            numbers.append(number)
        return numbers


def _matches(
    frame: int, faces: Sequence[Face | Detection], tracks: dict[int, _Seen]
) -> dict[int, int]:
    """Matches faces to tracks, best first: track numbers by the index of the face."""
    scored = [
        (_nearness(face.box, seen.box) / (frame - seen.frame), i, number)
        for i, face in enumerate(faces)
        for number, seen in tracks.items()
    ]
    found: dict[int, int] = {}
    for score, i, number in sorted(scored, reverse=True):
        if score > 0 and i not in found and number not in found.values():
            found[i] = number
    return found


def _touches(i: int, boxes: Sequence[Box], before: bool) -> bool:
    """Whether a face is so close to another one that one may hide the other."""
    limit = _PARTED if before else _TOUCHING
    others = [box for j, box in enumerate(boxes) if j != i]
    return any(_distance(boxes[i], box) < limit for box in others)


def _distance(a: Box, b: Box) -> float:
    """Returns the distance of two faces, in widths of a face."""
    (ax, ay), (bx, by) = a.center, b.center
    return float(np.hypot(ax - bx, ay - by)) / max((a.width + b.width) / 2, 1e-6)


def _nearness(a: Box, b: Box) -> float:
    """Returns a score above 0 if two boxes may be one face: overlapping or close."""
    if not 0.5 < a.width / max(b.width, 1e-6) < 2:
        return 0.0
    return a.iou(b) + max(0.0, 0.5 - _distance(a, b))


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

    Example:
        >>> face = people["ana"].faces[0]
        >>> (track,) = track_faces([[face], [], [face]])
        >>> smooth_track(track).frames
        [0, 1, 2]
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
