"""The result of a verification as text, for readers without C2PA knowledge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from deepface_models.core.display import message, one_line

if TYPE_CHECKING:
    from deepface_models.provenance.record import Record
    from deepface_models.provenance.verify import Verification

_WIDTH = 11
_MODEL = "synthetic media made with a trained model"


def summarize(found: Verification) -> str:
    """Returns the headline and details of a verification, one fact per line.

    Signed facts are listed separately from claims in plain tags.
    """
    return "\n".join(
        [f"{one_line(found.path.name)}: {_headline(found)}", *_lines(found)]
    )


def _headline(found: Verification) -> str:
    if found.state == "altered":
        return _altered(found)
    if found.state == "unsigned":
        return _unsigned(found)
    if found.conflicts:
        advice = f" Take it for {_MODEL}." if found.synthetic else ""
        return (
            f"CONTRADICTORY. It is {_unchanged(found)}, but what it says about itself "
            f"does not agree.{advice}"
        )
    if found.synthetic and not found.signed_synthetic:
        return (
            f"its plain tags say it is {_MODEL}; its credentials do not say how it was "
            f"made. It is {_unchanged(found)}."
        )
    return f"{_kind(found)}, {_unchanged(found)}."


def _altered(found: Verification) -> str:
    says = f" It says it is {_MODEL}." if found.synthetic else ""
    return (
        "ALTERED. It carries Content Credentials, but the file or the credentials "
        f"were changed afterwards; nothing below is proven.{says}"
    )


def _unsigned(found: Verification) -> str:
    if found.synthetic:
        return (
            f"unsigned. Its plain tags say it is {_MODEL}; anyone can write or change "
            "such tags, so nothing is proven."
        )
    return (
        "unsigned. It carries no Content Credentials, so it says nothing about how it "
        "was made or whether it was changed."
    )


def _unchanged(found: Verification) -> str:
    by = "" if found.trusted else " by somebody unknown here"
    return f"unchanged since it was signed{by}"


def _kind(found: Verification) -> str:
    if found.synthetic:
        return _MODEL
    if found.signed_synthetic is False:
        return "its signer names no trained model"
    return "its signer does not say whether a trained model was used"


def _lines(found: Verification) -> Iterator[str]:
    for text in found.conflicts:
        yield _line("Conflict", message(text))
    if found.certificate or found.fingerprint:
        yield _line("Signed by", _signer(found))
    signed = [("Made by", one_line(found.made_by))] if found.made_by else []
    signed += _record_facts(found.record) if found.record else []
    if signed:
        yield _heading(found)
        yield from (_line(name, text, 4) for name, text in signed)
    if found.claimed and found.claimed != found.record:
        yield "  Only claimed, by plain tags that anyone can write:"
        claims = [("Made by", one_line(found.claimed.software))]
        claims += _record_facts(found.claimed)
        yield from (_line(name, text, 4) for name, text in claims)
    if found.problems and (wrong := _problems(found)):
        yield _line("Problem", message(wrong))


def _heading(found: Verification) -> str:
    if found.state == "altered":
        return "  Once stated in its credentials, not proven any more:"
    if found.trusted:
        return "  Stated by its signer:"
    return "  Stated by its signer, who may be anybody:"


def _problems(found: Verification) -> str:
    wrong = [code for code in found.problems if code != "signingCredential.untrusted"]
    return "" if found.state == "unsigned" else "; ".join(wrong)


def _record_facts(record: Record) -> list[tuple[str, str]]:
    origin = record.details.get("started_from")
    preset = [("Preset", one_line(origin))] if origin else []
    return [
        ("On", f"{one_line(record.created)} (the maker's own clock)"),
        ("Model", f"{one_line(record.model)}, SHA-256 {record.model_sha256}"),
        *preset,
        ("Source", f"{one_line(record.source)}, SHA-256 {record.source_sha256}"),
        ("Consent", one_line(record.consent)),
    ]


def _signer(found: Verification) -> str:
    name = f"'{one_line(found.certificate or '')}'"
    if found.trust == "own":
        return f"{name}, the certificate made on this computer"
    digest = f" (SHA-256 {found.fingerprint})" if found.fingerprint else ""
    if found.trust == "listed":
        return f"{name}{digest}, issued by an authority on your trust list"
    return (
        f"{name}{digest}, for which nobody here vouches: anyone can make such a "
        "certificate"
    )


def _line(name: str, text: str, indent: int = 2) -> str:
    return f"{'':<{indent}}{name + ':':<{_WIDTH}}{text}"
