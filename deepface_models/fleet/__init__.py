"""`extract`, `convert` and `evaluate` for many clips, on one or many machines."""

from deepface_models.fleet.job import convert, evaluate, extract
from deepface_models.fleet.report import FleetReport

__all__ = ["FleetReport", "convert", "evaluate", "extract"]
