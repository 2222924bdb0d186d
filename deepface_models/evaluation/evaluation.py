"""The results of an evaluation, as a table and as JSON."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.display import one_line
from deepface_models.core.files import write_json
from deepface_models.core.version import __version__
from deepface_models.evaluation import contact
from deepface_models.evaluation.rows import ROWS
from deepface_models.evaluation.seen import Seen

COLUMNS = {
    "swap": "swap",
    "source": "unchanged",
    "mean_face": "mean face",
    "photographs": "photographs",
}
_PHOTOGRAPHS = " 'photographs' pastes photographs of the target person."


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The measures of a swap and of baselines that learned nothing.

    The columns are "swap" (the model), "source" (the unchanged frame: perfect
    expression, wrong person), "mean_face" (the target person's mean face, pasted in
    the same way: right person, no expression) and, if the face mesh is used,
    "photographs" (the photograph of the target person whose expression is nearest). A
    swap has to beat the source and the mean face. Photographs show the likeness that
    the rest of the head and the blending allow.

    Attributes:
        identity: The target person's name.
        source_identity: The source person's name, or None if it is not known.
        between: Embedding distance between the two people.
        sources: The images and videos measured.
        frames: The source and number of each frame.
        summary: The measures of each column; NaN for one that could not be measured.
        arrays: The measures of each frame, (N,), for each column; NaN for frames that
            were not measured.
        seen: What the face mesh saw in the frames of the columns "swap" and "source";
            empty with `mesh=False`.
    """

    identity: str
    source_identity: str | None
    between: float
    frames: list[tuple[str, int]]
    summary: dict[str, dict[str, float]]
    arrays: dict[str, dict[str, Array]]
    seen: dict[str, list[Seen]] = field(default_factory=dict, repr=False)

    @property
    def sources(self) -> list[str]:
        """The images and videos measured, each once."""
        return list(dict.fromkeys(source for source, _ in self.frames))

    def table(self, notes: bool = True) -> str:
        """Returns the measures as a text table of fixed width.

        Args:
            notes: Whether to add an explanation of each measure.
        """
        columns = [c for c in COLUMNS if c in self.summary]
        head = f"{'measure':<22}" + "".join(f"{COLUMNS[c]:>12}" for c in columns)
        lines = [self._title(), "", f"{head}  better"]
        legend = []
        for row in ROWS:
            values = [self.summary[c].get(row.key, math.nan) for c in columns]
            if all(math.isnan(v) for v in values):
                continue
            cells = "".join(f"{_cell(v, row.form):>12}" for v in values)
            lines.append(f"{row.label:<22}{cells}  {row.better}")
            legend.append(_wrapped(f"{row.label.strip()}: {row.note}.", "  "))
        if math.isnan(self.summary["swap"]["expression"]):
            legend.append("Expressions are measured only with landmarks=68.")
        return "\n".join([*lines, "", *legend] if notes else lines)

    def sheet(self, path: str | Path) -> None:
        """Writes mouths and eyes of eight frames, the source's above the swap's.

        Frames with open mouths, closed eyes, smiles and glances are chosen.

        Args:
            path: An image file; PNG keeps the pixels as they are.

        Raises:
            ValueError: The face mesh was not used.
        """
        if not self.seen:
            raise ValueError(
                "An evaluation with mesh=False has no sheet. Expected one with the "
                "face mesh. Evaluate again with mesh=True."
            )
        names = ("mouth", "eyes", "smile", "gaze")
        values = {n: self.arrays["source"][f"seen_{n}"] for n in names}
        chosen = contact.choose(values)
        pairs = ([self.seen[c][i].crops for i in chosen] for c in ("source", "swap"))
        contact.write(path, *pairs)

    def _title(self) -> str:
        names = ", ".join(one_line(Path(s).name) for s in self.sources[:3])
        more = f" and {len(self.sources) - 3} more" if len(self.sources) > 3 else ""
        embedded = int(np.isfinite(self.arrays["source"]["target_distance"]).sum())
        return _wrapped(
            f"{self.source_identity or 'The person'} replaced by {self.identity} in "
            f"{len(self.frames)} frames of {names}{more}; embeddings measured on "
            f"{embedded}. The mean distance between the two people's faces is "
            f"{self.between:.3f}. 'unchanged' is the source itself, 'mean face' the "
            "target person's mean face pasted in the same way: a swap has to beat each "
            "where it is weak." + _PHOTOGRAPHS * ("photographs" in self.summary)
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
