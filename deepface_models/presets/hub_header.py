"""The header of a model card, by which the Hugging Face hub lists and finds a model.

Its fields are those of https://huggingface.co/docs/hub/model-cards.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from deepface_models.core.display import message
from deepface_models.presets.record import Record

_LICENSE = re.compile(r"[a-z0-9.-]+")
_REPOSITORY = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*", re.ASCII)
_TASK = "image-to-image"  # of every model that presets hold


def check_base_model(name: str) -> str:
    """Returns the repository of the model that another one started from, or "".

    Raises:
        ValueError: It is not "owner/name".
    """
    if name and not _REPOSITORY.fullmatch(name):
        raise ValueError(
            f"base_model={name!r} was given. Expected the repository on the Hugging "
            'Face hub of the model that this one started from, "owner/name". Leave it '
            "out if that model is not on the hub."
        )
    return name


def header(record: Record, base_model: str) -> Iterator[str]:
    """Yields the lines of the YAML header; values are in YAML's JSON notation."""
    license = record["license"]
    known = _LICENSE.fullmatch(license.lower())
    kind = "face-swap" if record["shared"] or record["identities"] else "autoencoder"
    yield "---"
    yield f"license: {license.lower() if known else 'other'}"
    if not known:
        yield f"license_name: {_json(license)}"
    yield from ("library_name: keras", f"pipeline_tag: {_TASK}")
    if base_model:
        yield f"base_model: {_json(base_model)}"
    yield f"tags: {_json(['deepface_models', kind])}"
    results = list(_results(record["results"]))
    if results:
        yield "model-index:"
        yield f"- name: {_json(record['name'])}"
        yield "  results:"
        yield from (f"  - {_json(result)}" for result in results)
    yield from ("---", "")


def _results(
    values: Mapping[str, Any], group: tuple[str, ...] = ()
) -> Iterator[dict[str, Any]]:
    """Yields the numbers that were measured, those of each group of images together."""
    metrics = [
        {"type": _identifier(name), "name": message(name), "value": value}
        for name, value in values.items()
        if _is_number(value)
    ]
    if metrics:
        name = message(", ".join(group) or "all")
        dataset = {"type": _identifier(name), "name": name}
        yield {"task": {"type": _TASK}, "dataset": dataset, "metrics": metrics}
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _results(value, (*group, name))


def _is_number(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value)


def _identifier(name: str) -> str:
    return re.sub(r"\W+", "_", name.lower()).strip("_") or "value"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
