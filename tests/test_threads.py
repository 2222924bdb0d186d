"""TensorFlow uses one thread for live swaps on two cores."""

from __future__ import annotations

import os

import pytest

from deepface_models.core.threads import one_tensorflow_thread

NAME = "TF_NUM_INTRAOP_THREADS"


@pytest.mark.parametrize(
    "cores, before, after",
    [(1, None, "1"), (2, None, "1"), (2, "2", "2"), (8, None, None), (None, None, "1")],
)
def test_one_thread_unless_told_otherwise(monkeypatch, cores, before, after):
    monkeypatch.setenv(NAME, "")  # put back after the test
    monkeypatch.delenv(NAME) if before is None else monkeypatch.setenv(NAME, before)
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    one_tensorflow_thread()
    assert os.environ.get(NAME) == after
