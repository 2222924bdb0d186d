"""The figures of an evaluation, to read and to keep."""

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
    """One line of the table: name, how to print it, what is better and what it is."""

    key: str
    label: str
    form: str
    better: str
    note: str


# fmt: off
ROWS = (
    Row("target_distance", "distance to target", ".3f", "low",
        "mean embedding distance to the target person's faces; below 0.6 dlib takes "
        "two faces for one person's"),
    Row("source_distance", "distance to source", ".3f", "high",
        "the same to the source person's; a result that stays near leaks"),
    Row("distance_margin", "  margin", ".3f", "high",
        "how much nearer the target than the source; a blurred face is far "
        "from both and gains nothing here"),
    Row("target_share", "is the target person", ".0%", "high",
        "frames below 0.6 and nearer to the target than to the source"),
    Row("found", "face found again", ".0%", "high",
        "frames in which the detector finds a face in the result"),
    Row("pose", "pose error", ".2f°", "low",
        "mean difference of yaw, pitch and roll from the source frame"),
    Row("expression", "expression error", ".2%", "low",
        "how eyes and mouth depart from the person's own mean shape, result against "
        "source, in distances between the eyes"),
    Row("motion", "  motion alone", ".2%", "low",
        "the expression error without what is constant in a clip: what does not "
        "move along"),
    Row("landmarks", "landmark error", ".2%", "low",
        "eyes and mouth against their place in the source frame; the two people's "
        "different faces count as error"),
    Row("mouth", "mouth moves along", ".3f", "high",
        "correlation of the gap between the lips, 1 at best"),
    Row("eyes", "eyes move along", ".3f", "high",
        "correlation of the gap between the lids, 1 at best"),
    Row("ssim", "reconstruction SSIM", ".3f", "high",
        "the source person drawn as themselves against the image, in the face"),
    Row("psnr", "reconstruction PSNR", ".1f dB", "high", "the same in decibels"),
    Row("seam", "seam energy", ".2f", "low",
        "steepness of the image across the mask's edge beside the source's; 1 where "
        "nothing got steeper"),
    Row("jitter", "jitter", ".2f", "near 1",
        "shaking of the landmarks from frame to frame, result / source"),
    Row("flicker", "flicker", ".2f", "near 1",
        "jumps of the face's mean color from frame to frame, result / source"),
    Row("flicker_levels", "  flicker, levels", ".2f", "low",
        "the same jumps themselves, in steps of 255"),
)
# fmt: on


@dataclass(frozen=True, eq=False)
class Evaluation:
    """How good a swap is, beside baselines that learned nothing.

    The columns are "swap" (the model), "source" (the frame left unchanged: perfect
    expression, wrong person) and "mean_face" (the target person's mean face pasted
    the same way: right person, no expression). A swap has to beat both.

    Attributes:
        identity: The target person.
        source_identity: The source person's name, or None if it is not known.
        between: Embedding distance between the two people.
        sources: The images and videos measured.
        frames: For each frame (source, number).
        summary: For each column a dictionary of the measures; nan where one could
            not be taken.
        arrays: For each column the measures of each frame, (N,); nan where one was
            not taken, such as the identity between every k-th frame.
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
        """The measures as text of fixed width.

        Args:
            notes: Whether to say below what each measure means.
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
            legend.append("Expressions can be measured with landmarks=68 only.")
        return "\n".join([*lines, "", *legend] if notes else lines)

    def _title(self) -> str:
        names = ", ".join(one_line(Path(s).name) for s in self.sources[:3])
        more = f" and {len(self.sources) - 3} more" if len(self.sources) > 3 else ""
        asked = int(np.isfinite(self.arrays["source"]["target_distance"]).sum())
        return _wrapped(
            f"{self.source_identity or 'The person'} replaced by {self.identity} in "
            f"{len(self.frames)} frames of {names}{more}, identity measured on "
            f"{asked}. Faces of the two people are {self.between:.3f} apart. "
            "'unchanged' is the source itself, 'mean face' the target person's mean "
            "face pasted the same way: a swap has to beat both."
        )

    def to_json(self, path: str | Path | None = None) -> dict[str, Any]:
        """Returns everything as JSON values, numbers that do not exist as None.

        Args:
            path: Also write it there.
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
    """Mean of the frames that have a value, nan if none has."""
    known = values[key][np.isfinite(values[key])]
    return float(known.mean()) if len(known) else math.nan
