"""A few consecutive frames of real clips, extracted once."""

from __future__ import annotations

import pytest
from evaluate_helpers import SIZE, SameModel, extract

from deepface_models.evaluation import Evaluation, MeanFace, evaluate
from deepface_models.faces import FaceAligner, FaceSet, HogDetector


@pytest.fixture(scope="session")
def aligner() -> FaceAligner:
    return FaceAligner(SIZE, detector=HogDetector(), embeddings=False)


@pytest.fixture(scope="session")
def target_faces(aligner: FaceAligner) -> FaceSet:
    return extract(aligner, "mb/sbia1a.mpg", 20, 36)


@pytest.fixture(scope="session")
def source_faces(aligner: FaceAligner) -> FaceSet:
    return extract(aligner, "s1/bbaf2n.mpg", 20, 36)


@pytest.fixture(scope="session")
def held_out(aligner: FaceAligner) -> FaceSet:
    return extract(aligner, "s1/prwd6p.mpg", 24, 44)


@pytest.fixture(scope="session")
def kept(
    held_out: FaceSet,
    target_faces: FaceSet,
    source_faces: FaceSet,
    aligner: FaceAligner,
) -> Evaluation:
    """The evaluation of a model that leaves everything as it is."""
    return evaluate(
        SameModel(),
        held_out,
        identity="mb",
        target_faces=target_faces,
        source_faces=source_faces,
        aligner=aligner,
        embed_every=5,
        progress=False,
    )


@pytest.fixture(scope="session")
def mean_face(target_faces: FaceSet, source_faces: FaceSet) -> MeanFace:
    return MeanFace({"mb": target_faces, "s1": source_faces}, SIZE)
