from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from deepface_models.faces import SAME_PERSON, cluster, distance, embed, matches
from deepface_models.faces.embedding import chip, embed_chips
from deepface_models.faces.models import model_path


@pytest.fixture(scope="module")
def embeddings(portraits, aligner):
    """Each of four people as they are and mirrored, (8, 128)."""
    rows = []
    for image in list(portraits.values())[:4]:
        for view in (image, np.ascontiguousarray(image[:, ::-1])):
            rows.append(embed(view, aligner.detect(view)[0]))
    return np.array(rows)


def test_same_person_is_near_and_others_are_not(embeddings):
    for i in range(0, 8, 2):
        assert distance(embeddings[i], embeddings[i + 1]) < 0.45
    first = embeddings[::2]
    apart = np.linalg.norm(first[:, None] - first[None], axis=-1)
    assert apart[np.triu_indices(4, 1)].mean() > SAME_PERSON


def test_five_and_sixtyeight_points_agree(portrait, aligner, aligner5):
    a = embed(portrait, aligner.detect(portrait)[0])
    b = embed(portrait, aligner5.detect(portrait)[0].landmarks)
    assert distance(a, b) < 0.3


def test_cluster_finds_each_person(embeddings):
    labels = cluster(embeddings, 0.45)
    assert (labels[::2] == labels[1::2]).all() and len(set(labels)) >= 3
    assert (cluster(embeddings, 0.45) == labels).all()
    assert cluster(np.zeros((0, 128))).shape == (0,)


def test_largest_cluster_comes_first():
    points = np.zeros((6, 128), np.float32)
    points[0] = 5
    assert cluster(points).tolist() == [1, 0, 0, 0, 0, 0]


def test_matches_takes_one_or_several_references(embeddings):
    assert matches(embeddings, embeddings[0])[:2].all()
    assert matches(embeddings, embeddings).all()


def test_distance_of_many(embeddings):
    apart = distance(embeddings, embeddings[0])
    assert apart.shape == (8,) and apart[0] == 0


def test_wrong_points_are_named(portrait):
    with pytest.raises(ValueError, match=r"\(7, 2\)"):
        embed(portrait, np.zeros((7, 2)))


def test_embeddings_equal_those_of_dlib(portrait, face):
    import dlib

    chips = [chip(portrait, face), chip(portrait[:, ::-1].copy(), face)]
    network = dlib.face_recognition_model_v1(str(model_path("embedding")))
    rows = [np.array(network.compute_face_descriptor(one)) for one in chips]
    np.testing.assert_allclose(embed_chips(chips), rows, atol=1e-5)
    assert embed_chips([]).shape == (0, 128)


def test_threads_share_the_network(portrait, face):
    chips = [chip(portrait, face)] * 3
    alone = embed_chips(chips)
    with ThreadPoolExecutor(4) as pool:
        for rows in pool.map(embed_chips, [chips] * 4):
            np.testing.assert_array_equal(rows, alone)
