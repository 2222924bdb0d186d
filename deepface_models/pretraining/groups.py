"""Groups of views, to train latents of pose, expression and lighting only.

The inputs of a group are several views of a person A; its targets are a person B with
the same poses and expressions, where B often is another person. Images of B are made by
a warp: their landmarks move as those of some person did in a clip or a set of
expressions. So the latent cannot encode the identity of A, which would be wrong for B.
"""

from __future__ import annotations

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.data._person import resize
from deepface_models.data.augmentation import (
    Augmentation,
    grid_to_map,
    random_grid,
    random_similarity,
)
from deepface_models.data.color import scale_colors
from deepface_models.data.landmark_warp import landmark_map
from deepface_models.data.regions import region_weights
from deepface_models.faces import face_mask
from deepface_models.faces._template import MIRROR_68
from deepface_models.pretraining.views import Views

VIEWS = 6  # per group
POINTS = 136  # coordinates of 68 landmarks
STEPS = 85  # a weight of 1 as a byte; eyes have 3
# Probabilities of the sources of movements.
MOVERS = {"talkers": 0.4, "synthetic_people": 0.4, "att_faces": 0.2}
_MANY = 0.6  # fraction of groups whose person has several images
_AS_THEY_ARE = 0.75  # fraction of these groups whose images are not warped
_ANOTHER = 0.5  # fraction of groups where B is not A
_GRAY = 0.15  # fraction of grayscale inputs, and relative frequency of grayscale people
# Changes of the input only: targets are crops of the aligner.
_RANGES = Augmentation(rotation=2.0, zoom=0.02, shift=0.012, flip=0.0, warp=0.012)
_LIPS = slice(60, 68)  # the inner lips among the 68 points
_DARK = (58.0, 28.0, 26.0)  # color of the inside of a mouth
_OPEN = 0.012  # opening of a mouth from which its inside is visible, of the width


class GroupSampler:
    """Samples groups of views, which depend only on the seed.

    Args:
        views: The faces.
        image_size: Side of the inputs in pixels; by default that of the faces, which
            are the targets.

    Raises:
        ValueError: No person has enough images to take movements from.
    """

    def __init__(self, views: Views, image_size: int | None = None) -> None:
        self.views = views
        self.size = views.images.shape[1]
        self.image_size = image_size or self.size
        counts = np.array([len(own) for own in views.faces])
        self.many, self.few = (
            np.flatnonzero(c) for c in (counts > VIEWS, counts <= VIEWS)
        )
        self.weight = np.where(views.gray, _GRAY, 1.0)
        source = np.array(views.sources)[views.owner]
        several = counts[views.owner] > VIEWS
        found = {name: np.flatnonzero(several & (source == name)) for name in MOVERS}
        self.movers = {name: own for name, own in found.items() if len(own)}
        if not self.movers:
            raise ValueError(
                f"{len(views.sources)} people were given, none of whom is of "
                f"{', '.join(MOVERS)} and has more than {VIEWS} images. Expected some "
                "to take movements from. Put clips of people into talkers/ of --data."
            )

    def batch(self, seed: tuple[int, ...], groups: int) -> dict[str, Array]:
        """Returns a batch of groups * VIEWS examples.

        Args:
            seed: Seed of the random choices.
            groups: Number of groups.

        Returns:
            "image", the inputs, (B, S, S, 3) uint8; "target", image, mask and weight,
            (B, T, T, 5) uint8; "points", the target's landmarks minus their group's
            mean, (B, 136) float32, in pixels at 128 px.
        """
        rng = np.random.default_rng(seed)
        made = [self._group(rng) for _ in range(groups)]
        return {key: np.concatenate([one[key] for one in made]) for key in made[0]}

    def _group(self, rng: np.random.Generator) -> dict[str, Array]:
        first = self._person(rng)
        second = self._person(rng) if rng.random() < _ANOTHER else first
        base = rng.choice(self.views.faces[second])
        colors = _colors(rng, 0.06, 0.03)
        views = [
            self._view(rng, face, move, base if second != first else None, colors)
            for face, move in self._moves(rng, first)
        ]
        image, target, points = (np.stack(part) for part in zip(*views, strict=True))
        points = (points - points.mean(axis=0)) * (128.0 / self.size)
        if rng.random() < 0.5:
            image, target = image[:, :, ::-1], target[:, :, ::-1]
            points = points[:, MIRROR_68] * (-1.0, 1.0)
        points = points.reshape(VIEWS, POINTS).astype("float32")
        return {"image": image, "target": target, "points": points}

    def _person(self, rng: np.random.Generator) -> int:
        many = len(self.many) and (rng.random() < _MANY or not len(self.few))
        people = self.many if many else self.few
        weight = self.weight[people]
        return int(rng.choice(people, p=weight / weight.sum()))

    def _moves(
        self, rng: np.random.Generator, person: int
    ) -> list[tuple[int, Array | None]]:
        """Returns faces of a person, with the movement of the landmarks or None."""
        own = self.views.faces[person]
        if len(own) > VIEWS and rng.random() < _AS_THEY_ARE:
            return [(face, None) for face in rng.choice(own, VIEWS, replace=False)]
        face = rng.choice(own)
        return [(face, self._move(rng)) for _ in range(VIEWS)]

    def _move(self, rng: np.random.Generator) -> Array:
        """Samples a movement of landmarks, (68, 2); sometimes the sum of two."""
        share = np.array([MOVERS[name] for name in self.movers])
        move = np.zeros((68, 2))
        for _ in range(1 + (rng.random() < 0.3)):
            source = rng.choice(list(self.movers), p=share / share.sum())
            moved = self.views.moved[rng.choice(self.movers[source])]
            moved = moved[MIRROR_68] * (-1.0, 1.0) if rng.random() < 0.5 else moved
            move += rng.uniform(0.5, 1.4) * moved
        return move

    def _view(
        self,
        rng: np.random.Generator,
        face: int,
        move: Array | None,
        base: int | None,
        colors: tuple[Array, Array],
    ) -> tuple[Array, Array, Array]:
        """Returns input, target with mask and weight, and the target's landmarks."""
        shown, marks = self.moved(face, move)
        target, points = shown, marks
        if base is not None:
            target, points = self.moved(
                base, self.views.moved[face] if move is None else move, move is None
            )
        similarity = random_similarity(rng, self.size, _RANGES)
        grid = random_grid(rng, _RANGES, self.size)
        source = grid_to_map(grid @ similarity[:, :2].T + similarity[:, 2], self.size)
        image = resize(_remap(shown, source), self.image_size)
        image = scale_colors(image, *_colors(rng, 0.1, 0.06))
        if rng.random() < _GRAY:
            gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
            image = cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB)
        layers = (
            face_mask(points, self.size) * 255,
            region_weights(points, self.size) * STEPS,
        )
        whole = [scale_colors(target, *colors), *(np.rint(layer) for layer in layers)]
        return image, np.dstack(whole).astype("uint8"), points

    def moved(
        self, face: int, move: Array | None, neutral: bool = False
    ) -> tuple[Array, Array]:
        """Returns a face warped by a movement of its landmarks, and their positions.

        Args:
            face: Index of the face.
            move: Movement (68, 2) in pixels; None for no warp.
            neutral: Whether to start from the person's mean landmarks.
        """
        image, marks = self.views.images[face], self.views.points[face]
        if move is None:
            return image, marks
        target = marks + move - (self.views.moved[face] if neutral else 0.0)
        moved = _remap(image, landmark_map(marks, target, self.size))
        return open_mouth(moved, marks, target), target


def open_mouth(image: Array, before: Array, after: Array) -> Array:
    """Paints the inside of a mouth that a warp has opened.

    Args:
        image: The warped face, (S, S, 3) uint8.
        before: The landmarks before the warp, (68, 2) in pixels.
        after: The landmarks after the warp.

    Returns:
        The painted image, or `image` if the mouth was not opened.
    """
    size = image.shape[0]
    closed, opened = (np.ptp(p[_LIPS][[2, 6], 1]) for p in (before, after))
    if opened - closed < _OPEN * size or closed > _OPEN * size:
        return image
    inside = np.zeros((size, size), "float32")
    lips = cv2.convexHull(np.rint(after[_LIPS] * 16).astype("int32"))
    cv2.fillConvexPoly(inside, lips, 1.0, cv2.LINE_8, 4)
    inside = cv2.GaussianBlur(inside, (0, 0), size / 128)[..., None]
    level = image.mean() / 110.0
    painted = image + inside * (np.array(_DARK) * level - image)
    return np.asarray(painted.clip(0, 255).astype("uint8"))


def _remap(image: Array, source: Array) -> Array:
    columns, rows = cv2.split(source)
    border = cv2.BORDER_REPLICATE
    return np.asarray(
        cv2.remap(image, columns, rows, cv2.INTER_LINEAR, borderMode=border)
    )


def _colors(rng: np.random.Generator, gain: float, light: float) -> tuple[Array, Array]:
    """Samples a gain and a shift of each color, (3,)."""
    shift = rng.normal(0, light) + rng.normal(0, light / 2, 3)
    return np.exp(rng.normal(0, gain, 3)), 255.0 * shift
