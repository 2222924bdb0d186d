"""Contradictions between a file's tags, credentials and certificates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deepface_models.core.display import one_line
from deepface_models.provenance._manifests import (
    Store,
    active,
    is_synthetic,
    origins,
    records,
)
from deepface_models.provenance.certificate import Certificate
from deepface_models.provenance.record import Record

_FIELDS = ("consent", "source", "source_sha256", "model", "model_sha256", "created")


def about_origin(claimed: bool, store: Store) -> str:
    """Reports that tags say synthetic, but the credentials name another origin."""
    if not claimed or is_synthetic(store) is not False:
        return ""
    named = ", ".join(map(one_line, dict.fromkeys(origins(active(store)))))
    return (
        "its plain tags call it synthetic media made with a trained model, its "
        f"credentials name another origin ({named})"
    )


def about_records(claimed: Record | None, store: Store) -> str:
    """Reports how the record in the tags differs from those in the credentials."""
    signed = records(store)
    if claimed is None or not signed or claimed in signed:
        return ""
    values = {
        name: (getattr(claimed, name), getattr(signed[0], name)) for name in _FIELDS
    }
    other = [
        f"{name} is {one_line(tag)!r} in its plain tags and {one_line(proof)!r} in its "
        "credentials"
        for name, (tag, proof) in values.items()
        if tag != proof
    ]
    return "; ".join(other) or "its plain tags and its credentials differ in details"


def about_certificate(store: Store, own: Certificate | None, is_own: bool) -> str:
    """Reports another certificate with the name or number of the user's own one."""
    if own is None or is_own:
        return ""
    same = list(_same(active(store).get("signature_info") or {}, own))
    if not same:
        return ""
    return (
        f"its signing certificate bears the {' and the '.join(same)} of the one made "
        "on this computer, but is another"
    )


def _same(signer: dict[str, Any], own: Certificate) -> Iterator[str]:
    if signer.get("common_name") == own.name:
        yield "name"
    if signer.get("cert_serial_number") == own.serial:
        yield "serial number"
