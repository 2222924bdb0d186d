"""How training faces are varied: the numbers, and the draws made from them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.choices import choose
from deepface_models.data.landmark_warp import landmark_map
from deepface_models.faces.align import umeyama

OCCLUDED = ("mask", "behind", "ignore")


@dataclass(frozen=True)
class Augmentation:
    """Ranges of the random changes; geometry as published with the first swaps.

    Turn, size, place and mirror change input and target alike; all else changes the
    input only, so that the network learns to undo it. Each kind of change has draws
    of its own: switching one on or off leaves all others as they were.

    References: joshua-wu/deepfakes_faceswap (2017), image_augmentation.py, for
    rotation, zoom, shift, flip and warp; deepfakes/faceswap, lib/training and
    trainer_config.py, for warp to landmarks (from dfaker), LAB and CLAHE;
    iperov/DeepFaceLab, SampleProcessor.py for HSV and SampleGeneratorFaceXSeg.py for
    what a camera does.

    Args:
        rotation: Largest turn either way, degrees.
        zoom: Largest relative change of size.
        shift: Largest shift, in widths of the image.
        flip: Share of images mirrored.
        warp: Standard deviation of the 5 x 5 grid's nodes, in widths of the
            image; published as 5 px of 160. Only the input is warped.
        color: Standard deviation of gain and shift of each color, input only.
        color_match: Share of inputs that take the colors of another person's
            face, so that the encoder cannot tell people by their light.
        landmark_warp: Share of inputs warped not by the grid but to the landmarks of
            one of the ten most alike faces of somebody else.
        landmark_noise: Standard deviation of those landmarks, in widths of the
            image; published as 2 px of 256.
        lightness: Largest change of LAB's lightness, as a part of what is left to
            white or black; published as 0.3.
        tint: The same of LAB's two colors; published as 0.08.
        clahe: Share of inputs with equalized local contrast; published as 0.5.
        clahe_grid: Largest number of steps by which its grid is finer than the
            coarsest one, 2 x 2 tiles below 256 px; published as 4.
        hsv: Range of saturation and value, 0 to 1; of hue too, as a part of the
            circle. Published with up to 0.3, 0.05 advised.
        motion_blur: Share of inputs blurred along a line; published as 0.25.
        motion_length: Its largest length, in widths of the image; 0.02 in XSeg's
            loader, 0.08 in forks of SAEHD.
        defocus: Share of inputs out of focus; published as 0.25.
        defocus_size: Largest standard deviation of that blur, in widths of the
            image; published as 9 px kernels at 256 px, which are 0.0066.
        shrink: Share of inputs that lose resolution; published as 0.25.
        shrink_to: The smallest part of it that is left; published as 0.25.
        noise: Largest standard deviation of noise in each pixel and color, 1 being
            white; our own range.
        jpeg: Share of inputs compressed as JPEG.
        jpeg_quality: The lowest quality, 1 to 95; published as 10 with XSeg, 50 in
            forks of SAEHD.
        hands: Share of inputs with a drawn hand before the face.
        sticks: Share with a drawn stick.
        glasses: Share with drawn glasses.
        occluded: What the target says where these hide the face. Its image never
            shows them. "mask": the mask loses the pixels, so that a learned mask
            leaves real hands in sight when converting, and losses count them only
            as they count background (`outside`). "behind": nothing, the network
            has to draw the face behind. "ignore": their weight is 0.

    Raises:
        ValueError: A share is not within 0 and 1, or `occluded` is unknown.
    """

    rotation: float = 10.0
    zoom: float = 0.05
    shift: float = 0.05
    flip: float = 0.4
    warp: float = 5.0 / 160.0
    color: float = 0.06
    color_match: float = 0.5
    landmark_warp: float = 0.0
    landmark_noise: float = 2.0 / 256.0
    lightness: float = 0.0
    tint: float = 0.0
    clahe: float = 0.0
    clahe_grid: int = 4
    hsv: float = 0.0
    motion_blur: float = 0.0
    motion_length: float = 0.06
    defocus: float = 0.0
    defocus_size: float = 0.0066
    shrink: float = 0.0
    shrink_to: float = 0.25
    noise: float = 0.0
    jpeg: float = 0.0
    jpeg_quality: int = 40
    hands: float = 0.0
    sticks: float = 0.0
    glasses: float = 0.0
    occluded: str = "mask"

    def __post_init__(self) -> None:
        """Checks what would otherwise only show in the images."""
        for name in _SHARES:
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise ValueError(
                    f"{name}={value!r} was given. Expected a number from 0 (off) to "
                    "1. Use 0.25 for a quarter."
                )
        if self.shrink_to <= 0.0 or not 1 <= self.jpeg_quality <= 95:
            raise ValueError(
                f"shrink_to={self.shrink_to!r} and jpeg_quality={self.jpeg_quality!r} "
                "were given. Expected a part above 0 and a quality from 1 to 95. Use "
                "the defaults, 0.25 and 40."
            )
        choose("occluded", self.occluded, OCCLUDED)

    @classmethod
    def light(cls) -> Augmentation:
        """Returns smaller ranges, for short training on well aligned faces.

        Only the input is changed: the aligner takes turn, size and place away before
        training and before converting alike, and targets that move cost sharpness. A
        small warp leaves the mouth's opening readable.
        """
        return cls(rotation=0.0, zoom=0.0, shift=0.0, flip=0.0, warp=0.015)

    @classmethod
    def strong(cls) -> Augmentation:
        """Returns nearly all there is, for days of training.

        Strengths are the published ones; noise, JPEG's qualities, the length of motion
        blur and how often something is in front of the face are our own choice.

        For films whose light, sharpness, compression and occlusions differ from those
        of the faces that are trained on. In a short training it only slows learning
        down. Warping to landmarks is left out, as in the published defaults.
        """
        return cls(
            lightness=0.3,
            tint=0.08,
            clahe=0.5,
            hsv=0.05,
            motion_blur=0.25,
            defocus=0.25,
            shrink=0.25,
            noise=0.03,
            jpeg=0.25,
            hands=0.1,
            sticks=0.1,
            glasses=0.1,
        )

    @classmethod
    def none(cls) -> Augmentation:
        """Returns the augmentation that leaves every image as it is."""
        return cls(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


_SHARES = (
    *("flip", "color_match", "landmark_warp", "lightness", "tint", "clahe", "hsv"),
    *("motion_blur", "defocus", "shrink", "shrink_to", "noise", "jpeg"),
    *("hands", "sticks", "glasses"),
)


def random_similarity(rng: np.random.Generator, size: int, a: Augmentation) -> Array:
    """Draws a rotation, zoom, shift and flip.

    Returns:
        (2, 3) matrix from pixels of the new image to pixels of the old one.
    """
    angle, zoom = rng.uniform(-a.rotation, a.rotation), rng.uniform(-a.zoom, a.zoom)
    shift = rng.uniform(-a.shift, a.shift, 2) * size
    middle = (size - 1) / 2.0
    turn = cv2.getRotationMatrix2D((middle, middle), angle, 1.0 + zoom)
    matrix: Array = np.asarray(turn)
    matrix[:, 2] += shift
    if rng.random() < a.flip:
        matrix[:, 0], matrix[:, 2] = (
            -matrix[:, 0],
            matrix[:, 2] + matrix[:, 0] * (size - 1),
        )
    return matrix


def random_grid(rng: np.random.Generator, a: Augmentation, size: int) -> Array:
    """Draws the 5 x 5 grid's nodes, (5, 5, 2) in pixels of the image."""
    regular = _regular_grid(size)
    return regular + rng.normal(0.0, a.warp * size, regular.shape)


def _regular_grid(size: int) -> Array:
    # Pixels' centers have whole coordinates, so that borders lie half a pixel outside;
    # the published grid ignored this and moved the input by that half pixel.
    line = np.linspace(-0.5, size - 0.5, 5)
    return np.stack(np.meshgrid(line, line), axis=-1)


def grid_to_map(grid: Array, size: int) -> Array:
    """Returns where each pixel of a warped image comes from, (size, size, 2).

    The grid is enlarged to 80 and its middle 64 kept, times size / 64, as published:
    the outermost nodes then lie on the image's border.
    """
    large, edge = size * 5 // 4, size // 8
    dense = cv2.resize(grid.astype("float32"), (large, large))
    return np.asarray(dense[edge : edge + size, edge : edge + size])


def grid_to_similarity(grid: Array, size: int) -> Array:
    """Returns the part of a warp that is only turn, size and place, (2, 3).

    It maps pixels of the target to pixels of the source, so that the network is
    asked to undo a warp but not to guess where the face was.
    """
    regular = _regular_grid(size).reshape(-1, 2)
    return np.asarray(umeyama(regular, grid.reshape(-1, 2)))


def compose(outer: Array, inner: Array) -> Array:
    """Returns the (2, 3) matrix that applies `inner`, then `outer`."""
    square = np.vstack([inner, [0.0, 0.0, 1.0]])
    return np.asarray(outer @ square)


def warp_pair(
    face: Array,
    layers: Array,
    rng: np.random.Generator,
    a: Augmentation,
    *,
    shown: Array | None = None,
    landmarks: tuple[Array, Array] | None = None,
) -> tuple[Array, Array, Array]:
    """Makes one training pair from one aligned face.

    Args:
        face: (S, S, 3) uint8.
        layers: (S, S, 2) uint8, mask and weight, moved along with the target.
        rng: Source of the draws.
        a: Their ranges.
        shown: What the input is made of where that is not `face`: an image of it
            with something before it, (S, S, 3) uint8.
        landmarks: Where the face's landmarks are and where the input is to have
            them, both (N, 2) in pixels, instead of the grid's warp.

    Returns:
        The warped face, the unwarped target and the target's layers, each uint8
        and moved by the same random similarity.
    """
    size = face.shape[0]
    shown = face if shown is None else shown
    similarity = random_similarity(rng, size, a)
    grid = random_grid(rng, a, size) if a.warp else None
    if landmarks is not None:
        matrix, source = similarity, landmark_map(*landmarks, size, similarity)
    elif grid is not None:
        moved = grid @ similarity[:, :2].T + similarity[:, 2]
        source = grid_to_map(moved, size)
        matrix = compose(similarity, grid_to_similarity(grid, size))
    else:
        target = _affine(face, similarity)
        same = target if shown is face else _affine(shown, similarity)
        return same, target, _affine(layers, similarity)
    columns, rows = cv2.split(source)
    warped = cv2.remap(
        shown, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return warped, _affine(face, matrix), _affine(layers, matrix)


def _affine(image: Array, matrix: Array) -> Array:
    size = image.shape[0]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    border = cv2.BORDER_REPLICATE
    return np.asarray(
        cv2.warpAffine(image, matrix, (size, size), flags=flags, borderMode=border)
    )
