"""Name and version of the package."""

__version__ = "0.1.0"
PACKAGE = "deepface_models"  # under which Keras registers its classes
