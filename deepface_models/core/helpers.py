"""Helper processes that import no modules from the current folder.

`python -c` and `python -m` put the current folder first on the path, so that an
untrusted `dlib.py` beside the images would be imported. Helpers run with `-P` and this
process's path without that folder, and import this package from the same place.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

# Loads the package by its file: it may be in the current folder, as in a checkout, from
# which nothing else may be imported.
_START = """\
import importlib, importlib.util, sys
_, init, module, function, *words = sys.argv
spec = importlib.util.spec_from_file_location("deepface_models", init)
package = importlib.util.module_from_spec(spec)
sys.modules["deepface_models"] = package
spec.loader.exec_module(package)
getattr(importlib.import_module(module), function)(*words)
"""


def helper_command(module: str, function: str, *words: str) -> list[str]:
    """Returns the command line that calls a function of this package.

    Args:
        module: Full name of the function's module.
        function: Name of the function.
        *words: Arguments of the function.
    """
    init = str(Path(__file__).parents[1] / "__init__.py")
    return [sys.executable, "-P", "-c", _START, init, module, function, *words]


def helper_environment() -> dict[str, str]:
    """Returns this process's environment with a safe `PYTHONPATH`, for a helper."""
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join(safe_path())
    return environment


def safe_path() -> list[str]:
    """Returns `sys.path` without the current folder, unless PYTHONPATH has it."""
    chosen = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    kept = {os.path.realpath(entry) for entry in chosen if entry}
    here = os.path.realpath(os.curdir)
    return [p for p in sys.path if p and (os.path.realpath(p) != here or here in kept)]


def leave_current_folder() -> None:
    """Removes the folder that `python -m` put first from this process's path."""
    if not sys.flags.safe_path and sys.path:
        here = os.path.realpath(os.curdir)
        if os.path.realpath(sys.path[0] or os.curdir) == here:
            del sys.path[0]
