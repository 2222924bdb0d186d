"""`python -m deepface_models`: the same as the command `deepface-models`."""

from __future__ import annotations

import sys

from deepface_models.core.helpers import leave_current_folder

if __name__ == "__main__":
    leave_current_folder()  # before anything that could be shadowed is imported
    from deepface_models.cli import main

    sys.exit(main())
