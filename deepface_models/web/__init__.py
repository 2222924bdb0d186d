"""The studio: the whole job in a browser, each control a public function."""

from __future__ import annotations

from deepface_models.web.server import studio

__all__ = ["studio"]
