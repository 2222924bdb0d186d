"""Batches that teach latents of pose, expression and light, and not of who it is.

A group is several views of one person A, in, and the same poses and expressions of a
person B, out; often B is somebody else. Where there is no such image of B, one is
made: landmarks are moved by what somebody's landmarks did in a clip or a set of
expressions, and the image is warped along. So the latent of A's face cannot say who A
is: it would be wrong for B.
"""

from __future__ import annotations

import cv2
import numpy as np

from deepface_models.core.arrays import Array
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

VIEWS = 6  # of a group
POINTS = 136
STEPS = 85  # of a weight of 1, in a byte: eyes weigh 3
# How often movements are taken from each source.
MOVERS = {"talkers": 0.4, "synthetic_people": 0.4, "att_faces": 0.2}
_MANY = 0.6  # share of groups whose person has several images
_AS_THEY_ARE = 0.75  # share of their groups whose images are not warped
_ANOTHER = 0.5  # share of groups where B is not A
_GRAY = 0.15  # share of inputs without colors; how often gray people are taken
# Of the input alone: a target is as the aligner cuts it.
_RANGES = Augmentation(rotation=2.0, zoom=0.02, shift=0.012, flip=0.0, warp=0.012)
_LIPS = slice(60, 68)  # of the 68 points, their inner line
_DARK = (58.0, 28.0, 26.0)  # inside of a mouth
_OPEN = 0.012  # of the width; a mouth that opens by more shows its inside


class GroupSampler:
    """Makes groups of views, which depend on the seed alone.

    Args:
        views: Whose faces.

    Raises:
        ValueError: Nobody has several images, whose movements others could get.
    """

    def __init__(self, views: Views) -> None:
        self.views = views
        self.size = views.images.shape[1]
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
                f"Nobody of {', '.join(MOVERS)} has more than {VIEWS} images among "
                f"these {len(views.sources)} people. Expected some, whose movements "
                "are given to others. Put clips of people into talkers/ of --data."
            )

    def batch(self, seed: tuple[int, ...], groups: int) -> dict[str, Array]:
        """Makes groups * VIEWS images.

        Args:
            seed: Of the random choices.
            groups: How many.

        Returns:
            "image" (B, S, S, 3) uint8 to encode; "target" (B, S, S, 5) uint8: image,
            mask and weight; "points" (B, 136) float32, the target's landmarks less
            their group's mean, in pixels of 128.
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
        """Returns a person's faces, and how the landmarks of each move, if at all."""
        own = self.views.faces[person]
        if len(own) > VIEWS and rng.random() < _AS_THEY_ARE:
            return [(face, None) for face in rng.choice(own, VIEWS, replace=False)]
        face = rng.choice(own)
        return [(face, self._move(rng)) for _ in range(VIEWS)]

    def _move(self, rng: np.random.Generator) -> Array:
        """Returns what somebody's landmarks did, (68, 2); sometimes of two together."""
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
        target, places = shown, marks
        if base is not None:
            target, places = self.moved(
                base, self.views.moved[face] if move is None else move, move is None
            )
        similarity = random_similarity(rng, self.size, _RANGES)
        grid = random_grid(rng, _RANGES, self.size)
        source = grid_to_map(grid @ similarity[:, :2].T + similarity[:, 2], self.size)
        image = scale_colors(_remap(shown, source), *_colors(rng, 0.1, 0.06))
        if rng.random() < _GRAY:
            gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
            image = cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB)
        layers = (
            face_mask(places, self.size) * 255,
            region_weights(places, self.size) * STEPS,
        )
        whole = [scale_colors(target, *colors), *(np.rint(layer) for layer in layers)]
        return image, np.dstack(whole).astype("uint8"), places

    def moved(
        self, face: int, move: Array | None, neutral: bool = False
    ) -> tuple[Array, Array]:
        """Returns a face whose landmarks moved, and where they are then.

        Args:
            face: Its number.
            move: (68, 2) in pixels; None for the face as it is.
            neutral: Whether they move from their person's mean instead.
        """
        image, marks = self.views.images[face], self.views.points[face]
        if move is None:
            return image, marks
        target = marks + move - (self.views.moved[face] if neutral else 0.0)
        moved = _remap(image, landmark_map(marks, target, self.size))
        return open_mouth(moved, marks, target), target


def open_mouth(image: Array, before: Array, after: Array) -> Array:
    """Paints the inside of a mouth that was closed, where a warp stretches the lips.

    Args:
        image: The warped face, (S, S, 3) uint8.
        before: Its landmarks before the warp, (68, 2).
        after: Where they are now.

    Returns:
        The same image, or a painted one.
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
    """Returns a random gain and shift of each color, (3,)."""
    shift = rng.normal(0, light) + rng.normal(0, light / 2, 3)
    return np.exp(rng.normal(0, gain, 3)), 255.0 * shift
