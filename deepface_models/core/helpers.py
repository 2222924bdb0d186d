"""Python processes of our own that run none of the current folder's files.

`python -c` and `python -m` put the current folder first on the path, so that a
stranger's `dlib.py` beside the images would be imported. Helpers are started with
`-P`, get the path of this process without that folder, and take this package from
where this process took it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

# The package may have been found through the current folder, as in a checkout. It is
# loaded by its file, so that nothing else there can be imported.
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
        module: The full name of its module.
        function: Its name.
        *words: Its arguments.
    """
    init = str(Path(__file__).parents[1] / "__init__.py")
    return [sys.executable, "-P", "-c", _START, init, module, function, *words]


def helper_environment() -> dict[str, str]:
    """Returns the environment of a helper: this one with a path that is safe."""
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join(safe_path())
    return environment


def safe_path() -> list[str]:
    """Returns `sys.path` without the current folder, unless the user put it there."""
    chosen = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    kept = {os.path.realpath(entry) for entry in chosen if entry}
    here = os.path.realpath(os.curdir)
    return [p for p in sys.path if p and (os.path.realpath(p) != here or here in kept)]


def leave_current_folder() -> None:
    """Takes the folder that `python -m` put first off this process's path."""
    if not sys.flags.safe_path and sys.path:
        here = os.path.realpath(os.curdir)
        if os.path.realpath(sys.path[0] or os.curdir) == here:
            del sys.path[0]
