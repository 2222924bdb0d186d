"""The conversion of one image or video: swapped, written whole, and signed."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from deepface_models.conversion import _outputs, latent_means
from deepface_models.conversion.converter import Converter
from deepface_models.conversion.plan import SwapPlan, plan_video
from deepface_models.conversion.report import ConversionReport
from deepface_models.conversion.video import write_video
from deepface_models.core import folders
from deepface_models.core.arrays import Array
from deepface_models.core.errors import FaceNotFoundError
from deepface_models.core.locks import hold
from deepface_models.core.progress import Progress
from deepface_models.core.version import __version__
from deepface_models.faces._reference import Person, reference_embedding
from deepface_models.media import media_kind, write_image
from deepface_models.media.image import read_layers
from deepface_models.provenance import Certificate, Record, sign


class FileJob:
    """Converts files one by one; what all of one call of `convert` share."""

    def __init__(
        self,
        converter: Converter,
        consent: str,
        person: Person,
        certificate: Certificate | None,
        writer: dict[str, Any],
    ) -> None:
        self.consent = consent
        self.reference = reference_embedding(person, converter.aligner)
        self.converter = latent_means.from_person(converter, person)
        self.certificate = certificate
        self.writer = writer
        self.model_name = str(getattr(converter.model, "name", "model"))
        self.model_sha256 = _outputs.model_sha256(converter.model)
        origin = getattr(converter.model, "started_from", None)
        self.origin = {"started_from": origin} if origin else {}

    def file(
        self, source: Path, output: Path, bar: Progress, must_swap: bool
    ) -> ConversionReport:
        """Converts one image or video."""
        report = ConversionReport(output, files=1)
        with hold(output):
            if media_kind(source) == "image":
                self._image(source, output, report, must_swap)
            else:
                self._video(source, output, report, bar, must_swap)
        return report

    def _image(
        self, source: Path, output: Path, report: ConversionReport, must_swap: bool
    ) -> None:
        with report.stage("read"):
            image, alpha = read_layers(source)
            if alpha is not None:
                image[alpha == 0] = 255  # invisible pixels must not show a face
        with report.stage("swap"):
            result, info = self.converter.image(image, self.reference)
            if alpha is not None:
                result = self._with_alpha(result, alpha)
        swapped = info.swapped is not None
        if must_swap and not swapped:
            raise self._nobody(source, info.faces)
        report.frames, report.swapped = 1, int(swapped)
        report.without_face = int(not swapped)
        report.faces_skipped = info.faces - int(swapped)
        with folders.atomic_output(output) as place:
            record = self._record(source) if swapped else None
            if record is None and self._copy(source, place):
                return
            with report.stage("write"):
                write_image(place, result, _tags(record))
            self._sign(place, record, report)

    def _with_alpha(self, result: Array, alpha: Array) -> Array:
        """Gives the result the source's transparency."""
        if self.converter.side_by_side:
            alpha = np.hstack([alpha, alpha])
        return np.dstack([result, alpha])

    def _video(
        self,
        source: Path,
        output: Path,
        report: ConversionReport,
        bar: Progress,
        must_swap: bool,
    ) -> None:
        plan = plan_video(source, self.converter.aligner, self.reference, report, bar)
        if must_swap and not plan.faces:
            raise self._nobody(source, plan.others)
        with folders.atomic_output(output) as place:
            record = self._record(source) if plan.faces else None
            if record is None and self._copy(source, place):
                self._count_copied(plan, report)
                return
            options = {**self.writer, "metadata": _tags(record)}
            converter = latent_means.from_clip(
                self.converter, source, plan, report, bar
            )
            write_video(source, place, plan, converter, report, bar, **options)
            self._sign(place, record, report)

    @staticmethod
    def _count_copied(plan: SwapPlan, report: ConversionReport) -> None:
        report.frames = report.without_face = plan.frames
        report.faces_skipped = plan.others

    def _copy(self, source: Path, place: Path) -> bool:
        """Copies a file in which nothing is swapped, if its format stays the same."""
        if self.converter.side_by_side or source.suffix != place.suffix:
            return False
        shutil.copyfile(source, place)
        return True

    def _sign(
        self, place: Path, record: Record | None, report: ConversionReport
    ) -> None:
        """Signs a result with a swapped face; other results are not synthetic."""
        if record is not None:
            with report.stage("sign"):
                sign(place, record, self.certificate)

    def _record(self, source: Path) -> Record:
        return Record.from_source(
            source,
            consent=self.consent,
            model=self.model_name,
            model_sha256=self.model_sha256,
            details={**self.converter.settings(), **self.origin},
        )

    def settings(self) -> str:
        """Returns a digest of everything that determines a result."""
        person = None if self.reference is None else np.round(self.reference, 4)
        aligner = self.converter.aligner
        settings = [
            *(__version__, self.model_sha256, self.consent, self.writer),
            *(self.converter.settings(), None if person is None else person.tolist()),
            *(aligner.image_size, aligner.face_type, aligner.landmarks),
        ]
        return hashlib.sha256(json.dumps(settings).encode()).hexdigest()

    def _nobody(self, source: Path, faces: int) -> FaceNotFoundError:
        whose = "A face" if self.reference is None else "The face of person="
        return FaceNotFoundError(
            f"{whose} was not found in {source} ({faces} other faces were). Expected "
            "at least one that is large enough and not in profile. Use a larger or "
            "sharper recording, or another reference for person=."
        )


def _tags(record: Record | None) -> dict[str, str] | None:
    if record is None:
        return None
    return {key.lower(): text for key, text in record.plain_metadata().items()}
