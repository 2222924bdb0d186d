"""Morphs between two people, for architectures with a shared decoder."""

from __future__ import annotations

import inspect

import keras
import numpy as np
import pytest
from test_contract import SMALL

from deepface_models.models import swap
from deepface_models.models.swap import DFLSAE, IAE, SAEHD, FaceSwap, Lightweight, Swift
from deepface_models.models.swap._rendering import MORPHING

pytestmark = pytest.mark.usefixtures("eager")

NAMES = ("ben", "ana", "zoe")
MODELS = {
    "IAE": lambda: IAE(NAMES, image_size=32, width=0.02),
    "DFLSAE": lambda: DFLSAE(NAMES, 32, "liae", target="ana", width=0.02),
    "Swift": lambda: Swift(NAMES, 64, 8, 3),
}


def randomize(model: FaceSwap) -> FaceSwap:
    rng = np.random.default_rng(0)
    for _, part in sorted(model.parts.items()):
        part.set_weights([rng.normal(0, 0.2, w.shape) for w in part.get_weights()])
    return model


def some_faces(size: int) -> np.ndarray:
    return np.random.default_rng(0).random((3, size, size, 3)).astype("float32")


@pytest.fixture(scope="module", params=MODELS)
def model(request):
    """Not to be changed."""
    return randomize(MODELS[request.param]())


@pytest.fixture(scope="module")
def iae():
    """Two people. Not to be changed."""
    return randomize(IAE(("ben", "ana"), image_size=16, width=0.02))


def test_ends_are_the_two_people(model):
    faces = some_faces(model.image_size)
    ana, zoe = (model.predict(faces, identity=name) for name in ("ana", "zoe"))
    assert np.abs(ana - zoe).mean() > 1e-3
    for morph, expected in ((1, ana), (0.0, zoe)):
        found = model.predict(faces, identity="ana", morph=morph, other="zoe")
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_share_for_each_face_and_the_way_back(model):
    faces = some_faces(model.image_size)
    shares = [0.0, 0.25, 1.0]
    found = model.predict(faces, identity="ana", morph=shares, other="zoe")
    single = model.predict(faces[1], identity="ana", morph=0.25, other="zoe")
    assert single.shape == found.shape[1:]
    np.testing.assert_allclose(single, found[1], atol=5e-5)
    assert np.abs(found[1] - model.predict(faces[1], identity="ana")).mean() > 1e-4
    back = model.predict(
        faces, identity="zoe", morph=[1 - s for s in shares], other="ana"
    )
    np.testing.assert_allclose(back, found, atol=1e-5)
    latent = model.encode(faces)
    np.testing.assert_allclose(
        model.decode(latent, "ana", morph=shares, other="zoe"), found, atol=1e-5
    )


def test_what_the_shared_decoder_takes_is_mixed(iae):
    faces = some_faces(16)
    latent = iae.encode(faces)
    shared, *own = (
        iae.parts[part].predict(latent, verbose=0)
        for part in ("inter", "inter.ana", "inter.ben")
    )
    code = np.concatenate([0.3 * own[0] + 0.7 * own[1], shared], axis=-1)
    np.testing.assert_allclose(
        iae.predict(faces, identity="ana", morph=0.3),
        iae.parts["decoder"].predict(code, verbose=0),
        atol=1e-5,
    )


def test_inputs_of_the_shared_decoder_are_mixed():
    model = randomize(Swift(("ana", "ben"), 64, 8, 3))
    faces = some_faces(64)
    latent = model.encode(faces)
    ana, ben = (model.decoders[n].predict(latent, verbose=0) for n in ("ana", "ben"))
    mixed = [0.3 * a + 0.7 * b for a, b in zip(ana, ben, strict=True)]
    np.testing.assert_allclose(
        model.predict(faces, identity="ana", morph=0.3),
        model.shared_decoder.predict(mixed, verbose=0),
        atol=1e-5,
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"identity": "ana", "morph": 1.2}, r"morph=1\.2 was given for 3 face.*from 0"),
        ({"identity": "ana", "morph": -0.1}, r"morph=-0\.1 was given"),
        ({"identity": "ana", "morph": float("nan")}, "morph=nan was given"),
        (
            {"identity": "ana", "morph": [0.1, 0.2]},
            r"morph=\[0\.1, 0\.2\].*one for each",
        ),
        ({"identity": "ana", "other": "ben"}, "morph=None was given"),
        (
            {"morph": 0.5},
            r"without `identity`.*predict\(faces, identity='ben', morph=0\.5\)",
        ),
        (
            {"identity": "anna", "morph": 0.5},
            "identity='anna' was given.*Did you mean 'ana'",
        ),
        ({"identity": "ana", "morph": 0.5, "other": "bem"}, "other='bem'.*mean 'ben'"),
        ({"identity": "ana", "morph": 0.5, "other": "ana"}, "other='ana' was.*'ben'"),
    ],
)
def test_wrong_morphs_are_named(iae, arguments, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        iae.predict(some_faces(16), **arguments)


def test_the_other_of_three_has_to_be_named():
    model = MODELS["IAE"]()
    with pytest.raises(
        ValueError, match=r"other=None was.*'ben' or 'zoe'.*other='ben'"
    ):
        model.predict(some_faces(32), identity="ana", morph=0.5)


def test_decoders_of_their_own_do_not_morph():
    faces = some_faces(32)
    for model in (
        Lightweight(("ana", "ben"), image_size=32, width=0.02),
        SAEHD(("ana", "ben"), 32, "df", 8, 4, 4, 2),
    ):
        with pytest.raises(ValueError, match=r"decoder of their own.*AMP, IAE, Swift"):
            model.predict(faces, identity="ana", morph=0.5)


@pytest.mark.slow
def test_the_error_names_every_architecture_that_morphs():
    morphing = set()
    for name, value in vars(swap).items():
        if inspect.isclass(value) and name in SMALL:
            with keras.StatelessScope(initialize_variables=False):
                if value(**SMALL[name])._paths.morphs:
                    morphing.add(name)
    assert {"AMP", "DFLSAE", "IAE", "SAEHD", "Swift"} <= morphing
    assert all(name in MORPHING for name in morphing)


def test_morphs_in_mixed_precision():
    model = Swift(("ana", "ben"), 64, 8, 3, dtype="mixed_float16")
    decoded = model.predict(some_faces(64), identity="ana", morph=0.5)
    assert decoded.dtype == np.float32
    assert np.isfinite(decoded).all()
