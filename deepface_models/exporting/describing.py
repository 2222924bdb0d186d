"""The metadata of an export."""

from __future__ import annotations

from typing import Any

from deepface_models.conversion._options import source_name
from deepface_models.conversion._outputs import model_sha256
from deepface_models.core.synthetic import NOTICE, software_name
from deepface_models.engines.metadata import Metadata
from deepface_models.exporting.networks import Network
from deepface_models.faces.models import MODELS
from deepface_models.presets import registry

_UNSTATED = "not stated"


def describe(
    model: Any,
    network: Network,
    identity: str | None,
    source: Any,
    dtype: str,
    license: str | None,
    consent: str | None,
) -> Metadata:
    """Returns what the file will say of itself; see `core.schemas.ExportInfo`."""
    own = _landmarks(model) if isinstance(model, str) else _model(model, identity)
    return {
        "format": 1,
        "kind": network.kind,
        "values": network.values,
        "identity": identity,
        "source_identity": source_name(source),
        "dtype": dtype,
        "notice": NOTICE,
        "software": software_name(),
        **own,
        "license": license or own["license"],
        "consent": consent or _UNSTATED,
    }


def _model(model: Any, identity: str | None) -> dict[str, Any]:
    poses = model.poses.get(identity)
    return {
        "name": str(model.name),
        "image_size": getattr(model, "image_size", None),
        "output_size": getattr(model, "output_size", None),
        "face_type": getattr(model, "face_type", None),
        "poses": {} if identity is None or poses is None else {identity: list(poses)},
        "started_from": model.started_from,
        "weights_sha256": model_sha256(model),
        "license": _license(model),
    }


def _license(model: Any) -> str:
    """Returns the license of a preset whose weights the model has."""
    known = registry.find(getattr(model, "loaded_from", None) or "")
    return str(known[0]["license"]) if known else _UNSTATED


def _landmarks(name: str) -> dict[str, Any]:
    _, sha256, license = MODELS[name]
    none = dict.fromkeys(("image_size", "output_size", "face_type", "started_from"))
    return {
        **none,
        "name": name,
        "poses": {},
        "weights_sha256": sha256,
        "license": license,
    }
