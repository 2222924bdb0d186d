"""What the examples share: arguments, data and where the images go."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

import keras
import numpy as np

import deepface_models as dfm
from deepface_models.data import digits
from deepface_models.demo import CLIPS
from deepface_models.media import write_image

SYNTHETIC = {"description": "Synthetic: decoded by an autoencoder; not a real person."}


def arguments(name):
    """Reads the command line; a notebook has none and gets the defaults."""
    parser = argparse.ArgumentParser(name)
    parser.add_argument("--output", type=Path, default=Path("runs", name))
    parser.add_argument("--tiny", action="store_true", help="a few seconds, as a test")
    parser.add_argument("--data", choices=DATA, default="digits")
    parser.add_argument("--folder", help="IDX files of --data mnist or fashion")
    notebook = "ipykernel" in sys.modules
    args = parser.parse_args([] if notebook else None)
    if notebook:
        _show_what_is_printed()
    args.output.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(0)
    return args


def _show_what_is_printed():
    """Keeps the results of calls and TensorFlow's advice out of a notebook."""
    from IPython import get_ipython

    get_ipython().ast_node_interactivity = "none"
    logging.getLogger("tensorflow").setLevel("ERROR")


DATA = {
    "digits": "scikit-learn's 1,797 small digits (no download needed)",
    "mnist": "MNIST",
    "fashion": "Fashion-MNIST",
}


def load(args, image_size=28):
    """Returns (x_train, y_train), (x_test, y_test), images uint8 (N, size, size)."""
    print(f"Data: {DATA[args.data]}, as {image_size} x {image_size} pixels.")
    if args.data == "digits":
        pairs = digits.load_digits(image_size)
    elif args.data == "mnist":
        pairs = digits.load_mnist(args.folder)
    else:
        pairs = digits.load_fashion_mnist(args.folder)
    few = 100 if args.tiny else None
    return tuple((x[:few], y[:few]) for x, y in pairs)


def load_faces(args, image_size=64):
    """Returns two people's aligned faces, uint8 (N, size, size, 3), by name.

    They are the speakers of the package's clips; see ATTRIBUTION.md there.
    """
    aligner = dfm.FaceAligner(image_size, landmarks=5, embeddings=False, max_faces=1)
    people = {}
    for name in ("s1", "mb"):
        clips = sorted((CLIPS / name).glob("*.mpg"))[: 1 if args.tiny else None]
        every_n = 15 if args.tiny else 3 if name == "s1" else 1
        people[name] = aligner.extract(clips, every_n=every_n, progress=False).images
    counts = ", ".join(f"{len(images)} of {name}" for name, images in people.items())
    print(f"Data: faces of the clips that ship with the package: {counts}.")
    return people


def save(args, name, image, metadata=None):
    """Writes an image to the output folder and says where."""
    path = args.output / f"{name}.png"
    write_image(path, image, metadata=metadata)
    show(path)


def show(path):
    """Displays an image file in a notebook, as it is; else says where it is."""
    if "ipykernel" in sys.modules:
        from IPython.display import Image, display

        display(Image(filename=str(path)))
    else:
        print(f"Wrote {path}")


def tiles(batch, size=56):
    """Returns images as a list of RGB ones, enlarged by a whole number."""
    images = np.asarray(batch, "float32") / (255 if batch.dtype == np.uint8 else 1)
    if images.ndim == 3:
        images = images[..., None]
    times = max(1, size // images.shape[1])
    larger = images.repeat(times, axis=1).repeat(times, axis=2).clip(0, 1)
    return list(np.broadcast_to(larger, (*larger.shape[:3], 3)))
