"""Training that goes on after an interruption as if there had been none."""

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
from deepface_models.core.folders import recover_folder, whole_folder
from deepface_models.core.guards import read_arrays
from deepface_models.core.whole import whole_numbers

_LOG = logging.getLogger(__name__)
_FORMAT = 1
_BYTES, _HEADER = 8, 256  # of a number, and before an array
_MANIFEST, _STATE = "checkpoint.json", "state.npz"


class ResumableCheckpoint(HoldsFolder):
    """Saves the whole training state and goes on from it when training starts again.

    A checkpoint holds weights, seed generators, the optimizer's variables (with its
    learning rate and step count), the epoch, the epoch of `data`, and the state of
    the global random generators, which Keras shuffles with. Run the same script
    again after an interruption: training goes on with the next epoch, and on a CPU
    it ends with the weights that an uninterrupted run would have.

    Checkpoints are written under another name, flushed and renamed. On a restart
    the newest intact one is taken; damaged ones are renamed to `*.damaged` and a
    warning is logged. An epoch whose loss is not finite is not saved.

    Args:
        folder: Where checkpoints go, each a folder `epoch-000012`.
        data: The training data, if its draws depend on an attribute `epoch`, as
            those of `SwapPairs` do. By its `sketches`, if it has any, two people
            that were exchanged are noticed.
        every: Epochs from one checkpoint to the next. The last epoch of `fit` is
            always saved.
        keep: How many checkpoints to keep. Two or more, so that a damaged one does
            not cost the run.
        also: Callbacks whose progress belongs to the run, such as `TimeBudget`:
            objects with `get_state()` returning JSON values and `set_state(...)`.

    Raises:
        InUseError: On training begin, another training writes to the folder.
        ValueError: `every` or `keep` is less than 1.
        IntegrityError: On training begin, there are checkpoints but none is intact.
        ModelFileError: On training begin, the checkpoint is of another model,
            optimizer or format, or the faces are those of other people in it.
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
            self.let_go()  # Keras ends no training that it did not begin
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
                f"{self.folder} holds the training state of another model, optimizer "
                f"or list of callbacks than of this {type(model).__name__}. Expected "
                "the same people, sizes, optimizer and `also`. Use them, or another "
                "folder to start afresh."
            )
        noted, now = manifest.get("people"), getattr(self.data, "sketches", None)
        check_people(noted, now, self.folder)
        write_state(model, state)
        write_random(manifest["random"])
        model._initial_epoch = manifest["epoch"]
        if self.data is not None and manifest["data_epoch"] is not None:
            self.data.epoch = manifest["data_epoch"]
        for callback in self.also:
            self._give_back(callback, manifest["also"][type(callback).__name__])
            if getattr(callback, "finished", False):
                model._initial_epoch = max(manifest["epoch"], self.params["epochs"])
        _LOG.info("Going on from %s after epoch %d.", self.folder, manifest["epoch"])

    def _give_back(self, callback: Any, state: Any) -> None:
        try:
            callback.set_state(state)
        except (KeyError, TypeError, ValueError) as error:
            raise ModelFileError(
                f"{self.folder} holds a state that {type(callback).__name__} does not "
                f"take ({first_line(error)}). Expected what its get_state() returned. "
                "Go on with the version that wrote it, or use another folder."
            ) from error

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Notes which draws the epoch uses."""
        self.model._initial_epoch = None  # Keras would keep it for the next fit()
        self._data_epoch = getattr(self.data, "epoch", 0)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Saves a checkpoint when it is time for one."""
        loss = (logs or {}).get("loss")
        if loss is not None and not np.isfinite(loss):
            self._unsaved = None
            _LOG.warning("Epoch %d has loss %s and is not saved.", epoch + 1, loss)
            return
        self._unsaved = epoch + 1
        if (epoch + 1) % self.every == 0:
            self.save(epoch + 1)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Saves the last epoch if `every` left it out."""
        self.model._initial_epoch = None
        if self._unsaved is not None:
            self.save(self._unsaved)
        self.let_go()

    @whole_numbers(epoch=0)
    def save(self, epoch: int) -> Path:
        """Writes a checkpoint now.

        Args:
            epoch: How many epochs are done.

        Returns:
            The checkpoint's folder.
        """
        path = self.folder / f"epoch-{epoch:06d}"
        with whole_folder(path) as new:
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
        """Removes what was being written when an earlier training was killed."""
        self.checkpoints()  # puts former ones back
        for name in self._names(r"\.epoch-\d{6}\.(new|former)"):
            shutil.rmtree(self.folder / name)
        for name in self._names(r"\.epoch-\d{6}\.lock"):
            (self.folder / name).unlink()

    def _names(self, pattern: str) -> list[str]:
        # Not glob(), which takes a folder that may not be read for an empty one.
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
                f"{self.folder} holds checkpoints and none of them is intact. Expected "
                "one to go on from. Copy them again from a backup, or remove the "
                "folder to start afresh."
            )
        return None


def _read(
    path: Path, expected: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Array]]:
    """Returns manifest and state of a checkpoint, both checked.

    The state is empty where the manifest is not of the model that is `target_faces`.
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
            f"{_MANIFEST} and {_STATE} as they were written. The one before is used if "
            "there is one."
        ) from error
    if manifest["format"] != _FORMAT:
        raise ModelFileError(
            f"The checkpoint {path} has format {ascii(manifest['format'])[:20]}. "
            f"Expected {_FORMAT}. Go on with the version that wrote it."
        )
    return manifest, state


def _arrays(path: Path, variables: dict[str, Any]) -> dict[str, Array]:
    """Returns the state of these variables; no more is allocated than they need."""
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
