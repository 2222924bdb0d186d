"""A few consecutive frames of real clips, extracted once."""

from __future__ import annotations

import pytest
from evaluate_helpers import SIZE, SameModel, extract

from deepface_models.evaluation import Evaluation, MeanFace, evaluate
from deepface_models.faces import FaceAligner, FaceSet, HogDetector


@pytest.fixture(scope="session")
def aligner() -> FaceAligner:
    return FaceAligner(SIZE, detector=HogDetector(), identity=False)


@pytest.fixture(scope="session")
def wanted(aligner: FaceAligner) -> FaceSet:
    return extract(aligner, "mb/sbia1a.mpg", 20, 36)


@pytest.fixture(scope="session")
def replaced(aligner: FaceAligner) -> FaceSet:
    return extract(aligner, "s1/bbaf2n.mpg", 20, 36)


@pytest.fixture(scope="session")
def held_out(aligner: FaceAligner) -> FaceSet:
    return extract(aligner, "s1/prwd6p.mpg", 24, 44)


@pytest.fixture(scope="session")
def kept(
    held_out: FaceSet, wanted: FaceSet, replaced: FaceSet, aligner: FaceAligner
) -> Evaluation:
    """The evaluation of a model that leaves everything as it is."""
    return evaluate(
        SameModel(),
        held_out,
        to="mb",
        wanted=wanted,
        replaced=replaced,
        aligner=aligner,
        identity_every=5,
        progress=False,
    )


@pytest.fixture(scope="session")
def mean_face(wanted: FaceSet, replaced: FaceSet) -> MeanFace:
    return MeanFace({"mb": wanted, "s1": replaced}, SIZE)
