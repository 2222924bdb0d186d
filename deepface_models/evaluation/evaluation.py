"""The results of an evaluation, as a table and as JSON."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.display import one_line
from deepface_models.core.files import write_json
from deepface_models.core.version import __version__

COLUMNS = {"swap": "swap", "source": "unchanged", "mean_face": "mean face"}


class Row(NamedTuple):
    """One line of the table: key, label, number format, better direction and note."""

    key: str
    label: str
    form: str
    better: str
    note: str


# fmt: off
ROWS = (
    Row("target_distance", "distance to target", ".3f", "low",
        "mean embedding distance to the target person's faces; below 0.6, dlib "
        "considers two faces to be the same person"),
    Row("source_distance", "distance to source", ".3f", "high",
        "mean embedding distance to the source person's faces; a small one means that "
        "the source person can still be recognized"),
    Row("distance_margin", "  margin", ".3f", "high",
        "source distance minus target distance; a blurred face is far from both and "
        "gains nothing here"),
    Row("target_share", "is the target person", ".0%", "high",
        "frames whose target distance is below 0.6 and below the source distance"),
    Row("found", "face found again", ".0%", "high",
        "frames in whose result the detector finds a face"),
    Row("pose", "pose error", ".2f°", "low",
        "mean difference in yaw, pitch and roll from the source frame"),
    Row("expression", "expression error", ".2%", "low",
        "how eyes and mouth deviate from the person's mean shape, result compared with "
        "source, in units of the distance between the eyes"),
    Row("motion", "  motion alone", ".2%", "low",
        "the expression error without what is constant in a clip"),
    Row("landmarks", "landmark error", ".2%", "low",
        "distance of eyes and mouth from their place in the source frame; different "
        "face shapes of the two people count as error"),
    Row("mouth", "mouth correlation", ".3f", "high",
        "correlation of the gap between the lips with the source, at best 1"),
    Row("eyes", "eye correlation", ".3f", "high",
        "correlation of the gap between the eyelids with the source, at best 1"),
    Row("ssim", "reconstruction SSIM", ".3f", "high",
        "the source person reconstructed by the model, compared with the frame"),
    Row("psnr", "reconstruction PSNR", ".1f dB", "high", "the same in decibels"),
    Row("seam", "seam energy", ".2f", "low",
        "color gradient at the mask's edge relative to that of frame and decoded face; "
        "1 if nothing became steeper"),
    Row("jitter", "jitter", ".2f", "near 1",
        "jitter of the landmarks from frame to frame, result / source"),
    Row("flicker", "flicker", ".2f", "near 1",
        "changes of the face's mean color from frame to frame, result / source"),
    Row("flicker_levels", "  flicker, levels", ".2f", "low",
        "the changes themselves, in 8-bit levels"),
)
# fmt: on


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The measures of a swap and of two baselines that learned nothing.

    The columns are "swap" (the model), "source" (the unchanged frame: perfect
    expression, wrong person) and "mean_face" (the target person's mean face, pasted in
    the same way: right person, no expression). A swap has to beat both.

    Attributes:
        identity: The target person's name.
        source_identity: The source person's name, or None if it is not known.
        between: Embedding distance between the two people.
        sources: The images and videos measured.
        frames: The source and number of each frame.
        summary: The measures of each column; NaN for one that could not be measured.
        arrays: The measures of each frame, (N,), for each column; NaN for frames that
            were not measured.
    """

    identity: str
    source_identity: str | None
    between: float
    frames: list[tuple[str, int]]
    summary: dict[str, dict[str, float]]
    arrays: dict[str, dict[str, Array]]

    @property
    def sources(self) -> list[str]:
        """The images and videos measured, each once."""
        return list(dict.fromkeys(source for source, _ in self.frames))

    def table(self, notes: bool = True) -> str:
        """Returns the measures as a text table of fixed width.

        Args:
            notes: Whether to add an explanation of each measure.
        """
        head = f"{'measure':<22}" + "".join(f"{c:>11}" for c in COLUMNS.values())
        lines = [self._title(), "", f"{head}  better"]
        legend = []
        for row in ROWS:
            values = [self.summary[c].get(row.key, math.nan) for c in COLUMNS]
            if all(math.isnan(v) for v in values):
                continue
            cells = "".join(f"{_cell(v, row.form):>11}" for v in values)
            lines.append(f"{row.label:<22}{cells}  {row.better}")
            legend.append(_wrapped(f"{row.label.strip()}: {row.note}.", "  "))
        if math.isnan(self.summary["swap"]["expression"]):
            legend.append("Expressions are measured only with landmarks=68.")
        return "\n".join([*lines, "", *legend] if notes else lines)

    def _title(self) -> str:
        names = ", ".join(one_line(Path(s).name) for s in self.sources[:3])
        more = f" and {len(self.sources) - 3} more" if len(self.sources) > 3 else ""
        embedded = int(np.isfinite(self.arrays["source"]["target_distance"]).sum())
        return _wrapped(
            f"{self.source_identity or 'The person'} replaced by {self.identity} in "
            f"{len(self.frames)} frames of {names}{more}; embeddings measured on "
            f"{embedded}. The mean distance between the two people's faces is "
            f"{self.between:.3f}. 'unchanged' is the source itself, 'mean face' the "
            "target person's mean face pasted in the same way: a swap has to beat both."
        )

    def to_json(self, path: str | Path | None = None) -> dict[str, Any]:
        """Returns everything as values that can be written as JSON; NaN becomes None.

        Args:
            path: File to also write them to.
        """
        values = {
            "version": __version__,
            "identity": self.identity,
            "source_identity": self.source_identity,
            "distance_between_people": _number(self.between),
            "sources": self.sources,
            "meaning": {row.key: f"{row.better}: {row.note}" for row in ROWS},
            "measures": {
                column: {key: _number(value) for key, value in measures.items()}
                for column, measures in self.summary.items()
            },
            "frames": [
                {"source": self.sources.index(source), "frame": number}
                for source, number in self.frames
            ],
            "per_frame": {
                column: {key: _numbers(value) for key, value in arrays.items()}
                for column, arrays in self.arrays.items()
            },
        }
        if path is not None:
            write_json(path, values)
        return values


def _cell(value: float, form: str) -> str:
    if math.isnan(value):
        return "-"
    kind = next(i for i, c in enumerate(form) if c in "f%") + 1
    return format(value, form[:kind]) + form[kind:]


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(text, 79, subsequent_indent=indent)


def _number(value: float) -> float | None:
    return round(float(value), 6) if math.isfinite(value) else None


def _numbers(values: Array) -> list[float | None]:
    return [_number(value) for value in np.asarray(values, float).ravel()]


def mean(values: Mapping[str, Array], key: str) -> float:
    """Returns the mean of the frames that have a value, NaN if none has."""
    known = values[key][np.isfinite(values[key])]
    return float(known.mean()) if len(known) else math.nan
