"""Every model of the package keeps the public contract, on every Keras backend."""

from __future__ import annotations

import inspect
import warnings

import keras
import pytest

from deepface_models.models import autoencoders, swap
from deepface_models.testing import CHECKS, check_model

pytestmark = pytest.mark.backend

MAPS = autoencoders.ConvolutionalAutoencoder  # without, its code is maps
BASES = {"Autoencoder", "FaceSwap"}
PEOPLE = {"identities": ("ben", "ana"), "face_type": "half"}
LIGHT = {**PEOPLE, "light": ("ana",), "width": 0.02}
# Small and other than the defaults: an argument that gets lost shows.
SMALL = {
    "AMP": {
        **PEOPLE,
        "image_size": 32,
        "latent_size": 6,
        "inter_size": 8,
        "encoder_width": 3,
        "decoder_width": 2,
        "mask_width": 2,
        "morph_factor": 0.25,
        "target": "ana",
    },
    "AdversarialAutoencoder": {
        "image_shape": (6, 6, 1),
        "latent_size": 3,
        "architecture": "convolutional",
        "widths": (4,),
        "discriminator_widths": (9, 5),
        "adversarial_weight": 4.0,
    },
    "BetaVAE": {
        "image_shape": (4, 5, 3),
        "latent_size": 3,
        "architecture": "dense",
        "widths": (12,),
        "beta": 3.0,
    },
    "ConvolutionalAutoencoder": {
        "image_shape": (10, 12, 3),
        "widths": (5, 3),
        "activation": "leaky_relu",
        "latent_size": 6,
    },
    "DFLH128": {**PEOPLE, "image_size": 32, "latent_size": 6, "width": 0.02},
    "DFLSAE": {
        **PEOPLE,
        "image_size": 32,
        "architecture": "liae",
        "target": "ana",
        "width": 0.02,
        "residual_slope": 0.1,
    },
    "DFaker": {
        **PEOPLE,
        "image_size": 128,
        "width": 0.01,
        "residual_slope": 0.1,
    },
    "DLight": {**LIGHT, "image_size": 32, "output_size": 64, "quality": "low"},
    "DeepAutoencoder": {"image_shape": (6, 5, 1), "widths": (9, 7)},
    # Three channels: PyTorch cannot train a convolution to one channel on a CPU
    # when image and batch are as small as here.
    "DenoisingAutoencoder": {
        "image_shape": (10, 12, 3),
        "widths": (4, 3),
        "noise": "masking",
        "amount": 0.3,
    },
    "DenseAutoencoder": {"image_shape": (6, 5, 1), "latent_size": 7},
    "FaceSwapGAN": {
        **PEOPLE,
        "image_size": 128,
        "norm": "none",
        "attention": False,
        "lite": True,
        "game": "relativistic",
        "loss_terms": {"adversarial": 0.2},
        "width": 0.02,
    },
    "IAE": {**PEOPLE, "image_size": 32, "width": 0.02},
    "Lightweight": {**PEOPLE, "image_size": 32, "width": 0.02},
    "MaskedAutoencoder": {
        "image_shape": (8, 12, 1),
        "patch_size": 2,
        "mask_ratio": 0.5,
        "width": 12,
        "depth": 1,
        "heads": 2,
        "decoder_width": 8,
        "decoder_depth": 1,
        "seed": 3,
    },
    "Original": {
        **PEOPLE,
        "image_size": 16,
        "latent_size": 4,
        "low_memory": True,
    },
    "PhazeA": {
        **PEOPLE,
        "preset": "dfl-saehd-liae",
        "image_size": 32,
        "target": "ana",
        "output_size": 16,
        "encoder_arguments": {"depth": 2, "min_filters": 3},
        "bottleneck_size": 6,
        "bottleneck_norm": "layer",
        "fc_dimensions": 4,
        "fc_max_filters": 3,
        "fc_upscales": 0,
        "gblock": True,
        "gblock_depth": 1,
        "gblock_max_units": 5,
        "style_size": 6,
        "upscaler": "resize_images",
        "max_filters": 6,
        "min_filters": 4,
        "norm": "rms",
        "skip_last_residual": True,
        "gaussian_noise": True,
        "learn_mask": True,
    },
    "Quick96": {**PEOPLE, "image_size": 32, "width": 0.05},
    "RealFace": {**LIGHT, "image_size": 16, "output_size": 32},
    "SAEHD": {
        **PEOPLE,
        "image_size": 32,
        "architecture": "liae-udtc",
        "latent_size": 6,
        "encoder_width": 3,
        "decoder_width": 2,
        "mask_width": 2,
        "target": "ana",
    },
    "SequenceAutoencoder": {
        "sequence_shape": (6, 3),
        "latent_size": 5,
        "units": 7,
        "mask_value": -9.0,
        "activation": "sigmoid",
    },
    "SparseAutoencoder": {
        "image_shape": (6, 5, 1),
        "latent_size": 7,
        "activity": 0.01,
    },
    "Swift": {
        **PEOPLE,
        "image_size": 64,
        "latent_size": 8,
        "basis_size": 3,
        "adapted_latent_size": 4,
    },
    "Unbalanced": {**LIGHT, "image_size": 32},
    "VariationalAutoencoder": {
        "image_shape": (8, 12, 3),
        "latent_size": 3,
        "architecture": "convolutional",
        "widths": (4, 6),
        "beta": 0.5,
    },
    "VectorQuantizedAutoencoder": {
        "image_shape": (8, 12, 1),
        "codebook_size": 6,
        "code_size": 4,
        "widths": (6, 5),
        "residual_blocks": 1,
        "commitment": 0.5,
    },
    "Villain": {**PEOPLE, "image_size": 32, "residual_blocks": 2, "width": 0.05},
}
# On the other backends each base class, and each that trains in a way of its own, is
# checked with everything; the rest without what the base does and takes longest there.
HEAVY = ("bytes", "batches", "data", "precision")
EVERYTHING = {
    *("Swift", "DenseAutoencoder", "VariationalAutoencoder"),
    *("AdversarialAutoencoder", "VectorQuantizedAutoencoder"),
}
# A third of the face swaps stands for all of them on the other backends.
TENSORFLOW_ONLY = {
    *("AMP", "DFLH128", "DFLSAE", "DFaker", "DLight", "RealFace"),
    *("PhazeA", "SAEHD", "Unbalanced", "Villain"),
}


def exported() -> dict[str, type[keras.Model]]:
    """Every model class of the rooms' `__all__` but the bases."""
    found = {}
    for room in (autoencoders, swap):
        for name in room.__all__:
            value = getattr(room, name)
            is_model = inspect.isclass(value) and issubclass(value, keras.Model)
            if is_model and name not in BASES:
                found[name] = value
    return found


def test_models_are_found():
    assert {"DenseAutoencoder", "Original", "Swift"} <= set(exported())


@pytest.mark.parametrize("name", exported())
def test_model_keeps_the_contract(name):
    assert name in SMALL, (
        f"{name} is exported without small arguments here. Add an entry to SMALL: "
        "arguments of its constructor that make it tiny, none of them a default."
    )
    on_tensorflow = keras.backend.backend() == "tensorflow"
    if name in TENSORFLOW_ONLY and not on_tensorflow:
        pytest.skip("checked on TensorFlow; six of sixteen face swaps are checked here")
    cls, kwargs = exported()[name], SMALL[name]
    parameters = inspect.signature(cls).parameters
    for key, value in kwargs.items():
        default = parameters[key].default if key in parameters else None
        assert value != default, f"choose another {key} than {name}'s default"
    named = {k for k, p in parameters.items() if p.kind is not p.VAR_KEYWORD}
    assert named <= set(kwargs), f"name every argument of {name}"
    skip = () if name in EVERYTHING or on_tensorflow else HEAVY
    report = check_model(cls, kwargs, skip=skip)
    assert report.done == tuple(check for check in CHECKS if check not in skip)


@pytest.mark.parametrize("name", exported())
def test_a_keras_file_goes_on_training_as_it_was_compiled(name, tmp_path):
    on_tensorflow = keras.backend.backend() == "tensorflow"
    if name in TENSORFLOW_ONLY and not on_tensorflow:
        pytest.skip("checked on TensorFlow")
    model = exported()[name](**SMALL[name])
    model.compile()
    model.optimizer.build(model.trainable_variables)
    path = tmp_path / "model.keras"
    model.save(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Keras warns where it leaves the loss out
        loaded = keras.saving.load_model(path)
    assert loaded.compiled and loaded.optimizer.built
    assert loaded.get_compile_config() == model.get_compile_config()
    model.freeze(next(iter(model.parts)))  # which is not saved
    model.compile()
    model.save(path)
    assert not keras.saving.load_model(path).compiled


@pytest.mark.parametrize("size", [0, -3, 2.5, None])
@pytest.mark.parametrize("name", [n for n in autoencoders.__all__ if n in SMALL])
def test_bad_latent_size_is_refused(name, size):
    cls, kwargs = exported()[name], SMALL[name]
    if "latent_size" not in kwargs or (cls, size) == (MAPS, None):
        return
    with pytest.raises(ValueError, match=f"latent_size={size} was given"):
        cls(**{**kwargs, "latent_size": size})
