"""Samples of variational autoencoders: new digits and clothes.

    python benchmarks/vae_samples.py --data mnist --folder DIR --output docs

trains a dense and a convolutional one and writes `samples_mnist.png` with a row of the
data, a row of reconstructions and three rows of samples from the prior for each of
them, and `plane_mnist.png` with decoded latents all over the plane of a dense one with
two latents. Ten minutes on two cores with 8,000 images.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import harness
import keras
import numpy as np
from PIL import Image

from deepface_models.core.arrays import Array
from deepface_models.media import grid
from deepface_models.models.autoencoders.images import latent_grid
from deepface_models.models.autoencoders.variational import VariationalAutoencoder
from deepface_models.pretraining.data import split_digits

Images = tuple[Array, Array]  # to train on and held out, float32 (N, 28, 28, 1)

COLUMNS, ROWS, TIMES = 16, 3, 2
MODELS: dict[str, dict[str, Any]] = {
    "dense": {"widths": (400,), "latent_size": 5},
    "convolutional": {"architecture": "convolutional", "latent_size": 5},
}


def trained(
    images: Images, epochs: int, seed: int, **arguments: Any
) -> VariationalAutoencoder:
    keras.utils.set_random_seed(seed)
    model = VariationalAutoencoder(image_shape=(28, 28, 1), **arguments)
    model.compile()
    held_out = images[1][:1000]
    history = model.fit(
        images[0],
        batch_size=64,
        epochs=epochs,
        verbose=0,
        validation_data=held_out,
        validation_freq=epochs,
    )
    terms = ("loss", "reconstruction_loss", "kl_loss")
    last = {name: history.history[f"val_{name}"][-1] for name in terms}
    print(arguments, {k: round(v, 2) for k, v in last.items()}, flush=True)
    return model


def row(images: Array) -> list[Array]:
    larger = images.repeat(TIMES, axis=1).repeat(TIMES, axis=2)
    return list(np.repeat(larger, 3, axis=3))


def main() -> None:
    parser = harness.digits_options(__doc__, epochs=40)
    parser.add_argument("--output", type=Path, default=Path("runs/samples"))
    args = parser.parse_args()
    images = split_digits(args.data, args.folder, args.limit)
    args.output.mkdir(parents=True, exist_ok=True)
    some = images[1][:COLUMNS]
    rows, labels = [row(some)], ["data"]
    for name, arguments in MODELS.items():
        model = trained(images, args.epochs, args.seed, **arguments)
        rows.append(row(model.reconstruct(some)))
        labels.append(f"{name}: again")
        drawn = model.sample(ROWS * COLUMNS, seed=args.seed)
        rows += [row(drawn[i * COLUMNS : (i + 1) * COLUMNS]) for i in range(ROWS)]
        labels += [f"{name}: drawn"] * ROWS
    image = Image.fromarray(grid(rows, labels=labels))
    image.save(args.output / f"samples_{args.data}.png", optimize=True)
    plane = trained(images, args.epochs, args.seed)
    image = Image.fromarray(latent_grid(plane))
    image.save(args.output / f"plane_{args.data}.png", optimize=True)


if __name__ == "__main__":
    main()
