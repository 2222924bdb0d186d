"""CPU time of each loss, forward pass and gradient, as a multiple of that of MAE.

    python benchmarks/losses.py [--sizes 64 128] [--batch 16] [--runs 10]

prints a table for each size.

Images are random; targets have a mask and weights. TensorFlow only. Every run computes
all losses once; the shortest time of each counts. Compare the ratios: milliseconds
depend on the machine. The last rows are other implementations of SSIM and the frequency
loss.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import harness
import keras
import numpy as np
import tensorflow as tf
from keras import ops

from deepface_models import losses
from deepface_models.losses.filters import gaussian

Compare = Callable[[Any, Any], Any]
KERNEL = gaussian(11, 1.5)


def network(size: int) -> keras.Model:
    """A small network for the losses that ask one; their time is mostly its own."""
    inputs = keras.Input((size, size, 3))
    x = keras.layers.Conv2D(8, 3, 2, "same", activation="relu", name="maps")(inputs)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, x)


def package(size: int) -> dict[str, Compare]:
    """The package's losses by name; MAE first."""
    asked = network(size)
    made = [
        losses.MAELoss(),
        losses.MSELoss(),
        losses.LogCoshLoss(),
        losses.GradientLoss(),
        losses.EdgeLoss(),
        losses.GMSDLoss(),
        losses.LaplacianLoss(),
        losses.FrequencyLoss(),
        losses.FaceLoss(),
        losses.SSIMLoss(),
        losses.MultiScaleSSIMLoss(),
        losses.FLIPLoss(),
        losses.IdentityLoss(asked),
        losses.PerceptualLoss(asked, ["maps"]),
        losses.StyleLoss(asked, ["maps"]),
    ]
    return {type(loss).__name__: loss for loss in made}


def ssim_of(blur: Callable[[Any], Any], true: Any, pred: Any, slices: bool) -> Any:
    """Unweighted SSIM with the windows of `blur`."""
    true, pred = true[..., :3], pred[..., :3]
    stack = ops.concatenate([true, pred, true**2 + pred**2, true * pred], axis=-1)
    means = blur(stack)
    if slices:
        a, b, squares, product = (means[..., 3 * i : 3 * i + 3] for i in range(4))
    else:
        a, b, squares, product = ops.split(means, 4, axis=-1)
    both, sums = a * b, a**2 + b**2
    one = (2 * both + 1e-4) / (sums + 1e-4)
    return ops.mean(one * (2 * (product - both) + 9e-4) / (squares - sums + 9e-4))


def thin(maps: Any) -> Any:
    """Two thin depthwise convolutions: as `SSIMLoss` does it."""
    kernel = np.tile(KERNEL[:, None, None, None], (1, 1, maps.shape[-1], 1))
    maps = ops.depthwise_conv(maps, kernel)
    return ops.depthwise_conv(maps, np.transpose(kernel, (1, 0, 2, 3)))


def square(maps: Any) -> Any:
    """One square depthwise convolution."""
    kernel = np.outer(KERNEL, KERNEL)[:, :, None, None]
    return ops.depthwise_conv(maps, np.tile(kernel, (1, 1, maps.shape[-1], 1)))


def dense(maps: Any) -> Any:
    """Two dense convolutions that keep the channels apart by zeros."""
    channels = maps.shape[-1]
    kernel = KERNEL[:, None, None, None] * np.eye(channels, dtype="float32")
    maps = ops.conv(maps, kernel)
    return ops.conv(maps, np.transpose(kernel, (1, 0, 2, 3)))


def product(maps: Any) -> Any:
    """Products with band matrices."""
    bands = []
    for size in maps.shape[1:3]:
        rows = np.arange(size - 10)
        bands.append(np.zeros((size - 10, size), "float32"))
        for offset, value in enumerate(KERNEL):
            bands[-1][rows, rows + offset] = value
    maps = ops.transpose(maps, (0, 3, 1, 2))
    maps = ops.matmul(ops.matmul(bands[0], maps), bands[1].T)
    return ops.transpose(maps, (0, 2, 3, 1))


def half_spectrum(true: Any, pred: Any) -> Any:
    """The focal frequency loss without mask, by the transform for real numbers."""
    error = ops.transpose(true[..., :3] - pred[..., :3], (0, 3, 2, 1))
    height = error.shape[-1]
    parts = [ops.transpose(part, (0, 1, 3, 2)) for part in ops.rfft(error)]
    real, imaginary = ops.fft(tuple(parts))
    power = real**2 + imaginary**2
    size = ops.sqrt(ops.stop_gradient(power))
    twice = np.full((height // 2 + 1, 1), 2.0, "float32")
    twice[0] = 1.0
    twice[-1] = 1.0 if height % 2 == 0 else 2.0
    return ops.mean(twice * size / (ops.max(size) + 1e-12) * power)


def variants() -> dict[str, Compare]:
    """Other ways to write the same."""
    made: dict[str, Compare] = {
        f"ssim, {blur.__name__}": lambda t, p, b=blur: ssim_of(b, t, p, False)
        for blur in (thin, square, dense, product)
    }
    made["ssim, thin, slices"] = lambda t, p: ssim_of(thin, t, p, True)
    made["ssim, keras.ops.image"] = lambda t, p: ops.image.ssim(
        t[..., :3], p[..., :3], 1.0
    )
    made["ssim, tf.image"] = lambda t, p: tf.image.ssim(t[..., :3], p[..., :3], 1.0)
    made["frequency, rfft"] = half_spectrum
    return made


def step(compare: Compare) -> Callable[[Any, Any], Any]:
    """A compiled forward and gradient."""

    @tf.function
    def run(true: Any, pred: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(pred)
            value = ops.mean(compare(true, pred))
        return tape.gradient(value, pred)

    return run


def measured(steps: dict[str, Any], true: Any, pred: Any, runs: int) -> dict[str, Any]:
    """Least processor seconds of each."""
    calls = {
        name: lambda run=run: run(true, pred).numpy() for name, run in steps.items()
    }
    seconds = harness.in_turns(calls, runs)  # after one that compiles
    return {name: min(values) for name, values in seconds.items()}


def main() -> None:
    parser = harness.options(__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 128])
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--runs", type=int, default=10)
    options = parser.parse_args()
    for size in options.sizes:
        rng = np.random.default_rng(0)
        shape = (options.batch, size, size)
        true = tf.constant(rng.random((*shape, 5)), "float32")
        pred = tf.constant(rng.random((*shape, 4)), "float32")
        every = {**package(size), **variants()}
        steps = {name: step(compare) for name, compare in every.items()}
        least = measured(steps, true, pred, options.runs)
        base = least["MAELoss"]
        print(f"\n{options.batch} images of {size} x {size}\n")
        rows = [
            [name, f"{1000 * seconds:.1f}", f"{seconds / base:.1f}"]
            for name, seconds in least.items()
        ]
        print(harness.markdown(("loss", "ms of processor time", "beside MAE"), rows))


if __name__ == "__main__":
    main()
