"""Where the weights are that come with the package."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def weights_folder() -> Path | None:
    """Returns `weights/`: in the installed package, or beside it in a checkout.

    Example:
        >>> (weights_folder() / "vae_mnist").is_dir()
        True
    """
    root = _PACKAGE.parent
    checkout = [root / "weights"] if (root / "setup.cfg").is_file() else []
    places = [_PACKAGE / "weights", *checkout]
    return next((place for place in places if place.is_dir()), None)
