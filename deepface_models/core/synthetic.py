"""Words and tags that mark a file as synthetic."""

from __future__ import annotations

import json

from deepface_models.core.version import __version__

NOTICE = "Synthetic media: a trained model changed or made the face shown here."


def software_name() -> str:
    """Returns the name and version of this package, as written into files."""
    return f"deepface_models {__version__}"


def synthetic_tags(description: str) -> dict[str, str]:
    """Returns the tags of an image that a model made, but for which nobody signs.

    `verify` reports a file that has them as synthetic.

    Args:
        description: What the image shows.
    """
    return {
        "software": software_name(),
        "description": f"Synthetic: {description}",
        "comment": json.dumps({"synthetic": True}),
    }
