"""Swaps have their source's expression and the target's detail."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from deepface_models import FaceAligner, load
from deepface_models.conversion import Converter
from deepface_models.core.expressions import (
    FEATURES,
    SCALES,
    expressions,
    neutral_face,
    own_expressions,
)
from deepface_models.data import SwapPairs
from deepface_models.demo import CLIPS
from deepface_models.faces import measure_faces
from deepface_models.media import read_video
from deepface_models.models.swap import Swift
from deepface_models.models.swap._kernels import choose_examples
from deepface_models.models.swap.expressions import (
    Expressions,
    MatchExpressions,
    join_halves,
)

LATENTS, COUNT, SIZE, EXAMPLES = 12, 200, 8, 48
PARTS = np.random.default_rng(5).normal(size=(3, LATENTS))  # of mouth, eyes and pose
USUAL = np.array([0.02, 0.33, -0.27, 0.0, 0.6, -0.4, 0.0])

pytestmark = [pytest.mark.backend, pytest.mark.usefixtures("eager")]


@pytest.fixture
def curved():
    """Expressions, and latents that depend on mouth, eyes and pose by curves."""
    rng = np.random.default_rng(0)
    values = rng.uniform(-4, 4, (COUNT, FEATURES)) * SCALES
    units = values / SCALES
    mixed = [np.sin(units[:, 0] / 2), units[:, 1] ** 2 / 8, units[:, 3] / 4]
    return values, 0.7 + np.stack(mixed, 1) @ PARTS


@pytest.fixture
def layer(curved):
    values, latents = curved
    made = Expressions(EXAMPLES, SIZE)
    made.build((None, LATENTS))
    chosen = choose_examples(values, np.ones(COUNT, bool), EXAMPLES)
    made.estimate(latents, values, chosen)
    made.chosen = chosen
    return made


@pytest.mark.parametrize(("half", "expected"), [(0, [1, 0, 1]), (1, [0, 1, 1])])
def test_latents_are_found_by_expression(layer, curved, half, expected):
    """Those of a half depend on the mouth or on the eyes, and on the pose."""
    values, latents = curved
    found = keras.ops.convert_to_numpy(layer.find(np.float32(values), half))
    parts = (found - latents.mean(axis=0)) @ np.linalg.pinv(PARTS)
    true = (latents - latents.mean(axis=0)) @ np.linalg.pinv(PARTS)
    explained = [(np.polyfit(true[:, k], parts[:, k], 1)[0]) for k in range(3)]
    np.testing.assert_allclose(explained, expected, atol=0.3)


@pytest.mark.parametrize("first", [1, 3], ids=["eyes", "yaw"])
def test_a_turned_head_and_an_open_mouth_may_come_from_different_faces(layer, first):
    """The kernels of the parts are added, so that they need not occur together."""
    layer.few.assign(0.0)
    still = np.zeros((1, FEATURES), "float32")
    mouth, eyes, both = still.copy(), still.copy(), still.copy()
    mouth[0, 0] = both[0, 0] = 3 * SCALES[0]
    eyes[0, first] = both[0, first] = -3 * SCALES[first]
    none, one, two, three = (
        keras.ops.convert_to_numpy(layer.find(v, 0)) for v in (still, mouth, eyes, both)
    )
    np.testing.assert_allclose(three - none, one - none + two - none, atol=1e-4)


def test_mouths_of_few_faces_are_those_of_examples(curved):
    """Between two examples, teeth and lips of both would be seen."""
    values, latents = (one[:20] for one in curved)
    made = Expressions(20, SIZE)
    made.build((None, LATENTS))
    made.estimate(latents, values, np.arange(20))
    units = values[:, (0, 2, 3, 4)] / np.array(SCALES)[[0, 2, 3, 4]]
    apart = np.linalg.norm(units[:, None] - units, axis=2) + np.diag(np.full(20, 99.0))
    lone = int(apart.min(axis=1).argmax())  # an example with no other one near
    asked = np.float32(np.repeat(values[lone : lone + 1], 2, axis=0))
    asked[1, 0] += np.sign(-asked[1, 0]) * SCALES[0] / 2
    mouths = keras.ops.convert_to_numpy(made.find(asked, 0))
    np.testing.assert_allclose(mouths, latents[[lone, lone]], atol=0.05)
    start = np.float32(latents[::-1][:2])
    swapped = keras.ops.convert_to_numpy(MatchExpressions(made, 0)(start, asked))
    np.testing.assert_allclose(swapped, latents[[lone, lone]], atol=0.05)
    eyes = keras.ops.convert_to_numpy(made.find(asked, 1))
    made.few.assign(0.0)
    np.testing.assert_array_equal(made.find(asked, 1), eyes)


def test_mouths_of_many_faces_lie_between_examples(layer):
    assert float(layer.few) == pytest.approx(0.1)
    example = np.zeros((1, FEATURES), "float32")
    near = example + np.float32(0.5 * np.eye(1, FEATURES)) * np.float32(SCALES)
    first, second = (
        keras.ops.convert_to_numpy(layer.find(one, 0)) for one in (example, near)
    )
    assert np.abs(second - first).max() > 0.1


def test_expressions_are_read_from_latents():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(COUNT, FEATURES)) * SCALES
    latents = values / SCALES @ rng.normal(size=(FEATURES, LATENTS))
    made = Expressions(4, SIZE)
    made.build((None, LATENTS))
    made.estimate(latents, values, np.arange(4))
    read = keras.ops.convert_to_numpy(made.read(np.float32(latents)))
    assert np.abs((read - values) / SCALES).mean() < 0.2


def test_the_halves_of_two_images_are_joined_at_the_nose():
    lower, upper = np.zeros((2, 3, 40, 40, 4), "float32")
    upper += 1
    found = keras.ops.convert_to_numpy(join_halves(lower, upper))
    assert found[:, :14].min() > 0.99 and found[:, 31:].max() < 0.01
    same = np.random.default_rng(0).uniform(size=(3, 40, 40, 4)).astype("float32")
    np.testing.assert_array_equal(join_halves(same, same), same)


def test_detail_is_that_of_the_nearest_example(layer, curved):
    detail = np.random.default_rng(2).uniform(-3, 3, (EXAMPLES, SIZE, SIZE, 3))
    layer.set_detail(detail)
    layer.few.assign(0.0)
    layer.spacing.assign([0.2, 0.2])  # for the kernels to meet no second example
    at = np.float32(curved[0][layer.chosen[:5]])
    for half in layer.find_detail(at):
        found = keras.ops.convert_to_numpy(half)
        assert np.abs(found - detail[:5]).mean() < 0.2


def test_detail_fades_where_no_example_is_near():
    rng = np.random.default_rng(0)
    values = rng.uniform(-0.5, 0.5, (COUNT, FEATURES)) * SCALES
    made = Expressions(COUNT, SIZE)
    made.build((None, LATENTS))
    made.estimate(rng.normal(size=(COUNT, LATENTS)), values, np.arange(COUNT))
    made.set_detail(np.full((COUNT, SIZE, SIZE, 3), 2.0))
    made.few.assign(0.0)
    made.most.assign(np.full(FEATURES, 9.0))  # else expressions are bounded
    near, far = np.zeros((2, 1, FEATURES), "float32")
    far += 8 * np.float32(SCALES)
    near, far = (
        keras.ops.convert_to_numpy(layer_input).mean()
        for layer_input in (made.find_detail(near)[0], made.find_detail(far)[0])
    )
    assert near == pytest.approx(2.0, abs=0.05) and far < 0.1


def test_expressions_stay_in_the_persons_own_range(layer, curved):
    far = np.full((1, FEATURES), 9.0, "float32")
    largest = np.float32(curved[0].max(axis=0, keepdims=True))
    for half in range(2):
        np.testing.assert_allclose(
            layer.find(far, half), layer.find(largest, half), rtol=1e-5
        )


def test_examples_differ_and_leave_out_what_is_not_allowed():
    values = np.zeros((50, FEATURES))
    values[:, 0] = np.linspace(0, 1, 50)
    allowed = np.ones(50, bool)
    allowed[-1] = False
    chosen = choose_examples(values, allowed, 5)
    assert sorted(chosen)[0] == 0 and sorted(chosen)[-1] == 48
    assert np.diff(sorted(chosen)).min() > 8
    assert len(choose_examples(values[:3], np.ones(3, bool), 5)) == 3


def test_expressions_are_zero_in_a_neutral_face():
    values = np.repeat(USUAL[None], 20, axis=0)
    values[15:, 0], values[15:, 1] = 0.3, 0.07
    found = expressions(values, neutral_face(values))
    np.testing.assert_allclose(found[:15], 0, atol=1e-6)
    assert found[19, 0] > 0.25 and found[19, 1] == pytest.approx(-0.79, abs=0.03)


@pytest.mark.parametrize("count", [1, 20])
def test_a_smile_held_throughout_is_not_taken_for_the_neutral_face(count):
    """Also in a single image."""
    smiling = USUAL + np.array([0.2, 0, 0.2, 0, 0, 0, 0])
    found = own_expressions(np.repeat(smiling[None], count, axis=0))
    assert (found[:, 0] > 0.1).all() and (found[:, 2] > 0.1).all()


def test_mouths_of_usual_shapes_are_not_taken_for_a_smile():
    """Narrow and wide ones, of speakers: a fifth of their frames is below these."""
    for shape in (-0.31, -0.28, -0.24):
        values = np.repeat(USUAL[None], 20, axis=0)
        values[:, 2] = shape
        np.testing.assert_allclose(own_expressions(values), 0, atol=1e-6)


@pytest.mark.parametrize("gap", [0.055, 0.06, 0.1])
def test_lips_that_never_close_are_held_open(gap):
    """A smile that shows teeth, of a moved portrait, became a closed mouth."""
    parted = USUAL.copy()
    parted[0] = gap
    found = own_expressions(np.repeat(parted[None], 20, axis=0))
    np.testing.assert_allclose(found[:, 0], gap - 0.02, atol=1e-6)


def test_lips_of_a_speaker_close_at_their_own_gap():
    values = np.repeat(USUAL[None], 20, axis=0)
    values[:, 0] = [0.034] * 10 + [0.2] * 10
    assert neutral_face(values)[0] == pytest.approx(0.034)


def test_who_was_recorded_from_one_side_is_not_taken_as_facing_ahead():
    aside = USUAL + np.array([0, 0, 0, 0.09, 0, 0, 0.08])
    found = own_expressions(np.repeat(aside[None], 20, axis=0))
    np.testing.assert_allclose(found[:, [3, 6]], [[0.09, 0.08]] * 20, atol=1e-6)


def test_closed_eyes_look_nowhere():
    """The irises of closed eyes are found anywhere."""
    values = np.repeat(USUAL[None], 20, axis=0)
    values[:, 6] = 0.4
    values[17:, 1] = 0.1
    found = own_expressions(values)[:, 6]
    np.testing.assert_allclose(found, [0.4] * 17 + [0.0] * 3, atol=1e-6)


@pytest.fixture
def model():
    """Ben's faces, whose images and latents depend on the expression."""
    keras.utils.set_random_seed(0)
    made = Swift(("ana", "ben"), 64, latent_size=8, basis_size=3, examples=6)
    rng = np.random.default_rng(3)
    for name in made.identities:
        faces = rng.integers(0, 256, (20, 64, 64, 3), np.uint8)
        values = rng.uniform(-3, 3, (20, FEATURES)) * SCALES
        made.learn_expressions(name, faces, values)
    return made


def test_few_faces_teach_nothing():
    made = Swift(("ana", "ben"), 64, latent_size=8, basis_size=3, examples=6)
    assert not made.matches_expressions
    faces = np.zeros((15, 64, 64, 3), np.uint8)
    made.learn_expressions("ben", faces, np.zeros((15, FEATURES)))
    assert not made.matches_expressions


def test_examples_are_decoded_as_they_were(model):
    layer = model.decoders["ben"].get_layer("expressions")
    at = keras.ops.convert_to_numpy(layer.faces)
    faces = np.zeros((len(at), 64, 64, 3), "float32")
    plain = model.predict(faces, identity="ben")[..., :3]
    swap = model.predict(faces, identity="ben", expressions=at)[..., :3]
    assert np.std(swap) > 4 * np.std(plain), "detail of the examples is added"


@pytest.mark.slow_on_tensorflow
def test_given_expressions_are_taken_before_those_read(model):
    faces = np.random.default_rng(2).uniform(size=(5, 64, 64, 3)).astype("float32")
    swap = {"identity": "ben", "source_identity": "ana"}
    plain = model.predict(faces, **swap)
    shut, wide = (
        model.predict(faces, **swap, expressions=np.full((5, FEATURES), v, "float32"))
        for v in (-0.1, 0.1)
    )
    assert np.abs(shut - wide).max() > 1e-3 < np.abs(plain - wide).max()
    mean = model.encode(faces).mean(0)
    given = np.full((5, FEATURES), 0.1, "float32")
    for source in (None, mean):
        found = model.predict(
            faces, identity="ben", source_identity=source, expressions=given
        )
        np.testing.assert_allclose(found, wide, atol=0.2)


@pytest.mark.parametrize(("count", "few"), [(20, 1.0), (400, 0.05)])
def test_of_few_faces_latents_count_too(count, few):
    """Those of twenty images alone would keep the eyes nearly open."""
    rng = np.random.default_rng(1)
    values = rng.normal(size=(count, FEATURES)) * SCALES
    latents = values / SCALES @ rng.normal(size=(FEATURES, LATENTS))
    far = np.float32(4 * np.eye(1, FEATURES, 1)) * np.float32(SCALES)
    made = Expressions(20, SIZE)
    made.build((None, LATENTS))
    made.estimate(latents, values, np.arange(20))
    assert float(made.few) == pytest.approx(few)
    start = np.float32(latents[:1])
    plain = keras.ops.convert_to_numpy(
        MatchExpressions(made, 1, None, False)(start, far)
    )
    both = keras.ops.convert_to_numpy(MatchExpressions(made, 1)(start, far))
    step = np.linalg.norm(both - plain)
    assert step > 0.5 if count == 20 else step < 0.25


def test_half_shut_eyes_lie_between_shut_and_open_ones():
    """Nobody has an example of each: without, a blink began with open eyes."""
    values = np.random.default_rng(0).normal(size=(20, FEATURES)) * SCALES
    values[-1, 1] = -0.7
    latents = values[:, 1:2] * np.ones(LATENTS)
    made = Expressions(20, SIZE)
    made.build((None, LATENTS))
    made.estimate(latents, values, np.arange(20))
    asked = np.zeros((3, FEATURES), "float32")
    asked[:, 1] = 0.0, -0.4, -0.7
    still, half, shut = keras.ops.convert_to_numpy(made.find(asked, 1)).mean(axis=1)
    assert 0.45 < (half - still) / (shut - still) < 0.75


def test_a_strangers_latents_count_half_for_the_eyes_and_not_for_the_mouth():
    """They garbled lips and teeth, and their eyes' shape kept lids from closing."""
    rng = np.random.default_rng(1)
    values = rng.normal(size=(20, FEATURES)) * SCALES
    latents = values / SCALES @ rng.normal(size=(FEATURES, LATENTS))
    made = Expressions(20, SIZE)
    made.build((None, LATENTS))
    made.estimate(latents, values, np.arange(20))
    reader = keras.ops.convert_to_numpy(made.reader)
    unread = np.float32(np.eye(LATENTS) - reader @ np.linalg.pinv(reader))
    start = np.float32(latents[:1])
    away = np.float32(start + rng.normal(size=(1, LATENTS)) @ unread)
    still = np.zeros((1, FEATURES), "float32")
    lower, upper = (
        keras.ops.convert_to_numpy(
            MatchExpressions(made, half)(away, still)
            - MatchExpressions(made, half)(start, still)
        )
        for half in (0, 1)
    )
    np.testing.assert_array_equal(lower, 0)
    np.testing.assert_allclose(upper, (away - start) / 2, atol=1e-3)
    assert np.abs(upper).max() > 0.1


def test_expressions_of_a_wrong_shape_are_refused(model):
    faces = np.zeros((5, 64, 64, 3), "float32")
    for wrong in (np.zeros((4, 7)), np.zeros((5, 2)), np.full((5, 7), np.nan)):
        with pytest.raises(ValueError, match=r"Expected \(5, 7\) finite numbers"):
            model.predict(
                faces, identity="ben", source_identity="ana", expressions=wrong
            )


@pytest.mark.slow_on_tensorflow
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


@pytest.fixture(scope="module")
def people():
    aligner = FaceAligner(64, embeddings=False)
    return {
        name: aligner.extract(sorted((CLIPS / name).iterdir())[0], limit=24, every_n=3)
        for name in ("s1", "mb")
    }


@pytest.mark.slow
def test_fit_learns_them(people):
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


def test_a_converter_measures_expressions_on_aligned_faces(clip_frame):
    image, aligner = clip_frame
    face = aligner.detect(image)[0]
    model = Asked()
    # Without reshaping, which asks for the neutral face too.
    told = {"aligner": aligner, "reshape": False}
    converter = Converter(model, "ben", neutral=USUAL, **told)
    converter.decode([image], [face])
    values = measure_faces(converter.aligned(image, face)[None])
    np.testing.assert_array_equal(
        model.given["expressions"], expressions(values, USUAL)
    )
    Converter(model, "ben", **told).decode([image], [face])
    np.testing.assert_allclose(
        model.given["expressions"], own_expressions(values), atol=1e-6
    )


@pytest.fixture(scope="module")
def clip_frame():
    frame = next(iter(read_video(sorted((CLIPS / "s1").iterdir())[0])))
    return frame.image, FaceAligner(64, embeddings=False)
