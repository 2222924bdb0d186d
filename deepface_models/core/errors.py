"""Errors of the package; each is also the built-in one would catch anyway."""

from __future__ import annotations


class InUseError(BlockingIOError):
    """Another thread or process is writing to the same place."""


class FaceNotFoundError(ValueError):
    """No face (or not the target person's face) was found where one is needed."""


class MediaError(ValueError):
    """An image or a video cannot be read or written."""


class IntegrityError(ValueError):
    """A file's bytes differ from what was published or recorded."""


class ModelFileError(ValueError):
    """A saved model does not fit the model it is loaded into."""


class ProvenanceError(ValueError):
    """Provenance is missing, incomplete or cannot be written."""


class MissingDependencyError(ImportError):
    """An optional package is needed; the message names the pip line."""
