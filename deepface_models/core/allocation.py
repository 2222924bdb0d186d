"""Memory that the C library keeps after it was freed."""

from __future__ import annotations

import ctypes
import functools
import sys
from collections.abc import Callable


def return_freed_memory() -> None:
    """Returns freed memory to the system, as far as the C library is glibc.

    Small arrays that are kept lie between frames that are not, so that glibc keeps the
    frames' memory too: without this, it grows by a frame for each frame of a video.
    """
    _trim()(0)


@functools.cache
def _trim() -> Callable[[int], object]:
    if not sys.platform.startswith("linux"):
        return lambda kept: None
    return getattr(ctypes.CDLL(None), "malloc_trim", lambda kept: None)
