"""Devices, and a description of machine and code for the model card."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

import keras

from deepface_models.core.version import __version__

_PACKAGE = Path(__file__).resolve().parent.parent


def share_batches() -> int:
    """Distributes each batch over all devices; returns their number."""
    devices = keras.distribution.list_devices()
    if len(devices) > 1:
        keras.distribution.set_distribution(
            keras.distribution.DataParallel(devices=devices, auto_shard_dataset=False)
        )
    return len(devices)


def machine() -> str:
    """Returns a description of the accelerator, if there is one, and the CPU."""
    found = [_accelerator(), f"{os.cpu_count()} CPU cores, {platform.machine()}"]
    return ", ".join(filter(None, found))


def _accelerator() -> str:
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        device = jax.devices()[0]
        return "" if device.platform == "cpu" else str(device.device_kind)
    if backend == "torch":
        import torch

        return torch.cuda.get_device_name() if torch.cuda.is_available() else ""
    import tensorflow as tf

    devices = tf.config.list_physical_devices("GPU")
    details = tf.config.experimental.get_device_details
    return str(details(devices[0]).get("device_name", "GPU")) if devices else ""


def commit() -> str:
    """Returns the commit of the code and whether it was changed, or the version.

    It is the version for an installed package, even inside another repository.
    """
    found = _git("rev-parse", "HEAD") if _git("ls-files", "core/version.py") else ""
    if not found:
        return f"deepface_models {__version__}"
    changed = _git("status", "--porcelain", "-uno", "--", ".")
    return f"{found}, changed" if changed else found


def _git(*words: str) -> str:
    command = ["git", "-C", str(_PACKAGE), *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    except FileNotFoundError:  # git is not installed
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
