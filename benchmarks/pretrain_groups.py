"""Batches that teach a code of pose, expression and light, and nothing of who it is.

A group is several views of one person A, in, and the same poses and expressions of a
person B, out; often B is somebody else. Where there is no such picture of B,
one is made: landmarks are moved by what somebody's landmarks did in a clip or a set of
expressions, and the picture is warped along. So the code of A's face cannot say who A
is: it would be wrong for B.
"""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any

import cv2
import keras
import numpy as np
from numpy.typing import NDArray
from points68 import MIRROR
from pretrain_people import People

from deepface_models.data.augmentation import (
    Augmentation,
    grid_to_map,
    random_grid,
    random_similarity,
)
from deepface_models.data.landmark_warp import landmark_map
from deepface_models.data.regions import region_weights
from deepface_models.faces import face_mask

Array = NDArray[Any]

VIEWS = 6  # of a group
MANY = 0.6  # share of groups whose person has several pictures
AS_THEY_ARE = 0.75  # share of their groups whose pictures are not warped
ANOTHER = 0.5  # share of groups where B is not A
GREY = 0.15  # share of inputs without colours; how often grey people are drawn
STEPS = 85  # of a weight of 1, in a byte: eyes weigh 3
# How often movements are taken from each source.
MOVERS = {"talkers": 0.4, "synthetic_people": 0.4, "att_faces": 0.2}
# Of the input alone: a target is as the aligner cuts it.
RANGES = Augmentation(rotation=2.0, zoom=0.02, shift=0.012, flip=0.0, warp=0.012)
POINTS = 136
_LIPS = slice(60, 68)  # of the 68 points, their inner line
_DARK = (58.0, 28.0, 26.0)  # inside of a mouth
_OPEN = 0.012  # of the width; a mouth that opens by more shows its inside


class Drawer:
    """Draws groups from people; the draws depend on the seed alone."""

    def __init__(self, people: People) -> None:
        self.people = people
        self.size = people.images.shape[1]
        counts = np.array([len(own) for own in people.faces])
        self.many, self.few = (
            np.flatnonzero(c) for c in (counts > VIEWS, counts <= VIEWS)
        )
        self.weight = np.where(people.grey, GREY, 1.0)
        source = np.array(people.sources)[people.owner]
        several = counts[people.owner] > VIEWS
        found = {name: np.flatnonzero(several & (source == name)) for name in MOVERS}
        self.movers = {name: own for name, own in found.items() if len(own)}
        if not self.movers:
            raise ValueError(
                f"Nobody of {', '.join(MOVERS)} has more than {VIEWS} pictures among "
                f"these {len(people.sources)} people. Expected some, whose movements "
                "are given to others. Gather with --talkers or --people."
            )

    def batch(self, seed: tuple[int, ...], groups: int) -> dict[str, Array]:
        """Draws groups * VIEWS pictures.

        Returns:
            "image" (B, S, S, 3) uint8 to encode; "target" (B, S, S, 5) uint8: picture,
            mask and weight; "points" (B, 136) float32, the target's landmarks less
            their group's mean, in pixels of 128.
        """
        cv2.setNumThreads(1)
        rng = np.random.default_rng(seed)
        drawn = [self._group(rng) for _ in range(groups)]
        return {key: np.concatenate([one[key] for one in drawn]) for key in drawn[0]}

    def _group(self, rng: np.random.Generator) -> dict[str, Array]:
        first = self._person(rng)
        second = self._person(rng) if rng.random() < ANOTHER else first
        base = rng.choice(self.people.faces[second])
        colours = _colours(rng, 0.06, 0.03)
        views = [
            self._view(rng, face, move, base if second != first else None, colours)
            for face, move in self._moves(rng, first)
        ]
        image, target, points = (np.stack(part) for part in zip(*views, strict=True))
        points = (points - points.mean(axis=0)) * (128.0 / self.size)
        if rng.random() < 0.5:
            image, target = image[:, :, ::-1], target[:, :, ::-1]
            points = points[:, MIRROR] * (-1.0, 1.0)
        points = points.reshape(VIEWS, POINTS).astype("float32")
        return {"image": image, "target": target, "points": points}

    def _person(self, rng: np.random.Generator) -> int:
        many = len(self.many) and (rng.random() < MANY or not len(self.few))
        people = self.many if many else self.few
        weight = self.weight[people]
        return int(rng.choice(people, p=weight / weight.sum()))

    def _moves(
        self, rng: np.random.Generator, person: int
    ) -> list[tuple[int, Array | None]]:
        """A person's faces, and how the landmarks of each are to move, if at all."""
        own = self.people.faces[person]
        if len(own) > VIEWS and rng.random() < AS_THEY_ARE:
            return [(face, None) for face in rng.choice(own, VIEWS, replace=False)]
        face = rng.choice(own)
        return [(face, self._move(rng)) for _ in range(VIEWS)]

    def _move(self, rng: np.random.Generator) -> Array:
        """What somebody's landmarks did, (68, 2); sometimes of two together."""
        share = np.array([MOVERS[name] for name in self.movers])
        move = np.zeros((68, 2))
        for _ in range(1 + (rng.random() < 0.3)):
            source = rng.choice(list(self.movers), p=share / share.sum())
            moved = self.people.moved[rng.choice(self.movers[source])]
            moved = moved[MIRROR] * (-1.0, 1.0) if rng.random() < 0.5 else moved
            move += rng.uniform(0.5, 1.4) * moved
        return move

    def _view(
        self,
        rng: np.random.Generator,
        face: int,
        move: Array | None,
        base: int | None,
        colours: tuple[Array, Array],
    ) -> tuple[Array, Array, Array]:
        """Input, target with mask and weight, and the target's landmarks."""
        shown, marks = self._moved(face, move)
        drawn, places = shown, marks
        if base is not None:
            drawn, places = self._moved(
                base, self.people.moved[face] if move is None else move, move is None
            )
        similarity = random_similarity(rng, self.size, RANGES)
        grid = random_grid(rng, RANGES, self.size)
        source = grid_to_map(grid @ similarity[:, :2].T + similarity[:, 2], self.size)
        image = _light(_remap(shown, source), _colours(rng, 0.1, 0.06))
        if rng.random() < GREY:
            grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
            image = cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)
        layers = (
            face_mask(places, self.size) * 255,
            region_weights(places, self.size) * STEPS,
        )
        target = np.dstack([_light(drawn, colours), *(np.rint(a) for a in layers)])
        return image, target.astype("uint8"), places

    def _moved(
        self, face: int, move: Array | None, neutral: bool = False
    ) -> tuple[Array, Array]:
        """A face with its landmarks moved, from its person's mean if `neutral`."""
        image, marks = self.people.images[face], self.people.points[face]
        if move is None:
            return image, marks
        wanted = marks + move - (self.people.moved[face] if neutral else 0.0)
        moved = _remap(image, landmark_map(marks, wanted, self.size))
        return _mouth(moved, marks, wanted), wanted


def _remap(image: Array, source: Array) -> Array:
    columns, rows = cv2.split(source)
    border = cv2.BORDER_REPLICATE
    return np.asarray(
        cv2.remap(image, columns, rows, cv2.INTER_LINEAR, borderMode=border)
    )


def _mouth(image: Array, marks: Array, wanted: Array) -> Array:
    """Paints the inside of a mouth that was closed, where a warp stretches the lips."""
    size = image.shape[0]
    before, after = (np.ptp(p[_LIPS][[2, 6], 1]) for p in (marks, wanted))
    if after - before < _OPEN * size or before > _OPEN * size:
        return image
    inside = np.zeros((size, size), "float32")
    lips = cv2.convexHull(np.rint(wanted[_LIPS] * 16).astype("int32"))
    cv2.fillConvexPoly(inside, lips, 1.0, cv2.LINE_8, 4)
    inside = cv2.GaussianBlur(inside, (0, 0), size / 128)[..., None]
    level = image.mean() / 110.0
    painted = image + inside * (np.array(_DARK) * level - image)
    return np.asarray(painted.clip(0, 255).astype("uint8"))


def _colours(
    rng: np.random.Generator, gain: float, light: float
) -> tuple[Array, Array]:
    """Gain and shift of each colour, (3,), at random."""
    shift = rng.normal(0, light) + rng.normal(0, light / 2, 3)
    return np.exp(rng.normal(0, gain, 3)), 255.0 * shift


def _light(image: Array, colours: tuple[Array, Array]) -> Array:
    table = np.arange(256.0)[:, None] * colours[0] + colours[1]
    table = np.rint(table.clip(0, 255)).astype("uint8")
    return np.asarray(cv2.LUT(image, table[None]))


# Drawn ahead, by other processes

_DRAWER: list[Drawer] = []  # of this process; forked, so that pictures are shared


def _batch(seed: tuple[int, ...], groups: int) -> dict[str, Array]:
    return _DRAWER[0].batch(seed, groups)


class Groups(keras.utils.PyDataset):
    """Batches for the training model of pretrain_swift.py, drawn by other processes.

    `x["image"]` and `x["face"]`, and `y["drawn"]` and `y["points"]`; see
    `Drawer.batch`. The draws depend on seed, epoch and number alone. Make it before
    Keras touches a device: its processes are forks of this one.

    Args:
        people: Whose faces.
        seed: Makes the draws repeatable.
        groups: In a batch.
        steps: Batches an epoch.
        reuse: Epochs that show the same batches, in other orders: where drawing is
            slower than learning.
        processes: That draw.
    """

    def __init__(
        self,
        people: People,
        seed: int,
        groups: int = 6,
        steps: int = 50,
        reuse: int = 1,
        processes: int | None = None,
    ) -> None:
        super().__init__(workers=1, max_queue_size=4)
        self.seed, self.groups, self.steps, self.reuse = seed, groups, steps, reuse
        self.people, self.epoch = people, 0
        _DRAWER[:] = [Drawer(people)]
        self._pool = ProcessPoolExecutor(
            processes or os.cpu_count(), multiprocessing.get_context("fork")
        )
        self._ahead: dict[tuple[int, int], Future[dict[str, Array]]] = {}
        self._order(0)

    def close(self) -> None:
        """Ends the processes; what they were drawing is lost."""
        self._pool.shutdown(cancel_futures=True)

    def __len__(self) -> int:
        return self.steps

    def on_epoch_end(self) -> None:
        self.epoch += 1

    def __getitem__(self, index: int) -> tuple[dict[str, Array], dict[str, Array]]:
        shown = self.epoch // self.reuse
        order = np.random.default_rng((self.seed, self.epoch)).permutation(self.steps)
        self._order(shown)
        drawn = self._ahead[shown, int(order[index])].result()
        x = {"image": drawn["image"], "face": drawn["target"][..., :4]}
        return x, {"drawn": drawn["target"], "points": drawn["points"]}

    def _order(self, shown: int) -> None:
        """Has this and the next epoch's batches drawn; drops what is over."""
        if (shown + 1, self.steps - 1) in self._ahead:
            return
        for key in [key for key in self._ahead if key[0] < shown]:
            self._ahead.pop(key).cancel()
        for epoch in (shown, shown + 1):
            for number in range(self.steps):
                if (epoch, number) not in self._ahead:
                    seed = (self.seed, epoch, number)
                    self._ahead[epoch, number] = self._pool.submit(
                        _batch, seed, self.groups
                    )
