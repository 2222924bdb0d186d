"""Random changes of training faces: their ranges, and the geometric ones."""

from __future__ import annotations

import functools
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
    """Ranges of the random changes; by default those of the first face swaps.

    Rotation, zoom, shift and flip change input and target alike. All others change
    the input only, so that the network learns to undo them. Each kind of change is
    sampled independently: switching one on or off does not change the others.

    References: joshua-wu/deepfakes_faceswap (2017), image_augmentation.py, for
    rotation, zoom, shift, flip and warp; deepfakes/faceswap, lib/training and
    trainer_config.py, for warp to landmarks (from dfaker), LAB and CLAHE;
    iperov/DeepFaceLab, SampleProcessor.py for HSV and SampleGeneratorFaceXSeg.py for
    what a camera does.

    Args:
        rotation: Largest rotation in either direction, in degrees.
        zoom: Largest relative change of size.
        shift: Largest shift, as a fraction of the image's width.
        flip: Fraction of images that are mirrored.
        warp: Standard deviation of the 5 x 5 grid's nodes, as a fraction of the
            image's width; published as 5 px of 160. Only the input is warped.
        color: Standard deviation of gain and shift of each color channel.
        color_match: Fraction of inputs that take the colors of another person's
            face, so that the encoder cannot tell people by their lighting.
        landmark_warp: Fraction of inputs that are warped to the landmarks of one of
            the ten most similar faces of another person, instead of by the grid.
        landmark_noise: Standard deviation of these landmarks, as a fraction of the
            image's width; published as 2 px of 256.
        lightness: Largest change of lightness in LAB, as a fraction of the distance
            to white or black; published as 0.3.
        tint: The same for the two color channels of LAB; published as 0.08.
        clahe: Fraction of inputs with equalized local contrast; published as 0.5.
        clahe_grid: Largest number of steps by which the grid is finer than the
            coarsest one, 2 x 2 tiles below 256 px; published as 4.
        hsv: Range of the changes of saturation and value, from 0 to 1, and of hue, as
            a fraction of the circle. Published with up to 0.3; 0.05 is recommended.
        motion_blur: Fraction of inputs with motion blur; published as 0.25.
        motion_length: Largest length of the motion, as a fraction of the image's
            width; 0.02 in XSeg's loader, 0.08 in forks of SAEHD.
        defocus: Fraction of inputs out of focus; published as 0.25.
        defocus_size: Largest standard deviation of that blur, as a fraction of the
            image's width; published as 9 px kernels at 256 px, which are 0.0066.
        shrink: Fraction of inputs with reduced resolution; published as 0.25.
        shrink_to: The smallest remaining fraction of it; published as 0.25.
        noise: Largest standard deviation of Gaussian noise, where white is 1. This
            range is not a published one.
        jpeg: Fraction of inputs compressed as JPEG.
        jpeg_quality: The lowest quality, 1 to 95; published as 10 with XSeg, 50 in
            forks of SAEHD.
        hands: Fraction of inputs with a synthetic hand in front of the face.
        sticks: Fraction of inputs with a synthetic stick.
        glasses: Fraction of inputs with synthetic glasses.
        occluded: How the target treats pixels that these hide. Its image never shows
            the objects. "mask": they are removed from the mask, so that a learned
            mask keeps real hands visible in conversions, and losses weight them as
            background (`outside`). "behind": not at all; the network has to render
            the hidden face. "ignore": their weight is 0.

    Raises:
        ValueError: A fraction is not between 0 and 1, or `occluded` is unknown.

    Example:
        >>> Augmentation().warp, Augmentation.light().warp
        (0.03125, 0.015)
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
        for name in _FRACTIONS:
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise ValueError(
                    f"{name}={value!r} was given. Expected a number from 0 (off) to "
                    f"1. Use {name}=0.25 for a quarter."
                )
        if self.shrink_to <= 0.0 or not 1 <= self.jpeg_quality <= 95:
            raise ValueError(
                f"shrink_to={self.shrink_to!r} and jpeg_quality={self.jpeg_quality!r} "
                "were given. Expected a fraction above 0 and a quality from 1 to 95. "
                "Use the defaults, 0.25 and 40."
            )
        choose("occluded", self.occluded, OCCLUDED)

    @classmethod
    def light(cls) -> Augmentation:
        """Returns smaller ranges, for short training on well aligned faces.

        Rotation, zoom, shift and flip are off: the aligner removes these differences
        for training and conversion alike, and changing the targets reduces sharpness.
        The warp is small enough to preserve how far the mouth is open.
        """
        return cls(rotation=0.0, zoom=0.0, shift=0.0, flip=0.0, warp=0.015)

    @classmethod
    def strong(cls) -> Augmentation:
        """Returns nearly all changes, for long training (days).

        Use it if the videos to convert differ from the training faces in lighting,
        sharpness, compression or occlusions. It only slows down a short training.

        Ranges are the published ones, except for noise, JPEG quality, the length of
        motion blur and the frequency of occlusions. Landmark warps are off, as in the
        published defaults.
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
        """Returns an augmentation without any changes."""
        return cls(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


_FRACTIONS = (
    *("flip", "color_match", "landmark_warp", "lightness", "tint", "clahe", "hsv"),
    *("motion_blur", "defocus", "shrink", "shrink_to", "noise", "jpeg"),
    *("hands", "sticks", "glasses"),
)


def random_similarity(rng: np.random.Generator, size: int, a: Augmentation) -> Array:
    """Samples a rotation, zoom, shift and flip.

    Returns:
        (2, 3) matrix from pixels of the output image to those of the input image.
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
    """Samples the 5 x 5 grid's nodes, (5, 5, 2) in pixels."""
    regular = _regular_grid(size)
    return regular + rng.normal(0.0, a.warp * size, regular.shape)


@functools.cache
def _regular_grid(size: int) -> Array:
    # Pixel centers have integer coordinates, so borders are at half pixels. The
    # published grid ignored this, which shifted the input by half a pixel.
    line = np.linspace(-0.5, size - 0.5, 5)
    grid = np.stack(np.meshgrid(line, line), axis=-1)
    grid.setflags(write=False)  # all calls share it
    return grid


def grid_to_map(grid: Array, size: int) -> Array:
    """Returns the source coordinates of each pixel for `cv2.remap`, (size, size, 2).

    As published, the grid is enlarged to 80 pixels and cropped to the central 64, both
    times size / 64, so that the outermost nodes are on the image's border.
    """
    large, edge = size * 5 // 4, size // 8
    dense = cv2.resize(grid.astype("float32"), (large, large))
    return np.asarray(dense[edge : edge + size, edge : edge + size])


def grid_to_similarity(grid: Array, size: int) -> Array:
    """Returns the similarity transform that is closest to a warp, (2, 3).

    Applied to the target, it spares the network from guessing how the warp moved,
    rotated and scaled the whole face.
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
    """Returns one training pair from one aligned face.

    Args:
        face: (S, S, 3) uint8.
        layers: Mask and weight, (S, S, 2) uint8, transformed like the target.
        rng: Random generator.
        a: Ranges of the changes.
        shown: The image for the input if it differs from `face`, such as the face
            with an occlusion, (S, S, 3) uint8.
        landmarks: The face's landmarks and those that the input is warped to, both
            (N, 2) in pixels. With None the input is warped by the grid.

    Returns:
        The warped face, the unwarped target and the target's layers, each uint8
        and transformed by the same random similarity.
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
