"""Real frames, and sessions of a model that needs no training."""

from __future__ import annotations

from typing import Any

import pytest
from live_helpers import CLIP, CONSENT, GreenModel, quick_aligner

from deepface_models.core.arrays import Array
from deepface_models.media import VideoWriter, read_video
from deepface_models.streaming import live


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: Any, monkeypatch: Any) -> None:
    """The signing certificate is made in a folder of the test's own."""
    home = tmp_path_factory.getbasetemp() / "home"
    monkeypatch.setenv("DEEPFACE_MODELS_HOME", str(home))


@pytest.fixture(scope="session")
def images() -> list[Array]:
    return [frame.image for frame in read_video(CLIP, stop=8)]


@pytest.fixture(scope="session")
def video(images: list[Array], tmp_path_factory: Any) -> Any:
    """The same frames as a file, at 50 frames a second."""
    path = tmp_path_factory.mktemp("video") / "ana.mp4"
    with VideoWriter(path, fps=50) as writer:
        for image in images:
            writer.write(image)
    return path


@pytest.fixture
def start() -> Any:
    """A function that starts a session, by default with a usual model."""
    started = []

    def make(source: Any, model: Any = None, **options: Any) -> Any:
        options = {"identity": "ben", "consent": CONSENT, **options}
        options.setdefault("aligner", quick_aligner())
        started.append(live(model or GreenModel(), source=source, **options))
        return started[-1]

    yield make
    for session in started:
        session.close()
