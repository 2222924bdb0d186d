"""The contract of every autoencoder, tested with the plain ones."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import keras
import numpy as np
import pytest
from drawn_digits import digits, unit

from deepface_models import IntegrityError, ModelFileError, load
from deepface_models.models.autoencoders.base import Autoencoder
from deepface_models.models.autoencoders.convolutional import ConvolutionalAutoencoder
from deepface_models.models.autoencoders.deep import DeepAutoencoder
from deepface_models.models.autoencoders.denoising import DenoisingAutoencoder
from deepface_models.models.autoencoders.dense import DenseAutoencoder
from deepface_models.models.autoencoders.sparse import SparseAutoencoder

pytestmark = pytest.mark.usefixtures("eager")

SHAPE = (12, 12, 1)
SMALL = {
    DenseAutoencoder: {"latent_size": 5},
    SparseAutoencoder: {"latent_size": 5, "activity": 0.01},
    DeepAutoencoder: {"widths": (8, 6)},
    ConvolutionalAutoencoder: {"widths": (4, 3)},
    DenoisingAutoencoder: {"widths": (4,), "noise": "masking", "amount": 0.25},
}
MODELS = [pytest.param(c, {**k, "image_shape": SHAPE}) for c, k in SMALL.items()]
BYTES = digits(11, SHAPE[0])
FLOATS = unit(BYTES)


class Batches(keras.utils.PyDataset):
    """Images four at a time; a target only where `pairs`."""

    def __init__(self, images, pairs=False):
        super().__init__()
        self.rows = images
        self.pairs = pairs

    def __len__(self):
        return -(-len(self.rows) // 4)

    def __getitem__(self, index):
        batch = self.rows[4 * index : 4 * index + 4]
        return (batch, batch) if self.pairs else (batch,)


def make(cls=DenseAutoencoder, **kwargs):
    """A compiled model with the same weights and draws every time."""
    keras.utils.set_random_seed(3)
    model = cls(**{"image_shape": SHAPE, **SMALL[cls], **kwargs})
    model.compile(keras.optimizers.Adam(0.01))
    return model


def fitted(data, target=None):
    """Weights after one epoch in batches of four, the last of them ragged."""
    model = make()
    size = {} if not isinstance(data, np.ndarray) else {"batch_size": 4}
    model.fit(data, target, shuffle=False, verbose=0, **size)
    return np.concatenate([w.ravel() for w in model.get_weights()])


@pytest.fixture(scope="module")
def model():
    """Not to be changed."""
    return make()


# Training without a target


@pytest.mark.backend
@pytest.mark.parametrize(("cls", "kwargs"), MODELS)
def test_one_step_moves_every_weight(cls, kwargs):
    model = make(cls)
    before = model.get_weights()
    history = model.fit(FLOATS, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    for old, new, name in zip(before, model.get_weights(), model.weights, strict=True):
        assert np.isfinite(new).all()
        assert np.abs(old - new).max() > 1e-4, name.path


def test_input_is_the_target_where_none_is_given():
    np.testing.assert_array_equal(fitted(FLOATS), fitted(FLOATS, FLOATS))


@pytest.mark.backend
def test_arrays_bytes_and_datasets_train_alike():
    expected = fitted(FLOATS)
    for data in (Batches(FLOATS, True), BYTES, Batches(BYTES)):
        np.testing.assert_allclose(fitted(data), expected, atol=1e-6)


def test_tf_data_trains_as_arrays():
    tf = pytest.importorskip("tensorflow")
    data = tf.data.Dataset.from_tensor_slices(BYTES).batch(4)
    np.testing.assert_allclose(fitted(data), fitted(FLOATS), atol=1e-6)


def test_another_target_is_what_is_learned(model):
    zeros = np.zeros_like(FLOATS)
    drawn = model.predict(FLOATS, verbose=0)
    expected = -np.log(1 - drawn).mean()
    assert model.evaluate(FLOATS, zeros, verbose=0) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    "held_out",
    [BYTES, (BYTES, None), (BYTES[..., 0], FLOATS)],
    ids=["x", "(x, None)", "(x, y) without channels"],
)
def test_validation_data_needs_no_target(held_out):
    model = make()
    history = model.fit(FLOATS, validation_data=held_out, verbose=0).history
    expected = model.evaluate(FLOATS, verbose=0)
    assert history["val_loss"][0] == pytest.approx(expected, rel=1e-5)


def test_validation_weights_count():
    model, weights = make(image_shape=144), np.eye(len(FLOATS))[0]
    held_out = (FLOATS, FLOATS, weights)
    history = model.fit(FLOATS, validation_data=held_out, verbose=0).history
    first = model.evaluate(FLOATS[:1], verbose=0)
    assert history["val_loss"][0] == pytest.approx(first / len(FLOATS), rel=1e-4)


def test_validation_split_and_metrics():
    model = make()
    model.compile(metrics=["mse"])
    history = model.fit(FLOATS, validation_split=0.3, verbose=0).history
    assert set(history) == {"loss", "mse", "val_loss", "val_mse"}
    error = np.mean((model.predict(FLOATS, verbose=0) - FLOATS) ** 2)
    assert model.evaluate(BYTES, verbose=0)[1] == pytest.approx(error, rel=1e-4)


# Forms of input


@pytest.mark.parametrize("method", ["encode", "predict", "reconstruct"])
def test_bytes_are_taken_as_unit_range(model, method):
    call = getattr(model, method)
    np.testing.assert_array_equal(call(BYTES), call(FLOATS))


@pytest.mark.parametrize(
    "data",
    [FLOATS[..., 0], FLOATS.reshape(11, -1), list(FLOATS), FLOATS.astype("float64")],
    ids=["without channels", "rows", "list", "float64"],
)
@pytest.mark.parametrize("method", ["encode", "predict", "reconstruct"])
def test_other_forms_of_the_same_images(model, method, data):
    call = getattr(model, method)
    np.testing.assert_array_equal(call(data), call(FLOATS))


def test_images_for_a_model_of_rows():
    model = make(image_shape=144)
    assert model.data_shape == (144,)
    drawn = model.predict(BYTES, verbose=0)
    assert drawn.shape == (11, 144)
    np.testing.assert_array_equal(drawn, model.predict(FLOATS[..., 0], verbose=0))
    assert model.encode(FLOATS[0]).shape == (5,)


def test_a_face_set_stands_for_its_images(people):
    faces = people["ana"]
    model = make(image_shape=faces.images.shape[1:])
    model.compile()
    model.fit(faces, validation_data=faces, epochs=1, verbose=0)
    np.testing.assert_array_equal(model.encode(faces), model.encode(faces.images))
    assert model.predict(faces, verbose=0).shape == faces.images.shape


def test_a_data_set_with_images_of_its_own_is_asked_for_its_batches():
    data = Batches(FLOATS)
    data.images, seen = np.zeros((3, 5)), []
    data.on_epoch_end = lambda: seen.append(1)
    model = make(image_shape=SHAPE)
    model.compile()
    model.fit(data, epochs=2, verbose=0)
    assert len(seen) >= 2


@pytest.mark.backend
@pytest.mark.parametrize(("cls", "kwargs"), MODELS)
def test_one_example_comes_back_as_one(cls, kwargs):
    model = make(cls)
    drawn, latent = model.reconstruct(FLOATS), model.encode(BYTES[3])
    assert latent.dtype == drawn.dtype == np.float32
    assert latent.shape == model.encoder.output.shape[1:]
    assert drawn.shape == FLOATS.shape
    assert drawn.min() >= 0
    assert drawn.max() <= 1
    np.testing.assert_allclose(model.decode(latent), drawn[3], atol=1e-6)


def test_batches_agree_with_single_examples(model):
    latent, drawn = model.encode(FLOATS), model.reconstruct(FLOATS)
    assert latent.shape == (11, 5)
    np.testing.assert_allclose(model.encode(FLOATS[3]), latent[3], atol=1e-6)
    np.testing.assert_allclose(model.reconstruct(BYTES[3]), drawn[3], atol=1e-6)
    np.testing.assert_allclose(model.decode(latent), drawn, atol=1e-6)
    np.testing.assert_array_equal(model.predict(FLOATS, verbose=0), drawn)
    np.testing.assert_allclose(model.predict(FLOATS, batch_size=3), drawn, atol=1e-6)


# Bad input


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.zeros((2, 3, 12, 12, 1)), r"\(2, 3, 12, 12, 1\).*Expected \(N, 12, 12, 1"),
        (np.zeros((5, 28, 28, 1)), r"\(5, 28, 28, 1\).*image_shape=x\.shape\[1:\]"),
        (np.zeros((5, 12, 12, 3)), r"\(5, 12, 12, 3\).*Expected \(N, 12, 12, 1\)"),
        (FLOATS * 255, "from 0 to 255 .*Divide by 255"),
        (BYTES.astype("int64"), r'Divide by 255, or convert .*astype\("uint8"\)'),
        (FLOATS - 0.5, "from -0.5 to 0.5 "),
        (np.full((2, *SHAPE), np.nan), "NaN.*missing values"),
        (np.zeros((0, *SHAPE)), "N of 1 or more.*data are empty"),
        ([], "N of 1 or more"),
        (np.moveaxis(FLOATS, -1, 1), r"Channels seem.*transpose\(x, \(0, 2, 3, 1\)\)"),
    ],
    ids=[
        "rank",
        "size",
        "channels",
        "floats of 255",
        "ints of 255",
        "centered",
        "NaN",
        "empty",
        "empty list",
        "channels first",
    ],
)
@pytest.mark.parametrize("method", ["fit", "evaluate", "predict", "encode"])
def test_bad_data_is_refused(model, method, data, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        getattr(model, method)(data)


@pytest.mark.parametrize("data", ["face.png", Path("face.png"), ["a", "b"]])
def test_what_is_no_array_is_named(model, data):
    name = type(data).__name__
    with pytest.raises(
        ValueError, match=rf"(?s)A {name}.* was given.*read_image.*images"
    ):
        model.encode(data)


def test_bad_targets_and_validation_data_are_refused(model):
    with pytest.raises(ValueError, match="Divide by 255"):
        model.fit(FLOATS, FLOATS * 255)
    with pytest.raises(ValueError, match="Divide by 255"):
        model.fit(FLOATS, validation_data=FLOATS * 255)


@pytest.mark.parametrize("shape", [(3, 6), (6,), (0, 5), (2, 1, 5)])
def test_bad_latents_are_refused(model, shape):
    with pytest.raises(ValueError, match=r"Latents of shape .*\(N, 5\).*encode"):
        model.decode(np.zeros(shape))


@pytest.mark.parametrize(("cls", "kwargs"), MODELS)
def test_unknown_argument_is_refused(cls, kwargs):
    with pytest.raises(TypeError, match=r"latent_dim.*Expected image_shape"):
        cls(**kwargs, latent_dim=3)


@pytest.mark.parametrize("shape", [0, (28.0, 28), (None, 28, 1), (1, 2, 3, 4), "28"])
def test_bad_shape_is_refused(shape):
    with pytest.raises(ValueError, match=r"image_shape=.*images\.shape\[1:\]"):
        DenseAutoencoder(image_shape=shape)


# Configuration, precision, saving


@pytest.mark.parametrize(("cls", "kwargs"), MODELS)
def test_config_holds_every_argument(cls, kwargs):
    model = cls(**kwargs, name="mine", dtype="mixed_bfloat16", trainable=False)
    config = json.loads(json.dumps(model.get_config()))
    arguments = set(inspect.signature(cls).parameters) - {"kwargs"}
    assert set(config) == arguments | {"name", "dtype", "trainable"}
    again = cls.from_config(config)
    assert again.get_config() == model.get_config()
    assert again.trainable is False
    for name, value in kwargs.items():
        assert getattr(again, name) == value
    assert [w.shape for w in again.weights] == [w.shape for w in model.weights]


@pytest.mark.parametrize(("cls", "kwargs"), MODELS)
@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
def test_short_floats_end_in_float32(cls, kwargs, dtype):
    model = cls(**kwargs, dtype=dtype)
    drawn = model(FLOATS)
    assert keras.backend.standardize_dtype(drawn.dtype) == "float32"
    kernels = [x for x in model.encoder.layers if x.weights]
    assert {layer.compute_dtype for layer in kernels} == {dtype.split("_")[1]}
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.backend
@pytest.mark.parametrize(("cls", "kwargs"), MODELS)
def test_a_loaded_model_decodes_the_same_to_the_bit(cls, kwargs, tmp_path):
    model = make(cls)
    model.save(tmp_path / "model.keras")
    model.save_parts(tmp_path / "parts")
    loaded = [load(tmp_path / "model.keras"), cls.from_preset(tmp_path / "parts")]
    for one in loaded:
        assert type(one) is cls
        assert one.get_config() == model.get_config()
        for part in (lambda m: m, lambda m: m.encoder):
            drawn = [keras.ops.convert_to_numpy(part(m)(FLOATS)) for m in (model, one)]
            np.testing.assert_array_equal(*drawn)


def test_a_folder_has_a_file_for_each_half(model, tmp_path):
    folder = model.save_parts(tmp_path / "parts")
    names = {"config.json", "encoder.weights.h5", "decoder.weights.h5"}
    assert {path.name for path in folder.iterdir()} == names
    assert isinstance(load(folder), DenseAutoencoder)
    assert isinstance(Autoencoder.from_preset(folder), DenseAutoencoder)


def test_from_preset_refuses_another_class_and_damage(model, tmp_path):
    folder = model.save_parts(tmp_path / "parts")
    with pytest.raises(ModelFileError, match=r"a DenseAutoencoder.*a DeepAutoencoder"):
        DeepAutoencoder.from_preset(folder)
    with pytest.raises(FileNotFoundError, match="Check the path"):
        DenseAutoencoder.from_preset(tmp_path / "none")
    (folder / "decoder.weights.h5").write_bytes(b"")
    with pytest.raises(IntegrityError, match="decoder"):
        DenseAutoencoder.from_preset(folder)


def test_summary_shows_both_halves_and_the_whole(model):
    lines: list[str] = []
    model.summary(print_fn=lines.append)
    text = "\n".join(lines)
    order = [text.index(f'"{name}"') for name in ("encoder", "decoder", model.name)]
    assert order == sorted(order)
    assert text.count("Total params") == 3


def test_sample_weights_count_without_a_target():
    model = DenseAutoencoder(6, latent_size=2)
    model.compile()
    x = np.random.default_rng(0).random((4, 6), "float32")
    weights = np.array([0.0, 0.0, 2.0, 0.0], "float32")
    weighed = model.evaluate(x, sample_weight=weights, verbose=0)
    assert weighed == pytest.approx(model.evaluate(x[2:3], verbose=0) / 2, rel=1e-5)
