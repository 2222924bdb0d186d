from __future__ import annotations

import inspect
import json

import keras
import numpy as np
import pytest

from deepface_models import load
from deepface_models.data import Augmentation, SwapPairs
from deepface_models.models.swap import FaceSwap, Original, Swift

pytestmark = pytest.mark.usefixtures("eager")

SIZE = 64
SMALL = {"image_size": SIZE, "latent_size": 16, "basis_size": 4}


def randomize(model: FaceSwap, seed: int = 0) -> FaceSwap:
    """Gives every weight a value of its own, so that no two parts are alike."""
    rng = np.random.default_rng(seed)
    for _, part in sorted(model.parts.items()):
        part.set_weights([rng.normal(0, 0.05, w.shape) for w in part.get_weights()])
    return model


def weights(part: keras.Model) -> np.ndarray:
    return np.concatenate([w.ravel() for w in part.get_weights()])


def decoded(model: FaceSwap, faces: np.ndarray) -> dict[str, np.ndarray]:
    return {name: model.predict(faces, identity=name) for name in model.identities}


def assert_same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> None:
    assert set(a) == set(b)
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


@pytest.fixture(scope="module")
def model():
    """Not to be changed."""
    keras.utils.set_random_seed(0)
    return randomize(Swift(("ben", "ana"), **SMALL))


@pytest.fixture(scope="module")
def faces(people):
    return people["ana"].images[:5]


@pytest.fixture
def policy():
    """Puts the dtype policy back."""
    former = keras.config.dtype_policy()
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy(former)


# Shapes, types and single images


def test_people_are_decoded_apart(model, faces):
    images = decoded(model, faces)
    assert np.abs(images["ana"] - images["ben"]).mean() > 0.01
    for image in images.values():
        assert image.shape == (5, SIZE, SIZE, 4)
        assert image.dtype == np.float32
        assert image.min() >= 0
        assert image.max() <= 1


def test_encode_then_decode_is_predict(model, faces):
    latent = model.encode(faces)
    assert latent.shape == (5, 16)
    assert latent.dtype == np.float32
    for name in model.identities:
        np.testing.assert_allclose(
            model.decode(latent, identity=name),
            model.predict(faces, identity=name),
            atol=1e-6,
        )


def test_bytes_and_unit_floats_are_the_same(model, faces):
    unit = faces.astype("float32") / 255
    for other in (unit, unit.astype("float64")):
        np.testing.assert_array_equal(model.encode(faces), model.encode(other))
        np.testing.assert_array_equal(
            model.predict(faces, identity="ben"), model.predict(other, identity="ben")
        )
    by_name = model.predict({"ana": faces, "ben": faces}, verbose=0)
    np.testing.assert_array_equal(
        by_name["ben"], model.predict({"ana": unit, "ben": unit}, verbose=0)["ben"]
    )
    np.testing.assert_allclose(
        by_name["ben"], model.predict(faces, identity="ben"), atol=1e-6
    )


def test_one_image_in_one_image_out(model, faces):
    one, latent = model.predict(faces[0], identity="ana"), model.encode(faces[0])
    assert one.shape == (SIZE, SIZE, 4)
    assert latent.shape == (16,)
    assert model.decode(latent, identity="ana").shape == (SIZE, SIZE, 4)
    np.testing.assert_array_equal(one, model.predict(faces[:1], identity="ana")[0])
    np.testing.assert_allclose(model.decode(latent, identity="ana"), one, atol=1e-6)


@pytest.mark.parametrize("batch_size", [1, 2, 5, 32])
def test_batches_of_one_and_a_ragged_last_batch(model, faces, batch_size):
    np.testing.assert_allclose(
        model.predict(faces, batch_size=batch_size, identity="ben"),
        np.stack([model.predict(face, identity="ben") for face in faces]),
        atol=1e-5,
    )


def test_predict_says_nothing_when_asked_to(model, faces, capsys):
    model.predict({"ana": faces, "ben": faces}, verbose=0)
    model.predict(faces, identity="ana")
    assert capsys.readouterr().out == ""
    model.predict(faces, identity="ana", verbose=1)
    assert "step" in capsys.readouterr().out


# Wrong input


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: f[:, :48, :48], r"shape \(5, 48, 48, 3\).*\(N, 64, 64, 3\).*Align"),
        (lambda f: f[0, :, :32], r"shape \(64, 32, 3\).*one \(64, 64, 3\)"),
        (lambda f: f[..., :1], r"shape \(5, 64, 64, 1\)"),
        (lambda f: f[0, :, :, 0], r"shape \(64, 64\)"),
        (lambda f: f.astype("float32"), r"from \S+ to 2\d\d.*Divide by 255"),
        (lambda f: f / 255 - 0.5, r"values from -0\.5"),
        (lambda f: np.where(f > 250, np.nan, f / 255), "not numbers"),
        (lambda f: np.where(f > 250, np.inf, f / 255), "to inf"),
    ],
)
def test_wrong_images_are_named(model, faces, spoil, message):
    faces = faces.copy()
    faces[:, 0, 0] = [0, 254, 255]
    with pytest.raises(ValueError, match=f"(?s){message}"):
        model.predict(spoil(faces), identity="ana")
    with pytest.raises(ValueError, match=f"(?s){message}"):
        model.encode(spoil(faces))


def test_unknown_person_with_a_near_name(model, faces):
    for call in (model.predict, model.decode):
        data = faces if call == model.predict else model.encode(faces)
        with pytest.raises(ValueError, match=r"'bem'.*Did you mean 'ben'\?.*add_ident"):
            call(data, identity="bem")
    with pytest.raises(ValueError, match="identity='zoe' was given") as error:
        model.predict(faces, identity="zoe")
    assert "Did you mean" not in str(error.value)


@pytest.mark.parametrize(
    ("identities", "message"),
    [
        ((), "or more different people"),
        (("ana", "ana"), "or more different people"),
        (("ana", "ben", "ana"), "or more different people"),
        ("ab", "identities='ab' was given"),
        (("ana", "../ben"), r"'\.\./ben' was given.*name of files"),
        (("ana", "b/c"), "'b/c' was given"),
        (("ana", ""), "'' was given"),
        (("ana", 2), "identity 2 was given"),
    ],
)
@pytest.mark.parametrize("architecture", [Original, Swift])
def test_wrong_identities_are_named(architecture, identities, message):
    with pytest.raises(ValueError, match=message):
        architecture(identities)


def test_one_person_is_decoded_from_anybodys_faces_and_nothing_else(faces, tmp_path):
    with pytest.raises(ValueError, match="two or more different people"):
        Original(("ana",))
    model = Swift(("ana",), 64)
    model.save_parts(tmp_path / "model")
    again = load(tmp_path / "model")
    assert set(again.parts) == {"encoder", "shared_decoder", "decoder.ana"}
    mean = again.encode(faces).mean(0)
    decoded = again.predict(faces, identity="ana", source_identity=mean)
    np.testing.assert_array_equal(
        decoded, model.predict(faces, identity="ana", source_identity=mean)
    )
    with pytest.raises(ValueError, match="knows only 'ana'"):
        model.predict(faces, identity="ana", morph=0.5)
    with pytest.raises(ValueError, match=r"source_identity='anybody'.*mean latent"):
        model.predict(faces, identity="ana", source_identity="anybody")


# Nobody gets somebody else's face


def test_keras_file_keeps_each_face(model, faces, tmp_path):
    model.save(tmp_path / "model.keras")
    loaded = load(tmp_path / "model.keras")
    assert type(loaded) is Swift
    assert loaded.identities == ("ben", "ana")
    assert loaded.get_config() == model.get_config()
    assert_same(decoded(loaded, faces), decoded(model, faces))


def test_parts_in_another_order_keep_each_face(model, faces, tmp_path):
    model.save_parts(tmp_path / "model")
    from deepface_models import load

    for order in (("ana", "ben"), ("ben", "ana")):
        loaded = load(tmp_path / "model", identities=order)
        assert loaded.identities == order
        assert_same(decoded(loaded, faces), decoded(model, faces))


def test_weights_in_another_order_keep_each_face(model, faces, tmp_path):
    model.save_weights(tmp_path / "model.weights.h5")
    other = Swift(("ana", "ben"), **SMALL)
    other.load_weights(tmp_path / "model.weights.h5")
    assert_same(decoded(other, faces), decoded(model, faces))


@pytest.mark.parametrize("names", [("ben", "zoe"), ("aaa", "ana"), ("x", "y")])
def test_weights_of_other_people_are_refused(model, tmp_path, names):
    model.save_weights(tmp_path / "model.weights.h5")
    with pytest.raises(ValueError, match="Weights of the people ana, ben"):
        Swift(names, **SMALL).load_weights(tmp_path / "model.weights.h5")


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["swift", "original"])
def test_nobodys_decoder_sees_anothers_images(people, architecture):
    keras.utils.set_random_seed(1)
    if architecture == "swift":
        model = randomize(Swift(("ana", "ben"), **SMALL))
        size = SIZE
    else:
        model, size = Original(("ana", "ben"), image_size=16, latent_size=8), 16
    model.compile(optimizer=keras.optimizers.SGD(0.1), run_eagerly=True)
    own, other = (
        SwapPairs(people, 2, image_size=size, seed=seed)[0] for seed in (1, 2)
    )
    start = {name: part.get_weights() for name, part in model.parts.items()}
    moved = []
    for ben in (own, other):
        for name, part in model.parts.items():
            part.set_weights(start[name])
        x = {"ana": own[0]["ana"], "ben": ben[0]["ben"]}
        y = {"ana": own[1]["ana"], "ben": ben[1]["ben"]}
        model.train_on_batch(x, y)
        moved.append({name: weights(part) for name, part in model.parts.items()})
    before = {n: np.concatenate([w.ravel() for w in v]) for n, v in start.items()}
    step = np.abs(moved[0]["decoder.ana"] - before["decoder.ana"]).max()
    assert step > 0
    np.testing.assert_allclose(
        moved[0]["decoder.ana"], moved[1]["decoder.ana"], rtol=0, atol=1e-5 * step
    )
    for shared_or_bens in set(model.parts) - {"decoder.ana"}:
        assert not np.array_equal(moved[0][shared_or_bens], moved[1][shared_or_bens])


# Training


@pytest.mark.slow
def test_fit_takes_bytes_as_unit_floats(people):
    bytes_ = {name: people[name].images[:4] for name in people}
    unit = {name: value.astype("float32") / 255 for name, value in bytes_.items()}
    model = randomize(Swift(("ana", "ben"), **SMALL))
    model.compile(optimizer=keras.optimizers.SGD(0.01), run_eagerly=True)
    start, histories = model.get_weights(), []
    for data in (bytes_, unit):
        model.set_weights(start)
        history = model.fit(
            data, data, validation_data=(data, data), shuffle=False, verbose=0
        )
        measured = model.evaluate(data, data, verbose=0, return_dict=True)
        histories.append({**history.history, "measured": [measured["loss"]]})
    assert histories[0] == histories[1]
    assert np.isfinite(list(histories[0].values())).all()
    assert histories[0]["val_loss"] == pytest.approx(histories[0]["measured"])


@pytest.mark.slow
def test_fit_takes_batches_of_a_data_set_in_order(people):
    """Keras' shuffling would make a resumed run differ from an uninterrupted one."""
    asked = []

    class Noted(SwapPairs):
        def __getitem__(self, index):
            asked.append(index)
            return super().__getitem__(index)

    model = Swift(("ana", "ben"), **SMALL)
    model.compile(run_eagerly=True)
    data = Noted(people, 1, steps=5, augmentation=Augmentation.none(), workers=1)
    model.fit(data, epochs=2, verbose=0)
    # The last round is for the mean of everybody's faces.
    assert asked[-15:] == [0, 1, 2, 3, 4] * 3


# More people


@pytest.mark.by_hand
@pytest.mark.slow
def test_a_new_person_changes_nobody_and_learns(model, faces, people):
    before = decoded(model, faces)
    larger = model.add_identity("zoe")
    assert larger is not model
    assert model.identities == ("ben", "ana")
    assert larger.identities == ("ben", "ana", "zoe")
    assert type(larger) is Swift
    assert larger.get_config()["basis_size"] == 4
    after = decoded(larger, faces)
    for name in model.identities:
        np.testing.assert_array_equal(after[name], before[name])
    bases = {n: larger.decoders[n].get_layer("basis").get_weights() for n in before}

    everybody = {**people, "zoe": people["ben"].select(range(4))}
    larger.compile(run_eagerly=True)
    data = SwapPairs(everybody, 2, steps=4, augmentation=Augmentation.light())
    larger.adapt(data)
    for name, basis in bases.items():
        kept = larger.decoders[name].get_layer("basis").get_weights()
        assert all(map(np.array_equal, kept, basis))
    start = weights(larger.decoders["zoe"])
    history = larger.fit(data, epochs=5, verbose=0).history["zoe_loss"]
    assert history[-1] < history[0]
    assert not np.array_equal(weights(larger.decoders["zoe"]), start)
    assert_same(decoded(model, faces), before)


def test_a_new_person_can_start_from_another(model, faces):
    larger = model.add_identity("zoe", like="ana")
    np.testing.assert_array_equal(
        larger.predict(faces, identity="zoe"), model.predict(faces, identity="ana")
    )
    with pytest.raises(ValueError, match=r"'anna'.*Did you mean 'ana'"):
        model.add_identity("zoe", like="anna")
    with pytest.raises(ValueError, match="different people"):
        model.add_identity("ana")


# Configuration and precision


@pytest.mark.parametrize(
    ("architecture", "arguments"),
    [
        (
            Swift,
            {
                "image_size": 96,
                "latent_size": 24,
                "basis_size": 5,
                "adapted_latent_size": 7,
                "output_size": 192,
                "examples": 9,
            },
        ),
        (Original, {"image_size": 32, "latent_size": 6, "low_memory": True}),
    ],
)
def test_config_keeps_every_constructor_argument(architecture, arguments):
    arguments = {
        "identities": ("zoe", "ana", "mia_2"),
        **arguments,
        "face_type": "half",
        "name": "mine",
        "dtype": "mixed_bfloat16",
        "trainable": False,
    }
    signature = inspect.signature(architecture).parameters
    named = {n for n, p in signature.items() if p.kind is not p.VAR_KEYWORD}
    assert named | {"face_type", "name", "dtype", "trainable"} == set(arguments)
    for name in named:
        assert arguments[name] != signature[name].default, "choose another value"

    model = architecture(**arguments)
    config = json.loads(json.dumps(model.get_config()))
    assert config == {**arguments, "identities": list(arguments["identities"])}
    again = keras.saving.deserialize_keras_object(
        json.loads(json.dumps(keras.saving.serialize_keras_object(model)))
    )
    assert type(again) is architecture
    assert again.get_config() == model.get_config()
    for name in (*named, "face_type"):
        assert getattr(again, name) == arguments[name]
    assert again.name == "mine"
    assert not again.trainable_variables


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.slow
def test_mixed_precision_decodes_float32(policy, people, faces, dtype):
    policy(dtype)
    model = Swift(("ana", "ben"), **SMALL)
    policy("float32")
    assert model.encoder.layers[1].compute_dtype == dtype.removeprefix("mixed_")
    model.compile(run_eagerly=True)
    history = model.fit(SwapPairs(people, 1, steps=2), verbose=0).history
    assert np.isfinite(history["loss"]).all()
    image, latent = model.predict(faces, identity="ana"), model.encode(faces)
    assert image.dtype == latent.dtype == np.float32
    assert np.isfinite(image).all()
    np.testing.assert_allclose(model.decode(latent, identity="ana"), image, atol=0.02)


@pytest.mark.slow
def test_dtype_argument_reaches_the_layers_and_a_file(faces, tmp_path):
    model = randomize(Swift(("ana", "ben"), **SMALL, dtype="mixed_bfloat16"))
    assert keras.config.dtype_policy().name == "float32"
    model.save(tmp_path / "model.keras")
    model.save_parts(tmp_path / "parts")
    for loaded in (model, load(tmp_path / "model.keras"), load(tmp_path / "parts")):
        assert loaded.dtype_policy.name == "mixed_bfloat16"
        assert loaded.encoder.layers[1].compute_dtype == "bfloat16"
        np.testing.assert_array_equal(
            loaded.predict(faces[:2], identity="ana"),
            model.predict(faces[:2], identity="ana"),
        )


def test_precision_is_put_back_after_an_error():
    with pytest.raises(ValueError, match="mixed_float99"):
        Swift(("ana", "ben"), dtype="mixed_float99")
    with pytest.raises(
        TypeError, match=r"latent_sise was given.*latent_size, basis_size"
    ):
        Swift(("ana", "ben"), dtype="mixed_bfloat16", latent_sise=1)
    assert keras.config.dtype_policy().name == "float32"
