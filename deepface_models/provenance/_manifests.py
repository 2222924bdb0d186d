"""The manifests in a file's Content Credentials, as read by c2pa."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deepface_models.core.errors import ProvenanceError
from deepface_models.provenance.record import Record
from deepface_models.provenance.sign import RECORD_LABEL

UNTRUSTED = "signingCredential.untrusted"
# These concern who signed, not whether the file is as it was signed.
_ABOUT_THE_SIGNER = frozenset({UNTRUSTED, "signingCredential.expired"})

Store = dict[str, Any]


def active(store: Store) -> dict[str, Any]:
    """Returns the active manifest, which describes the file itself."""
    manifest: dict[str, Any] = store["manifests"][store["active_manifest"]]
    return manifest


def codes(store: Store, kind: str) -> list[str]:
    """Returns c2pa's codes of "success" or "failure" for the active manifest."""
    results = store.get("validation_results", {}).get("activeManifest", {})
    return [str(item["code"]) for item in results.get(kind, [])]


def source_failures(store: Store) -> list[str]:
    """Returns the failure codes of the credentials of the file's sources."""
    deltas = store.get("validation_results", {}).get("ingredientDeltas") or []
    recorded = (
        ((item.get("validation_results") or {}).get("activeManifest") or {})
        for item in active(store).get("ingredients", [])
    )
    results = [*(d.get("validationDeltas") or {} for d in deltas), *recorded]
    found = [str(f["code"]) for r in results for f in r.get("failure") or []]
    return [code for code in dict.fromkeys(found) if code not in _ABOUT_THE_SIGNER]


def is_sound(store: Store) -> bool:
    """Whether the file and its credentials are unchanged since signing."""
    failures = codes(store, "failure")
    wrong = [code for code in failures if code not in _ABOUT_THE_SIGNER]
    signed = "claimSignature.validated" in codes(store, "success")
    if store.get("validation_state") in ("Valid", "Trusted"):
        return True
    # Of failures that all lie elsewhere, none is about this file's own content.
    return bool(failures or source_failures(store)) and signed and not wrong


def actions(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns a manifest's C2PA actions in order."""
    found = _assertions(manifest, "c2pa.actions")
    return [a for data in found for a in data.get("actions", []) if isinstance(a, dict)]


def origins(manifest: dict[str, Any]) -> list[str]:
    """Returns the last part of each digital source type that the actions name."""
    named = (str(a.get("digitalSourceType") or "") for a in actions(manifest))
    return [name.rpartition("/")[2] for name in named if name]


def is_synthetic(store: Store) -> bool | None:
    """Whether a model was used for the file or for one of its sources.

    None if the credentials do not say how the file was made.
    """
    everything = store["manifests"].values()
    named = [name.lower() for item in everything for name in origins(item)]
    if any("trainedalgorithmicmedia" in name for name in named) or records(store):
        return True
    return False if origins(active(store)) else None


def made_by(manifest: dict[str, Any]) -> str | None:
    """Returns name and version of the program that a manifest names."""
    for program in manifest.get("claim_generator_info") or []:
        words = (program.get("name"), program.get("version"))
        return " ".join(str(word) for word in words if word) or None
    return manifest.get("claim_generator")


def records(store: Store) -> list[Record]:
    """Returns this package's records: the file's own, then those of its sources."""
    others = [m for m in store["manifests"].values() if m is not active(store)]
    return [r for manifest in (active(store), *others) for r in _records(manifest)]


def own_record(store: Store) -> Record | None:
    """Returns this package's record of the file itself."""
    return next(_records(active(store)), None)


def _records(manifest: dict[str, Any]) -> Iterator[Record]:
    for value in _assertions(manifest, RECORD_LABEL):
        try:
            yield Record.from_dict(value)
        except ProvenanceError:
            continue


def _assertions(manifest: dict[str, Any], label: str) -> list[dict[str, Any]]:
    data = (
        assertion.get("data")
        for assertion in manifest.get("assertions", [])
        if str(assertion.get("label", "")).startswith(label)
    )
    return [value for value in data if isinstance(value, dict)]
