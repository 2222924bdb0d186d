"""What a file says about itself, and whether that can be believed."""

from __future__ import annotations

import json
import mmap
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import c2pa

from .._errors import ProvenanceError
from .certificate import FILE_NAME, Certificate, config_folder
from .plain import find_record, read_plain_metadata
from .record import Record
from .sign import OFFLINE_SETTINGS, RECORD_LABEL
from .summary import summarise

State = Literal["valid", "altered", "unsigned"]
Trust = Literal["own", "listed", "unknown"]

# These concern who signed, not whether the file is as it was signed.
_ABOUT_THE_SIGNER = frozenset(
    {"signingCredential.untrusted", "signingCredential.expired"}
)
# Types of the boxes that make up Content Credentials, in every kind of file: the
# whole, a manifest, its assertions, claim and signature.
_C2PA_BOX = re.compile(
    rb"c2(?:pa|ma|as|cl|cs)\x00\x11\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71"
)
_NO_TRUST_LIST: Trust = "unknown"


@dataclass(frozen=True)
class Verification:
    """What `verify` found out.

    Attributes:
        path: The file.
        state: "valid": Content Credentials that fit the file; "altered": it has
            some, but file or credentials changed since; "unsigned": it has none.
        synthetic: Whether the file says that a trained model had a part in it (in
            credentials or plain tags); None if it says neither.
        made_by: Program named by the credentials.
        actions: C2PA actions in order, such as "c2pa.edited".
        record: This package's statement inside the credentials. Proven only if
            state is "valid", and then only as far as the signer is to be trusted.
        certificate: Name in the signing certificate, or None. Anyone can write any
            name into a certificate of their own.
        trust: "own": made on this computer; "listed": issued by an authority in the
            list passed as `trust=`; "unknown": nobody here vouches for it.
        plain: Ordinary text tags, not protected by themselves.
        claimed: This package's statement in those tags.
        problems: Codes and messages of what does not fit.
    """

    path: Path
    state: State
    synthetic: bool | None = None
    made_by: str | None = None
    actions: tuple[str, ...] = ()
    record: Record | None = None
    certificate: str | None = None
    trust: Trust = _NO_TRUST_LIST
    plain: dict[str, str] = field(default_factory=dict)
    claimed: Record | None = None
    problems: tuple[str, ...] = ()

    @property
    def trusted(self) -> bool:
        """Whether the signer is known here: own certificate or listed authority."""
        return self.trust != "unknown"

    @property
    def statement(self) -> Record | None:
        """The record of the credentials, or else the one claimed by plain tags."""
        return self.record or self.claimed

    @property
    def consent(self) -> str | None:
        """Consent that the file states, proven or not; see `state`."""
        return self.statement.consent if self.statement else None

    @property
    def model(self) -> str | None:
        """Model that the file names, proven or not; see `state`."""
        return self.statement.model if self.statement else None

    @property
    def model_sha256(self) -> str | None:
        """SHA-256 of the model that the file names, proven or not."""
        return self.statement.model_sha256 if self.statement else None

    @property
    def source_sha256(self) -> str | None:
        """SHA-256 of the source that the file names, proven or not."""
        return self.statement.source_sha256 if self.statement else None

    def summary(self) -> str:
        """Returns a few lines that say it to somebody who knows none of this."""
        return summarise(self)


def verify(path: str | Path, trust: str | Path | None = None) -> Verification:
    """Says what made a file, whether it changed since, and who signed it.

    Reads any file and never the network. A kind of file that cannot carry Content
    Credentials is "unsigned".

    Args:
        path: The file.
        trust: PEM file of authorities whose certificates are to be believed, such as
            the C2PA trust list or a friend's `Certificate.authority_pem`.

    Raises:
        FileNotFoundError: If there is no such file.
        ProvenanceError: If `trust` holds no certificates.
    """
    target = Path(path)
    if not target.is_file():
        kind = "a folder" if target.is_dir() else "missing"
        raise FileNotFoundError(
            f"{target} is {kind}. Expected a picture or video file to verify. Check "
            "the path; verify the files of a folder one by one."
        )
    plain = read_plain_metadata(target)
    claimed = find_record(plain)
    common: dict[str, Any] = {"path": target, "plain": plain, "claimed": claimed}
    own = _own_certificate()
    store, problem = _read_store(target, _anchors(own, trust))
    if store is None:
        return Verification(
            state="altered" if _holds_credentials(target) else "unsigned",
            synthetic=True if claimed else None,
            problems=(problem,) if problem else (),
            **common,
        )
    return Verification(**_findings(store, own), **common)


def _own_certificate() -> Certificate | None:
    """Returns the user's certificate if there is one; never makes it."""
    folder = config_folder()
    try:
        return Certificate.own(folder) if (folder / FILE_NAME).exists() else None
    except ProvenanceError:
        return None


def _anchors(own: Certificate | None, trust: str | Path | None) -> str:
    listed = Path(trust).read_text() if trust is not None else ""
    if trust is not None and "BEGIN CERTIFICATE" not in listed:
        raise ProvenanceError(
            f"{trust} holds no certificates. Expected a PEM file of authorities "
            "('-----BEGIN CERTIFICATE-----'). Pass one, or leave trust= away."
        )
    return "\n".join([own.authority_pem if own else "", listed]).strip()


def _read_store(path: Path, anchors: str) -> tuple[dict[str, Any] | None, str | None]:
    """Returns the file's manifests as c2pa reads them, or what kept it from it."""
    settings = dict(OFFLINE_SETTINGS)
    if anchors:
        settings["trust"] = {"user_anchors": anchors}
    try:
        with c2pa.Context.from_dict(settings) as context:
            reader = c2pa.Reader.try_create(str(path), context=context)
            if reader is None:
                return None, None
            with reader:
                store = json.loads(reader.json())
        if store.get("active_manifest") in store.get("manifests", {}):
            return store, None
        return None, "the active manifest is missing"
    except c2pa.C2paError.NotSupported:
        return None, None
    except c2pa.C2paError as error:
        return None, str(error)


def _holds_credentials(path: Path) -> bool:
    """Returns whether traces of Content Credentials are left in unreadable bytes."""
    if path.stat().st_size == 0:
        return False
    with open(path, "rb") as stream:
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return _C2PA_BOX.search(content) is not None


def _findings(store: dict[str, Any], own: Certificate | None) -> dict[str, Any]:
    """Returns the fields of a `Verification` that the manifests determine."""
    manifest = store["manifests"][store["active_manifest"]]
    results = store.get("validation_results", {}).get("activeManifest", {})
    problems = [item["code"] for item in results.get("failure", [])]
    signed = "claimSignature.validated" in _codes(results, "success")
    wrong = [code for code in problems if code not in _ABOUT_THE_SIGNER]
    state = store.get("validation_state")
    sound = state in ("Valid", "Trusted") or (bool(problems) and signed and not wrong)
    return {
        "state": "valid" if sound else "altered",
        "synthetic": _synthetic(store, manifest),
        "made_by": _made_by(manifest),
        "actions": tuple(str(a.get("action")) for a in _actions(manifest)),
        "record": _record(manifest),
        "problems": tuple(problems),
        **_signer(manifest, _codes(results, "success"), own),
    }


def _codes(results: dict[str, Any], kind: str) -> list[str]:
    return [item["code"] for item in results.get(kind, [])]


def _signer(
    manifest: dict[str, Any], success: list[str], own: Certificate | None
) -> dict[str, Any]:
    info = manifest.get("signature_info") or {}
    trust: Trust = "unknown"
    if "signingCredential.trusted" in success:
        mine = own is not None and info.get("cert_serial_number") == own.serial
        trust = "own" if mine else "listed"
    return {
        "certificate": info.get("common_name") or info.get("issuer"),
        "trust": trust,
    }


def _assertions(manifest: dict[str, Any], label: str) -> list[dict[str, Any]]:
    data = (
        assertion.get("data")
        for assertion in manifest.get("assertions", [])
        if str(assertion.get("label", "")).startswith(label)
    )
    return [value for value in data if isinstance(value, dict)]


def _actions(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    found = _assertions(manifest, "c2pa.actions")
    return [a for data in found for a in data.get("actions", []) if isinstance(a, dict)]


def _synthetic(store: dict[str, Any], active: dict[str, Any]) -> bool | None:
    """True if a model had a part in the file or in anything it was made from."""
    for manifest in store["manifests"].values():
        for action in _actions(manifest):
            kind = str(action.get("digitalSourceType", ""))
            if "trainedalgorithmicmedia" in kind.lower():
                return True
    said = any(action.get("digitalSourceType") for action in _actions(active))
    return False if said else None


def _made_by(manifest: dict[str, Any]) -> str | None:
    for program in manifest.get("claim_generator_info") or []:
        words = (program.get("name"), program.get("version"))
        return " ".join(str(word) for word in words if word) or None
    return manifest.get("claim_generator")


def _record(manifest: dict[str, Any]) -> Record | None:
    for value in _assertions(manifest, RECORD_LABEL):
        try:
            return Record.from_dict(value)
        except ProvenanceError:
            continue
    return None
