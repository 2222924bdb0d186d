"""Where the tests' images and the demo's clips are."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FACES = ROOT / "tests" / "data" / "faces"
CLIPS = ROOT / "deepface_models" / "demo" / "clips"
