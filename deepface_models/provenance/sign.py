"""Content Credentials (C2PA) for the files this package makes."""

from __future__ import annotations

import json
import mimetypes
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

import c2pa

from deepface_models.core.errors import ProvenanceError
from deepface_models.core.files import atomic_path
from deepface_models.provenance.certificate import Certificate
from deepface_models.provenance.record import Record

SIGNABLE_SUFFIXES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
}
RECORD_LABEL = "org.deepface-models.record"
SYNTHETIC_SOURCE = (
    "http://cv.iptc.org/newscodes/digitalsourcetype/"
    "compositeWithTrainedAlgorithmicMedia"
)
# Signing and reading use no network. Thumbnails, further copies of a face, are not
# stored. Above the threshold, c2pa copies a video to a temporary file, not to memory.
OFFLINE_SETTINGS: dict[str, Any] = {
    "version": 1,
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    "core": {"backing_store_memory_threshold_in_mb": 64},
}
_SOURCE_ID = "source"


def sign(
    path: str | Path,
    record: Record,
    certificate: Certificate | None = None,
    *,
    action: Literal["c2pa.edited", "c2pa.created"] = "c2pa.edited",
) -> None:
    """Signs a finished file with `record`, so that later changes can be detected.

    Only the credentials are added; image and sound are not changed. After an error the
    file is unchanged. Sign last: any later change of the file or its tags makes the
    signature invalid.

    Args:
        path: PNG, JPEG, WebP, MP4 or MOV file, changed in place.
        record: The provenance statement. If its `source_path` exists, that file is
            added as an ingredient, with its credentials if it has some.
        certificate: Signing certificate; `Certificate.own()` by default.
        action: "c2pa.edited" for a converted recording, "c2pa.created" for generated
            media.

    Raises:
        FileNotFoundError: There is no such file.
        ProvenanceError: The file's format cannot be signed, the file is damaged, or
            the certificate is not suitable for C2PA.

    Example:
        >>> import shutil
        >>> from deepface_models.provenance import verify
        >>> path = shutil.copy("ana.png", "signed.png")
        >>> who = {"consent": "Ana, file 17", "model": "mine", "model_sha256": 64 * "0"}
        >>> sign(path, Record.from_source("ana.png", **who))
        >>> verify(path).state
        'valid'
    """
    target = Path(path)
    media_type = _media_type(target)
    certificate = Certificate.own() if certificate is None else certificate
    try:
        with ExitStack() as stack:
            context = stack.enter_context(c2pa.Context.from_dict(OFFLINE_SETTINGS))
            signer = stack.enter_context(_signer(certificate))
            builder = _builder(stack, context, target.name, record, action)
            temporary = stack.enter_context(atomic_path(target))
            source = stack.enter_context(open(target, "rb"))
            with open(temporary, "w+b") as signed:
                builder.sign(signer, media_type, source, signed)
            shutil.copymode(target, temporary)
    except c2pa.C2paError as error:
        raise ProvenanceError(
            f"{target} could not be signed: {error}. Expected a complete {media_type} "
            f"file and a certificate, here {certificate.name!r}, that is valid now and "
            "has the usages digitalSignature and emailProtection. Write the file "
            "again, or leave out `certificate` to use your own."
        ) from error


def _media_type(path: Path) -> str:
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no file {path} to sign. Expected a finished image or video. "
            "Write it first, for example with deepface_models.convert()."
        )
    try:
        return SIGNABLE_SUFFIXES[path.suffix.lower()]
    except KeyError:
        known = ", ".join(SIGNABLE_SUFFIXES)
        raise ProvenanceError(
            f"{path} was given, whose format {path.suffix!r} cannot be signed. "
            f"Expected one of {known}. Write the result as .mp4 or .png."
        ) from None


def _signer(certificate: Certificate) -> Any:
    info = c2pa.C2paSignerInfo(
        certificate.algorithm,
        certificate.chain.encode(),
        certificate.key.encode(),
        None,  # no time-stamp server
    )
    return c2pa.Signer.from_info(info)


def _builder(
    stack: ExitStack, context: Any, title: str, record: Record, action: str
) -> Any:
    """Returns a builder that holds the manifest and the source as ingredient."""
    edited = action == "c2pa.edited"
    manifest = _manifest(title, record, action)
    ingredient = {
        "title": record.source,
        "format": mimetypes.guess_type(record.source)[0] or "application/octet-stream",
        "relationship": "parentOf" if edited else "inputTo",
        "label": _SOURCE_ID,
        "instance_id": _SOURCE_ID,
    }
    path = record.source_path
    if path is not None and path.is_file():
        builder = stack.enter_context(c2pa.Builder(manifest, context=context))
        try:
            with open(path, "rb") as stream:
                builder.add_ingredient(
                    json.dumps(ingredient), ingredient["format"], stream
                )
            return builder
        except c2pa.C2paError:
            pass  # a source that C2PA cannot parse is added by name, below
    manifest["ingredients"] = [ingredient]
    return stack.enter_context(c2pa.Builder(manifest, context=context))


def _manifest(title: str, record: Record, action: str) -> dict[str, Any]:
    name, _, version = record.software.rpartition(" ")
    software = {"name": name, "version": version} if name else {"name": version}
    step = {
        "action": action,
        "when": record.created,
        "softwareAgent": software,
        "digitalSourceType": SYNTHETIC_SOURCE,
    }
    opened = {
        "action": "c2pa.opened",
        "parameters": {"ingredientIds": [_SOURCE_ID]},
    }
    steps = [opened, step] if action == "c2pa.edited" else [step]
    return {
        "title": title,
        "claim_generator_info": [software],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": steps}},
            {"label": RECORD_LABEL, "data": record.to_dict(), "kind": "Json"},
        ],
    }
