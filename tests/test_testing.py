"""`check_model` passes good models, and each of its checks can fail."""

from __future__ import annotations

import doctest
import importlib.util

import keras
import numpy as np
import pytest
from keras import layers, ops

from deepface_models.core.arrays import as_float
from deepface_models.core.inputs import precision
from deepface_models.core.version import PACKAGE
from deepface_models.models.autoencoders.base import Autoencoder
from deepface_models.models.autoencoders.dense import DenseAutoencoder
from deepface_models.models.swap import FaceSwap
from deepface_models.testing import CHECKS, ContractError, check_model

SHAPE = (6, 5, 1)
PEOPLE = ("ben", "ana")


def only(*checks):
    return tuple(name for name in CHECKS if name not in checks)


@keras.saving.register_keras_serializable(PACKAGE)
class Plain(Autoencoder):
    """A good one to break."""

    _arguments = ("image_shape", "latent_size")

    def __init__(self, image_shape=SHAPE, latent_size=4, **kwargs):
        with precision(kwargs.get("dtype")):
            image = keras.Input(image_shape)
            x = self.compress(layers.Flatten()(image), latent_size)
            encoder = keras.Model(image, x, name="encoder")
            latent = keras.Input((latent_size,))
            x = layers.Dense(int(np.prod(image_shape)))(latent)
            x = self.finish(layers.Reshape(image_shape)(x))
            decoder = keras.Model(latent, x, name="decoder")
            super().__init__(encoder=encoder, decoder=decoder, **kwargs)
        self.image_shape = image_shape
        self.latent_size = latent_size

    def compress(self, x, size):
        return layers.Dense(size)(x)

    def finish(self, x):
        return layers.Activation("sigmoid", dtype="float32")(x)


@keras.saving.register_keras_serializable(PACKAGE)
class PlainSwap(FaceSwap):
    """A good face swap to break; the smallest there is."""

    def __init__(self, identities=PEOPLE, image_size=16, **kwargs):
        with precision(kwargs.get("dtype")):
            face = keras.Input((image_size, image_size, 3))
            encoder = keras.Model(face, layers.Conv2D(2, 1)(face))
            decoders = {name: self.decoder(encoder) for name in identities}
            own = {"identities": identities, "image_size": image_size}
            super().__init__(**own, encoder=encoder, decoders=decoders, **kwargs)

    @staticmethod
    def decoder(encoder):
        code = keras.Input(encoder.output.shape[1:])
        return keras.Model(code, layers.Conv2D(3, 1, dtype="float32")(code))


# What is good passes


@pytest.mark.parametrize(
    ("cls", "kwargs", "loss"),
    [
        (DenseAutoencoder, {"image_shape": SHAPE, "name": "mine"}, None),
        (PlainSwap, {"identities": ("cy", "al"), "face_type": "half"}, "mse"),
    ],
)
@pytest.mark.slow
def test_good_models_pass_every_check(cls, kwargs, loss):
    report = check_model(cls, kwargs, loss=loss)
    assert (report.model, report.backend) == (cls.__name__, keras.backend.backend())
    assert report.done == CHECKS
    left_out = ["data: tf.data, as tensorflow is not installed"]
    assert list(report.skipped) in ([], left_out)


def test_precision_and_policy_are_as_before():
    former = keras.config.dtype_policy()
    check_model(DenseAutoencoder, {"image_shape": SHAPE}, skip=only("precision"))
    assert keras.config.dtype_policy() == former


# What is broken fails; one class a defect


BROKEN = {}  # check: [(class, kwargs, loss, message)]


def breaks(check, message, loss=None, **kwargs):
    def note(cls):
        keras.saving.register_keras_serializable(PACKAGE)(cls)
        BROKEN.setdefault(check, []).append((cls, kwargs, loss, message))
        return cls

    return note


@breaks("config", r"no 'latent_size'.*self\.latent_size = latent_size", latent_size=3)
class Forgets(Plain):
    _arguments = ("image_shape",)


@breaks("config", r"has latent_size=5, but 3 was given", latent_size=3)
class Misremembers(Plain):
    def __init__(self, image_shape=SHAPE, latent_size=4, **kwargs):
        super().__init__(image_shape, latent_size, **kwargs)
        self.latent_size = 5


@breaks("config", r"get_config\(\) is not JSON .*serialize_keras_object")
class NoJson(Plain):
    def get_config(self):
        return {**super().get_config(), "rng": np.random.default_rng()}


@breaks("config", r"has name='.*', not 'mine'.*kwargs", name="mine")
class DropsKeywords(Plain):
    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(config["image_shape"], config["latent_size"])


@breaks("config", r"has latent_size=4, but 3 was given", latent_size=3)
class DropsItsArgument(Plain):
    def get_config(self):
        return {**super().get_config(), "latent_size": 4}


@breaks("shapes", r"model\(x\) has outputs .*\(5, 5, 5, 1\).*graph has .*6, 5, 1")
class Crops(Plain):
    def call(self, inputs, training=None, mask=None):
        return super().call(inputs, training)[:, 1:]


@breaks("bytes", r"predict of uint8 and of float .* differ by up to .*Divide uint8")
class TakesBytesAsNumbers(Plain):
    def _arrays(self, data):
        return data

    def _as_unit(self, values):
        return ops.cast(values, "float32")


@breaks("bytes", r"model\(x\) of uint8 .* differ by")
class TakesTensorsAsNumbers(Plain):
    def _as_unit(self, values):
        return ops.cast(values, "float32")


@breaks("bytes", r"encode of uint8 .* differ by")
class EncodesBytesAsNumbers(Plain):
    def encode(self, images, batch_size=32):
        return self.encoder.predict(np.asarray(images, "float32"), verbose=0)


@breaks("bytes", r"logs of fit on uint8 .* differ by .*uint8 targets", loss="mse")
class TrainsOnBytes(PlainSwap):
    def fit(self, x=None, y=None, **kwargs):
        return keras.Model.fit(
            self, {n: as_float(v) for n, v in x.items()}, y, **kwargs
        )

    def compute_loss(self, x=None, y=None, *rest):
        return keras.Model.compute_loss(self, x, y, *rest)


@breaks("batches", r"predict in ragged batches and in one differ by")
class MixesExamples(Plain):
    def call(self, inputs, training=None, mask=None):
        drawn = super().call(inputs, training)
        return drawn - ops.mean(drawn, axis=0, keepdims=True)


@breaks("batches", r"predict in ragged batches .* differ by .*only while training")
class AlwaysDraws(Plain):
    def compress(self, x, size):
        return layers.Dense(size)(Jitter()(x))


class Jitter(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seeds = keras.random.SeedGenerator(0)

    def call(self, inputs):
        return inputs + keras.random.normal(ops.shape(inputs), seed=self.seeds)


@breaks("batches", r"ValueError: one example is too few\. Expected no error")
class TakesNoSingleExample(Plain):
    def fit(self, x=None, y=None, **kwargs):
        if len(x) == 1:
            raise ValueError("one example is too few")
        return super().fit(x, y, **kwargs)


@breaks("gradients", r"does not change .*idle/kernel.*idle/bias.*stop_gradient")
class Detached(Plain):
    def compress(self, x, size):
        idle = layers.Dense(size, name="idle")(x)
        return layers.Dense(size)(x) + StopGradient()(idle)


@breaks("gradients", r"does not change .*encoder")
class LeavesTheEncoderOut(Plain):
    def compress(self, x, size):
        return StopGradient()(layers.Dense(size, name="encoder_dense")(x))


class StopGradient(layers.Layer):
    def call(self, inputs):
        return ops.stop_gradient(inputs)


@breaks("gradients", r"training step makes .*square root, logarithm or division")
class InfiniteSlope(Plain):
    def compress(self, x, size):
        return layers.Dense(size)(x) + Root()(layers.Dense(size)(x))


class Root(layers.Layer):
    def call(self, inputs):
        return ops.sqrt(inputs - ops.stop_gradient(inputs))


@breaks("gradients", r"does not change any variable", trainable=False)
class Frozen(Plain):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)


@breaks("data", r"logs of fit on (PyDataset|tf\.data) and on arrays differ")
class NeedsTargetsOfArrays(Plain):
    def compute_loss(self, x=None, y=None, *args, **kwargs):
        loss = super().compute_loss(x, y, *args, **kwargs)
        return loss if y is None else 2.0 * loss

    def fit(self, x=None, y=None, **kwargs):
        y = x if isinstance(x, np.ndarray) and y is None else y
        return super().fit(x, y, **kwargs)


@breaks("data", r"logs of fit on PyDataset in a graph and on arrays differ .*\(loss\)")
class LosesMoreInGraphs(Plain):
    """Only where a step is traced has the tensor no value yet."""

    def compute_loss(self, *args, **kwargs):
        loss = super().compute_loss(*args, **kwargs)
        return loss if hasattr(loss, "numpy") else 2.0 * loss


@breaks("precision", r"mixed_float16' gives outputs in float16.*dtype=\"float32\"")
class EndsInHalf(Plain):
    def finish(self, x):
        return layers.Activation("sigmoid")(x)


@breaks("precision", r"without a layer that computes in float16.*precision")
class IgnoresPrecision(Plain):
    def __init__(self, image_shape=SHAPE, latent_size=4, **kwargs):
        dtype = kwargs.pop("dtype", None)
        super().__init__(image_shape, latent_size, **kwargs)
        self.asked = dtype

    def get_config(self):
        return {**super().get_config(), "dtype": self.asked or "float32"}


@breaks("precision", r"gave a model of dtype 'float32'\..*super\(\).__init__ inside")
class LeavesTheBlockTooEarly(Autoencoder):
    def __init__(self, image_shape=SHAPE, **kwargs):
        with precision(kwargs.get("dtype")):
            image, maps = keras.Input(image_shape), keras.Input((*image_shape[:2], 2))
            encoder = keras.Model(image, layers.Conv2D(2, 1)(image))
            decoder = keras.Model(maps, layers.Conv2D(1, 1, dtype="float32")(maps))
        super().__init__(encoder=encoder, decoder=decoder, **kwargs)
        self.image_shape = image_shape


@breaks("precision", r"values that are not finite.*65504")
class Overflows(Plain):
    def compress(self, x, size):
        return layers.Dense(size)(layers.Rescaling(1e6)(x))


@breaks("saving", r"x\.keras.*differ by up to .* with equal weights")
class DrawsInTheConstructor(Plain):
    def compress(self, x, size):
        self_made = float(np.random.default_rng().normal())
        return layers.Dense(size)(layers.Rescaling(self_made)(x))


@breaks("saving", r"loads with other values of .*lossy/kernel.*save_own_variables")
class LosesWeights(Plain):
    def compress(self, x, size):
        return Lossy(size, name="lossy")(x)


class Lossy(layers.Dense):
    def save_own_variables(self, store):
        store["0"] = np.zeros(self.kernel.shape, "float32")
        store["1"] = np.zeros(self.bias.shape, "float32")


@breaks("saving", r"weights that belong to none of its parts")
class LeavesAPartOut(Plain):
    @property
    def parts(self):
        return {"encoder": self.encoder}


CASES = [
    pytest.param(check, *case, id=f"{check}-{case[0].__name__}")
    for check in CHECKS
    for case in BROKEN[check]
]


@pytest.mark.parametrize(("check", "cls", "kwargs", "loss", "message"), CASES)
def test_each_check_finds_what_is_broken(check, cls, kwargs, loss, message):
    with pytest.raises(ContractError, match=f"(?s){message}") as error:
        check_model(cls, kwargs, loss=loss, skip=only(check))
    assert error.value.check == check
    assert error.value.model == cls.__name__
    assert str(error.value).startswith(f"{cls.__name__} fails the check {check!r}: ")


def test_every_check_has_a_broken_model():
    assert set(BROKEN) == set(CHECKS)


# Options


@pytest.mark.parametrize("skip", [("gradients",), ("data", "precision")])
def test_what_is_skipped_is_said(skip):
    few = tuple(n for n in CHECKS if n not in ("config", "saving", *skip))
    report = check_model(DenseAutoencoder, {"image_shape": 6}, skip=(*few, *skip))
    assert report.done == ("config", "saving")
    assert report.skipped == (*few, *skip)


def test_tf_data_is_said_to_be_left_out_without_tensorflow(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    report = check_model(DenseAutoencoder, {"image_shape": 6}, skip=only("data"))
    assert report.done == ("data",)
    assert report.skipped[-1] == "data: tf.data, as tensorflow is not installed"


def test_data_targets_and_loss_of_ones_own():
    seen = []

    def loss(y_true, y_pred):
        seen.append(ops.convert_to_numpy(y_true))
        return ops.mean(ops.square(y_true - y_pred), axis=-1)

    rows = np.linspace(0, 1, 3 * 6, dtype="float32").reshape(3, 6)
    given = {"kwargs": {"image_shape": 6, "latent_size": 3}, "batch": 2, "loss": loss}
    given["skip"] = only("gradients")
    check_model(DenseAutoencoder, data=rows, **given)
    np.testing.assert_array_equal(seen[-1], rows[:2])
    seen.clear()
    check_model(DenseAutoencoder, data=(rows, 1 - rows), **given)
    np.testing.assert_array_equal(seen[-1], 1 - rows[:2])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"skip": ("gradient",)}, ValueError, r"Did you mean 'gradients'\?"),
        ({"skip": "data"}, ValueError, r"skip='data' was given.*skip=\('data',\)"),
        (
            {"skip": ("xyz",)},
            ValueError,
            r"skip='xyz' was.*'config', .*'saving'\.$",
        ),
        ({"batch": 1}, ValueError, r"batch=1 was given\. Expected 2 or more"),
        ({"data": np.zeros((4, 6))}, ValueError, r"data of 4 examples .*batch=4.*5"),
        ({"cls": keras.Model}, TypeError, r"keras.*Autoencoder or FaceSwap"),
        ({"cls": "Swift"}, TypeError, r"'Swift' was given"),
    ],
)
def test_wrong_arguments_are_named(arguments, error, message):
    given = {"cls": DenseAutoencoder, "kwargs": {"image_shape": 6}, **arguments}
    with pytest.raises(error, match=message):
        check_model(**given)


@pytest.mark.slow
def test_example_of_the_docstring():
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(verbose=False)
    names = {"check_model": check_model}
    found = parser.get_doctest(check_model.__doc__, names, "check_model", None, 0)
    assert found.examples
    assert runner.run(found).failed == 0
