"""Running the command as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import deepface_models

ROOT = Path(deepface_models.__file__).parent.parent
CLIPS = ROOT / "deepface_models" / "demo" / "clips"
CONSENT = "Both speakers are volunteers of the GRID corpus"
COMMANDS = (
    *("extract", "train", "preview", "convert", "live", "evaluate", "verify"),
    *("list", "describe", "fetch", "pack", "upload", "pretrain"),
    *("import", "export", "fleet", "jobs", "studio", "doctor", "demo"),
)


def run_apart(*words: Any) -> subprocess.CompletedProcess[str]:
    """Runs `deepface-models` in a process of its own, with a user's environment."""
    return python("-m", "deepface_models", *map(str, words))


def python(*words: str) -> subprocess.CompletedProcess[str]:
    """Runs Python with the package importable."""
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    environment["PYTHONPATH"] = str(ROOT)
    return subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        env=environment,
        encoding="utf-8",
    )
