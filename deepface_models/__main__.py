"""`python -m deepface_models`: the same as the command `deepface-models`."""

from __future__ import annotations

import sys

from deepface_models.cli import main

if __name__ == "__main__":
    sys.exit(main())
