"""Whether faces are enough, and which people a set shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from deepface_models.faces import Box, Face, FaceSet, people_in, verdict

SIZE = 32


def made(counts: dict[int, int], clips: int = 2, turn: float = 40, blur: float = 0.2):
    """A set with faces of some people, by the number of each."""
    rng = np.random.default_rng(0)
    faces = FaceSet(SIZE, landmarks=5)
    for person, count in counts.items():
        center = np.zeros(128, np.float32)
        center[person] = 1.0  # the centers are 1.41 apart
        for n in range(count):
            face = Face(
                Box(0, 0, SIZE, SIZE),
                np.zeros((5, 2), np.float32),
                1.0,
                "hand",
                np.eye(2, 3),
                SIZE,
                embedding=(center + rng.normal(0, 0.01, 128)).astype(np.float32),
                blur=blur,
                yaw=turn * (n / max(1, count - 1) - 0.5),
                pitch=0.0,
                roll=0.0,
            )
            image = np.zeros((SIZE, SIZE, 3), np.uint8)
            faces.append(face, image, source=f"{n % clips}.mp4", frame=n)
    return faces


def test_enough_has_nothing_missing():
    found = verdict(made({0: 220}))
    assert found.enough and found.missing == []
    assert found.summary() == "220 faces are enough to train."
    assert found.facts["clips"] == 2 and found.facts["people"] == 1


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"counts": {0: 5}}, "5 faces: not yet. Add clips until there are at least 20"),
        ({"counts": {0: 30}}, "More than 200 faces give better results"),
        ({"counts": {0: 30, 1: 12}}, "They show 2 different people; keep one"),
        ({"counts": {0: 30}, "clips": 1}, "All are of one clip"),
        ({"counts": {0: 30}, "turn": 8}, "The head hardly turns"),
        ({"counts": {0: 30}, "blur": 0.8}, "Most are blurred"),
    ],
)
def test_what_is_missing_is_said(given, says):
    assert says in verdict(made(**given)).summary()


def test_people_are_told_apart_the_most_frequent_first():
    faces = made({0: 4, 1: 9})
    groups = people_in(faces)
    assert [list(group) for group in groups] == [list(range(4, 13)), list(range(4))]


def test_faces_without_embedding_are_nobody():
    faces = made({0: 3})
    records = [replace(r, face=replace(r.face, embedding=None)) for r in faces.records]
    bare = FaceSet(SIZE, landmarks=5)
    bare.extend(records)
    assert people_in(bare) == []
    assert verdict(FaceSet(SIZE)).facts["yaw"] is None
