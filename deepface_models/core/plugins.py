"""Architectures of other packages, found by their entry points."""

from __future__ import annotations

import warnings
from importlib.metadata import entry_points

GROUP = "deepface_models.architectures"  # of entry points


def load_plugins() -> None:
    """Imports the modules that other packages name, so that their decorators run.

    A module that fails to import is left out with a warning: one package must not make
    the models of all others unusable.
    """
    for plugin in entry_points(group=GROUP):
        try:
            plugin.load()
        except Exception as error:
            warnings.warn(
                f"The entry point {plugin.name!r} in {GROUP}, {plugin.value!r}, failed "
                f"to load: {type(error).__name__}: {error}. Expected a module that "
                "registers an architecture. Update or uninstall its package.",
                RuntimeWarning,
                stacklevel=3,
            )
