"""Verification of a file's Content Credentials and plain tags."""

from __future__ import annotations

import json
import mmap
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import c2pa

from deepface_models.core.errors import ProvenanceError
from deepface_models.provenance import _conflicts, _manifests
from deepface_models.provenance._signer import fingerprint, signing_chain
from deepface_models.provenance.certificate import FILE_NAME, Certificate, config_folder
from deepface_models.provenance.plain import (
    claims_synthetic,
    find_record,
    read_plain_metadata,
)
from deepface_models.provenance.record import Record
from deepface_models.provenance.sign import OFFLINE_SETTINGS
from deepface_models.provenance.summary import summarize

State = Literal["valid", "altered", "unsigned"]
Trust = Literal["own", "listed", "unknown"]

# Types of JUMBF boxes in Content Credentials: store, manifest, assertions, claim and
# signature.
_C2PA_BOX = re.compile(
    rb"c2(?:pa|ma|as|cl|cs)\x00\x11\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71"
)
_NO_TRUST_LIST: Trust = "unknown"


@dataclass(frozen=True)
class Verification:
    """The result of `verify`.

    Attributes:
        path: The file.
        state: "valid": the Content Credentials fit the file; "altered": file or
            credentials were changed after signing; "unsigned": there are none.
        synthetic: Whether a trained model was used: True if credentials or plain tags
            say so, False if they name only another origin, None if they name none.
        signed_synthetic: The same, from the credentials only.
        made_by: Program named by the credentials.
        actions: C2PA actions in order, such as "c2pa.edited".
        record: This package's statement in the credentials. It is proven only if
            `state` is "valid" and the signer is trustworthy.
        certificate: Name in the signing certificate, or None. Anyone can create a
            certificate with any name.
        fingerprint: SHA-256 of the signing certificate, which identifies it.
        trust: "own": the certificate that was created on this computer; "listed":
            issued by an authority in the list passed as `trust=`; "unknown": another
            one.
        plain: Ordinary text tags, which anyone can change. The signature of a valid
            file covers their bytes, but does not confirm their content.
        claimed: This package's statement in those tags.
        conflicts: Contradictions between tags, credentials and certificates.
        problems: Codes and messages of failed checks.

    Example:
        >>> found = verify("ana.png")
        >>> found.state, found.consent, found.trusted
        ('unsigned', None, False)
    """

    path: Path
    state: State
    synthetic: bool | None = None
    signed_synthetic: bool | None = None
    made_by: str | None = None
    actions: tuple[str, ...] = ()
    record: Record | None = None
    certificate: str | None = None
    fingerprint: str | None = None
    trust: Trust = _NO_TRUST_LIST
    plain: dict[str, str] = field(default_factory=dict)
    claimed: Record | None = None
    conflicts: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def trusted(self) -> bool:
        """Whether the signer has the own certificate or one of a listed authority."""
        return self.trust != "unknown"

    @property
    def statement(self) -> Record | None:
        """The record in the credentials, or else the one in the plain tags."""
        return self.record or self.claimed

    @property
    def statement_signed(self) -> bool:
        """Whether `statement` is signed and unchanged; `trust` tells by whom."""
        return self.record is not None and self.state == "valid"

    @property
    def consent(self) -> str | None:
        """The stated consent, which may be unproven; see `statement_signed`."""
        return self.statement.consent if self.statement else None

    @property
    def model(self) -> str | None:
        """The stated model, which may be unproven; see `statement_signed`."""
        return self.statement.model if self.statement else None

    @property
    def model_sha256(self) -> str | None:
        """SHA-256 of the stated model, which may be unproven."""
        return self.statement.model_sha256 if self.statement else None

    @property
    def source_sha256(self) -> str | None:
        """SHA-256 of the stated source, which may be unproven."""
        return self.statement.source_sha256 if self.statement else None

    def summary(self) -> str:
        """Returns the result as a few lines of plain text."""
        return summarize(self)


def verify(path: str | Path, trust: str | Path | None = None) -> Verification:
    """Reads how a file was made, whether it was changed since, and who signed it.

    It accepts any file and uses no network. Formats that do not support Content
    Credentials are "unsigned".

    Args:
        path: The file.
        trust: PEM file of trusted authorities, such as the C2PA trust list or a
            friend's `Certificate.authority_pem`.

    Returns:
        The findings; `Verification.summary()` is their text.

    Raises:
        FileNotFoundError: There is no such file.
        ProvenanceError: `trust` contains no certificates.

    Example:
        >>> verify("ana.png").state
        'unsigned'
    """
    target = Path(path)
    if not target.is_file():
        kind = "a folder" if target.is_dir() else "missing"
        raise FileNotFoundError(
            f"{target} is {kind}. Expected an image or video file to verify. Check "
            "the path; verify the files of a folder one by one."
        )
    plain = read_plain_metadata(target)
    common: dict[str, Any] = {
        "path": target,
        "plain": plain,
        "claimed": find_record(plain),
    }
    listed = _listed(trust)
    store, chain, problem = _read_store(target, listed)
    tagged = common["claimed"] is not None or claims_synthetic(plain)
    if store is None:
        return Verification(
            state="altered" if _holds_credentials(target) else "unsigned",
            synthetic=tagged or None,
            problems=(problem,) if problem else (),
            **common,
        )
    own = _own_certificate()
    found = _findings(store, chain, own)
    said = (
        _conflicts.about_origin(tagged, store),
        _conflicts.about_records(common["claimed"], store),
        _conflicts.about_certificate(store, own, found["trust"] == "own"),
    )
    return Verification(
        synthetic=tagged or found["signed_synthetic"],
        conflicts=tuple(text for text in said if text),
        **found,
        **common,
    )


def _own_certificate() -> Certificate | None:
    """Returns the user's certificate if there is one; never creates it."""
    folder = config_folder()
    try:
        return Certificate.own(folder) if (folder / FILE_NAME).exists() else None
    except ProvenanceError:
        return None


def _listed(trust: str | Path | None) -> str:
    if trust is None:
        return ""
    listed = Path(trust).read_bytes().decode("utf-8", "replace")
    if "BEGIN CERTIFICATE" not in listed:
        raise ProvenanceError(
            f"{trust} contains no certificates. Expected a PEM file of authorities "
            "('-----BEGIN CERTIFICATE-----'). Pass one, or leave out `trust`."
        )
    return listed


def _read_store(
    path: Path, anchors: str
) -> tuple[dict[str, Any] | None, list[bytes], str | None]:
    """Returns manifests and signing certificates, or the error message."""
    settings = dict(OFFLINE_SETTINGS)
    if anchors:
        settings["trust"] = {"user_anchors": anchors}
    try:
        with c2pa.Context.from_dict(settings) as context:
            reader = c2pa.Reader.try_create(str(path), context=context)
            if reader is None:
                return None, [], None
            with reader:
                store = json.loads(reader.json())
                name = store.get("active_manifest")
                if name in store.get("manifests", {}):
                    return store, signing_chain(reader, name), None
        return None, [], "the active manifest is missing"
    except c2pa.C2paError.NotSupported:
        return None, [], None
    except c2pa.C2paError as error:
        return None, [], str(error)


def _holds_credentials(path: Path) -> bool:
    """Whether a file contains traces of Content Credentials."""
    if path.stat().st_size == 0:
        return False
    with open(path, "rb") as stream:
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return _C2PA_BOX.search(content) is not None


def _findings(
    store: dict[str, Any], chain: list[bytes], own: Certificate | None
) -> dict[str, Any]:
    """Returns the fields of a `Verification` that the manifests determine."""
    manifest = _manifests.active(store)
    signer = manifest.get("signature_info") or {}
    trust = _trust(store, chain, own)
    failures = _manifests.codes(store, "failure")
    if trust == "own":  # c2pa knows lists of authorities only
        failures = [code for code in failures if code != _manifests.UNTRUSTED]
    failures += [f"source: {code}" for code in _manifests.source_failures(store)]
    return {
        "state": "valid" if _manifests.is_sound(store) else "altered",
        "signed_synthetic": _manifests.is_synthetic(store),
        "made_by": _manifests.made_by(manifest),
        "actions": tuple(str(a.get("action")) for a in _manifests.actions(manifest)),
        "record": _manifests.own_record(store),
        "certificate": signer.get("common_name") or signer.get("issuer"),
        "fingerprint": fingerprint(chain[0]) if chain else None,
        "trust": trust,
        "problems": tuple(failures),
    }


def _trust(store: dict[str, Any], chain: list[bytes], own: Certificate | None) -> Trust:
    good = _manifests.codes(store, "success")
    signed = bool(chain) and "claimSignature.validated" in good
    # All certificates of the file, to the byte: names and numbers can be copied.
    if signed and own is not None and own.der[: len(chain)] == chain:
        return "own"
    return "listed" if "signingCredential.trusted" in good else "unknown"
