"""What a preset is trained on and by: the machine and the code."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

import keras


def machine() -> str:
    """The accelerator, if Keras trains on one, and the processor."""
    found = [accelerator(), f"{os.cpu_count()} CPU cores, {platform.machine()}"]
    return ", ".join(filter(None, found))


def accelerator() -> str:
    """Its name, or nothing."""
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        device = jax.devices()[0]
        return "" if device.platform == "cpu" else device.device_kind
    if backend == "torch":
        import torch

        return torch.cuda.get_device_name() if torch.cuda.is_available() else ""
    import tensorflow as tf

    devices = tf.config.list_physical_devices("GPU")
    details = tf.config.experimental.get_device_details
    return details(devices[0]).get("device_name", "GPU") if devices else ""


def commit() -> str:
    """The code's commit, and whether the code was changed since."""

    def git(*words: str) -> str:
        told = ["git", "-C", str(Path(__file__).parent), *words]
        try:
            return subprocess.run(told, capture_output=True, text=True).stdout.strip()
        except FileNotFoundError:  # a machine without git
            return ""

    found = git("rev-parse", "HEAD") or "unknown"
    registry = ":!deepface_models/presets/presets.json"  # grows by what is made
    code = ("benchmarks", "deepface_models", registry)
    changed = git("-C", "..", "status", "--porcelain", "-uno", "--", *code)
    return f"{found}, changed" if changed else found
