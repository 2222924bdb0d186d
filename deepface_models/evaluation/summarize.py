"""Computes the measures of the table from the raw values of all frames."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.evaluation import measures, sight
from deepface_models.evaluation.collect import Collected
from deepface_models.evaluation.evaluation import mean
from deepface_models.evaluation.frames import EvaluationFrame
from deepface_models.evaluation.seen import Seen, Watcher
from deepface_models.faces import SAME_PERSON

Arrays = dict[str, Array]

_MEANS = (
    *("target_distance", "source_distance", "distance_margin", "target_share"),
    *("found", "pose"),
    *("yaw", "pitch", "roll", "expression", "motion", "landmarks", "ssim", "psnr"),
    "seam",
)


def summarize(
    frames: Sequence[EvaluationFrame],
    collected: Mapping[str, Collected],
    people: tuple[Array, Array],
    shapes: Sequence[Array],
    watcher: Watcher | None = None,
) -> tuple[dict[str, dict[str, float]], dict[str, Arrays]]:
    """Computes the measures of the swap and of the baselines.

    Args:
        frames: The frames, in the order of the values.
        collected: Values of the results of "swap" and of each baseline.
        people: Embeddings of the target person and of the source person.
        shapes: Mean aligned shapes of the same two people.
        watcher: Saw frames and results by the face mesh, or None without it.

    Returns:
        Summary and per-frame values, both by column; see `Evaluation`.
    """
    swap, seen = collected["swap"], watcher.seen_sources() if watcher else []
    columns = {"swap": swap, "source": _unchanged(frames, swap, seen), **collected}
    maker = _Frames(frames, np.array(swap.sizes), people, shapes)
    arrays = {name: maker.arrays(raw) for name, raw in columns.items()}
    if watcher is not None:
        for name, raw in columns.items():
            arrays[name] |= sight.arrays(raw.seen)
    source = arrays["source"]
    summary = {}
    for name, values in arrays.items():
        one = {key: mean(values, key) for key in _MEANS}
        for key in ("mouth", "eyes"):
            gaps = values[f"{key}_opening"], source[f"{key}_opening"]
            one[key] = measures.correlation(*gaps, maker.clips)
        one["jitter"] = measures.ratio(values["jitter"], source["jitter"])
        one["flicker"] = measures.ratio(values["flicker"], values["source_flicker"])
        one["flicker_levels"] = mean(values, "flicker")
        if watcher is not None:
            known = columns[name].seen, watcher.own
            one |= sight.summary(values, source, *known, maker.clips)
            far = one["target_distance"], mean(source, "target_distance")
            before = watcher.seen_sources()
            one |= sight.shares(far, known[0], before, watcher.own, people[0])
        summary[name] = one
    return summary, arrays


def _unchanged(
    frames: Sequence[EvaluationFrame], swap: Collected, seen: Sequence[Seen]
) -> Collected:
    """Returns the values of the unchanged frames; they have no reconstruction."""
    count = len(frames)
    return Collected(
        sizes=swap.sizes,
        landmarks=[frame.face.landmarks for frame in frames],
        embeddings=swap.source_embeddings,
        source_embeddings=swap.source_embeddings,
        seams=[1.0] * count,
        colors=swap.source_colors,
        source_colors=swap.source_colors,
        ssim=[math.nan] * count,
        psnr=[math.nan] * count,
        seen=list(seen),
    )


class _Frames:
    """The source frames, which the measures of all columns are compared with."""

    def __init__(
        self,
        frames: Sequence[EvaluationFrame],
        sizes: Array,
        people: tuple[Array, Array],
        shapes: Sequence[Array],
    ) -> None:
        self.sizes, self.people, self.shapes = sizes, people, shapes
        sources = np.array([frame.source for frame in frames])
        self.clips = np.unique(sources, return_inverse=True)[1]
        self.runs = np.array([frame.run for frame in frames])
        self.landmarks = np.array(
            [frame.face.landmarks for frame in frames], np.float64
        )
        self.poses = measures.poses(self.landmarks, self.sizes)
        self.aligned = measures.aligned_shapes(self.landmarks)

    def arrays(self, raw: Collected) -> Arrays:
        """Returns the measures of each frame, (N,)."""
        landmarks = np.array(raw.landmarks, np.float64)
        colors, before = np.array(raw.colors), np.array(raw.source_colors)
        return {
            **self._identity(raw),
            "found": np.isfinite(landmarks).all(axis=(1, 2)).astype(float),
            **self._pose(landmarks),
            **self._expression(landmarks),
            "ssim": np.array(raw.ssim),
            "psnr": np.array(raw.psnr),
            "seam": np.array(raw.seams),
            "jitter": measures.jitter(landmarks, self.runs),
            "flicker": measures.flicker(colors, self.runs),
            "source_flicker": measures.flicker(before, self.runs),
        }

    def _identity(self, raw: Collected) -> Arrays:
        rows = np.array(raw.embeddings)
        target, source = (measures.embedding_distance(rows, p) for p in self.people)
        # A result without a face counts too, as not the target person.
        measured = np.isfinite(np.array(raw.source_embeddings)).all(axis=1)
        is_target = ((target < SAME_PERSON) & (target < source)).astype(float)
        return {
            "target_distance": target,
            "source_distance": source,
            "distance_margin": source - target,
            "target_share": np.where(measured, is_target, np.nan),
        }

    def _pose(self, landmarks: Array) -> Arrays:
        poses = measures.poses(landmarks, self.sizes)
        errors = {
            name: measures.pose_error(poses[:, i : i + 1], self.poses[:, i : i + 1])
            for i, name in enumerate(("yaw", "pitch", "roll"))
        }
        return {"pose": measures.pose_error(poses, self.poses), **errors}

    def _expression(self, landmarks: Array) -> Arrays:
        if landmarks.shape[1] != 68:
            keys = (
                "expression",
                "motion",
                "landmarks",
                "mouth_opening",
                "eyes_opening",
            )
            return {key: np.full(len(landmarks), np.nan) for key in keys}
        shapes = measures.aligned_shapes(landmarks)
        offsets = measures.expression_offsets(shapes, self.aligned, *self.shapes)
        return {
            "expression": measures.expression_error(offsets),
            "motion": measures.motion_error(offsets, self.clips),
            "landmarks": measures.landmark_error(landmarks, self.landmarks),
            "mouth_opening": measures.mouth_opening(landmarks),
            "eyes_opening": measures.eye_opening(landmarks),
        }
