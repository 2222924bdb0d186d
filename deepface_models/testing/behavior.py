"""Checks of a model's behavior: shapes, dtypes, batches, gradients, data sets."""

from __future__ import annotations

import importlib
import importlib.util
import math
import warnings
from typing import Any

import keras
import numpy as np
from keras import ops, tree

from deepface_models.testing.case import (
    Case,
    as_unit,
    forward,
    named,
    rows,
)


def check_shapes(case: Case) -> None:
    """Checks that the graph's output shapes are those of the actual outputs."""
    case.restore()
    x = as_unit(case.x)
    announced = {k: tuple(v.shape) for k, v in named(case.model.output).items()}
    ways = {"model(x)": forward(case.model, x), "predict(x)": _predict(case, x)}
    for way, outputs in ways.items():
        shapes = {k: tuple(v.shape) for k, v in named(outputs).items()}
        if not _agree(announced, shapes, case.batch + 1):
            case.fail(
                f"{way} has outputs {shapes}, but the graph has {announced}",
                "the same names and shapes (None matches any length)",
                "Correct compute_output_shape or `call` of a layer.",
            )


def _agree(announced: dict[str, Any], shapes: dict[str, Any], count: int) -> bool:
    return set(announced) == set(shapes) and all(
        len(shape) == len(announced[name])
        and shape[0] == count
        and all(a in (None, n) for a, n in zip(announced[name], shape, strict=True))
        for name, shape in shapes.items()
    )


def check_bytes(case: Case) -> None:
    """Checks that uint8 and float images have the same outputs."""
    case.restore()
    bytes_ = tree.map_structure(_as_bytes, case.x)
    unit = as_unit(bytes_)
    one, other = tree.flatten(bytes_)[0], tree.flatten(unit)[0]
    found = {"predict": (_predict(case, bytes_), _predict(case, unit))}
    found["encode"] = (case.model.encode(one), case.model.encode(other))
    found["model(x)"] = (forward(case.model, bytes_), forward(case.model, unit))
    for way, (of_bytes, of_floats) in found.items():
        case.same(
            of_bytes,
            of_floats,
            f"{way} of uint8 and of float in [0, 1]",
            "Divide uint8, but no floats, by 255 before the first layer.",
        )
    y = rows(case.y, case.batch)
    bytes_, unit = rows(bytes_, case.batch), rows(unit, case.batch)
    case.same(
        case.fit(bytes_, y),
        case.fit(unit, as_unit(y)),
        "logs of fit on uint8 and on float in [0, 1]",
        "Divide uint8 targets by 255 in compute_loss and compute_metrics too.",
    )


def _as_bytes(array: Any) -> Any:
    if array.dtype == np.uint8:
        return array
    return np.random.default_rng(0).integers(0, 256, array.shape, "uint8")


def check_batches(case: Case) -> None:
    """Checks that outputs do not depend on the batch size, and training on one."""
    case.restore()
    whole = _predict(case, case.x, case.batch + 1)
    ragged = _predict(case, case.x, case.batch)
    single = _predict(case, rows(case.x, 1))
    fix = (
        "Compute examples independently, use random numbers only while training, and "
        "take the number of examples from ops.shape(x)[0]."
    )
    case.same(ragged, whole, "predict in ragged batches and in one", fix)
    case.same(single, rows(whole, 1), "predict of one example and of many", fix)
    logs = case.fit(rows(case.x, 1), rows(case.y, 1))
    _check_finite(case, logs, "fit on one example")


def check_gradients(case: Case) -> None:
    """Checks that a training step changes every trainable variable."""
    case.restore()
    variables = case.model.trainable_variables
    before = [np.array(ops.convert_to_numpy(v)) for v in variables]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras warns of missing gradients
        logs = case.fit(rows(case.x, case.batch), rows(case.y, case.batch))
    after = [np.array(ops.convert_to_numpy(v)) for v in variables]
    changes = list(zip(variables, before, after, strict=True))
    broken = [v.path for v, _, new in changes if not np.isfinite(new).all()]
    still = [v.path for v, old, new in changes if np.array_equal(old, new)]
    if broken:
        case.fail(
            f"a training step makes values of {_list(broken)} not finite",
            "finite gradients",
            "Look for a square root, logarithm or division at 0.",
        )
    if still or not variables:
        case.fail(
            f"a training step does not change {_list(still) or 'any variable'}",
            "a gradient for every trainable variable",
            "Remove variables that the loss does not depend on, or set "
            "trainable=False. Look for stop_gradient and for unused parts.",
        )
    _check_finite(case, logs, "fit")


def check_data(case: Case) -> str | None:
    """Checks that arrays, `tf.data` and `PyDataset` have the same loss."""
    x, y = as_unit(case.x), as_unit(case.y)
    expected = case.fit(x, y)
    _check_finite(case, expected, "fit on arrays")
    batches = _Batches(case.x, case.y, case.batch)
    found = {"PyDataset": case.fit(batches)}
    if importlib.util.find_spec("tensorflow"):
        found["tf.data"] = case.fit(_tf_data(x, y, case.batch))
    # Only once, because tracing is slow. In graphs Keras averages the losses of single
    # outputs over batches, not over examples, so they differ if the last is smaller.
    in_graph = case.fit(batches, graph=True)
    found["PyDataset in a graph"] = {**expected, "loss": in_graph["loss"]}
    for name, logs in found.items():
        case.same(
            logs,
            expected,
            f"logs of fit on {name} and on arrays",
            "Convert inputs and targets in `call` and compute_loss, not in `fit`.",
        )
    return None if "tf.data" in found else "tf.data, as tensorflow is not installed"


class _Batches(keras.utils.PyDataset):
    """Batches of arrays; the last one is smaller."""

    def __init__(self, x: Any, y: Any, batch: int) -> None:
        super().__init__()
        self.data = (x,) if y is None else (x, y)
        self.batch = batch

    def __len__(self) -> int:
        count = len(tree.flatten(self.data)[0])
        return math.ceil(count / self.batch)

    def __getitem__(self, index: int) -> Any:
        chosen = slice(index * self.batch, (index + 1) * self.batch)
        return tree.map_structure(lambda a: a[chosen], self.data)


def _tf_data(x: Any, y: Any, batch: int) -> Any:
    data = importlib.import_module("tensorflow").data.Dataset
    return data.from_tensor_slices(x if y is None else (x, y)).batch(batch)


def _predict(case: Case, x: Any, size: int | None = None) -> Any:
    return case.model.predict(x, batch_size=size, verbose=0)


def _check_finite(case: Case, logs: dict[str, float], what: str) -> None:
    bad = {name: value for name, value in logs.items() if not np.isfinite(value)}
    if bad:
        case.fail(
            f"{what} logs {bad}",
            "finite values",
            "Look for a logarithm or a division at 0 in the loss.",
        )


def _list(paths: list[str]) -> str:
    more = f" and {len(paths) - 5} more" if len(paths) > 5 else ""
    return ", ".join(paths[:5]) + more
