"""`convert`: swaps faces in an image, a video or a folder and signs the result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deepface_models.conversion import _outputs
from deepface_models.conversion._file import FileJob
from deepface_models.conversion._progress_log import ProgressLog
from deepface_models.conversion.converter import Converter
from deepface_models.conversion.report import ConversionReport
from deepface_models.core import folders
from deepface_models.core.errors import MediaError
from deepface_models.core.locks import hold_folder
from deepface_models.core.progress import Progress
from deepface_models.faces._reference import Person
from deepface_models.media import media_kind
from deepface_models.media.codecs import encoder_of
from deepface_models.media.folders import FILE_ERRORS, Listing, check_outside, reason
from deepface_models.provenance import Certificate, Record

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
    job = FileJob(converter, consent, person, certificate, writer)
    with Progress(progress) as bar:
        if kind == "folder":
            encoder_of(codec, lossless, "result.mp4")
            return _convert_folder(job, source, output, bar)
        _outputs.check_file(source, output, kind)
        if kind == "video":
            encoder_of(codec, lossless, output)
        return job.file(source, output, bar, must_swap=True)


def _convert_folder(
    job: FileJob, source: Path, output: Path, bar: Progress
) -> ConversionReport:
    """Converts a folder's files one by one and skips finished ones."""
    _outputs.check_apart(source, output)
    check_outside(source, output)
    found = _outputs.sources_in(source)
    with hold_folder(output):
        folders.sweep(output)
        return _convert_all(job, found, output, bar)


def _convert_all(
    job: FileJob, found: Listing, output: Path, bar: Progress
) -> ConversionReport:
    names = _outputs.result_names(found.files)
    progress_log = ProgressLog(output / _PROGRESS_LOG, job.settings())
    report = ConversionReport(output, left_out=dict(found.left_out))
    bar.task("files", len(found.files))
    for path, why in found.unreadable.items():
        report.fail(path.name, why)
    for path in found.files:
        _convert_one(job, path, output / names[path], report, progress_log)
        bar.advance()
    if len(report.failed) == len(found.files) + len(found.unreadable):
        raise MediaError(next(iter(report.failed.values())))
    return report


def _convert_one(
    job: FileJob,
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
        done = job.file(source, output, Progress(False), must_swap=False)
        progress_log.note(source, output)
    except FILE_ERRORS as error:
        report.fail(source.name, reason(source, error))
        return
    report.add(done)


def _check_consent(consent: Any) -> None:
    zeros = "0" * 64
    Record(consent, "source", zeros, "model", zeros)  # raises without a statement
