"""Freed memory goes back to the system."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from deepface_models.core.allocation import return_freed_memory


def resident() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_freed_memory_between_kept_arrays_is_returned():
    """As between faces that are kept, frames lay, which were not."""
    return_freed_memory()
    before = resident()
    kept, freed = [], []
    for _ in range(4000):
        freed.append(np.ones(60_000, np.uint8))  # glibc maps larger ones each alone
        kept.append(np.ones(100, np.uint8))
    full = resident() - before
    del freed
    return_freed_memory()
    assert full > 200e6
    assert resident() - before < 0.2 * full
    assert len(kept) == 4000
