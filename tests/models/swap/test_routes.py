"""Each person's inters are used, saved and loaded."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from deepface_models import load
from deepface_models.core.parts import (
    restore_parts,
)
from deepface_models.data import SwapPairs
from deepface_models.models.swap import DFLSAE, IAE, SAEHD, FaceSwap, Unbalanced

pytestmark = pytest.mark.usefixtures("eager")

NAMES = ("ben", "ana")
SMALL = {"image_size": 16, "width": 0.02}


def randomize(model: FaceSwap, seed: int = 0) -> FaceSwap:
    rng = np.random.default_rng(seed)
    for _, part in sorted(model.parts.items()):
        part.set_weights([rng.normal(0, 0.2, w.shape) for w in part.get_weights()])
    return model


def liae(names=NAMES, target="ben", seed=0) -> DFLSAE:
    return randomize(DFLSAE(names, architecture="liae", target=target, **SMALL), seed)


@pytest.fixture(scope="module")
def iae():
    """Not to be changed."""
    return randomize(IAE(NAMES, **SMALL))


@pytest.fixture(scope="module")
def faces():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (3, 16, 16, 3), dtype="uint8")


def assert_same(one, other, faces, names=NAMES):
    for name in names:
        np.testing.assert_array_equal(
            one.predict(faces, identity=name),
            other.predict(faces, identity=name),
            err_msg=name,
        )


def test_a_code_is_the_own_inter_beside_the_shared_one(iae, faces):
    latent = iae.encode(faces)
    np.testing.assert_allclose(
        latent, iae.encoder.predict(faces / np.float32(255), verbose=0), atol=1e-6
    )
    for name in NAMES:
        code = [
            iae.parts[part].predict(latent, verbose=0)
            for part in (f"inter.{name}", "inter")
        ]
        expected = iae.parts["decoder"].predict(np.concatenate(code, -1), verbose=0)
        np.testing.assert_allclose(
            iae.predict(faces, identity=name), expected, atol=1e-5
        )
        np.testing.assert_allclose(
            iae.decode(latent, identity=name), expected, atol=1e-5
        )
    apart = iae.predict(faces, identity="ana") - iae.predict(faces, identity="ben")
    assert np.abs(apart).mean() > 1e-3


def test_liae_decodes_the_target_from_the_shared_inter_twice(faces):
    model = liae()
    assert set(model.parts) == {"encoder", "decoder", "inter", "inter.ana"}
    latent = model.encode(faces)
    own, shared = (
        model.parts[part].predict(latent, verbose=0) for part in ("inter.ana", "inter")
    )
    for name, code in {"ben": [shared, shared], "ana": [own, shared]}.items():
        expected = model.parts["decoder"].predict(np.concatenate(code, -1), verbose=0)
        np.testing.assert_allclose(
            model.predict(faces, identity=name), expected, atol=1e-5
        )


def test_graph_and_predict_agree(iae, faces):
    both = iae.predict({"ana": faces, "ben": faces}, verbose=0)
    for name in NAMES:
        np.testing.assert_allclose(
            both[name], iae.predict(faces, identity=name), atol=1e-5
        )


@pytest.mark.parametrize("target", ["model.keras", "model"])
def test_a_saved_model_loads_with_equal_outputs(iae, faces, tmp_path, target):
    (iae.save if target.endswith(".keras") else iae.save_parts)(tmp_path / target)
    loaded = load(tmp_path / target)
    assert type(loaded) is IAE
    assert_same(loaded, iae, faces)
    if target == "model":
        saved = {path.name for path in tmp_path.joinpath(target).glob("*.h5")}
        parts = ("encoder", "decoder", "inter", "inter.ana", "inter.ben")
        assert saved == {f"{part}.weights.h5" for part in parts}


@pytest.mark.slow
def test_another_order_keeps_each_face(faces, tmp_path):
    three = ("zoe", "ben", "ana")
    model = liae(three, target="ana")
    model.save_parts(tmp_path / "model")
    for order in (("ana", "ben", "zoe"), ("ben", "zoe")):
        assert_same(load(tmp_path / "model", identities=order), model, faces, order)
    model.save_weights(tmp_path / "model.weights.h5")
    other = liae(("ana", "zoe", "ben"), target="ana", seed=5)
    other.load_weights(tmp_path / "model.weights.h5")
    assert_same(other, model, faces, ("zoe", "ana"))


def test_weights_of_another_target_person_are_refused(tmp_path):
    liae(target="ben").save_weights(tmp_path / "model.weights.h5")
    with pytest.raises(ValueError, match=r"people ana \(ana \+ shared\), ben \(shared"):
        liae(target="ana").load_weights(tmp_path / "model.weights.h5")
    liae(target="ben").save_parts(tmp_path / "model")
    with pytest.raises(ValueError, match=r"Expected 'inter\.ben'"):
        restore_parts(liae(target="ana"), tmp_path / "model")


@pytest.mark.parametrize("architecture", ["df-ud", "liae-ud"])
def test_only_the_own_inter_learns_from_own_faces(people, architecture):
    keras.utils.set_random_seed(0)
    model = SAEHD(NAMES, 32, architecture, 8, 4, 4, 2, target="ben")
    model.compile(optimizer=keras.optimizers.SGD(0.1), run_eagerly=True)
    start, moved = model.get_weights(), []
    for seed in (1, 2):  # ben's images differ, ana's do not
        model.set_weights(start)
        (x, y), (own, target) = (
            SwapPairs(people, 2, image_size=32, seed=s)[0] for s in (seed, 1)
        )
        both = [
            {**of_ben, "ana": of_ana["ana"]}
            for of_ben, of_ana in ((x, own), (y, target))
        ]
        model.train_on_batch(*both)
        moved.append({n: part.get_weights() for n, part in model.parts.items()})
    private = "decoder.ana" if architecture == "df-ud" else "inter.ana"
    assert private in model.parts
    for part, before in moved[0].items():
        pairs = zip(before, moved[1][part], strict=True)
        same = all(np.allclose(a, b, rtol=0, atol=1e-6) for a, b in pairs)
        assert same == (part == private), part


@pytest.mark.slow
def test_a_new_person_gets_an_inter(iae, faces):
    larger = iae.add_identity("zoe", like="ana")
    assert "inter.zoe" in larger.parts
    assert_same(larger, iae, faces)
    np.testing.assert_array_equal(
        larger.predict(faces, identity="zoe"), iae.predict(faces, identity="ana")
    )
    model = liae(target="ben")
    larger = model.add_identity("zoe", like="ben")
    assert larger.target == "ben"
    assert_same(larger, model, faces)
    np.testing.assert_array_equal(
        larger.predict(faces, identity="zoe"), model.predict(faces, identity="ben")
    )


def test_a_new_person_cannot_start_from_a_decoder_of_other_sizes():
    model = Unbalanced(NAMES, image_size=32, width=0.02)
    assert model.light == ("ben",)
    assert Unbalanced(NAMES, image_size=32, light="ana", width=0.02).light == ("ana",)
    with pytest.raises(ValueError, match=r"'ben'.*whose decoder has other sizes"):
        model.add_identity("zoe", like="ben")
    assert "decoder.zoe" in model.add_identity("zoe", like="ana").parts


def small(name: str) -> keras.Model:
    latent = keras.Input((3,))
    return keras.Model(latent, keras.layers.Dense(3)(latent), name=name)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        ({"routes": {"ana": ("x",), "ben": ("y",)}}, "with the inters .*'x'"),
        ({"routes": {"ana": ("x",)}}, "for the people ana, ben"),
        ({"routes": {}}, "Expected the inters that occur in routes"),
        ({"decoders": "mixed"}, "One decoder for some"),
    ],
)
def test_wrong_wiring_is_named(spoil, message):
    image = keras.Input((8, 8, 3))
    encoder = keras.Model(image, keras.layers.Dense(3)(keras.layers.Flatten()(image)))
    one = small("one")
    names = ("ana", "ben", "zoe") if "decoders" in spoil else ("ana", "ben")
    other = small("other") if "decoders" in spoil else one
    decoders = {name: one for name in names} | {names[-1]: other}
    routes = spoil.get("routes", {name: ("x",) for name in names})
    with pytest.raises(ValueError, match=f"(?s){message}"):
        FaceSwap(
            identities=names,
            image_size=8,
            encoder=encoder,
            decoders=decoders,
            inters={"x": small("x")},
            routes=routes,
        )
