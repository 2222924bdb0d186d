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

# Each check returns a note on what it skipped, or None.
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
    """The result of `check_model`.

    Attributes:
        model: Name of the class.
        backend: Keras' backend.
        done: Names of the checks that passed.
        skipped: Names of skipped checks, and notes on skipped parts of others.
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
    """Checks that a model meets the requirements on models of the package.

    The checks are:

    - `config`: `get_config` has every constructor argument, and `from_config` builds
      the same model.
    - `shapes`: the graph's output shapes are those of the actual outputs.
    - `bytes`: uint8 and float images in [0, 1] have the same outputs.
    - `batches`: outputs do not depend on the batch size.
    - `gradients`: a training step changes every trainable variable to a finite
      value. Weights are randomized before, because zeros would hide later layers.
    - `data`: an epoch without shuffling has the same loss for arrays, `tf.data` and
      `PyDataset`; the last batch is smaller than the others.
    - `precision`: mixed_float16 and mixed_bfloat16 train, and outputs are finite
      float32.
    - `saving`: models saved by `save_parts` and `save("x.keras")` load bitwise equal.

    It uses the active Keras backend and trains a few steps: choose arguments for a
    small model that differ from the defaults. It sets Keras' random seed to 0.

    Args:
        cls: A subclass of `Autoencoder` or `FaceSwap`, registered with
            `@keras.saving.register_keras_serializable("deepface_models")`.
        kwargs: Its constructor arguments; by default those registered as `smallest`.
        batch: Batch size, 2 or more.
        data: More than `batch` examples, or (examples, targets), if random bytes are
            not suitable; dictionaries keyed by identity for a face swap.
        loss: The loss for `compile`; the model's default loss by default.
        skip: Names of checks to skip.

    Returns:
        The names of the passed and the skipped checks.

    Raises:
        ContractError: A check failed; the message has a suggestion.
        TypeError: `cls` is not a model of this package.
        ValueError: `skip` has an unknown name, or `data` has too few examples.

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
