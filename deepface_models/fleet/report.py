"""The report of a fleet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from deepface_models.core.display import message, one_line
from deepface_models.core.words import many
from deepface_models.fleet.rows import DONE, FAILED, Row, counts

_MOST = 10  # failures that are shown


@dataclass
class FleetReport:
    """What became of each clip.

    Attributes:
        output: Address of the output folder.
        table: Address of the table of all rows, `fleet.csv`.
        rows: A row for each clip, in the order of the sources: source, output, status
            ("done", "no_face" or "failed"), error, seconds, frames, sha256 (of the
            result; of a folder, of its files), what the kind of work measured (faces,
            swapped, or the measures of `evaluate`), worker (machine and process),
            stamp (size and version of the clip) and settings (their digest).
        resumed: How many of them an earlier run had finished.
    """

    output: str
    table: str
    rows: list[Row] = field(repr=False)
    resumed: int = 0

    @property
    def failed(self) -> dict[str, str]:
        """The error of each clip that failed, by its address."""
        return {r["source"]: r["error"] for r in self.rows if r["status"] == FAILED}

    @property
    def outputs(self) -> list[str]:
        """The addresses of all results."""
        return [row["output"] for row in self.rows if row["status"] == DONE]

    def summary(self) -> str:
        """Returns the report as a few lines."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        found = counts(self.rows)
        spent = sum(row["seconds"] for row in self.rows)
        yield (
            f"{found['done']} of {many(len(self.rows), 'clip')} done, "
            f"{found['no_face']} without the face, {found['failed']} failed; "
            f"{spent:.0f} s of work, table in {one_line(self.table)}"
        )
        if self.resumed:
            yield f"{many(self.resumed, 'clip')} already finished."
        failed = list(self.failed.items())
        for source, error in failed[:_MOST]:
            yield f"{one_line(source)} failed: {message(error)}"
        if len(failed) > _MOST:
            yield f"{len(failed) - _MOST} more failed; see the table."
