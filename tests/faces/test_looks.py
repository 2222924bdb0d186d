"""What is measured on a face in its frame: blur, and looks."""

from __future__ import annotations

import numpy as np
import pytest

from deepface_models.faces import FaceAligner, blur
from deepface_models.faces._replaced import ALIKE, look


@pytest.mark.parametrize("image_size", [64, 128, 200])
def test_blur_in_the_frame_is_that_of_the_aligned_face(portrait, image_size):
    aligner = FaceAligner(image_size, embeddings=False)
    (face,) = aligner.detect(portrait)
    large = aligner.replace(image_size=128)
    expected = blur(large.align(portrait, large.detect(portrait)[0]))
    assert face.blur == pytest.approx(expected, abs=0.02)


def test_looks_of_one_face_are_alike_and_of_two_are_not(portraits):
    aligner, looks = FaceAligner(embeddings=False), []
    for portrait in list(portraits.values())[:2]:
        (face,) = aligner.detect(portrait)
        darker = (portrait * 0.7 + 10).astype(np.uint8)
        assert look(portrait, face) @ look(darker, face) > 0.99
        looks.append(look(portrait, face))
    assert looks[0] @ looks[1] < ALIKE
