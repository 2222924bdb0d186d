"""The provenance of what one call of `convert` or `live` writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from deepface_models.conversion._outputs import model_sha256
from deepface_models.conversion.converter import Converter
from deepface_models.conversion.report import ConversionReport
from deepface_models.core.spans import WHOLE, Span, span_name
from deepface_models.media import ImageSequence
from deepface_models.provenance import Certificate, Record, sign


class Statements:
    """Makes records of results, and signs the results with them.

    Args:
        consent: Who agreed to this use and where that is written down.
        converter: The converter, or that of the first of several people.
        people: Whom each identity replaces; empty for one person.
        span: The part of the source that is converted.
        certificate: Signs; None for the own one.
    """

    def __init__(
        self,
        consent: str,
        converter: Converter,
        people: Mapping[str | int | Path, str],
        span: Span,
        certificate: Certificate | None,
    ) -> None:
        self.consent, self.certificate = consent, certificate
        self.model_name = str(getattr(converter.model, "name", "model"))
        self.model_sha256 = model_sha256(converter.model)
        self._details = converter.settings()
        if span != WHOLE:
            # A list of small numbers would be taken for bytes in the credentials.
            self._details["frames"] = span_name(span)
        if people:
            self._details["people"] = {str(who): one for who, one in people.items()}
        origin = getattr(converter.model, "started_from", None)
        if origin:
            self._details["started_from"] = origin
        exported = getattr(converter.model, "origin", None)
        if isinstance(exported, Mapping):
            self._details["exported"] = dict(exported)

    def record(
        self, source: Path | ImageSequence, more: Mapping[str, Any] | None = None
    ) -> Record:
        """Returns the record of a result, with further details."""
        facts = self.facts(more)
        if isinstance(source, Path):
            return Record.from_source(source, **facts)
        return Record(source=source.name, source_sha256=source.sha256(), **facts)

    def facts(self, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Returns the arguments of a `Record` that are not about the source."""
        return {
            "consent": self.consent,
            "model": self.model_name,
            "model_sha256": self.model_sha256,
            "details": {**self._details, **(more or {})},
        }

    def of_frame(
        self, source: Path | ImageSequence, frame: int, record: Record | None
    ) -> Record:
        """Returns the record of one frame, given that of the video if it is of one."""
        if isinstance(source, ImageSequence):
            return self.record(source.file(frame))
        # The video itself is no ingredient, or it would be read for each image.
        made = record or self.record(source)
        details = {**made.details, "frame": frame}
        return replace(made, details=details, source_path=None)

    def sign(
        self, place: Path, record: Record | None, report: ConversionReport
    ) -> None:
        """Signs a result with a swapped face; other results are not synthetic."""
        if record is not None:
            with report.stage("sign"):
                sign(place, record, self.certificate)
