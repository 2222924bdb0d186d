"""Training speed: Swift at 128 px, Original at 64 px, and plain Keras scripts.

    python benchmarks/training.py

prints images/s and their ratios. All models train in one process and take turns, so
that other load of the machine affects all of them; ratios are medians over the rounds,
of two times measured one after the other. The plain scripts are the same two networks
written without code of the package, for these sizes only.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import Any

import harness
import keras
import numpy as np
from keras import layers, ops

from deepface_models.models.swap import Original, Swift

NAMES = ("ana", "ben")
EXPECTED = 10.0  # Swift's images/s in those of Original


# A plain Keras script of the original network


def shuffle(x: Any, r: int) -> Any:
    height, width, channels = x.shape[1] * r, x.shape[2] * r, x.shape[3] // r**2
    return layers.Lambda(
        lambda t: ops.depth_to_space(t, r), output_shape=(height, width, channels)
    )(x)


def plain_original() -> keras.Model:
    image = x = keras.Input((64, 64, 3))
    for filters in (128, 256, 512, 1024):
        x = layers.Conv2D(filters, 5, strides=2, padding="same")(x)
        x = layers.LeakyReLU(negative_slope=0.1)(x)
    x = layers.Dense(1024)(layers.Flatten()(x))
    x = layers.Reshape((4, 4, 1024))(layers.Dense(4 * 4 * 1024)(x))
    x = layers.LeakyReLU(negative_slope=0.1)(layers.Conv2D(2048, 3, padding="same")(x))
    encoder = keras.Model(image, shuffle(x, 2))
    inputs, outputs = {}, {}
    for name in NAMES:
        inputs[name] = keras.Input((64, 64, 3), name=name)
        x = encoder(inputs[name])
        for filters in (256, 128, 64):
            x = layers.Conv2D(4 * filters, 3, padding="same")(x)
            x = shuffle(layers.LeakyReLU(negative_slope=0.1)(x), 2)
        outputs[name] = layers.Conv2D(3, 5, padding="same", activation="sigmoid")(x)
    model = keras.Model(inputs, outputs)
    model.compile(
        optimizer=keras.optimizers.Adam(5e-5, beta_1=0.5),
        loss={name: "mae" for name in NAMES},
    )
    return model


# A plain Keras script of Swift's network and loss


class Vector(layers.Layer):
    def __init__(self, units: int) -> None:
        super().__init__()
        self.vector = self.add_weight(shape=(1, units), initializer="zeros")

    def call(self, x: Any) -> Any:
        return ops.repeat(self.vector, ops.shape(x)[0], axis=0)


def conv(
    x: Any, filters: int, kernel: int = 3, start: str = "he_normal", **k: Any
) -> Any:
    return layers.Conv2D(
        filters, kernel, padding="same", kernel_initializer=start, **k
    )(x)


def block(x: Any, vector: Any = None) -> Any:
    filters = x.shape[-1]
    y = conv(layers.ReLU()(x), filters)
    if vector is not None:
        scale = layers.Reshape((1, 1, filters))(vector[:, :filters])
        shift = layers.Reshape((1, 1, filters))(vector[:, filters:])
        y = y * (1.0 + scale) + shift
    return x + conv(layers.ReLU()(y), filters, start="zeros")


def plain_swift() -> keras.Model:
    image = keras.Input((128, 128, 3))
    x = conv(image, 32, 4, strides=4)
    x = block(conv(layers.ReLU()(x), 64, strides=2))
    x = block(conv(layers.ReLU()(x), 128, strides=2))
    x = layers.Dense(256)(layers.Flatten()(layers.ReLU()(x)))
    encoder = keras.Model(image, x)
    maps, vector = keras.Input((16, 16, 96)), keras.Input((256,))
    appearance = keras.Input((128, 128, 4))
    x = block(maps, vector[:, :192])
    x = block(shuffle(conv(layers.ReLU()(x), 128, 1), 2), vector[:, 192:])
    x = shuffle(conv(layers.ReLU()(x), 64, start="zeros"), 4) + appearance
    shared_decoder = keras.Model(
        [maps, vector, appearance], layers.Activation("sigmoid")(x)
    )
    inputs, outputs = {}, {}
    for name in NAMES:
        inputs[name] = keras.Input((128, 128, 3), name=name)
        latent = encoder(inputs[name])
        x = layers.Reshape((8, 8, 128))(layers.Dense(8 * 8 * 128)(latent))
        maps = shuffle(conv(layers.ReLU()(block(x)), 384, 1), 2)
        codes = layers.Dense(64, kernel_initializer="he_normal")(latent)
        basis = layers.Dense(128 * 128 * 4, kernel_initializer="zeros")(codes)
        appearance = layers.Reshape((128, 128, 4))(basis)
        outputs[name] = shared_decoder([maps, Vector(256)(latent), appearance])
    model = keras.Model(inputs, outputs)
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3, beta_2=0.99),
        loss={name: face_loss for name in NAMES},
    )
    return model


def face_loss(y: Any, p: Any) -> Any:
    true, drawn, mask, axes = y[..., :3], p[..., :3], y[..., 3:4], (1, 2, 3)
    weight = 0.1 + 0.9 * mask * y[..., 4:5]
    error = ops.mean(weight * ops.abs(true - drawn), axes) / ops.mean(weight, axes)
    both = [true, drawn, true**2 + drawn**2, true * drawn, weight]
    pooled = ops.average_pool(ops.concatenate(both, -1), 4, 4)
    pooled = ops.average_pool(pooled, 2, 1)
    mt, mp, squares, product = (pooled[..., 3 * i : 3 * i + 3] for i in range(4))
    weight = pooled[..., 12:]
    ssim = (2 * mt * mp + 1e-4) * (2 * (product - mt * mp) + 9e-4)
    ssim /= (mt**2 + mp**2 + 1e-4) * (squares - mt**2 - mp**2 + 9e-4)
    dssim = ops.mean(weight * (1 - ssim) / 2, axes) / ops.mean(weight, axes)
    return error + dssim + 0.5 * ops.mean((mask - p[..., 3:4]) ** 2, axes)


# Timing


@dataclass
class Contestant:
    title: str
    model: keras.Model
    size: int
    channels: int  # of the targets
    weight: int = 1  # steps a turn, beside those of the slowest

    def data(self, batch: int, steps: int) -> tuple[dict[str, Any], dict[str, Any]]:
        rng = np.random.default_rng(0)
        count = batch * steps * self.weight
        shape = (count, self.size, self.size)
        x = {n: rng.random((*shape, 3), "float32") for n in NAMES}
        y = {n: rng.random((*shape, self.channels), "float32") for n in NAMES}
        return x, y


def ours(architecture: Any, **arguments: Any) -> keras.Model:
    model = architecture(NAMES, **arguments)
    model.compile()
    return model


def contestants() -> dict[str, Contestant]:
    return {
        "swift": Contestant("Swift 128 px", ours(Swift, image_size=128), 128, 5, 8),
        "plain_swift": Contestant("the same, plain Keras", plain_swift(), 128, 5, 8),
        "original": Contestant("Original 64 px", ours(Original), 64, 5),
        "plain_original": Contestant("the same, plain Keras", plain_original(), 64, 3),
    }


def measure(batch: int, steps: int, rounds: int) -> dict[str, list[float]]:
    """Images/s of each model in each round; the order turns from round to round."""
    models = contestants()
    data = {key: c.data(batch, steps) for key, c in models.items()}
    speeds: dict[str, list[float]] = {key: [] for key in models}
    for key, c in models.items():  # compiles, and adapts Swift
        x, y = data[key]
        c.model.fit(x, y, batch_size=batch, shuffle=False, verbose=0)
    keys = list(models)
    for turn in range(rounds):
        for key in keys[turn % len(keys) :] + keys[: turn % len(keys)]:
            x, y = data[key]
            start = time.perf_counter()
            models[key].model.fit(x, y, batch_size=batch, shuffle=False, verbose=0)
            seconds = time.perf_counter() - start
            speeds[key].append(sum(len(v) for v in x.values()) / seconds)
    check_sizes(models)
    return speeds


def check_sizes(models: dict[str, Contestant]) -> None:
    for key in ("swift", "original"):
        mine = models[key].model.count_params()
        plain = models[f"plain_{key}"].model.count_params()
        if mine != plain:
            print(f"NOTE: {key} has {mine:,} weights and its plain script {plain:,}.")


def ratio(speeds: dict[str, list[float]], a: str, b: str) -> float:
    pairs = zip(speeds[a], speeds[b], strict=True)
    return statistics.median(x / y for x, y in pairs)


def main() -> None:
    parser = harness.options(__doc__)
    parser.add_argument("--batches", type=int, nargs="+", default=[8, 16])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=4, help="of Original, each round")
    args = parser.parse_args()
    rounds = f"two people, {args.rounds} rounds"
    print(f"{harness.setting()}; {rounds}; images/s are medians\n")
    head = (
        "faces a person and step",
        "Swift 128 px",
        "plain",
        "Original 64 px",
        "plain",
    )
    pairs = {
        "Swift / Original": ("swift", "original"),
        "Swift / plain": ("swift", "plain_swift"),
        "Original / plain": ("original", "plain_original"),
    }
    rows, slow = [], []
    for batch in args.batches:
        speeds = measure(batch, args.steps, args.rounds)
        first, *others = (ratio(speeds, *pair) for pair in pairs.values())
        medians = [f"{statistics.median(values):.1f}" for values in speeds.values()]
        ratios = [f"**{first:.1f}**", *(f"{other:.2f}" for other in others)]
        rows.append([str(batch), *medians, *ratios])
        slow += [batch] if first < EXPECTED else []
    print(harness.markdown((*head, *pairs), rows))
    if slow:
        print(f"\nSwift / Original is below the {EXPECTED:.0f} it is made for: {slow}.")


if __name__ == "__main__":
    main()
