from __future__ import annotations

import numpy as np
import pytest
from faces_helpers import DATA, TRUTH

from deepface_models.faces import FaceAligner
from deepface_models.media import read_image


@pytest.fixture(scope="session")
def portraits():
    """Name -> image, for every image with hand-placed points."""
    return {name: read_image(DATA / name) for name in TRUTH}


@pytest.fixture(scope="session")
def portrait(portraits):
    return portraits[next(iter(TRUTH))]


@pytest.fixture(scope="session")
def aligner():
    return FaceAligner(image_size=128, embeddings=False)


@pytest.fixture(scope="session")
def aligner5():
    return FaceAligner(image_size=128, landmarks=5, embeddings=False)


@pytest.fixture(scope="session")
def face(portrait, aligner):
    return aligner.detect(portrait)[0]


@pytest.fixture(scope="session")
def several(portraits):
    """Three people side by side, two of them smaller."""
    first, second, third = list(portraits.values())[:3]
    canvas = np.full((512, 1100, 3), 200, np.uint8)
    canvas[: first.shape[0], : first.shape[1]] = first
    canvas[100 : 100 + second.shape[0] // 2, 540:][:, : second[::2, ::2].shape[1]] = (
        second[::2, ::2][: second.shape[0] // 2]
    )
    canvas[100 : 100 + third.shape[0] // 2, 820:][:, : third[::2, ::2].shape[1]] = (
        third[::2, ::2][: third.shape[0] // 2]
    )
    return canvas
