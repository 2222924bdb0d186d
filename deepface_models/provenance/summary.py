"""A verification in words for somebody who knows nothing of certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .record import Record
    from .verify import Verification

_WIDTH = 11
_LONGEST = 400


def summarise(found: Verification) -> str:
    """Returns headline and details of a verification, one fact a line."""
    lines = [f"{_clean(found.path.name)}: {_headline(found)}"]
    lines += [f"  {name + ':':<{_WIDTH}}{text}" for name, text in _facts(found)]
    return "\n".join(lines)


def _headline(found: Verification) -> str:
    if found.state == "valid":
        return f"{_kind(found)}, unchanged since it was signed."
    if found.state == "altered":
        return (
            "ALTERED. It carries Content Credentials, but the file or the credentials "
            "were changed afterwards; nothing below is proven."
        )
    if found.claimed:
        return (
            "unsigned. Its plain tags say it is synthetic media made with a trained "
            "model; anyone can write or change such tags, so nothing is proven."
        )
    return (
        "unsigned. It carries no Content Credentials, so it says nothing about how it "
        "was made or whether it was changed."
    )


def _kind(found: Verification) -> str:
    if found.synthetic:
        return "synthetic media made with a trained model"
    if found.synthetic is False:
        return "its maker names no trained model"
    return "its maker does not say whether a trained model was used"


def _facts(found: Verification) -> list[tuple[str, str]]:
    record = found.statement
    facts = []
    maker = found.made_by or (record.software if record else None)
    if maker:
        facts.append(("Made by", _clean(maker)))
    if record:
        facts += _record_facts(record)
    if found.certificate:
        facts.append(("Signed by", _signer(found)))
    wrong = [code for code in found.problems if code != "signingCredential.untrusted"]
    if wrong and found.state != "unsigned":
        facts.append(("Problem", _clean("; ".join(wrong))))
    return facts


def _record_facts(record: Record) -> list[tuple[str, str]]:
    origin = record.details.get("started_from")
    preset = [("Preset", _clean(str(origin)))] if origin else []
    return [
        ("On", f"{_clean(record.created)} (the maker's own clock)"),
        ("Model", f"{_clean(record.model)}, SHA-256 {record.model_sha256}"),
        *preset,
        ("Source", f"{_clean(record.source)}, SHA-256 {record.source_sha256}"),
        ("Consent", _clean(record.consent)),
    ]


def _signer(found: Verification) -> str:
    name = f"'{_clean(found.certificate or '')}'"
    if found.trust == "own":
        return f"{name}, the certificate made on this computer"
    if found.trust == "listed":
        return f"{name}, issued by an authority on your trust list"
    return f"{name}, for which nobody here vouches: anyone can make such a certificate"


def _clean(text: str) -> str:
    """Drops what could steer a terminal: the text comes from a stranger's file."""
    plain = "".join(char if char.isprintable() else " " for char in text)
    return plain if len(plain) <= _LONGEST else plain[: _LONGEST - 3] + "..."
