"""Recordings of live swaps: written while they run, and signed at the end."""

from __future__ import annotations

import hashlib
import sys
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path

from deepface_models.conversion import _outputs
from deepface_models.conversion._statements import Statements
from deepface_models.conversion.converter import Converter
from deepface_models.core.arrays import Array
from deepface_models.core.files import atomic_path
from deepface_models.core.locks import hold
from deepface_models.core.spans import WHOLE
from deepface_models.media import VideoWriter
from deepface_models.provenance import Certificate, Record, sign
from deepface_models.streaming.label import LABEL
from deepface_models.streaming.slot import Captured
from deepface_models.streaming.sources import Opened

_TICKS = 1000  # time stamps per second


class Recorder:
    """Writes the images of a live swap to a video, with provenance.

    Args:
        output: The file, .mp4 or .mov.
        source: Where the frames come from.
        converter: Its model and settings are recorded.
        consent: Who agreed to this use.
        certificate: Signs the file.

    Raises:
        InUseError: Another thread or process is writing the output.
        MediaError: A file with this extension cannot be signed, or it is the source.
    """

    def __init__(
        self,
        output: Path,
        source: Opened,
        converter: Converter,
        consent: str,
        certificate: Certificate | None,
    ) -> None:
        if source.path is not None:
            _outputs.check_file(source.path, output, "video")
        _outputs.check_extension(source.name, output, "video")
        self.output, self.source = output, source
        self._statements = Statements(consent, converter, {}, WHOLE, certificate)
        self._record: Record | None = None
        self._video: VideoWriter | None = None
        self._place = output
        self._waiting: tuple[Array, int] | None = None
        self._files = ExitStack()
        self._files.enter_context(hold(output))

    def write(self, image: Array, frame: Captured) -> None:
        """Appends the image made from a frame."""
        pts = round(frame.time * _TICKS)
        if self._video is None:
            self._open(frame.image)
        if self._waiting is not None:
            pts = max(pts, self._waiting[1] + 1)
            self._flush(pts - self._waiting[1])
        self._waiting = image, pts

    def finish(self) -> None:
        """Completes and signs the file; nothing is written if no image was."""
        files, self._files = self._files, ExitStack()
        try:
            if self._video is not None and self._record is not None:
                self._flush(round(_TICKS / self.source.fps))
                self._video.__exit__(None, None, None)
                sign(self._place, self._record, self._statements.certificate)
        except BaseException:
            if not files.__exit__(*sys.exc_info()):
                raise
        files.close()

    def _flush(self, duration: int) -> None:
        if self._waiting is not None and self._video is not None:
            self._video.write(*self._waiting, duration)

    def _open(self, first: Array) -> None:
        """Opens the file; the record is made first, as the file's tags repeat it."""
        self._record = self._record_of(first)
        self._place = self._files.enter_context(
            atomic_path(self.output, wait=None, apart=True)
        )
        self._video = VideoWriter(
            self._place,
            fps=self.source.fps,
            time_base=Fraction(1, _TICKS),
            metadata=self._record.plain_metadata(),
        ).__enter__()

    def _record_of(self, first: Array) -> Record:
        label = {"label": LABEL}
        if self.source.path is not None:
            return self._statements.record(self.source.path, label)
        # There is no file; the first frame stands for it.
        told = {**label, "source_sha256_of": "the first frame's RGB bytes"}
        return Record(
            source=self.source.name,
            source_sha256=hashlib.sha256(first.tobytes()).hexdigest(),
            **self._statements.facts(told),
        )
