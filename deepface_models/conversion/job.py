"""`convert`: swaps faces in an image, a video or a folder and signs the result."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from deepface_models.conversion import _outputs, latent_means
from deepface_models.conversion._progress_log import ProgressLog
from deepface_models.conversion.converter import Converter
from deepface_models.conversion.plan import SwapPlan, plan_video
from deepface_models.conversion.report import ConversionReport
from deepface_models.conversion.video import write_video
from deepface_models.core import folders
from deepface_models.core.arrays import Array
from deepface_models.core.errors import FaceNotFoundError, MediaError
from deepface_models.core.locks import hold, hold_folder
from deepface_models.core.progress import Progress
from deepface_models.core.version import __version__
from deepface_models.faces._reference import Person, reference_embedding
from deepface_models.media import media_kind, write_image
from deepface_models.media.codecs import encoder_of
from deepface_models.media.folders import FILE_ERRORS, Listing, check_outside, reason
from deepface_models.media.image import read_layers
from deepface_models.provenance import Certificate, Record, sign

_PROGRESS_LOG = "conversion.jsonl"


def convert(
    source: str | Path,
    output: str | Path,
    model: Any,
    *,
    identity: str,
    consent: str,
    person: Person = None,
    converter: Converter | None = None,
    certificate: Certificate | None = None,
    progress: bool = True,
    codec: str = "h264",
    crf: float = 18,
    lossless: bool = False,
    **options: Any,
) -> ConversionReport:
    """Swaps a face in an image, a video or a folder of both.

    Sound, time stamps and size of videos do not change. Every result carries the
    consent statement, the hashes of source and model, and a signature over all of it
    (Content Credentials). Results appear under their name only when finished. An
    interrupted conversion of a folder can be repeated and continues where it stopped.

    Args:
        source: An image, a video or a folder; never changed.
        output: File or folder to write; neither the source itself nor inside it.
        model: A trained `FaceSwap`.
        identity: The target person, whose face is rendered; one of
            `model.identities`.
        consent: Who agreed to this use and where that is written down.
        person: The person to replace when there are several: a FaceSet (or its folder),
            a (128,) face embedding or the path of an image. By default the person with
            the largest face for the longest time. If the model does not know the person
            (source_identity="anybody"), their mean latent is measured on the FaceSet,
            or else on the faces of each video. It is not measured on images: one face
            is too few, and the images of a folder may show different people.
        converter: A `Converter` of the same model, instead of `options`.
        certificate: Signs the results; by default the one made on this computer.
        progress: Whether to show a progress bar.
        codec: Video codec: "h264", "hevc", "av1" or "vp9". A .mov file takes only the
            first two.
        crf: Video quality, 0 (best) to 51.
        lossless: Whether to keep every pixel of the result, in a much larger video.
        **options: Options of `Converter`: source_identity, mask, color, blend, feather,
            erode, sharpen, batch_size, side_by_side, debug, aligner.

    Returns:
        A `ConversionReport` with counts and the seconds of each stage.

    Raises:
        ProvenanceError: There is no consent statement.
        FaceNotFoundError: The source person's face is not in the source. In a folder,
            images and videos without it are copied and counted instead.
        InUseError: Another thread or process is writing the output.
        MediaError: The source cannot be read, or a file with the output's extension
            cannot be signed.
        ValueError: The output is the source or lies in its folder, or an option has
            an unknown value.

    Example:
        convert("ana.mp4", "ben.mp4", model, identity="ben", consent="Release 2026-03")
    """
    _check_consent(consent)
    kind, source, output = media_kind(source), Path(source), Path(output)
    if converter is None:
        converter = Converter(model, identity, **options)
    elif options or converter.identity != identity or converter.model is not model:
        raise ValueError(
            f"converter= for identity={converter.identity!r} together with "
            f"identity={identity!r} and the options {sorted(options)} was given. "
            "Expected a Converter of the same model and identity, without further "
            "options. Pass the options to Converter(...)."
        )
    writer = {"codec": codec, "crf": crf, "lossless": lossless}
    job = _Job(converter, consent, person, certificate, writer)
    with Progress(progress) as bar:
        if kind == "folder":
            encoder_of(codec, lossless, "result.mp4")
            return job.folder(source, output, bar)
        _outputs.check_file(source, output, kind)
        if kind == "video":
            encoder_of(codec, lossless, output)
        return job.file(source, output, bar, must_swap=True)


class _Job:
    """What all files of one call of `convert` have in common."""

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

    def folder(self, source: Path, output: Path, bar: Progress) -> ConversionReport:
        """Converts a folder's files one by one and skips finished ones."""
        _outputs.check_apart(source, output)
        check_outside(source, output)
        found = _outputs.sources_in(source)
        with hold_folder(output):
            folders.sweep(output)
            return self._all(found, output, bar)

    def _all(self, found: Listing, output: Path, bar: Progress) -> ConversionReport:
        names = _outputs.result_names(found.files)
        progress_log = ProgressLog(output / _PROGRESS_LOG, self._settings())
        report = ConversionReport(output, left_out=dict(found.left_out))
        bar.task("files", len(found.files))
        for path, why in found.unreadable.items():
            report.fail(path.name, why)
        for path in found.files:
            self._one_of_many(path, output / names[path], report, progress_log)
            bar.advance()
        if len(report.failed) == len(found.files) + len(found.unreadable):
            raise MediaError(next(iter(report.failed.values())))
        return report

    def _one_of_many(
        self,
        source: Path,
        output: Path,
        report: ConversionReport,
        progress_log: ProgressLog,
    ) -> None:
        try:
            if progress_log.has(source, output):
                report.resumed += 1
                return
            _outputs.check_apart(source, output)
            done = self.file(source, output, Progress(False), must_swap=False)
            progress_log.note(source, output)
        except FILE_ERRORS as error:
            report.fail(source.name, reason(source, error))
            return
        report.add(done)

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

    def _settings(self) -> str:
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


def _check_consent(consent: Any) -> None:
    zeros = "0" * 64
    Record(consent, "source", zeros, "model", zeros)  # raises without a statement
