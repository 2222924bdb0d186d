"""Errors of the package; each is a subclass of a built-in one."""

from __future__ import annotations


class InUseError(BlockingIOError):
    """Another thread or process is writing to the same place."""


class FaceNotFoundError(ValueError):
    """No face, or no face of the right person, was found."""


class MediaError(ValueError):
    """An image, a video or another data file cannot be read or written."""


class IntegrityError(ValueError):
    """A file's bytes differ from those that were published or recorded."""


class ModelFileError(ValueError):
    """A saved model cannot be loaded, or does not fit the existing model."""


class ProvenanceError(ValueError):
    """Provenance is missing, incomplete or cannot be written."""


class MissingDependencyError(ImportError):
    """An optional package is not installed; the message has the pip command."""
