"""`check_model`: the public contract, check by check."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from deepface_models.core.choices import choose
from deepface_models.core.whole import whole_numbers
from deepface_models.models.autoencoders.base import Autoencoder
from deepface_models.models.registry import architectures
from deepface_models.models.swap.base import FaceSwap
from deepface_models.testing import behavior, building
from deepface_models.testing.case import Case
from deepface_models.testing.errors import ContractError

# What is returned says what could not be done, such as "tf.data: ...".
_CHECKS: dict[str, Callable[[Case], str | None]] = {
    "config": building.check_config,
    "shapes": behavior.check_shapes,
    "bytes": behavior.check_bytes,
    "batches": behavior.check_batches,
    "gradients": behavior.check_gradients,
    "data": behavior.check_data,
    "precision": building.check_precision,
    "saving": building.check_saving,
}
CHECKS = tuple(_CHECKS)


@dataclass(frozen=True)
class ContractReport:
    """What `check_model` did.

    Attributes:
        model: The class's name.
        backend: Keras' backend.
        done: Names of the checks that passed.
        skipped: Names of those that were not run, or what of them was not.
    """

    model: str
    backend: str
    done: tuple[str, ...]
    skipped: tuple[str, ...]


@whole_numbers(batch=1)
def check_model(
    cls: type[keras.Model],
    kwargs: Mapping[str, Any] | None = None,
    *,
    batch: int = 4,
    data: Any = None,
    loss: Any = None,
    skip: Sequence[str] = (),
) -> ContractReport:
    """Checks that a model does what every model of the package does.

    Each check has a name:

    - `config`: `get_config` has every constructor argument and `from_config` builds
      the same model.
    - `shapes`: the shapes that the graph announces are those that come out.
    - `bytes`: uint8 and float in [0, 1] give the same.
    - `batches`: a batch of one, whole and ragged batches give the same.
    - `gradients`: one step of training changes every trainable variable, and to
      finite values. Weights are randomized before, so that branches which start at
      zero hide nothing.
    - `data`: an epoch without shuffling has the same loss from arrays, `tf.data`
      and `PyDataset`; the last batch is ragged.
    - `precision`: mixed_float16 and mixed_bfloat16 train, and end in finite float32.
    - `saving`: what `save_parts` and `save("x.keras")` wrote loads equal to the bit.

    It runs on the active Keras backend and trains a few steps, so choose arguments
    that make the model small, and other values than the defaults. It sets Keras'
    random seed to 0.

    Args:
        cls: A subclass of `Autoencoder` or `FaceSwap`, registered with
            `@keras.saving.register_keras_serializable("deepface_models")`.
        kwargs: Its constructor arguments; by default what it was registered with as
            `smallest`.
        batch: Examples in a batch, 2 or more.
        data: More than `batch` examples, or (examples, targets), for a model that
            random bytes do not suit; a dictionary keyed by identity for a face swap.
        loss: What `compile` is given; the model's own loss by default.
        skip: Names of checks to leave out; the report lists them.

    Returns:
        The names of the checks done and skipped.

    Raises:
        ContractError: A check failed; the message says what to do.
        TypeError: `cls` is neither kind of model.
        ValueError: `skip` names no check, or `batch` and `data` do not fit.

    Example:
        >>> from deepface_models.models.autoencoders import DenseAutoencoder
        >>> check_model(DenseAutoencoder, {"image_shape": (8, 8, 1)}).skipped
        ()
    """
    _check_arguments(cls, batch, skip)
    case = Case(cls, _smallest(cls) if kwargs is None else kwargs, batch, data, loss)
    done, left = [], list(skip)
    for name, check in _CHECKS.items():
        if name in skip:
            continue
        note = _run(case, name, check)
        done.append(name)
        left += [f"{name}: {note}"] if note else []
    backend = keras.backend.backend()
    return ContractReport(cls.__name__, backend, tuple(done), tuple(left))


def _smallest(cls: type[keras.Model]) -> Mapping[str, Any]:
    known = architectures().values()
    return next((one.smallest for one in known if one.model is cls), {})


def _run(case: Case, name: str, check: Callable[[Case], str | None]) -> str | None:
    case.check = name
    try:
        return check(case)
    except ContractError:
        raise
    except Exception as error:
        raise ContractError(
            case.cls.__name__,
            name,
            f"{type(error).__name__}: {error}".rstrip("."),
            "no error",
            "The traceback above leads to its cause.",
        ) from error


def _check_arguments(cls: Any, batch: int, skip: Sequence[str]) -> None:
    if not (isinstance(cls, type) and issubclass(cls, Autoencoder | FaceSwap)):
        raise TypeError(
            f"{cls!r} was given. Expected a class derived from Autoencoder or "
            "FaceSwap. Give the class, and its arguments as kwargs={...}."
        )
    if batch < 2:
        raise ValueError(
            f"batch={batch!r} was given. Expected 2 or more, so that a batch of one "
            "differs from a whole one. Leave it out for 4."
        )
    if isinstance(skip, str):
        raise ValueError(
            f"skip={skip!r} was given. Expected a tuple of names of checks. Use "
            f"skip=({skip!r},)."
        )
    for name in skip:
        choose("skip", name, CHECKS)
