"""Lets a machine without PyAV train: import this before the package's models.

deepface_models.autoencoders and .callbacks draw previews with deepface_models.media,
which imports PyAV for its videos. A training reads no video.
"""

from __future__ import annotations

import importlib.util
import sys
from unittest.mock import MagicMock


def _is_missing(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is None
    except ModuleNotFoundError:
        return True


if "av" not in sys.modules and _is_missing("av"):
    for _name in ("av", "av.video", "av.video.reformatter"):
        sys.modules[_name] = MagicMock(name=_name)
