"""The table's measures from what the mesh saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.evaluation import likeness, tones
from deepface_models.evaluation.expression import MEASURES, blink_depth, gain
from deepface_models.evaluation.measures import correlation, ratio
from deepface_models.evaluation.seen import Own, Seen

_PREFIX = "seen_"  # of the names of values by frame


def arrays(seen: Sequence[Seen]) -> dict[str, Array]:
    """Returns the measures of each frame, (N,) each."""
    names = dict.fromkeys(name for one in seen for name in one.values)
    return {
        f"{_PREFIX}{name}": np.array([one.values.get(name, np.nan) for one in seen])
        for name in names
    }


def summary(
    values: Mapping[str, Array],
    source: Mapping[str, Array],
    seen: Sequence[Seen],
    own: Own,
    clips: Array,
) -> dict[str, float]:
    """Returns the measures of a column.

    Args:
        values: `arrays` of the column, with its "target_distance".
        source: The same of the unchanged frames.
        seen: What was seen in the column's frames.
        own: The target person.
        clips: (N,) labels.
    """
    found: dict[str, float] = {}
    for name in MEASURES:
        pair = values[_PREFIX + name], source[_PREFIX + name]
        found[f"seen_{name}"] = correlation(*pair, clips)
        found[f"{name}_gain"] = gain(*pair, clips)
    lids = _PREFIX + "eyes"
    found["blink"] = blink_depth(values[lids], source[lids], clips)
    detail = values[_PREFIX + "detail"]
    found["detail"] = ratio(detail, source[_PREFIX + "detail"])
    found["detail_through"] = ratio(detail, source[_PREFIX + "through"])
    own_detail = np.full(len(detail), own.detail)
    found["detail_own"] = ratio(values[_PREFIX + "detail_own"], own_detail)
    outside = values.get(_PREFIX + "outside", np.full(len(detail), np.nan))
    known = outside[np.isfinite(outside)]
    found["outside"] = float(known.mean()) if len(known) else np.nan
    for part in tones.PARTS:
        theirs = [one[part] for one in own.tones]
        found[f"{part}_color"] = tones.difference([s.tones[part] for s in seen], theirs)
    return found


def shares(
    distances: tuple[float, float],
    seen: Sequence[Seen],
    source: Sequence[Seen],
    own: Own,
    embeddings: Array,
) -> dict[str, float]:
    """Returns the shares of the way from the source to real footage of the person.

    Args:
        distances: Mean embedding distances of the column and of the unchanged frames
            to the target person.
        seen: What was seen in the column's frames.
        source: What was seen in the unchanged frames.
        own: The target person.
        embeddings: (M, 128), those of the target person.
    """
    shapes = [np.array([one.shape for one in part]) for part in (seen, source)]
    apart = [likeness.shape_distance(one, own.shapes) for one in shapes]
    real = likeness.own_shape_distance(own.shapes)
    return {
        "likeness": likeness.share(*distances, likeness.leave_one_out(embeddings)),
        "likeness_shape": likeness.share(apart[0], apart[1], real),
    }
