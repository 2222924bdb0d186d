"""The statement that a synthetic file carries: consent, source, model, software."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deepface_models.core.checked import check
from deepface_models.core.errors import ProvenanceError
from deepface_models.core.files import sha256_file
from deepface_models.core.synthetic import NOTICE, software_name


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Record:
    """The provenance statement of one synthetic file.

    Create it before the conversion starts, so that a missing consent or an invalid hash
    raises an error at once.

    Args:
        consent: Who agreed to this use, and where that is recorded.
        source: Name of the file the result was made from, without its folder, which is
            private.
        source_sha256: SHA-256 of that file, 64 hexadecimal digits.
        model: Name of the model.
        model_sha256: SHA-256 of the model's weights, 64 hexadecimal digits.
        software: Name and version of the program.
        created: UTC time in ISO 8601; the current time by default.
        details: Other JSON values, such as settings.
        source_path: Path of the source, which `sign` adds as an ingredient with its
            credentials. The path is not written into the file.

    Raises:
        ProvenanceError: If consent, source or model is empty, a hash is not a
            SHA-256, or the details cannot be written as JSON.

    Example:
        >>> who = {"consent": "Ana, file 17", "model": "mine", "model_sha256": 64 * "0"}
        >>> record = Record.from_source("ana.png", **who)
        >>> record.source, record.consent
        ('ana.png', 'Ana, file 17')
    """

    consent: str
    source: str
    source_sha256: str
    model: str
    model_sha256: str
    software: str = field(default_factory=software_name)
    created: str = field(default_factory=_now)
    details: Mapping[str, Any] = field(default_factory=dict)
    source_path: Path | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        check_consent(self.consent)
        for name in ("source", "model", "software", "created"):
            _check_text(name, getattr(self, name))
        for name in ("source_sha256", "model_sha256"):
            _check_sha256(name, getattr(self, name))
        _check_details(self.details)

    @classmethod
    def from_source(
        cls,
        path: str | Path,
        *,
        consent: str,
        model: str,
        model_sha256: str,
        details: Mapping[str, Any] | None = None,
    ) -> Record:
        """Returns the record of a file that is made from `path`, which is hashed.

        Args:
            path: The source file.
            consent: Who agreed to this use, and where that is recorded.
            model: Name of the model.
            model_sha256: SHA-256 of the model's weights, 64 hexadecimal digits.
            details: Other JSON values, such as settings.

        Raises:
            ProvenanceError: A value is empty or invalid; see `Record`.
            FileNotFoundError: There is no such file.
        """
        check_consent(consent)  # before a large file is hashed
        source = Path(path)
        if not source.is_file():
            raise FileNotFoundError(
                f"There is no source file {source}. Expected the image or video that "
                "the result is made from. Check the path; pass the images of a folder "
                "one by one."
            )
        return cls(
            consent=consent,
            source=source.name,
            source_sha256=sha256_file(source),
            model=model,
            model_sha256=model_sha256,
            details=details or {},
            source_path=source,
        )

    def to_dict(self) -> dict[str, Any]:
        """Returns the record as the JSON object that is written into files."""
        return {
            "consent": self.consent,
            "source": {"name": self.source, "sha256": self.source_sha256},
            "model": {"name": self.model, "sha256": self.model_sha256},
            "software": self.software,
            "created": self.created,
            "details": dict(self.details),
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Record:
        """Creates a record from the output of `to_dict`.

        Raises:
            ProvenanceError: If `value` is not such an object.
        """
        try:
            check(dict(value), "statement")
        except (TypeError, ValueError) as error:
            raise ProvenanceError(
                f"A record with a missing or invalid field was given: {error}. "
                "Expected consent, source, model, software and created. Use the output "
                "of Record.to_dict()."
            ) from error
        return cls(
            consent=value["consent"],
            source=value["source"]["name"],
            source_sha256=value["source"]["sha256"],
            model=value["model"]["name"],
            model_sha256=value["model"]["sha256"],
            software=value["software"],
            created=value["created"],
            details=value.get("details", {}),
        )

    def plain_metadata(self) -> dict[str, str]:
        """Returns the statement as ordinary metadata tags, in ASCII.

        They are written into the file before it is signed (PNG text, JPEG EXIF, MP4
        tags). Anyone can read them without C2PA tools and change them, so they prove
        nothing by themselves.
        """
        statement = {"synthetic": True, "notice": NOTICE, **self.to_dict()}
        return {
            "software": self.software.encode("ascii", "replace").decode(),
            "description": NOTICE,
            "comment": json.dumps(statement),
        }


def check_consent(consent: Any) -> None:
    """Refuses a missing consent statement.

    Raises:
        ProvenanceError: It is not a text, or empty.
    """
    if isinstance(consent, str) and consent.strip():
        return
    raise ProvenanceError(
        f"consent={consent!r} was given. Expected a sentence that says who agreed to "
        "this use of their face, and where that is recorded. Use, for example, "
        "consent='Both actors, release of 3 March 2026'."
    )


def _check_text(name: str, value: Any) -> None:
    if not isinstance(value, str) or not value.strip():
        raise ProvenanceError(
            f"{name}={value!r} was given. Expected a text that is not empty. Pass the "
            "name to write into the file."
        )


def _check_sha256(name: str, value: Any) -> None:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{64}", value):
        raise ProvenanceError(
            f"{name}={value!r} was given. Expected 64 lower-case hexadecimal digits. "
            "Use deepface_models.core.files.sha256_file(path)."
        )


def _check_details(details: Any) -> None:
    try:
        if not isinstance(details, Mapping):
            raise TypeError(f"a {type(details).__name__} is no dict")
        json.dumps(dict(details), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ProvenanceError(
            f"Details that cannot be written as JSON were given: {error}. Expected a "
            "dict of texts, finite numbers, lists and dicts. Convert the value with "
            "str() or float() first."
        ) from error
