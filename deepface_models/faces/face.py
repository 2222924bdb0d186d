"""One face in one frame: its box, landmarks, alignment and measures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepface_models.core.arrays import Array


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels of the frame; x grows to the right, y downwards.

    Attributes:
        left: x of the left edge.
        top: y of the upper edge.
        right: x of the right edge.
        bottom: y of the lower edge.

    Example:
        >>> Box(10, 20, 30, 50).center
        (20.0, 35.0)
    """

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Right minus left, in pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Bottom minus top, in pixels."""
        return self.bottom - self.top

    @property
    def area(self) -> float:
        """Width times height, never negative."""
        return max(0.0, self.width) * max(0.0, self.height)

    @property
    def center(self) -> tuple[float, float]:
        """The center (x, y)."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def iou(self, other: Box) -> float:
        """Returns the intersection over union with `other`, 0 to 1."""
        both = Box(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )
        if both.width <= 0 or both.height <= 0:
            return 0.0
        return both.area / (self.area + other.area - both.area)

    def scaled(self, factor: float) -> Box:
        """Returns the box of the same place in an image `factor` times as large."""
        return Box(*(v * factor for v in self.as_tuple()))

    def moved(self, x: float, y: float) -> Box:
        """Returns the box shifted by (x, y) pixels."""
        return Box(self.left + x, self.top + y, self.right + x, self.bottom + y)

    def between(self, other: Box, part: float) -> Box:
        """Returns the box at a part (0 to 1) of the way to another one."""
        pairs = zip(self.as_tuple(), other.as_tuple(), strict=True)
        return Box(*(a + (b - a) * part for a, b in pairs))

    def as_tuple(self) -> tuple[float, float, float, float]:
        """Returns (left, top, right, bottom)."""
        return self.left, self.top, self.right, self.bottom


@dataclass(frozen=True, eq=False)
class Face:
    """One face in a frame: position, alignment, embedding and measures.

    Attributes:
        box: The detector's rectangle, about brows to chin (dlib's HOG convention).
        landmarks: (68, 2) or (5, 2) float32, pixels of the frame.
        score: The detector's confidence; about 0 to 3 for HOG.
        detector: Name of the detector that found it ("hog", "mmod", "near", ...).
        matrix: (2, 3) float64, from pixels of the frame to pixels of the aligned face.
        image_size: Side of the aligned face in pixels.
        blur: 0 (sharp) to 1 (no detail at all), or None when not measured.
        yaw: Degrees, positive when the face looks to the right of the image.
        pitch: Degrees, positive when the face looks up.
        roll: Degrees, positive when the head leans clockwise in the image.
        embedding: (128,) float32 face embedding, or None when not computed.
        mesh: (478, 3) float32 points of `FaceMesh` in pixels of the frame, or None
            unless found with landmarks="mesh". It is not stored in a FaceSet.

    Example:
        >>> face = people["ana"].faces[0]
        >>> face.landmarks_aligned.shape, face.box.width > 100
        ((5, 2), True)
    """

    box: Box
    landmarks: Array
    score: float
    detector: str
    matrix: Array
    image_size: int
    blur: float | None = None
    yaw: float | None = None
    pitch: float | None = None
    roll: float | None = None
    embedding: Array | None = None
    mesh: Array | None = None

    @property
    def landmarks_aligned(self) -> Array:
        """The landmarks in pixels of the aligned face, float32."""
        points = self.landmarks @ self.matrix[:, :2].T + self.matrix[:, 2]
        return np.asarray(points, np.float32)
