"""Trains on several devices, in a process of its own; see test_distribution.py.

Virtual devices and processes that train together have to be set up before TensorFlow or
JAX start.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))
if os.environ["KERAS_BACKEND"] == "tensorflow":
    import tensorflow as tf

    tf.config.set_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[0],
        [tf.config.LogicalDeviceConfiguration()] * int(os.environ["DEVICES"]),
    )

import keras  # noqa: E402
import numpy as np  # noqa: E402
from conftest import IMAGES, face_set  # noqa: E402

from deepface_models.data import Augmentation, SwapPairs  # noqa: E402
from deepface_models.models.swap import Swift, with_adversary  # noqa: E402
from deepface_models.optimizers import with_lr_multipliers  # noqa: E402
from deepface_models.training import train  # noqa: E402
from deepface_models.training.devices import Devices, find_devices  # noqa: E402
from deepface_models.training.following import checkpoint_of  # noqa: E402

SMALL = {"image_size": 64, "latent_size": 8, "basis_size": 2, "examples": 4}


def people():
    counts = {"ana": 6, "ben": 9}
    return {name: face_set(IMAGES[name], n, 64) for name, n in counts.items()}


def swift():
    model = Swift(("ana", "ben"), **SMALL)
    model.compile(keras.optimizers.SGD(1e-3), jit_compile=False)
    return model


def adversarial():
    """Whose encoder learns slowly, and whose weights end as their averages."""
    model = with_adversary(Swift(("ana", "ben"), **SMALL), patch=4)
    averaging = keras.optimizers.SGD(1e-3, use_ema=True, ema_momentum=0.5)
    optimizer = with_lr_multipliers(averaging, model, {"encoder": 0.1})
    model.compile(optimizer, jit_compile=False)
    return model


def stepped(
    make, devices: Devices, folder: Path | None, eager: bool
) -> tuple[list[np.ndarray], dict[str, list[float]]]:
    """Returns how far two epochs of a step moved each weight, and the history."""
    if keras.backend.backend() == "tensorflow":
        tf.config.run_functions_eagerly(eager)
    pairs = SwapPairs(people(), 4, steps=1, augmentation=Augmentation.light())
    with devices.scope():
        keras.utils.set_random_seed(0)
        model = make()
        getattr(model, "model", model).adapt(pairs)
    before = [v.numpy() for v in model.trainable_variables]
    saved = [checkpoint_of(devices, folder, pairs)] if folder else []
    with devices.running():
        history = model.fit(pairs, epochs=2, verbose=0, callbacks=saved).history
    after = [v.numpy() for v in model.trainable_variables]
    moved = [b - a for a, b in zip(before, after, strict=True)]
    return moved, history


def compare(kind: str, folder: str | None = None) -> dict[str, float]:
    """Returns the largest differences between one and all devices.

    With a folder for checkpoints also those of a training that is resumed in it.
    """
    make = {"swift": swift, "adversarial": adversarial}[kind]
    together, place = find_devices("all"), Path(folder) if folder else None
    # Where it is not the graph that is tested, tracing would take longer than a step.
    one, logs_of_one = stepped(make, Devices(), None, eager=True)
    all_, logs_of_all = stepped(make, together, place, eager=False)
    found = {
        "devices": together.count,
        "steps": apart(one, all_),
        "losses": most(logs_of_one, logs_of_all),
    }
    if place is None:
        return found
    shutil.rmtree(place / "epoch-000002")
    resumed, logs_of_resumed = stepped(make, together, place, eager=True)
    return {
        **found,
        "resumed": apart(all_, resumed),
        "losses_resumed": most(logs_of_all, logs_of_resumed),
        "epochs_resumed": len(logs_of_resumed["loss"]),
    }


def apart(some: list[np.ndarray], others: list[np.ndarray]) -> float:
    """The largest difference, relative to the largest value."""
    far = (np.abs(a - b).max() for a, b in zip(some, others, strict=True))
    return float(max(far) / max(np.abs(one).max() for one in some))


def most(some: dict[str, list[float]], others: dict[str, list[float]]) -> float:
    """The largest relative difference of the last epoch's values that are not 0."""
    last = {name: float(values[-1]) for name, values in some.items() if values[-1]}
    return max(abs(float(others[n][-1]) / value - 1) for n, value in last.items())


def run(output: str, epochs: int, devices: str | None) -> dict[str, float]:
    """Trains a model; one process of several reads its part of the batches."""
    model = train(
        people(),
        output,
        image_size=64,
        batch_size=4,
        steps=2,
        epochs=epochs,
        checkpoint_every=1,
        preview_every=1,
        seed=3,
        verbose=0,
        devices=devices,
        callbacks=[] if devices else [Joined()],
    )
    return {"sum": float(sum(np.abs(v.numpy()).sum() for v in model.variables))}


class Joined(keras.callbacks.Callback):
    """Has one process train on the faces that two processes have together."""

    def on_train_begin(self, logs=None):
        self.read = read = SwapPairs.__getitem__

        def join(pairs, index):
            if pairs.whole is not pairs:
                return read(pairs, index)
            parts = [read(pairs.share(number, 2), index) for number in range(2)]
            return tuple(
                {n: np.concatenate([part[i][n] for part in parts]) for n in parts[0][i]}
                for i in range(2)
            )

        SwapPairs.__getitem__ = join

    def on_train_end(self, logs=None):
        SwapPairs.__getitem__ = self.read


if __name__ == "__main__":
    call, *words = sys.argv[1:]
    if call == "compare":
        print(json.dumps(compare(*words)))
    else:
        output, epochs, devices = words
        chosen = None if devices == "none" else devices
        print(json.dumps(run(output, int(epochs), chosen)))
