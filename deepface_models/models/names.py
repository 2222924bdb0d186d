"""The names of the architectures, known without importing Keras."""

from __future__ import annotations

import re
from pathlib import Path

_REGISTERED = re.compile(r"^@register_architecture\(\s*\"(\w+)\"", re.MULTILINE)


def architecture_names(family: str) -> list[str]:
    """Returns the names of this package's architectures, sorted; without plugins.

    The decorators are read and not run: the help of a command answers at once.

    Args:
        family: "swap" or "autoencoders".
    """
    files = (Path(__file__).parent / family).rglob("*.py")
    texts = [file.read_text(encoding="utf-8") for file in files]
    return sorted(name for text in texts for name in _REGISTERED.findall(text))
