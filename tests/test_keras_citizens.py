"""Keras' own checks of layers, losses, metrics and optimizers, on all of ours."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest
from keras.src.testing import TestCase

from deepface_models import callbacks, losses, metrics, optimizers
from deepface_models.layers import ConstantVector, Modulate, PixelShuffle
from deepface_models.layers import SelfAttention2D as Attention
from deepface_models.models.autoencoders import corruption, patches, quantizer
from deepface_models.models.autoencoders._gaussian import GaussianCode
from deepface_models.models.autoencoders.sequence import MaskedLike
from deepface_models.models.registry import architectures
from deepface_models.models.swap import _gan_blocks, blocks
from deepface_models.models.swap._dfl_loss import DeepFaceLabLoss
from deepface_models.models.swap._mixing import ChannelMix
from deepface_models.models.swap._phaze_vit import TokenAndPlaces
from deepface_models.models.swap._published import SquaredFaceLoss
from deepface_models.models.swap.expressions import Expressions
from deepface_models.models.swap.latent_mean import LatentMean

pytestmark = [
    pytest.mark.usefixtures("eager"),
    # Keras' checks train by a generator, and layers without weights.
    pytest.mark.filterwarnings("ignore:`shuffle=True` was passed"),
    pytest.mark.filterwarnings("ignore:The model does not have any trainable weights"),
]
KERAS = TestCase("run_layer_test")
RNG = np.random.default_rng(0)
ORDER = np.array([[3, 1, 0, 2], [0, 2, 1, 3]], "int32")  # of four patches


def values(*shape: int) -> np.ndarray:
    return RNG.random(shape).astype("float32")


# Constructor arguments, inputs, shape of the output, trainable weights.
LAYERS: dict[Any, tuple[dict[str, Any], Any, tuple[int, ...], int]] = {
    PixelShuffle: ({"factor": 3}, values(2, 2, 3, 18), (2, 6, 9, 2), 0),
    ConstantVector: ({"units": 3}, values(2, 5), (2, 3), 1),
    Modulate: ({}, (values(2, 3, 3, 4), values(2, 8)), (2, 3, 3, 4), 0),
    Attention: ({"squeeze": 2}, values(2, 3, 3, 4), (2, 3, 3, 4), 7),
    corruption.Corrupt: ({"noise": "masking"}, values(2, 4, 4, 1), (2, 4, 4, 1), 0),
    patches.SplitPatches: ({"patch_size": 2}, values(2, 4, 4, 3), (2, 4, 12), 0),
    patches.JoinPatches: (
        {"image_shape": (4, 4, 3)},
        values(2, 4, 12),
        (2, 4, 4, 3),
        0,
    ),
    patches.AddPositions: ({"rows": 2, "columns": 2}, values(2, 4, 8), (2, 4, 8), 0),
    patches.PatchOrder: ({"patches": 4, "seed": 1}, values(2, 4, 8), (2, 4), 0),
    patches.SeenPatches: ({"seen": 2}, (values(2, 4, 8), ORDER), (2, 2, 8), 0),
    patches.FillHidden: ({}, (values(2, 2, 8), ORDER), (2, 4, 8), 1),
    patches.KeepSeen: (
        {"seen": 2, "patch_size": 2},
        (values(2, 4, 4, 3), values(2, 4, 4, 3), ORDER),
        (2, 4, 4, 3),
        0,
    ),
    MaskedLike: ({"mask_value": 0.0}, (values(2, 3, 4), values(2, 3, 4)), (2, 3, 4), 0),
    GaussianCode: ({"beta": 2.0}, (values(2, 4), values(2, 4)), (2, 4), 0),
    quantizer.VectorQuantizer: (
        {"codebook_size": 5, "commitment": 0.5, "seed": 2},
        values(2, 3, 4),
        (2, 3, 4),
        1,
    ),
    LatentMean: ({}, values(2, 4), (2, 4), 0),
    Expressions: ({"examples": 3, "size": 4}, values(2, 4), (2, 4), 0),
    ChannelMix: (
        {"share": 0.3, "seed": 1},
        (values(2, 2, 2, 6), values(2, 2, 2, 6)),
        (2, 2, 2, 6),
        0,
    ),
    TokenAndPlaces: ({}, values(2, 3, 4), (2, 4, 4), 2),
    blocks.ImageNormalization: ({"epsilon": 0.01}, values(2, 3, 3, 4), (2, 3, 3, 4), 2),
}
# Those whose random state or labels no optimizer trains, or that give whole numbers.
UNTRAINED = {patches.PatchOrder}


def network() -> keras.Model:
    image = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(2, 3, name="fine")(image)
    return keras.Model(image, keras.layers.Flatten()(x))


BASES = {"CompositeLoss", "RegionLoss"}
OTHERS: dict[str, Any] = {
    **{
        name: getattr(losses, name)
        for name in losses.__all__
        if inspect.isclass(getattr(losses, name)) and name not in BASES
    },
    "IdentityLoss": lambda: losses.IdentityLoss(network()),
    "PerceptualLoss": lambda: losses.PerceptualLoss(network(), ("fine",), (0.2,)),
    "StyleLoss": lambda: losses.StyleLoss(network(), ("fine",)),
    "WeightedLoss": lambda: losses.WeightedLoss(
        {losses.MAELoss(): 0.2, losses.SSIMLoss(): 0.8}
    ),
    "DeepFaceLabLoss": lambda: DeepFaceLabLoss(regions=300.0),
    "SquaredFaceLoss": lambda: SquaredFaceLoss(squared=0.5),
    "FacePSNR": metrics.FacePSNR,
    "FaceSSIM": metrics.FaceSSIM,
    "Perplexity": lambda: quantizer.Perplexity(7),
    "Adam": lambda: optimizers.Adam(1e-3, lr_dropout=0.7),
    "AdamW": lambda: optimizers.AdamW(1e-3, weight_decay=0.1),
    "RMSprop": lambda: optimizers.RMSprop(1e-3, rho=0.8),
    "SGD": lambda: optimizers.SGD(1e-3, momentum=0.8),
    "AdaBelief": lambda: optimizers.AdaBelief(1e-3),
    "TwoTimeScaleAdam": optimizers.TwoTimeScaleAdam,
    "Warmup": lambda: callbacks.Warmup(callbacks.CosineWave(1e-4), 50),
    "CosineWave": lambda: callbacks.CosineWave(1e-4),
    "ICNR": lambda: _gan_blocks.ICNR(),
}


def registered() -> Iterator[type]:
    """Every class of the package that Keras saves, but models."""
    architectures()  # imports every module, which registers its classes
    for name, found in keras.saving.get_custom_objects().items():
        ours = getattr(found, "__module__", "").startswith("deepface_models.")
        if name.startswith("deepface_models>") and ours and isinstance(found, type):
            if not issubclass(found, keras.Model):
                yield found


def test_none_is_forgotten() -> None:
    names = {found.__name__ for found in registered()}
    assert names == {one.__name__ for one in LAYERS} | set(OTHERS)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda one: one.__name__)
def test_layers_pass_the_checks_of_keras(layer: Any) -> None:
    arguments, inputs, shape, weights = LAYERS[layer]
    KERAS.run_layer_test(
        layer,
        init_kwargs=arguments,
        input_data=inputs,
        expected_output_shape=shape,
        expected_num_trainable_weights=weights,
        run_training_check=layer not in UNTRAINED,
        run_mixed_precision_check=layer not in UNTRAINED,
    )


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_losses_metrics_and_optimizers_are_saved_as_keras_saves(name: str) -> None:
    KERAS.run_class_serialization_test(OTHERS[name]())
