"""How a pretrained Swift initializes the decoders of new people."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from deepface_models import IntegrityError, ModelFileError, load, presets
from deepface_models.core.inputs import precision
from deepface_models.data import Augmentation, SwapPairs
from deepface_models.models.swap import IAE, Swift
from deepface_models.models.swap.swift import swift as swift_module

pytestmark = pytest.mark.usefixtures("eager")

SMALL = {"image_size": 64, "latent_size": 16, "basis_size": 4}
FACTS = {"license": "CC0-1.0", "data": "noise"}
ZERO = 1e-4


@pytest.fixture
def model():
    """A Swift whose shared parts and start have other weights than fresh ones."""
    keras.utils.set_random_seed(0)
    made = Swift(("ana", "ben"), **SMALL)
    made.build_decoder_initializers(["decoder_initializer"])
    rng = np.random.default_rng(0)
    for part in (made.shared_decoder, made.decoder_initializers["decoder_initializer"]):
        part.set_weights([rng.normal(0, 0.05, w.shape) for w in part.get_weights()])
    return made


def logits(images):
    inside = np.clip(images, 0.02, 0.98)
    return np.log(inside / (1 - inside))


@pytest.mark.backend
@pytest.mark.slow
def test_components_are_of_what_the_start_does_not_decode(model, people):
    data = SwapPairs(people, 8, steps=6, augmentation=Augmentation.none())
    model.adapt(data)
    decoded = np.concatenate([data[i][1]["ben"] for i in range(6)])
    given = np.concatenate([data[i][0]["ben"] for i in range(6)])
    found = logits(model.predict(given, identity="ben"))
    truth = logits(decoded[..., :4])
    # Codes have a mean of zero, so that the mean image is the faces'.
    inside = np.abs(truth.mean(0)) < 3  # where nothing was clipped
    missed = np.abs(found.mean(0) - truth.mean(0))[inside]
    assert np.median(missed) < 0.05
    maps, vector, appearance = model.decoders["ben"].predict(
        model.encode(given), verbose=0
    )
    alone = model.shared_decoder.predict([maps, vector, 0 * appearance], verbose=0)
    assert np.abs(logits(alone)).mean() > 10 * np.median(missed)


def test_each_person_starts_from_the_own_face_and_one_decoder(model, people):
    model.adapt(SwapPairs(people, 8, steps=6, augmentation=Augmentation.none()))
    start = model.decoder_initializers["decoder_initializer"]
    kernels = [model.decoders[n].get_layer("coarse").get_weights() for n in people]
    for kernel, _ in kernels:
        np.testing.assert_array_equal(
            kernel, start.get_layer("coarse").get_weights()[0]
        )
    assert np.abs(kernels[0][1] - kernels[1][1]).max() > ZERO


def test_adapt_without_a_start_leaves_what_the_decoder_has(people):
    model = Swift(("ana", "ben"), **SMALL)
    before = model.decoders["ana"].get_layer("coarse").get_weights()
    model.adapt(SwapPairs(people, 4, steps=2))
    after = model.decoders["ana"].get_layer("coarse").get_weights()
    assert all(map(np.array_equal, before, after))
    assert model.decoder_initializers == {}


def test_a_start_is_no_part_of_what_is_trained_and_saved(model, tmp_path):
    assert set(model.parts) == {
        "encoder",
        "shared_decoder",
        "decoder.ana",
        "decoder.ben",
    }
    assert "decoder_initializer.weights.h5" not in {
        p.name for p in model.save_parts(tmp_path / "m").iterdir()
    }
    plain = Swift(("ana", "ben"), **SMALL)
    assert len(plain.weights) == len(model.weights)


@pytest.mark.backend
@pytest.mark.slow
def test_presets_of_shared_parts_keep_it(model, tmp_path):
    folder = presets.save_preset(model, tmp_path / "shared", shared=True, **FACTS)
    again = Swift.from_preset(folder, identities=("zoe", "joe"))
    mine, theirs = (
        m.decoder_initializers["decoder_initializer"].get_weights()
        for m in (model, again)
    )
    assert all(map(np.array_equal, mine, theirs))
    assert max(presets.check_golden(again, folder).values()) < 1e-4
    more = again.add_identity("kim")
    theirs = more.decoder_initializers["decoder_initializer"].get_weights()
    assert all(map(np.array_equal, mine, theirs))
    bytes_ = bytearray((folder / "decoder_initializer.weights.h5").read_bytes())
    bytes_[len(bytes_) // 2] ^= 1
    (folder / "decoder_initializer.weights.h5").write_bytes(bytes_)
    with pytest.raises(IntegrityError, match=r"decoder_initializer\.weights\.h5"):
        Swift.from_preset(folder, identities=("zoe", "joe"))


def test_architectures_without_one_say_so():
    model = IAE(("ana", "ben"), image_size=32, width=0.02)
    with pytest.raises(
        ModelFileError, match="The parts decoder_initializer were given to a IAE"
    ):
        model.build_decoder_initializers(["decoder_initializer"])
    model.build_decoder_initializers([])


def test_components_are_weighted_by_the_face_and_not_by_what_is_left(model, people):
    data = SwapPairs(people, 8, steps=6, augmentation=Augmentation.none())
    seen = []
    original = swift_module.principal_components

    def noted(faces, count, like=None):
        seen.append((faces, like))
        return original(faces, count, like)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(swift_module, "principal_components", noted)
        model.adapt(data)
    for left, like in seen:
        assert like.shape[-1] == 5 and like[..., 3].max() == 1.0
        assert np.abs(left[..., :4] - like[..., :4]).max() > ZERO


@pytest.mark.backend
def test_a_mask_that_faces_lack_is_left_as_it_is_decoded(model, people):
    faces = {name: one.images for name, one in people.items()}
    shared_decoder = model.shared_decoder
    model.adapt(None, faces)
    maps, vector, appearance = model.decoders["ana"].predict(
        model.encode(faces["ana"]), verbose=0
    )
    assert np.abs(appearance[..., 3]).max() < 1e-3
    decoded = shared_decoder.predict([maps, vector, 0 * appearance], verbose=0)[..., 3]
    mask = model.predict(faces["ana"], identity="ana")[..., 3]
    np.testing.assert_allclose(mask, decoded, atol=1e-3)


@pytest.mark.slow
def test_a_trained_shared_decoder_needs_no_initializer(model, people, tmp_path):
    data = SwapPairs(people, 8, steps=6, augmentation=Augmentation.none())
    again = load(model.save_parts(tmp_path / "m"))
    assert again.decoder_initializers == {}
    again.adapt(data)
    given, decoded = data[0][0]["ana"], data[0][1]["ana"]
    missed = np.abs(
        again.predict(given, identity="ana")[..., :3] - decoded[..., :3]
    ).mean()
    assert missed < 0.5 * np.abs(decoded[..., :3] - decoded[..., :3].mean(0)).mean()


def test_taking_what_is_shared_takes_the_start(model):
    plain = Swift(("zoe", "joe"), **SMALL)
    plain.take_parts(model)
    mine, theirs = (
        m.decoder_initializers["decoder_initializer"].get_weights()
        for m in (plain, model)
    )
    assert all(map(np.array_equal, mine, theirs))
    other = Swift(("zoe", "joe"), **SMALL)
    other.take_parts(model, ("encoder",))
    assert other.decoder_initializers == {}


def test_a_start_has_the_precision_of_its_file_whatever_is_set():
    with precision("mixed_bfloat16"):
        made = Swift(("ana", "ben"), dtype="float32", **SMALL)
        made.build_decoder_initializers(["decoder_initializer"])
    assert {
        w.dtype for w in made.decoder_initializers["decoder_initializer"].weights
    } == {"float32"}
    assert made.decoder_initializers["decoder_initializer"].compute_dtype == "float32"


def test_people_without_targets_keep_their_mean(model, people):
    model.adapt(SwapPairs(people, 4, steps=2))
    before = model.decoders["ben"].get_layer("latent_mean").get_weights()[0]
    model.update_latent_means(None, {"ana": people["ana"].images})
    after = model.decoders["ben"].get_layer("latent_mean").get_weights()[0]
    np.testing.assert_array_equal(before, after)
