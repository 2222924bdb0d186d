"""Issue 19, 2 and 3: swaps open mouth and eyes as far as their source does."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from deepface_models import FaceAligner, load
from deepface_models.conversion import Converter
from deepface_models.core.expressions import expressions, measures, neutral_face
from deepface_models.data import SwapPairs
from deepface_models.demo import CLIPS
from deepface_models.faces.align import template
from deepface_models.media import read_video
from deepface_models.models.swap import Swift
from deepface_models.models.swap._graph import Source
from deepface_models.models.swap.expressions import Expressions

LATENTS, COUNT = 12, 400

pytestmark = pytest.mark.backend


def landmarks(mouth: float = 0.0, eyes: float = 1.0, wider: float = 0.0) -> np.ndarray:
    """A mean face with its inner lips so far apart, in the distance of the eyes."""
    points = template(68, 128, "full").copy()
    between = points[[42, 45]].mean(0)[0] - points[[36, 39]].mean(0)[0]
    lower, upper = [67, 66, 65], [61, 62, 63]
    points[lower] = points[upper] + [0, mouth * between]
    for top, bottom in ((37, 41), (38, 40), (43, 47), (44, 46)):
        points[bottom] = points[top] + (points[bottom] - points[top]) * eyes
    points[54, 0] += wider * between
    return points


@pytest.fixture
def linear():
    """Expressions and latents that depend on them linearly, with little noise."""
    rng = np.random.default_rng(0)
    values = rng.uniform(0, 0.4, (COUNT, 3))
    directions = rng.normal(size=(3, LATENTS))
    noise = rng.normal(0, 0.01, (COUNT, LATENTS))
    return values, 0.7 + values @ directions + noise, directions


@pytest.fixture
def layer(linear):
    values, latents, _ = linear
    made = Expressions()
    made.build((None, LATENTS))
    made.estimate(latents, values)
    return made


def test_measures_tell_how_far_mouth_and_eyes_are_open():
    shut, wide = measures([landmarks(0.0), landmarks(0.3, 0.5, 0.1)])
    assert wide[0] - shut[0] == pytest.approx(0.3, abs=1e-3)
    assert wide[1] / shut[1] == pytest.approx(0.5, abs=0.03)
    assert wide[2] - shut[2] == pytest.approx(0.1, abs=1e-3)


def test_measures_do_not_depend_on_size_place_and_turn():
    points = landmarks(0.2, 0.7)
    turn = np.array([[0.6, -0.8], [0.8, 0.6]]) * 3.0
    np.testing.assert_allclose(*measures([points, points @ turn.T + 50]), atol=1e-4)


def test_other_landmarks_are_refused():
    with pytest.raises(ValueError, match=r"68, 2\)"):
        measures(np.zeros((4, 5, 2)))


def test_expressions_are_zero_in_a_neutral_face():
    values = measures([landmarks(0.01)] * 8 + [landmarks(0.3, 0.2)] * 2)
    found = expressions(values, neutral_face(values))
    np.testing.assert_allclose(found[:8], 0, atol=1e-6)
    assert found[9, 0] > 0.25 and found[9, 1] == pytest.approx(-0.8, abs=0.03)


def test_a_smile_held_throughout_is_not_taken_for_the_neutral_face():
    values = measures([landmarks(0.2, wider=0.2)] * 20)
    found = expressions(values, neutral_face(values))
    assert (found[:, 0] > 0.1).all() and (found[:, 2] > 0.1).all()


def test_maps_are_estimated_and_met(layer, linear):
    values, latents, directions = linear
    np.testing.assert_allclose(layer.read(np.float32(latents)), values, atol=0.03)
    goal = np.float32(values[::-1])
    moved = layer.move(np.float32(latents), goal, 1.0)
    np.testing.assert_allclose(layer.read(moved), goal, atol=0.05)
    np.testing.assert_allclose(layer.directions, directions, atol=0.1)


def test_latents_stay_where_nothing_is_known(layer, linear):
    latents = np.float32(linear[1])
    np.testing.assert_array_equal(layer.move(latents, latents[:, :3], 0.0), latents)
    fresh = Expressions()
    fresh.build((None, LATENTS))
    np.testing.assert_array_equal(fresh.move(latents, latents[:, :3], 1.0), latents)
    fresh.estimate(latents[:15], latents[:15, :3])
    assert float(fresh.known) == 0.0, "fifteen faces are too few"


def test_expressions_stay_near_the_persons_own_range(layer, linear):
    latents = np.float32(linear[1][:1])
    far = layer.read(layer.move(latents, np.full((1, 3), 9.0, "float32"), 1.0))
    assert keras.ops.convert_to_numpy(far).max() < 0.5


@pytest.fixture
def model():
    """Each person's latents depend on the expression in a way of their own."""
    keras.utils.set_random_seed(0)
    made = Swift(("ana", "ben"), 64, latent_size=8, basis_size=3)
    for number, decoder in enumerate(made.decoders.values()):
        rng = np.random.default_rng(number)
        values = rng.uniform(0, 0.4, (COUNT, 3))
        latents = number + values @ rng.normal(size=(3, 8))
        latents += rng.normal(0, 0.01, latents.shape)
        mean = np.float32(latents.mean(0))
        decoder.get_layer("latent_mean").set_weights([mean, np.float32(1)])
        decoder.get_layer("expressions").estimate(latents, values)
        basis = decoder.get_layer("basis")
        basis.set_weights([rng.normal(size=w.shape) for w in basis.get_weights()])
    return made


def latents_of_ana(model, values):
    ana = model.decoders["ana"]
    directions = ana.get_layer("expressions").directions
    mean = np.full((1, 3), 0.2)
    return np.float32(
        ana.get_layer("latent_mean").mean + (values - mean) @ np.asarray(directions)
    )


def moved(model, latents):
    """Latents at the end of the path to ben's decoder."""
    inputs = keras.Input((8,))
    code = model._paths._code(inputs, "ben", Source("ana"))
    return keras.Model(inputs, code)(latents)


def test_a_swap_has_the_expression_of_its_source(model):
    values = np.random.default_rng(2).uniform(0.05, 0.35, (5, 3))
    ben = model.decoders["ben"].get_layer("expressions")
    found = ben.read(moved(model, latents_of_ana(model, values)))
    np.testing.assert_allclose(found, values, atol=0.06)


def test_given_expressions_are_taken_before_those_read(model):
    faces = np.random.default_rng(2).uniform(size=(5, 64, 64, 3)).astype("float32")
    mean = model.encode(faces).mean(0)
    swap = {"identity": "ben", "source_identity": mean}
    plain = model.predict(faces, **swap)
    shut, wide = (
        model.predict(faces, **swap, expressions=np.full((5, 3), value, "float32"))
        for value in (0.0, 0.4)
    )
    assert np.abs(shut - wide).max() > 1e-4 < np.abs(plain - wide).max()


def test_expressions_of_a_wrong_shape_are_refused(model):
    faces = np.zeros((5, 64, 64, 3), "float32")
    for wrong in (np.zeros((4, 3)), np.zeros((5, 2)), np.full((5, 3), np.nan)):
        with pytest.raises(ValueError, match=r"Expected \(5, 3\) finite numbers"):
            model.predict(
                faces, identity="ben", source_identity="ana", expressions=wrong
            )


def test_they_are_saved_with_the_decoder(model, tmp_path):
    model.save_parts(tmp_path / "parts")
    model.save(tmp_path / "model.keras")
    faces = np.random.default_rng(2).uniform(size=(3, 64, 64, 3)).astype("float32")
    expected = model.predict(faces, identity="ben", source_identity="ana")
    for path in ("parts", "model.keras"):
        found = load(tmp_path / path).predict(
            faces, identity="ben", source_identity="ana"
        )
        np.testing.assert_array_equal(found, expected)


@pytest.mark.slow
def test_fit_learns_them_from_faces_with_68_landmarks():
    aligner = FaceAligner(64, embeddings=False)
    people = {
        name: aligner.extract(sorted((CLIPS / name).iterdir())[0], limit=24, every_n=3)
        for name in ("s1", "mb")
    }
    pairs = SwapPairs(people, 2, image_size=64, steps=1)
    made = Swift(tuple(people), 64)
    made.compile()
    made.fit(pairs, verbose=0)
    for name in people:
        layer = made.decoders[name].get_layer("expressions")
        assert float(layer.known) == 1.0
        read = layer.read(made.encode(people[name].images))
        own = people[name].expressions[:, 0]
        assert np.corrcoef(np.asarray(read)[:, 0], own)[0, 1] > 0.5


class Asked:
    """Stands for a model; keeps what `predict` was given."""

    image_size, identities = 64, ("ana", "ben")
    shifts_latents = matches_expressions = True

    def predict(self, faces, **given):
        self.given = given
        return faces


def test_a_converter_measures_expressions_on_the_frame(clip_frame):
    image, aligner = clip_frame
    face = aligner.detect(image)[0]
    neutral = np.array([0.01, 0.3, 0.8])
    model = Asked()
    converter = Converter(model, "ben", aligner=aligner, neutral=neutral)
    converter.decode([image], [face])
    expected = expressions(measures([face.landmarks]), neutral)
    np.testing.assert_array_equal(model.given["expressions"], expected)
    Converter(model, "ben", aligner=aligner).decode([image], [face])
    assert "expressions" not in model.given


@pytest.fixture(scope="module")
def clip_frame():
    frame = next(iter(read_video(sorted((CLIPS / "s1").iterdir())[0])))
    return frame.image, FaceAligner(64, embeddings=False)
