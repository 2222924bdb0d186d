"""Checkpoints from which an interrupted training resumes exactly."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from deepface_models.callbacks._holding import HoldsFolder
from deepface_models.callbacks._people import check_people
from deepface_models.callbacks._state import (
    check_random,
    describe_state,
    read_random,
    read_state,
    write_random,
    write_state,
)
from deepface_models.core.arrays import Array
from deepface_models.core.checked import check, first_line, read
from deepface_models.core.errors import IntegrityError, ModelFileError
from deepface_models.core.files import sha256_file, write_json
from deepface_models.core.folders import atomic_folder, recover_folder
from deepface_models.core.guards import read_arrays
from deepface_models.core.whole import whole_numbers

_LOG = logging.getLogger(__name__)
_FORMAT = 1
_BYTES, _HEADER = 8, 256  # most bytes of a number, and of an array's header
_MANIFEST, _STATE = "checkpoint.json", "state.npz"


class ResumableCheckpoint(HoldsFolder):
    """Saves the whole training state and restores it when training starts again.

    A checkpoint holds weights, seed generators, the optimizer's variables (with its
    learning rate and step count), the epoch, the epoch of `data`, and the state of
    the global random generators, which Keras uses to shuffle. After an interruption,
    run the same script again: training resumes with the next epoch. On a CPU it ends
    with the same weights as an uninterrupted training.

    Checkpoints are written under a temporary name, flushed and renamed. When training
    begins, the newest intact checkpoint is restored; damaged ones are renamed to
    `*.damaged` and a warning is logged. An epoch whose loss is not finite is not
    saved.

    Args:
        folder: Folder of the checkpoints; each is a folder such as `epoch-000012`.
        data: The training data, if its batches depend on an attribute `epoch`, as
            those of `SwapPairs` do. If it has the attribute `sketches`, faces given
            for the wrong person are detected.
        every: Epochs between checkpoints. The last epoch of `fit` is always saved.
        keep: Number of checkpoints to keep. Keep two or more in case one is damaged.
        also: Callbacks with a state of their own, such as `TimeBudget`: objects with
            `get_state()`, which returns JSON values, and `set_state(...)`.

    Raises:
        InUseError: When training begins: another training writes to the folder.
        ValueError: `every` or `keep` is less than 1.
        IntegrityError: When training begins: there are checkpoints, but none is
            intact.
        ModelFileError: When training begins: the checkpoint belongs to another model,
            optimizer or format, or the faces belong to other people in it.

    Example:
        >>> resume = ResumableCheckpoint("checkpoints")
        >>> history = autoencoder.fit(x_train, callbacks=[resume], verbose=0)
    """

    @whole_numbers(every=1, keep=1)
    def __init__(
        self,
        folder: str | Path,
        data: Any = None,
        every: int = 1,
        keep: int = 2,
        also: Sequence[Any] = (),
    ) -> None:
        super().__init__(folder)
        self.data = data
        self.every = every
        self.keep = keep
        self.also = tuple(also)
        self._data_epoch = 0
        self._unsaved: int | None = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Restores the newest intact checkpoint, if there are any."""
        self._unsaved = None
        self.hold()
        try:
            self._sweep()
            self._restore()
        except BaseException:
            self.let_go()  # Keras does not call on_train_end after this error
            raise

    def _restore(self) -> None:
        model = self.model
        expected = json.loads(json.dumps(describe_state(model)))
        found = self._newest(expected)
        if found is None:
            return
        manifest, state = found
        fits = manifest["fits"] == expected
        also = {type(callback).__name__ for callback in self.also}
        if not fits or not also <= set(manifest["also"]):
            raise ModelFileError(
                f"{self.folder} was given, which holds the training state of another "
                "model, optimizer or list of callbacks than this "
                f"{type(model).__name__}. Expected the same people, sizes, optimizer "
                "and `also`. Use them, or another folder to start from scratch."
            )
        noted, now = manifest.get("people"), getattr(self.data, "sketches", None)
        check_people(noted, now, self.folder)
        write_state(model, state)
        write_random(manifest["random"])
        model._initial_epoch = manifest["epoch"]
        if self.data is not None and manifest["data_epoch"] is not None:
            self.data.epoch = manifest["data_epoch"]
        for callback in self.also:
            self._set_state(callback, manifest["also"][type(callback).__name__])
            if getattr(callback, "finished", False):
                model._initial_epoch = max(manifest["epoch"], self.params["epochs"])
        _LOG.info("Resuming from %s after epoch %d.", self.folder, manifest["epoch"])

    def _set_state(self, callback: Any, state: Any) -> None:
        try:
            callback.set_state(state)
        except (KeyError, TypeError, ValueError) as error:
            raise ModelFileError(
                f"{self.folder} holds a state that {type(callback).__name__} does not "
                f"accept ({first_line(error)}). Expected what its get_state() "
                "returned. Use the version that wrote it, or another folder."
            ) from error

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Records the data's epoch."""
        self.model._initial_epoch = None  # Keras would keep it for the next fit()
        self._data_epoch = getattr(self.data, "epoch", 0)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Saves a checkpoint every `every` epochs."""
        loss = (logs or {}).get("loss")
        if loss is not None and not np.isfinite(loss):
            self._unsaved = None
            _LOG.warning("Epoch %d has loss %s and is not saved.", epoch + 1, loss)
            return
        self._unsaved = epoch + 1
        if (epoch + 1) % self.every == 0:
            self.save(epoch + 1)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Saves the last epoch if it is not saved yet."""
        self.model._initial_epoch = None
        if self._unsaved is not None:
            self.save(self._unsaved)
        self.let_go()

    @whole_numbers(epoch=0)
    def save(self, epoch: int) -> Path:
        """Writes a checkpoint now.

        Args:
            epoch: Number of epochs that are done.

        Returns:
            The checkpoint's folder.
        """
        path = self.folder / f"epoch-{epoch:06d}"
        with atomic_folder(path) as new:
            np.savez(new / _STATE, **read_state(self.model))  # type: ignore[arg-type]
            manifest = {
                "format": _FORMAT,
                "epoch": epoch,
                # Not data.epoch: Keras advances that only after complete epochs.
                "data_epoch": None if self.data is None else self._data_epoch + 1,
                "also": {type(c).__name__: c.get_state() for c in self.also},
                "people": getattr(self.data, "sketches", None),
                "random": read_random(),
                "fits": describe_state(self.model),
                "keras": keras.__version__,
                "backend": keras.backend.backend(),
                "sha256": sha256_file(new / _STATE),
            }
            write_json(new / _MANIFEST, {**manifest, "digest": _digest(manifest)})
        self._unsaved = None
        for old in self.checkpoints()[self.keep :]:
            shutil.rmtree(old)
        return path

    def checkpoints(self) -> list[Path]:
        """Returns the folders of checkpoints, newest first."""
        for name in self._names(r"\.epoch-\d{6}\.former"):
            recover_folder(self.folder / name[1 : -len(".former")])
        names = self._names(r"epoch-\d{6}")
        return [self.folder / name for name in sorted(names, reverse=True)]

    def _sweep(self) -> None:
        """Removes incomplete files of an earlier training that was killed."""
        self.checkpoints()  # recovers checkpoints that were being replaced
        for name in self._names(r"\.epoch-\d{6}\.(new|former)"):
            shutil.rmtree(self.folder / name)
        for name in self._names(r"\.epoch-\d{6}\.lock"):
            (self.folder / name).unlink()

    def _names(self, pattern: str) -> list[str]:
        # Not glob(), which treats an unreadable folder as an empty one.
        names = os.listdir(self.folder) if self.folder.exists() else []
        return [name for name in names if re.fullmatch(pattern, name)]

    def _newest(
        self, expected: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Array]] | None:
        damaged = []
        for path in self.checkpoints():
            try:
                found = _read(path, expected)
            except IntegrityError as error:
                _LOG.warning("%s", error)
                damaged.append(path)
                continue
            for broken in damaged:
                _set_aside(broken)
            return found
        if damaged or self._names(r"epoch-.*\.damaged"):
            raise IntegrityError(
                f"{self.folder} was given, where all checkpoints are damaged. Expected "
                "one that is intact. Copy them again from a backup, or remove the "
                "folder to start from scratch."
            )
        return None


def _read(
    path: Path, expected: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Array]]:
    """Returns manifest and state of a checkpoint, both checked.

    The state is empty if the manifest does not fit the expected model.
    """
    try:
        manifest = read(path / _MANIFEST)
        digest = manifest.pop("digest")
        if digest != _digest(manifest):
            raise ValueError("its digest is not that of its values")
        if manifest["format"] == _FORMAT:
            check(manifest, "checkpoint")
            check_random(manifest["random"])
        if manifest["sha256"] != sha256_file(path / _STATE):
            raise ValueError(f"{_STATE} has other bytes")
        fits = manifest.get("fits") == expected
        state = _arrays(path / _STATE, expected["variables"]) if fits else {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise IntegrityError(
            f"The checkpoint {path} is damaged ({first_line(error)}). Expected "
            f"{_MANIFEST} and {_STATE} as they were written. The previous checkpoint "
            "is used if there is one."
        ) from error
    if manifest["format"] != _FORMAT:
        raise ModelFileError(
            f"The checkpoint {path} has format {ascii(manifest['format'])[:20]}. "
            f"Expected {_FORMAT}. Use the version that wrote it."
        )
    return manifest, state


def _arrays(path: Path, variables: dict[str, Any]) -> dict[str, Array]:
    """Returns the variables' saved state; allocates no more than they need."""
    shapes = {name: tuple(shape) for name, (shape, _) in variables.items()}
    limit = sum(_BYTES * math.prod(shape) + _HEADER for shape in shapes.values())
    state = read_arrays(path, limit)
    wrong = [n for n, a in state.items() if shapes.get(n) != a.shape or a.dtype == "O"]
    if wrong or state.keys() != shapes.keys():
        raise ValueError(f"{_STATE} holds other variables than {_MANIFEST} states")
    return state


def _digest(manifest: dict[str, Any]) -> str:
    text = json.dumps(manifest, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _set_aside(path: Path) -> None:
    aside = path.with_name(f"{path.name}.damaged")
    shutil.rmtree(aside, ignore_errors=True)
    os.rename(path, aside)
