"""The tracks of a conversion: found, or those of an earlier one."""

from __future__ import annotations

from pathlib import Path

from deepface_models.conversion.report import ConversionReport
from deepface_models.core.errors import InUseError
from deepface_models.core.progress import Progress
from deepface_models.core.spans import WHOLE, Span, span_name
from deepface_models.faces.aligner import FaceAligner
from deepface_models.faces.analysis import holds_all, tracks_of
from deepface_models.faces.face_tracks import SHEET, FaceTracks
from deepface_models.media import ImageSequence


def find_tracks(
    source: Path | ImageSequence,
    output: Path,
    aligner: FaceAligner,
    kept: str | Path | bool,
    span: Span,
    report: ConversionReport,
    bar: Progress,
) -> FaceTracks:
    """Analyzes a video, or opens the tracks that an earlier conversion found.

    Args:
        source: The video.
        output: The result, beside which the tracks are kept.
        aligner: Finds the faces.
        kept: The folder of the tracks, True for the usual one, or False for none.
        span: The part of the video.
        report: Gets the folder.
        bar: Counts the frames.
    """
    if kept is False:
        return tracks_of(source, None, aligner, bar, span=span)
    folder = _folder(source, output, aligner, kept, span)
    try:
        tracks = tracks_of(source, folder, aligner, bar, span=span)
    except InUseError:  # by another conversion of the same video
        return tracks_of(source, None, aligner, bar, span=span)
    if tracks.samples and not (folder / SHEET).exists():
        tracks.contact_sheet()
    report.tracks = folder
    return tracks


def _folder(
    source: Path | ImageSequence,
    output: Path,
    aligner: FaceAligner,
    kept: str | Path | bool,
    span: Span,
) -> Path:
    """Returns where the tracks are kept; those of a part have their own folder."""
    if not isinstance(kept, bool):
        return Path(kept)
    folder = output.parent / f"{source.name}.tracks"
    if span == WHOLE or holds_all(source, folder, aligner, span):
        return folder
    return output.parent / f"{source.name}.{span_name(span)}.tracks"
