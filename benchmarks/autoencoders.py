"""Each autoencoder compared with a plain Keras script of its network, PCA and OpenCV.

    python benchmarks/autoencoders.py --data fashion --folder FOLDER --epochs 30

prints three tables: loss and time compared with the plain script, reconstruction errors
compared with PCA of the same code size, and denoising compared with OpenCV's non-local
means. A model and its plain script start from the same weights, get the same batches in
the same order, and take turns, one epoch each. The ratio of times is the median over
these pairs without the first, so other load of the machine affects both.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import autoencoder_baselines as baselines
import autoencoder_tables as tables
import harness
import keras
import numpy as np
import plain_autoencoders as plain

from deepface_models.core.arrays import Array
from deepface_models.models.autoencoders.adversarial import AdversarialAutoencoder
from deepface_models.models.autoencoders.beta import BetaVAE
from deepface_models.models.autoencoders.convolutional import ConvolutionalAutoencoder
from deepface_models.models.autoencoders.corruption import corrupt
from deepface_models.models.autoencoders.deep import DeepAutoencoder
from deepface_models.models.autoencoders.denoising import DenoisingAutoencoder
from deepface_models.models.autoencoders.dense import DenseAutoencoder
from deepface_models.models.autoencoders.masked import MaskedAutoencoder
from deepface_models.models.autoencoders.sequence import SequenceAutoencoder
from deepface_models.models.autoencoders.sparse import SparseAutoencoder
from deepface_models.models.autoencoders.variational import VariationalAutoencoder
from deepface_models.models.autoencoders.vector_quantized import (
    VectorQuantizedAutoencoder,
)
from deepface_models.pretraining.data import split_digits

Images = tuple[Array, Array]  # to train on and held out, float32 (N, 28, 28, 1)

NOISE = 0.5


@dataclass
class Entry:
    build: Callable[[], Any]
    numbers: int  # of a code; 0 where PCA does not compare
    batch: int = 128
    plain: Callable[[], keras.Model] | None = None
    shape: tuple[int, ...] = (28, 28, 1)  # that the plain script takes
    noisy: bool = False  # trained on noisy images that do not change


def convolutional_vae() -> Any:
    return VariationalAutoencoder(architecture="convolutional")


def digits_beta_vae() -> Any:
    return BetaVAE(image_shape=(28, 28, 1))


def given_noise() -> Any:
    return DenoisingAutoencoder(noise=None)


FLAT, ROWS = (784,), (28, 28)
ENTRIES = {
    "dense": Entry(DenseAutoencoder, 32, 256, plain.dense, FLAT),
    "sparse": Entry(SparseAutoencoder, 32, 256, plain.sparse, FLAT),
    "deep": Entry(DeepAutoencoder, 32, 256, plain.deep, FLAT),
    "convolutional": Entry(ConvolutionalAutoencoder, 128, 128, plain.convolutional),
    "denoising": Entry(given_noise, 0, 128, plain.denoising, noisy=True),
    "denoising_fresh": Entry(DenoisingAutoencoder, 0),
    "sequence": Entry(SequenceAutoencoder, 32, 128, plain.sequence, ROWS),
    "sequence_masked": Entry(SequenceAutoencoder, 0, 128, plain.sequence_masked, ROWS),
    "variational": Entry(VariationalAutoencoder, 2, 32, plain.variational, FLAT),
    "variational_convolutional": Entry(
        convolutional_vae, 2, 128, plain.variational_convolutional
    ),
    "beta": Entry(digits_beta_vae, 10),
    "vector_quantized": Entry(VectorQuantizedAutoencoder, 49),
    "masked": Entry(MaskedAutoencoder, 0),
    "adversarial": Entry(AdversarialAutoencoder, 8),
}


# Training by turns


@dataclass
class Side:
    """A model with its data; the target is None where the input is the target."""

    model: Any
    train: tuple[Array, Array | None]
    test: tuple[Array, Array | None]
    batch: int
    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)  # seconds of all cores

    def epoch(self, order: Array) -> None:
        x, y = (None if a is None else a[order] for a in self.train)
        start, worked = time.perf_counter(), time.process_time()
        self.model.fit(x, y, batch_size=self.batch, shuffle=False, verbose=0)
        self.seconds.append(time.perf_counter() - start)
        self.processor.append(time.process_time() - worked)

    def loss(self) -> float:
        x, y = self.test
        told = {"batch_size": self.batch, "verbose": 0, "return_dict": True}
        return float(self.model.evaluate(x, y, **told)["loss"])

    def drawn(self) -> Array:
        found = self.model.predict(self.test[0], batch_size=256, verbose=0)
        return np.asarray(found).reshape(-1, 784)


def sides(name: str, images: Images, noisy: Images) -> list[Side]:
    """Ours and, where there is one, the plain script, with the same weights."""
    entry = ENTRIES[name]
    model = entry.build()
    model.compile()
    train, test = noisy if entry.noisy else images
    ours = Side(model, (train, None), (test, None), entry.batch)
    if entry.noisy:
        ours.train = (train, images[0])
    if isinstance(model, DenoisingAutoencoder):
        ours.test = (noisy[1], images[1])
    if isinstance(model, SequenceAutoencoder):
        ours.train, ours.test = (train[..., 0], None), (test[..., 0], None)
    if entry.plain is None:
        return [ours]
    script = entry.plain()
    script.set_weights(model.get_weights())
    if isinstance(model, VariationalAutoencoder):
        noise = model.sampler.get_layer("code").noise
        script.get_layer("sampling").noise.state.assign(noise.state)
    pairs = []
    for x, y in (ours.train, ours.test):
        x = x.reshape(-1, *entry.shape)
        pairs.append((x, x if y is None else y.reshape(-1, *entry.shape)))
    return [ours, Side(script, pairs[0], pairs[1], entry.batch)]


def race(contest: list[Side], turns: range, seed: int) -> None:
    """An epoch each, in the same order of images; who starts alternates."""
    for turn in turns:
        order = np.random.default_rng((seed, turn)).permutation(
            len(contest[0].train[0])
        )
        for side in contest if turn % 2 else contest[::-1]:
            side.epoch(order)


def run(name: str, images: Images, noisy: Images, args: Any) -> dict[str, Any]:
    """Everything measured of one model."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(args.seed)
    contest = sides(name, images, noisy)
    race(contest, range(args.epochs), args.seed)
    ours, test = contest[0], images[1].reshape(-1, 784)
    drawn = ours.drawn()
    found: dict[str, Any] = {
        "parameters": sum(int(np.prod(w.shape)) for w in ours.model.trainable_weights),
        "numbers": ENTRIES[name].numbers,
        "loss": ours.loss(),
        "mse": baselines.mse(test, drawn),
        "bce": baselines.bce(test, drawn),
        "psnr": baselines.psnr(test, drawn),
    }
    found |= extras(ours.model, test, drawn, images)
    if len(contest) > 1:
        script = contest[1]
        found["plain_parameters"] = script.model.count_params()
        found["plain_loss"] = script.loss()
        found["plain_psnr"] = baselines.psnr(test, script.drawn())
        found["loss_ratio"] = found["loss"] / found["plain_loss"]
    race(contest, range(args.epochs, args.rounds + 1), args.seed)  # for the times only
    return found | times(contest)


def extras(model: Any, test: Array, drawn: Array, images: Images) -> dict[str, Any]:
    """What only some models have."""
    if isinstance(model, DenseAutoencoder | SparseAutoencoder):
        codes = model.encode(images[1], batch_size=256)
        return {
            "code_mean": float(codes.mean()),
            "code_zeros": float(np.mean(codes == 0)),
        }
    if isinstance(model, MaskedAutoencoder):
        hidden = model.hidden().reshape(784)
        guess = baselines.linear_guess(images[0].reshape(-1, 784), test, hidden)
        own = baselines.mse(test[:, hidden], drawn[:, hidden])
        return {"hidden_mse": own, "linear_hidden_mse": guess}
    return {}


def times(contest: list[Side]) -> dict[str, Any]:
    """Seconds an epoch, and the ratio's quartiles; the first epoch compiles."""
    found: dict[str, Any] = {"seconds": contest[0].seconds}
    if len(contest) > 1:
        ours, script = contest
        found["plain_seconds"] = script.seconds
        found["time_quartiles"] = quartiles(ours.seconds, script.seconds)
        found["processor_quartiles"] = quartiles(ours.processor, script.processor)
    return found


def quartiles(ours: list[float], plain: list[float]) -> list[float]:
    pairs = list(zip(ours, plain, strict=True))
    ratios = [a / b for a, b in pairs[1:] or pairs]
    return [float(q) for q in np.quantile(ratios, (0.25, 0.5, 0.75))]


# The command


def arguments() -> argparse.Namespace:
    parser = harness.digits_options(__doc__, epochs=30)
    parser.add_argument("--rounds", type=int, default=10, help="timed pairs at least")
    parser.add_argument(
        "--models", nargs="+", choices=tuple(ENTRIES), default=list(ENTRIES)
    )
    parser.add_argument("--validation", type=int, default=200, help="for OpenCV's h")
    parser.add_argument("--output", type=Path, help="JSON of everything measured")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    images = split_digits(args.data, args.folder, args.limit)
    noisy = tuple(corrupt(one, "gaussian", NOISE, i) for i, one in enumerate(images))
    head = (
        f"{harness.setting()}; {args.data}: {len(images[0]):,} images to "
        f"train on, {len(images[1]):,} held out; {args.epochs} epochs"
    )
    found: dict[str, Any] = {"setting": head, "models": {}}
    for name in args.models:
        found["models"][name] = run(name, images, noisy, args)
        print(name, found["models"][name]["loss"], file=sys.stderr, flush=True)
        harness.keep(args.output, found)
    models = found["models"]
    numbers = {m["numbers"] for m in models.values()} - {0}
    if "vector_quantized" in models:
        numbers.add(tables.SAME_BITS)
    found["pca"] = baselines.pca_of(images, numbers)
    found["bce_floor"] = baselines.bce_floor(images[1])
    parts = [head, tables.beside_plain(models)]
    if numbers:
        parts.append(tables.beside_pca(models, found["pca"]))
    if any(name.startswith("denoising") for name in models):
        found["denoisers"] = baselines.denoisers(images, noisy, args.validation)
        parts.append(tables.denoised(models, found["denoisers"]))
    harness.keep(args.output, found)
    print("\n\n".join([*parts, "\n".join(tables.notes(models, found))]))


if __name__ == "__main__":
    main()
