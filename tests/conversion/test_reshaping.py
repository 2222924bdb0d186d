"""What a decoded face lacks of an expression is made up for by moving its pixels."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from deepface_models.conversion import Converter
from deepface_models.conversion.reshaping import reshaped
from deepface_models.core.expressions import NAMES
from deepface_models.faces import align, alignment_matrix, measure_faces
from deepface_models.media import read_image

FACES = Path(__file__).resolve().parents[1] / "data" / "faces"
NAME = "london_005_neutral.jpg"
FIVE = ("45", "42", "36", "39", "33")  # of dlib's 68 points


@pytest.fixture(scope="module")
def decoded():
    """An aligned face with open eyes, as a model would decode it, (1, 128, 128, 4)."""
    truth = json.loads((FACES / "truth.json").read_text(encoding="utf-8"))
    marks = truth[NAME]["landmarks"]
    matrix = alignment_matrix(np.array([marks[number] for number in FIVE]), 128)
    image = align(read_image(FACES / NAME), matrix, 128).astype(np.float32) / 255
    return np.dstack([image, np.ones((128, 128), np.float32)])[None]


@pytest.fixture(scope="module")
def neutral(decoded):
    return measure_faces(decoded[..., :3])[0]


def moved(decoded, neutral, **expression):
    """Returns the face with an expression, and how its measures changed."""
    values = np.array([[expression.get(name, 0.0) for name in NAMES]])
    values[0, NAMES.index("mouth")] += 1e-9  # not equal to what was found
    result = reshaped(decoded, values, neutral, "full")
    change = measure_faces(result[..., :3])[0] - neutral
    return result, dict(zip(NAMES, change, strict=True))


def test_a_face_that_lacks_nothing_stays_as_it_is(decoded, neutral):
    result, _ = moved(decoded, neutral)
    np.testing.assert_allclose(result, decoded, atol=1e-4)


@pytest.mark.parametrize("share", [-0.4, -0.9])
def test_lids_close_over_the_eyes(decoded, neutral, share):
    result, change = moved(decoded, neutral, eyes=share)
    assert change["eyes"] < 0.25 * share * neutral[1]
    assert abs(change["gaze"]) < 0.15
    np.testing.assert_array_equal(result[0, 64:], decoded[0, 64:])  # below the eyes
    np.testing.assert_array_equal(result[..., 3], decoded[..., 3])


def test_eyes_open_wider(decoded, neutral):
    assert moved(decoded, neutral, eyes=0.2)[1]["eyes"] > 0.005


@pytest.mark.parametrize("side", [-0.3, 0.3])
def test_irises_follow_the_gaze(decoded, neutral, side):
    result, change = moved(decoded, neutral, gaze=side)
    assert change["gaze"] * np.sign(side) > 0.05
    assert abs(change["eyes"]) < 0.15 * neutral[1]
    np.testing.assert_array_equal(result[0, 64:], decoded[0, 64:])


@pytest.mark.parametrize("wide", [-0.05, 0.05])
def test_corners_of_the_mouth_move(decoded, neutral, wide):
    result, change = moved(decoded, neutral, smile=wide)
    assert change["smile"] * np.sign(wide) > 0.005
    np.testing.assert_array_equal(result[0, :40], decoded[0, :40])


class Still:
    """Decodes the same face whatever the expression."""

    image_size, identities, matches_expressions = 128, ("ben",), True

    def __init__(self, face):
        self.face, self.asked = face, []

    def predict(self, images, identity, expressions, **_):
        self.asked.append(np.array(expressions))
        return np.repeat(self.face, len(images), axis=0)


def test_a_converter_closes_eyes_that_the_model_leaves_open(
    decoded, neutral, frame, face
):
    closed = neutral.copy()
    closed[1] *= 0.3
    opened = []
    for reshape in (True, False):
        model = Still(decoded)
        converter = Converter(model, "ben", neutral=neutral, reshape=reshape)
        one = converter.decode([frame], [face], measures=closed[None])[0]
        opened.append(measure_faces(one.image[None])[0, 1])
        assert not np.any(model.asked[1:])  # asked for the neutral face
        assert converter.settings()["reshape"] is reshape
    assert opened[0] < 0.75 * opened[1]
    assert opened[1] == pytest.approx(neutral[1], rel=0.05)


def test_the_targets_neutral_face_is_measured_once_if_it_is_given(
    decoded, neutral, frame, face
):
    model = Still(decoded)
    known = {"neutral": neutral, "target_neutral": neutral}
    converter = Converter(model, "ben", **known).replace(blend="alpha")
    converter.decode([frame] * 2, [face] * 2, measures=np.stack([neutral] * 2))
    assert len(model.asked) == 1
    assert converter.replace(model=Still(decoded)).target_neutral is None
