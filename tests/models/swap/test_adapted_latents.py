"""Adapted latents, which are set by the faces of new people."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from deepface_models import load
from deepface_models.data import Augmentation, SwapPairs
from deepface_models.models.swap import Swift

pytestmark = pytest.mark.usefixtures("eager")

SMALL = {"image_size": 64, "latent_size": 8, "basis_size": 4}
DETAIL = 6


def made(adapted_latent_size: int = DETAIL, names=("ana", "ben")) -> Swift:
    """A Swift whose encoder says little of anything: two numbers."""
    keras.utils.set_random_seed(0)
    model = Swift(names, **SMALL, adapted_latent_size=adapted_latent_size)
    kernel, bias = model.encoder.get_layer("latent").get_weights()
    kernel[:, 2:] = 0.0
    model.encoder.get_layer("latent").set_weights([kernel, bias])
    return model


def batches(people) -> SwapPairs:
    return SwapPairs(people, 8, steps=6, augmentation=Augmentation.none())


def adapted_latents_of(model: Swift) -> np.ndarray:
    return model.encoder.get_layer("detail").get_weights()[0]


@pytest.mark.backend
def test_detail_is_what_each_persons_faces_vary_by(people):
    model, plain = made(), made(0)
    faces = {name: one.images for name, one in people.items()}
    before = model.encode(faces["ana"])
    assert before.shape[1] == 8 + DETAIL and not before[:, 8:].any()
    model.adapt(None, faces)
    after = [model.encode(one) for one in faces.values()]
    np.testing.assert_allclose(after[0][:, :8], before[:, :8], atol=1e-5)
    np.testing.assert_allclose(after[0][:, :8], plain.encode(faces["ana"]), atol=1e-4)
    moves = np.concatenate([one - one.mean(0) for one in after])
    covariance = moves[:, 8:].T @ moves[:, 8:] / len(moves)
    variances = np.diag(covariance)
    assert (np.diff(variances) < 0).all()
    # Components have nothing to do with each other, and vary as latents do.
    np.testing.assert_allclose(covariance, np.diag(variances), atol=1e-4 * variances[0])
    np.testing.assert_allclose(variances.mean(), (moves[:, :8] ** 2).mean(), rtol=1e-3)


@pytest.mark.backend
@pytest.mark.slow_on_tensorflow
def test_faces_are_decoded_better_with_it_before_the_first_step(people):
    data = batches(people)
    given, decoded = data[0][0]["ben"], data[0][1]["ben"][..., :3]
    missed = []
    for model in (made(0), made()):
        model.adapt(data)
        missed.append(
            np.abs(model.predict(given, identity="ben")[..., :3] - decoded).mean()
        )
    assert missed[1] < 0.8 * missed[0]


def test_it_is_learnt_once(people):
    model = made()
    model.adapt(batches(people))
    known = adapted_latents_of(model)
    more = model.add_identity("zoe")
    more.adapt(None, {"zoe": people["ana"].images[:, :, ::-1]})
    np.testing.assert_array_equal(adapted_latents_of(more), known)
    model.adapt(None, {"ana": people["ben"].images})
    np.testing.assert_array_equal(adapted_latents_of(model), known)


def test_few_faces_leave_what_they_cannot_give_at_zero(people):
    model = made()
    model.adapt(None, {name: one.images[:3] for name, one in people.items()})
    found = np.abs(adapted_latents_of(model)).max(axis=0)
    assert (found[:4] > 0).all()  # two people, two directions each
    assert not found[4:].any()
    alike = made()
    alike.adapt(None, {n: people[n].images[[0, 0, 0]] for n in people})
    assert (
        np.isfinite(alike.get_weights()[0]).all()
        and not adapted_latents_of(alike).any()
    )


@pytest.mark.slow
def test_a_pretrained_start_decodes_as_it_did_without_it(people):
    decoded = []
    for model in (made(0), made()):
        keras.utils.set_random_seed(1)
        model.build_decoder_initializers(["decoder_initializer"])
        model.adapt(batches(people))
        kernel, _ = model.decoders["ana"].get_layer("coarse").get_weights()
        assert not kernel[8:].any() and kernel[:8].any()
        latents = model.encode(people["ana"].images)
        maps, _, _ = model.decoders["ana"].predict(latents, verbose=0)
        decoded.append(maps)
    np.testing.assert_allclose(decoded[1], decoded[0], atol=1e-4)


def test_faces_in_half_precision_set_it_too(people):
    model = Swift(
        ("ana", "ben"), **SMALL, adapted_latent_size=DETAIL, dtype="mixed_bfloat16"
    )
    model.adapt(batches(people))
    assert (
        np.isfinite(adapted_latents_of(model)).all() and adapted_latents_of(model).any()
    )


@pytest.mark.slow
def test_it_is_saved_with_the_encoder(people, tmp_path):
    model = made()
    model.adapt(batches(people))
    again = load(model.save_parts(tmp_path / "m"))
    assert again.adapted_latent_size == DETAIL
    np.testing.assert_array_equal(adapted_latents_of(again), adapted_latents_of(model))
