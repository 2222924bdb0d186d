"""What an exported network says of itself: JSON inside of the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeAlias

from deepface_models.core.checked import decode
from deepface_models.core.errors import ModelFileError
from deepface_models.core.poses import as_poses

KEY = "deepface_models"  # under which each format keeps it
Metadata: TypeAlias = dict[str, Any]


def to_text(metadata: Metadata) -> str:
    """Returns metadata as JSON."""
    return json.dumps(metadata, sort_keys=True)


def from_text(text: str | None, path: Path) -> Metadata:
    """Returns the metadata in a file.

    Args:
        text: What the file has under `KEY`; None if it has nothing.
        path: The file, for messages.

    Raises:
        ModelFileError: There is none, or it is not valid.
    """
    if text is None:
        raise ModelFileError(
            f"{path} does not say which network it is. Expected a file that "
            "deepface_models.export wrote, or a .dfm file of DeepFaceLive. Export the "
            "model again, or run the file with its own engine."
        )
    try:
        found: Metadata = decode(text, "export")
    except ValueError as error:
        raise ModelFileError(
            f"{path} says of itself what cannot be read ({error}). Expected what "
            "deepface_models.export writes. Export the model again, with this version."
        ) from error
    return {**found, "poses": as_poses(found["poses"])}
