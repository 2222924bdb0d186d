"""Lets a machine without PyAV and dlib train: import this before the package's models.

deepface_models.autoencoders and .callbacks draw previews with deepface_models.media,
which imports PyAV for its videos, and deepface_models.faces imports dlib. A training
reads no video and looks for no face.
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


for _room in (("av", "av.video", "av.video.reformatter"), ("dlib",)):
    if _room[0] not in sys.modules and _is_missing(_room[0]):
        for _name in _room:
            sys.modules[_name] = MagicMock(name=_name)
