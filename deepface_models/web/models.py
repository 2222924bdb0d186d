"""The models that pages offer, and the one that previews keep in memory."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from deepface_models.core.checked import read
from deepface_models.web.workspace import Workspace

_PRESETS = ("swap_demo",)


def swaps(workspace: Workspace) -> list[str]:
    """Returns the face swaps: trained ones, the newest first, then presets."""
    folders = [workspace.folder / one for one in workspace.models()]
    folders.sort(key=lambda folder: -folder.stat().st_mtime)
    return [*(f"models/{folder.name}" for folder in folders), *_PRESETS]


def identities(workspace: Workspace, model: str | None) -> list[str]:
    """Returns whose faces a model renders, without loading it."""
    if not model:
        return []
    if model in _PRESETS:
        from deepface_models.presets import describe

        return list(describe(model)["identities"] or ())
    path = workspace.folder / model / "model" / "config.json"
    return list(read(path, "model").get("identities") or ()) if path.exists() else []


def loaded(workspace: Workspace, model: str) -> Any:
    """Returns a model; the last one stays in memory."""
    trained = workspace.folder / model / "model"
    state = 0 if model in _PRESETS else (trained / "config.json").stat().st_mtime_ns
    return _load(model if model in _PRESETS else str(trained), state)


@functools.lru_cache(maxsize=1)
def _load(source: str | Path, state: int) -> Any:
    from deepface_models.presets.loading import load

    return load(source)
