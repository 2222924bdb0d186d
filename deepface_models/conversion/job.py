"""`convert`: swaps faces in an image, a video or a folder and signs the result."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from deepface_models.conversion import _outputs, settings
from deepface_models.conversion._file import FileJob
from deepface_models.conversion._options import check_converter
from deepface_models.conversion._progress_log import ProgressLog
from deepface_models.conversion._sequences import check_images, check_storable, resolve
from deepface_models.conversion.converter import Converter
from deepface_models.conversion.report import ConversionReport
from deepface_models.core.errors import MediaError
from deepface_models.core.files import sweep
from deepface_models.core.locks import hold_folder
from deepface_models.core.options import known
from deepface_models.core.progress import Progress
from deepface_models.core.spans import span_of
from deepface_models.core.whole import whole_numbers
from deepface_models.faces._reference import Person
from deepface_models.media import ImageSequence
from deepface_models.media.codecs import encoder_of
from deepface_models.media.folders import FILE_ERRORS, Listing, check_outside, reason
from deepface_models.media.kinds import is_pattern
from deepface_models.media.sequence import Source
from deepface_models.provenance import Certificate
from deepface_models.provenance.record import check_consent

_PROGRESS_LOG = "conversion.jsonl"


@whole_numbers(bits=8)
def convert(
    source: Source,
    output: str | Path,
    model: Any,
    *,
    identity: str | None = None,
    consent: str,
    person: Person = None,
    people: Mapping[str | int | Path, str] | None = None,
    tracks: str | Path | bool = True,
    frames: tuple[int | None, int | None] | None = None,
    fps: float | Fraction | None = None,
    save_settings: bool = True,
    patches: str | Path | None = None,
    converter: Converter | None = None,
    certificate: Certificate | None = None,
    progress: bool = True,
    codec: str = "h264",
    crf: float = 18,
    lossless: bool = False,
    bits: int | None = None,
    alpha: bool = False,
    **options: Any,
) -> ConversionReport:
    """Swaps a face in an image, a video or a folder of both.

    Sound, time stamps and size of videos do not change. Every result carries the
    consent statement, the hashes of source and model, and a signature over all of it
    (Content Credentials). Results appear under their name only when finished. An
    interrupted conversion of a folder can be repeated and continues where it stopped.

    Args:
        source: An image, a video, a folder of both, or an image sequence: a pattern
            such as "shot.%04d.png", or a folder of numbered images together with `fps`
            or with a video or a pattern as output. It is never changed.
        output: File, folder or pattern to write; neither the source itself nor inside
            it. A pattern, or a folder for an image sequence, gets one signed image for
            each frame, with the source's number.
        model: A trained `FaceSwap`.
        identity: The target person, whose face is rendered; one of
            `model.identities`. Leave it out with `people`.
        consent: Who agreed to this use and where that is written down.
        person: The person to replace when there are several: a FaceSet (or its folder),
            a (128,) face embedding or the path of an image. By default the person with
            the largest face for the longest time. If the model does not know the person
            (source_identity="anybody"), their mean latent is measured on the FaceSet,
            or else on the faces of each video. It is not measured on images: one face
            is too few, and the images of a folder may show different people.
        people: Several people to replace, each by another identity: `{"ana.png": "ben",
            3: "zoe"}`. A person is the path of an image or a face set, the number of a
            track, or the name that tracks were assigned to.
        tracks: Folder for the faces of the video, see `FaceTracks`; if it holds a
            finished analysis of the same video, that is used, with its edits. True
            stands for the source's name with .tracks beside the output, False for none.
        frames: The part of a video to convert, (start, stop): the number of its first
            frame, from 0, and of the frame to stop before; None for either end. The
            result begins at 0, its sound is cut to these frames, and only they are
            analyzed, unless tracks of more frames are there.
        fps: Frames per second of an image sequence; needed to write a video.
        save_settings: Whether to save the settings beside the output, as JSON with its
            name and .settings.json, for `replay`.
        patches: Folder for each rendered face, its mask (both 16-bit PNG) and its
            matrices and metadata (JSON), for a compositor.
        converter: A `Converter` of the same model, instead of `options`.
        certificate: Signs the results; by default the one made on this computer.
        progress: Whether to show a progress bar.
        codec: Video codec: "h264", "hevc", "av1", "vp9" or "ffv1" (.mp4), or "prores"
            (422 HQ), "prores_4444" or "qtrle" (.mov, which also takes the first two).
        crf: Video quality, 0 (best) to 51.
        lossless: Whether to keep every pixel of the result, in a much larger video.
        bits: Bits a sample: 8, 10, 12 or 16, as the codec supports them; 8 or 16 for an
            image sequence of PNG. By default 8, of ProRes 10. If source and result
            have more than 8, everything between them but the search for faces does.
        alpha: Whether to write only the faces, with their masks as alpha: to PNG or
            WebP, or to a video with the codec "prores_4444", "ffv1" or "qtrle".
        **options: Options of `Converter`: source_identity, mask, color, blend, feather,
            erode, sharpen, reshape, batch_size, side_by_side, debug, aligner.

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
        >>> who = {"identity": "ben", "consent": "Ana and Ben, signed release 2026-03"}
        >>> report = convert("ana.mp4", "ben.mp4", model, **who, progress=False)
        >>> report.frames, report.swapped
        (3, 3)
    """
    check_consent(consent)
    kind, source, output = resolve(source, Path(output), fps)
    given: dict[str, Any] = {"identity": identity, "person": person, "people": people}
    identity = first_identity(identity, person, people, options)
    single = {"patches": patches, "bits": bits, "alpha": alpha or None}
    _check_kind(kind, source, tracks, frames, single)
    if converter is None:
        converter = Converter(model, identity, **known(Converter, options, convert))
    else:
        check_converter(converter, model, identity, options)
    given |= {"consent": consent, "tracks": tracks, "frames": frames}
    given |= {"certificate": certificate, "patches": patches}
    writer = {"codec": codec, "crf": crf, "lossless": lossless}
    writer |= {"bits": bits, "alpha": alpha}
    if kind != "folder":
        check_storable(kind, output, writer, converter)
    job = FileJob(
        converter,
        consent,
        person,
        certificate,
        writer,
        people,
        tracks,
        span_of(frames),
        patches,
    )
    with Progress(progress) as bar:
        report = _run(job, kind, source, output, bar)
    if save_settings:
        report.settings = settings.settings_path(output)
        given |= {**writer, **settings.places(source, output)}
        settings.save_settings(
            report.settings, converter, job.statements.model_sha256, given
        )
    return report


def _check_kind(
    kind: str, source: Any, tracks: Any, frames: Any, single: Mapping[str, Any]
) -> None:
    """Refuses arguments that a folder, or anything but a video, does not take."""
    if kind == "folder" and not isinstance(tracks, bool):
        raise ValueError(
            f"tracks={str(tracks)!r} was given for the folder {source}. Expected True "
            "or False, as each video has tracks of its own. Convert that video alone."
        )
    name = next((name for name, one in single.items() if one is not None), None)
    if kind == "folder" and name:
        raise ValueError(
            f"{name}={single[name]!r} was given for the folder {source}. Expected an "
            "image, a video or an image sequence. Convert its files one by one."
        )
    if kind != "video" and frames is not None:
        raise ValueError(
            f"frames={frames} was given for the {kind} {source}. Expected a video. "
            "Leave out frames."
        )


def _run(
    job: FileJob, kind: str, source: Path | ImageSequence, output: Path, bar: Progress
) -> ConversionReport:
    """Checks the output and converts."""
    if kind == "folder" and isinstance(source, Path):
        encoder_of(job.writer["codec"], job.writer["lossless"], "result.mp4")
        return _convert_folder(job, source, output, bar)
    if kind == "video" and is_pattern(output):
        check_images(source, output)
    else:
        _outputs.check_file(source, output, kind)
    return job.file(source, output, bar, must_swap=True)


def first_identity(
    identity: str | None,
    person: Person,
    people: Mapping[str | int | Path, str] | None,
    options: Mapping[str, Any],
) -> str:
    """Returns `identity`, or the first one in `people`; refuses both."""
    single = {"identity": identity, "person": person}
    single["source_identity"] = options.get("source_identity")
    given = [name for name, value in single.items() if value is not None]
    if people and not given:
        return next(iter(people.values()))
    if people is None and identity is not None:
        return identity
    raise ValueError(
        f"people={people!r} was given together with {given or 'no identity'}. Expected "
        "identity= for one person, or people= for several. Pass one of them, such as "
        'people={"ana.png": "ben", 3: "zoe"}.'
    )


def _convert_folder(
    job: FileJob, source: Path, output: Path, bar: Progress
) -> ConversionReport:
    """Converts a folder's files one by one and skips finished ones."""
    _outputs.check_apart(source, output)
    check_outside(source, output)
    found = _outputs.sources_in(source)
    with hold_folder(output):
        sweep(output)
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
