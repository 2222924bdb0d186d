"""Training on several devices, each with its part of every batch."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import keras

_PROCESSES = "KERAS_DISTRIBUTION_NUM_PROCESSES"
_ALL = "all"


@dataclass(frozen=True)
class Devices:
    """The devices that train one model together.

    Attributes:
        count: Their number, on all machines.
        processes: Number of processes, 1 unless `keras.distribution.initialize` or the
            environment variables `KERAS_DISTRIBUTION_*` connect several.
        process: Index of this process.
    """

    count: int = 1
    processes: int = 1
    process: int = 0
    _strategy: Any = field(default=None, repr=False)

    def scope(self) -> AbstractContextManager[Any]:
        """Returns a context in which models are created for these devices."""
        return nullcontext() if self._strategy is None else self._strategy.scope()

    def running(self) -> AbstractContextManager[Any]:
        """Returns a context for `fit`; on TensorFlow the model knows its strategy."""
        tensorflow = keras.backend.backend() == "tensorflow"
        return nullcontext() if tensorflow else self.scope()

    @property
    def leads(self) -> bool:
        """Whether this process is the one that writes files."""
        return self.process == 0

    def check(self, batch_size: int, minutes: float | None, epochs: int | None) -> None:
        """Rejects what these devices cannot do together.

        Raises:
            ValueError: The batch cannot be divided, or processes would stop by clocks
                of their own.
        """
        if batch_size % self.count:
            raise ValueError(
                f"batch_size={batch_size} was given for {self.count} devices. Expected "
                "a multiple, because each gets an equal part of every batch. Use "
                f"batch_size={self.count * max(1, round(batch_size / self.count))}."
            )
        if self.processes > 1 and (minutes is not None or epochs is None):
            raise ValueError(
                f"minutes={minutes} and epochs={epochs} were given for "
                f"{self.processes} processes, whose clocks differ. Expected epochs "
                "alone, so that all take the same number of steps. Use epochs=100."
            )

    def wait(self, what: str) -> None:
        """Waits until all processes are here."""
        if self.processes > 1:
            from jax.experimental import multihost_utils

            multihost_utils.sync_global_devices(what)


def find_devices(devices: str | Sequence[str] | None) -> Devices:
    """Returns the devices to train on.

    Args:
        devices: None for Keras' default device; "all" for all accelerators (all CPU
            devices if there are none), on JAX those of all processes; or names, such
            as ["gpu:0", "gpu:1"].

    Raises:
        ValueError: A device does not exist, names are given for several processes, or
            the backend is PyTorch.
    """
    if devices is None:
        return Devices()
    backend = keras.backend.backend()
    if backend == "tensorflow":
        return _on_tensorflow(_chosen(devices, _of_tensorflow()))
    if backend == "jax":
        return _on_jax(devices)
    raise ValueError(
        f"devices={devices!r} was given with the Keras backend {backend}, on which "
        "Keras does not distribute training. Expected None. Set "
        "KERAS_BACKEND=tensorflow or KERAS_BACKEND=jax before Python starts, or leave "
        "`devices` out to train on one device."
    )


def _on_tensorflow(names: list[str]) -> Devices:
    if len(names) == 1:
        return Devices()
    import tensorflow

    strategy = tensorflow.distribute.MirroredStrategy([n.upper() for n in names])
    return Devices(len(names), _strategy=strategy)


def _of_tensorflow() -> list[str]:
    import tensorflow

    for kind in ("GPU", "CPU"):
        found = tensorflow.config.list_logical_devices(kind)
        if found:
            return [f"{kind.lower()}:{number}" for number in range(len(found))]
    return []


def _on_jax(devices: str | Sequence[str]) -> Devices:
    import jax

    if os.environ.get(_PROCESSES) and not jax.distributed.is_initialized():
        keras.distribution.initialize()
    processes = jax.process_count()
    if processes > 1 and devices != _ALL:
        raise ValueError(
            f"devices={devices!r} was given to one of {processes} processes. Expected "
            '"all", the devices of all of them. Restrict them for each process with '
            "CUDA_VISIBLE_DEVICES."
        )
    names = _chosen(devices, keras.distribution.list_devices())
    if len(names) == 1:
        return Devices()
    # The data are divided among processes by SwapPairs.share.
    strategy = keras.distribution.DataParallel(devices=names, auto_shard_dataset=False)
    return Devices(len(names), processes, jax.process_index(), strategy)


def _chosen(devices: str | Sequence[str], known: list[str]) -> list[str]:
    if devices == _ALL:
        return known
    names = [devices] if isinstance(devices, str) else list(devices)
    wrong = [name for name in names if name not in known]
    if wrong or not names or len(set(names)) < len(names):
        raise ValueError(
            f'devices={devices!r} was given. Expected "all", or each once some of '
            f'{", ".join(known)}. Use devices="all".'
        )
    return names
