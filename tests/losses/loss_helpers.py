"""Images, gradients on every backend, and one of each loss."""

from __future__ import annotations

import keras
import numpy as np

from deepface_models import losses

SIZE = 32


def array(tensor) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(tensor), "float64")


def images(channels=3, seed=0, size=SIZE, count=2) -> np.ndarray:
    """Smooth shapes and noise in [0, 1]; a mask that is 0 on the right; weights."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size] / size
    shape = (count, 1, 1, 3)
    phase, speed = rng.uniform(0, 6, shape), rng.uniform(2, 9, (2, *shape))
    waves = np.sin(phase + speed[0] * y[..., None] + speed[1] * x[..., None])
    made = np.empty((count, size, size, channels), "float32")
    colors = 0.5 + 0.35 * waves + rng.normal(0, 0.05, waves.shape)
    made[..., :3] = np.clip(colors, 0, 1)
    if channels > 3:
        made[..., 3] = x < 0.6
    if channels > 4:
        made[..., 4] = 1.0 + 2.0 * (y > 0.5)
    return made


def gradient(function, pred: np.ndarray) -> np.ndarray:
    """The slope of a scalar function of one array, on the backend in use."""
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        return np.asarray(jax.grad(function)(pred))
    if backend == "torch":
        import torch

        variable = torch.tensor(pred, requires_grad=True)
        return torch.autograd.grad(function(variable), variable)[0].numpy()
    import tensorflow as tf

    with tf.GradientTape() as tape:
        variable = tf.Variable(pred)
        value = function(variable)
    return tape.gradient(value, variable).numpy()


def network(size=SIZE) -> keras.Model:
    """A small network with smooth features: "fine", "coarse", "vector"."""
    layers, start = keras.layers, keras.initializers.GlorotUniform
    inputs = keras.Input((size, size, 3))
    x = layers.Conv2D(
        4, 3, 1, "same", activation="tanh", kernel_initializer=start(1), name="fine"
    )(inputs)
    x = layers.Conv2D(
        5, 3, 2, "same", activation="tanh", kernel_initializer=start(2), name="coarse"
    )(x)
    x = layers.Flatten()(x)
    x = layers.Dense(6, kernel_initializer=start(3), name="vector")(x)
    return keras.Model(inputs, x)


# Each with other arguments than its defaults.
MADE = {
    "EdgeLoss": lambda **k: losses.EdgeLoss(smooth=0.01, **k),
    "FLIPLoss": lambda **k: losses.FLIPLoss(pixels_per_degree=20.0, **k),
    "FrequencyLoss": lambda **k: losses.FrequencyLoss(alpha=0.5, **k),
    "GMSDLoss": losses.GMSDLoss,
    "GradientLoss": lambda **k: losses.GradientLoss(alpha=2, **k),
    "IdentityLoss": lambda **k: losses.IdentityLoss(network(), **k),
    "LaplacianLoss": lambda **k: losses.LaplacianLoss(levels=3, **k),
    "LogCoshLoss": lambda **k: losses.LogCoshLoss(sharpness=5.0, **k),
    "MAELoss": losses.MAELoss,
    "MSELoss": losses.MSELoss,
    "MultiScaleSSIMLoss": lambda **k: losses.MultiScaleSSIMLoss((0.3, 0.5), **k),
    "PerceptualLoss": lambda **k: losses.PerceptualLoss(
        network(), ("fine", "coarse"), (0.2, 0.7), **k
    ),
    "SSIMLoss": losses.SSIMLoss,
    "StyleLoss": lambda **k: losses.StyleLoss(network(), ("fine", "coarse"), **k),
}
REGIONAL = sorted(
    name for name in MADE if issubclass(getattr(losses, name), losses.RegionLoss)
)
