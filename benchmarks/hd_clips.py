"""The clips of `hd_truth.py`: still faces moved by the landmarks of real clips.

Two people's stills that are moved by the same landmarks, in the same scene, are a
source clip and what a perfect swap of it shows. Every frame has a visible label.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from deepface_models.conversion.regions import compose
from deepface_models.core.arrays import Array
from deepface_models.data.landmark_warp import landmark_map
from deepface_models.data.occluders import draw_hand
from deepface_models.faces import FaceAligner, FaceSet, face_mask
from deepface_models.faces.align import invert, transform_points
from deepface_models.media import VideoWriter, read_image
from deepface_models.pretraining.groups import open_mouth
from deepface_models.provenance import Record, sign

LABEL = "SYNTHETIC TEST CLIP"
CONSENT = (
    "A test clip made of a still image; see ATTRIBUTION.md of its data set. Not a "
    "recording of anybody, and not to be published as one."
)
WIDTHS = {720: 360, 1080: 480}  # of the aligned crop in pixels of the frame
_UPPER, _LOWER = [37, 38, 43, 44], [41, 40, 47, 46]  # lids, of the 68 landmarks
_BLINK = (0.4, 0.9, 1.0, 1.0, 0.7, 0.3)  # how far the lids are closed, frame by frame
_EVERY = 25  # frames from one blink to the next
_HAND, _CARD = (0.3, 0.42), (0.6, 0.75)  # when objects are before the face


@dataclass(frozen=True)
class Motion:
    """How a real face moves.

    Attributes:
        moves: Landmarks minus their mean, (N, 68, 2) in widths of the aligned crop.
        poses: Shift in widths, logarithm of the scale and roll in radians, (N, 4).
    """

    moves: Array
    poses: Array

    @classmethod
    def of(cls, faces: FaceSet) -> Motion:
        """Returns the smoothed motion in the faces of one clip."""
        size = faces.image_size
        moves = faces.landmarks_aligned / size
        poses = np.array([_pose(face.matrix, size) for face in faces.faces])
        poses[:, :2] /= np.exp(poses[:, 2].mean()) * size
        both = (_smooth(one - one.mean(axis=0)) for one in (moves, poses))
        return cls(*both)

    def __len__(self) -> int:
        """Returns the number of frames."""
        return len(self.moves)


@dataclass(frozen=True)
class Still:
    """A still face with its landmarks.

    Attributes:
        image: (S, S, 3) uint8.
        marks: Landmarks, (68, 2) in pixels.
        matrix: (2, 3), from pixels to the aligned crop of width 1 about its middle.
        alpha: Coverage of the head, (S, S) float32.
    """

    image: Array
    marks: Array
    matrix: Array
    alpha: Array

    @classmethod
    def read(cls, path: Path, aligner: FaceAligner) -> Still:
        """Reads an image and cuts its largest face out of the background."""
        given = read_image(path)
        image = _squared(given)
        known = _squared(np.ones(given.shape[:2], "float32"), cv2.BORDER_CONSTANT)
        face = aligner.detect(image)[0]
        matrix = face.matrix / face.image_size
        matrix[:, 2] -= 0.5 - 0.5 / face.image_size
        alpha = _head(image, face.landmarks) * known
        return cls(image, np.asarray(face.landmarks), matrix, alpha)

    def moved(self, move: Array, closed: float) -> tuple[Array, Array, Array]:
        """Returns image, coverage and landmarks after a movement and a blink."""
        target = self.marks + move @ np.linalg.inv(self.matrix[:, :2]).T
        target[_UPPER] += 0.95 * closed * (target[_LOWER] - target[_UPPER])
        source = cv2.split(landmark_map(self.marks, target, len(self.image)))
        border = {"borderMode": cv2.BORDER_REPLICATE}
        image = cv2.remap(self.image, *source, cv2.INTER_CUBIC, **border)
        alpha = cv2.remap(self.alpha, *source, cv2.INTER_LINEAR, **border)
        return open_mouth(np.asarray(image), self.marks, target), alpha, target


@dataclass(frozen=True)
class Scene:
    """Where a face is seen.

    Attributes:
        height: 720 or 1080.
        background: A photograph (h, w, 3) uint8, or a color (3,).
        card: A photograph that is held before the face for a while.
        seed: Seed of the light and of the drawn hand.
        objects: Whether there are objects before the face.
    """

    height: int
    background: Array
    card: Array
    seed: int = 0
    objects: bool = False

    def clip(
        self, still: Still, motion: Motion, holder: Still | None = None
    ) -> tuple[list[Array], Array]:
        """Returns frames (H, W, 3) uint8 and landmarks (N, 68, 2) in their pixels.

        Args:
            still: The face.
            motion: How it moves.
            holder: Whose hand is drawn; that of `still` by default.
        """
        backdrop = self._backdrop()
        made = [
            self._frame(backdrop, still, holder or still, motion, number)
            for number in range(len(motion))
        ]
        return [frame for frame, _ in made], np.stack([marks for _, marks in made])

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.height * 16 // 9, self.height

    def _backdrop(self) -> Array:
        width, height = self.size
        if self.background.ndim == 1:
            return np.full((height, width, 3), self.background, "float32")
        photograph = cv2.resize(self.background, self.size)
        return cv2.GaussianBlur(photograph.astype("float32"), (0, 0), height / 150)

    def _frame(
        self, backdrop: Array, still: Still, holder: Still, motion: Motion, number: int
    ) -> tuple[Array, Array]:
        closed = _closed(number)
        image, alpha, marks = still.moved(motion.moves[number], closed)
        place = compose(self._place(motion.poses[number]), still.matrix)
        frame = _over(backdrop, image, alpha, place)
        now = number / len(motion)
        if self.objects and _HAND[0] <= now < _HAND[1]:
            held, _, theirs = holder.moved(motion.moves[number], closed)
            rng = np.random.default_rng(self.seed)
            painted, cover = draw_hand(held, theirs, rng)
            there = compose(self._place(motion.poses[number]), holder.matrix)
            frame = _over(frame, painted, cover.astype("float32") / 255, there)
        if self.objects and _CARD[0] <= now < _CARD[1]:
            frame = self._with_card(frame, (now - _CARD[0]) / (_CARD[1] - _CARD[0]))
        lit = _labeled(np.rint(frame * self._light(now)).clip(0, 255).astype("uint8"))
        return lit, transform_points(marks, place)

    def _place(self, pose: Array) -> Array:
        """Returns the matrix from the centered aligned crop to the frame."""
        width = WIDTHS[self.height]
        x, y, scale, roll = pose
        turn = np.exp(scale) * width * np.array([[1, 0], [0, 1]])
        turn = turn @ [[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]]
        middle = np.array(self.size) * (0.5, 0.52) + np.array([x, y]) * width
        return np.column_stack([turn, middle])

    def _light(self, now: float) -> Array:
        """Returns a gain of each pixel and color, (H, W, 3)."""
        rng = np.random.default_rng(self.seed)
        phase, side = rng.uniform(0, 2 * np.pi), rng.choice([-1, 1])
        swing = np.sin(2 * np.pi * now + phase)
        across = np.linspace(-1, 1, self.size[0], dtype="float32")[:, None]
        gain = 1 + 0.1 * swing + 0.12 * side * across
        return gain[None] * (1 + np.array([0.04, 0, -0.04], "float32") * swing)

    def _with_card(self, frame: Array, progress: float) -> Array:
        """Puts a photographed card before mouth and chin, rising and sinking."""
        width, height = self.size
        side = WIDTHS[self.height] * 0.5
        rise = np.sin(np.pi * progress)
        corner = (width / 2 - side * 0.4, height * (1.05 - 0.5 * rise))
        scale = side / self.card.shape[1]
        place = np.array([[scale, 0.12 * scale, corner[0]], [0, scale, corner[1]]])
        whole = np.ones(self.card.shape[:2], "float32")
        return _over(frame, self.card, whole, place, cv2.BORDER_CONSTANT)


def write_clip(path: Path, frames: Sequence[Array], still: Path) -> None:
    """Writes and signs a clip; provenance names the still it is made from."""
    facts = {"consent": CONSENT, "model": "hd_clips", "model_sha256": "0" * 64}
    record = Record.from_source(still, **facts, details={"kind": LABEL})
    with VideoWriter(path, fps=25, crf=12, metadata=record.plain_metadata()) as writer:
        for frame in frames:
            writer.write(frame)
    sign(path, record, action="c2pa.created")


def _closed(number: int) -> float:
    step = number % _EVERY - _EVERY // 2
    return _BLINK[step] if 0 <= step < len(_BLINK) else 0.0


def _pose(matrix: Array, size: int) -> tuple[float, ...]:
    back = invert(matrix)
    middle = back @ [(size - 1) / 2, (size - 1) / 2, 1]
    scale = np.hypot(back[0, 0], back[1, 0])
    return *middle, np.log(scale), np.arctan2(back[1, 0], back[0, 0])


def _smooth(values: Array) -> Array:
    """Averages over about three frames, against the jitter of landmarks."""
    flat = values.reshape(len(values), -1)
    border = cv2.BORDER_REPLICATE
    smooth = cv2.GaussianBlur(flat, (1, 7), 0.01, sigmaY=1.0, borderType=border)
    return np.asarray(smooth).reshape(values.shape)


def _squared(image: Array, border: int = cv2.BORDER_REPLICATE) -> Array:
    """Pads an image to a square: at the bottom, or at both sides."""
    height, width = image.shape[:2]
    side = max(height, width)
    down, right = side - height, side - width
    sides = (0, down, right // 2, right - right // 2)
    return np.asarray(cv2.copyMakeBorder(image, *sides, borderType=border))


def _head(image: Array, marks: Array) -> Array:
    """Returns the coverage of the head by GrabCut, (S, S) float32."""
    size = len(image)
    states = np.full((size, size), cv2.GC_PR_BGD, "uint8")
    near = cv2.dilate(face_mask(marks, size), np.ones((size // 5, size // 5)))
    states[near > 0.5] = cv2.GC_PR_FGD
    states[face_mask(marks, size) > 0.5] = cv2.GC_FGD
    edge = size // 40
    states[:edge] = states[:, :edge] = states[:, -edge:] = cv2.GC_BGD
    cv2.setRNGSeed(0)
    cv2.grabCut(
        cv2.cvtColor(image, cv2.COLOR_RGB2BGR),
        states,
        None,
        np.zeros((1, 65)),
        np.zeros((1, 65)),
        4,
        cv2.GC_INIT_WITH_MASK,
    )
    head = np.isin(states, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype("uint8")
    head = cv2.morphologyEx(head, cv2.MORPH_CLOSE, np.ones((9, 9)))
    return np.asarray(cv2.GaussianBlur(head.astype("float32"), (0, 0), size / 400))


def _over(
    below: Array,
    image: Array,
    alpha: Array,
    place: Array,
    border: int = cv2.BORDER_REPLICATE,
) -> Array:
    """Puts an image over a frame, float32, by its coverage and a matrix."""
    size = below.shape[1::-1]
    there = cv2.warpAffine(
        image.astype("float32"), place, size, flags=cv2.INTER_CUBIC, borderMode=border
    )
    cover = cv2.warpAffine(alpha, place, size, flags=cv2.INTER_LINEAR)[..., None]
    return np.asarray(below + cover * (there - below))


def _labeled(frame: Array) -> Array:
    height = frame.shape[0]
    place, scale = (height // 60, height - height // 40), height / 900
    font = cv2.FONT_HERSHEY_SIMPLEX
    for color, width in (((0, 0, 0), 4), ((255, 255, 255), 1)):
        cv2.putText(frame, LABEL, place, font, scale, color, width, cv2.LINE_AA)
    return frame
