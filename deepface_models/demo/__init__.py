"""A complete face swap with clips that ship with the package."""

from deepface_models.demo.job import CLIPS, CONSENT, PEOPLE, run

__all__ = ["CLIPS", "CONSENT", "PEOPLE", "run"]
