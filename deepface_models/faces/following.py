"""`FaceFollower`: finds the faces of frames as they come, such as a camera's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.whole import whole_numbers
from deepface_models.faces._dlib import as_rgb
from deepface_models.faces._mesh_landmarks import landmarks_of
from deepface_models.faces._sequence import (
    Finder,
    Finders,
    LocalSearch,
    Tracklet,
    _Following,
    near,
)
from deepface_models.faces.align import alignment_matrix
from deepface_models.faces.detect import CascadeDetector, Detection, Detector
from deepface_models.faces.face import Box, Face
from deepface_models.faces.landmarks import box_from_landmarks, predict_all
from deepface_models.faces.mesh import FaceMesh, mesh_matrix
from deepface_models.faces.scenes import color_histograms, is_cut
from deepface_models.faces.tracks import Tracker

if TYPE_CHECKING:
    from deepface_models.faces.aligner import FaceAligner

_EVERY = 32  # frames from one that is searched as a whole to the next
_THOROUGH = 8  # searches of whole frames without a face, from one by all detectors
_PAST = 4  # frames that movements are measured over
_SEARCH_EVERY = 4  # frames from one in which a face with a mesh is looked for
_PRESENT = 0.5  # presence from which a mesh is a face's
_SAME = 0.5  # overlap of places from which they are one face's
_MESH = "mesh"  # name of the detector of faces that were not looked for


class FaceFollower:
    """Finds and tracks the faces of frames as they come, without looking ahead.

    The first frame is searched as a whole, then every 32nd one and those in which a
    face is lost. Otherwise a face is looked for near the place where it is expected,
    which takes a few milliseconds. With landmarks="mesh", the face whose landmarks are
    asked for is looked for in every 4th frame only: in between, the mesh of one frame
    tells where that of the next one is.

    Args:
        aligner: Finds the faces.
        every: Number of frames from one that is searched as a whole to the next.

    Example:
        >>> import numpy as np
        >>> from deepface_models.faces import FaceAligner
        >>> follower = FaceFollower(FaceAligner(landmarks=5, embeddings=False))
        >>> follower.find(np.zeros((90, 120, 3), np.uint8))
        []
    """

    @whole_numbers(every=1)
    def __init__(self, aligner: FaceAligner, every: int = _EVERY) -> None:
        self.aligner, self.every = aligner, every
        self._following = _Online(_searches(aligner.detector), self._near)
        self._meshed: _Meshed | None = None
        self._tracker = Tracker()
        self._index = -1
        self._colors: Array | None = None

    def find(self, image: Array) -> list[tuple[int, Detection]]:
        """Finds the faces of the next frame.

        Args:
            image: RGB (H, W, 3), uint8 or float in [0, 1].

        Returns:
            The number of each face's track and its place, largest first. A face keeps
            its number in successive frames.
        """
        self._index += 1
        image = as_rgb(image)
        colors = color_histograms(image)
        cut = self._colors is not None and is_cut(self._colors, colors)
        self._colors = colors
        key = self._index % self.every == 0 or cut or not self._following.tracklets
        found = self._following.next(self._index, image, cut, key)
        found = sorted(found, key=lambda one: -one.box.area)[: self.aligner.max_faces]
        numbers = self._tracker.add(self._index, found, cut)
        return list(zip(numbers, found, strict=True))

    def face(self, image: Array, found: Detection) -> Face | None:
        """Returns a face of the last frame with landmarks and matrix.

        Blur and pose are not measured, as that takes as long as the landmarks do.

        Args:
            image: The frame that was given to `find`.
            found: One of the places it returned.

        Returns:
            The face; None if it is not there, after it was not searched for.
        """
        aligner, image = self.aligner, as_rgb(image)
        if found.detector == _MESH and self._meshed is not None:
            return self._next_mesh(image, found, self._meshed)
        points, meshes = predict_all(
            [image], [found], aligner.landmarks, aligner.repeats
        )
        return self._made(found, points[0], meshes[0])

    def _next_mesh(self, image: Array, found: Detection, last: _Meshed) -> Face | None:
        """Returns a face that is near the place of its last mesh."""
        (x, y), (old_x, old_y) = found.box.center, last.box.center
        moved = last.points + np.array([x - old_x, y - old_y], np.float32)
        meshes, presence = FaceMesh().predict([image], [mesh_matrix(moved)])
        if presence[0] < _PRESENT:
            self._following.forget(found)
            self._meshed = None
            return None
        return self._made(found, landmarks_of(meshes[0]), meshes[0])

    def _made(self, found: Detection, points: Array, mesh: Array | None) -> Face:
        size, place = self.aligner.image_size, found
        if mesh is not None and not found.quarter_turns:
            place = replace(found, box=box_from_landmarks(points))
            self._following.put(found, place)
            self._meshed = _Meshed(self._index, place.box, points)
        matrix = alignment_matrix(points, size, self.aligner.face_type)
        told = place.box, points, found.score, found.detector
        return Face(*told, matrix, size, mesh=mesh)

    def _near(self, image: Array, place: Detection) -> Detection | None:
        """Looks for a face near its place, or leaves that to its mesh."""
        last = self._meshed
        told = last is not None and last.index == self._index - 1
        if last is not None and told and self._index % _SEARCH_EVERY:
            if place.box.iou(last.box) > _SAME:
                return replace(place, detector=_MESH)
        return near(image, place)


@dataclass(frozen=True)
class _Meshed:
    """The last mesh: the frame's number, the face's box and 68 landmarks."""

    index: int
    box: Box
    points: Array


def _searches(detector: Detector) -> Finders:
    """Returns searches of whole frames that cost little where there is no face."""
    first: Finder = detector
    every: Finder = detector
    if isinstance(detector, CascadeDetector):
        first, every = detector.steps[0], detector.fast
    counted = _Counted(first, every)
    return Finders(counted, counted)


class _Counted:
    """Tries the fastest detector, and the others in every n-th frame without a face."""

    def __init__(self, first: Finder, every: Finder) -> None:
        self.first, self.every, self.count = first, every, 0

    def __call__(self, image: Array) -> list[Detection]:
        found = self.first(image)
        if not found:
            found = self.every(image) if self.count % _THOROUGH == 0 else []
            self.count += 1
        return found


class _Online(_Following):
    """Follows the faces of one frame after another and forgets the past."""

    def __init__(self, finders: Finders, search_near: LocalSearch) -> None:
        super().__init__([], finders, (), {}, search_near)
        self.index = 0

    def next(self, index: int, image: Array, cut: bool, key: bool) -> list[Detection]:
        """Returns the faces of a frame.

        Args:
            index: Its number, one more than that of the frame before.
            image: RGB uint8, contiguous.
            cut: Whether it begins a new scene.
            key: Whether to search all of it.
        """
        self.images, self.cuts = {index: image}, (index,) if cut else ()
        self.index = index
        self.step(index, False, key)
        self.tracklets = [one for one in self.tracklets if index in one.found]
        for one in self.tracklets:
            one.found = {n: hit for n, hit in one.found.items() if n > index - _PAST}
        return [one.found[index] for one in self.tracklets]

    def put(self, old: Detection, new: Detection) -> None:
        """Replaces a face's place in the last frame by a more exact one."""
        for one in self.tracklets:
            if one.found[self.index] is old:
                one.found[self.index] = new

    def forget(self, found: Detection) -> None:
        """Drops a face that was returned but is not there."""
        self.tracklets = [
            one for one in self.tracklets if one.found[self.index] is not found
        ]

    def _far(
        self, index: int, tracklet: Tracklet, alive: Sequence[Tracklet]
    ) -> Detection | None:
        return None  # later frames are not known

    def _track_back(self, new: Tracklet, index: int) -> None:
        self.tracklets.append(new)
