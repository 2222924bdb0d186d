"""What Swift's presets draw of people never seen: the drawing, the pairs, the table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import one_image as script
import pytest

from deepface_models.models.swap import Swift
from deepface_models.models.swap.swift.networks import logits

PORTRAITS = "file,person,license,lm5,note"
PEOPLE = "file,person,age_range,sex,skin_tone"


@pytest.fixture(scope="module")
def model():
    """With latents of detail, which what starts new people does not take."""
    swift = Swift(("a", "b"), image_size=64, latent_size=8, adapted_latent_size=4)
    swift.build_decoder_initializers(["decoder_initializer"])
    rng = np.random.default_rng(0)  # layers that start with zeros would hide much
    parts = {
        swift.encoder: 0.08,
        swift.shared_decoder: 0.05,
        swift.decoder_initializers["decoder_initializer"]: 0.05,
    }
    for part, scale in parts.items():
        part.set_weights([rng.normal(0, scale, w.shape) for w in part.get_weights()])
    return swift


@pytest.fixture
def faces():
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (4, 64, 64, 3), "uint8")
    return images[:2], rng.random((2, 64, 64), "float32"), images[2:]


def rendered_of(model, code, images, masks):
    given = np.concatenate([images / np.float32(255), masks[..., None]], axis=-1)
    maps, vector = model.decoder_initializers["decoder_initializer"]([code, given])
    return np.asarray(model.shared_decoder([maps, vector, logits(given)]))


def test_an_image_of_itself_is_rendered_without_a_code(model, faces):
    images, masks, _ = faces
    rendered = script.render(model, images, masks, images)
    expected = rendered_of(model, np.zeros((2, 8), "float32"), images, masks)
    assert rendered.shape == (2, 64, 64, 4)
    np.testing.assert_allclose(rendered, expected, atol=1e-4)


def test_the_other_image_gives_its_code_less_that_of_the_first(model, faces):
    images, masks, others = faces
    rendered = script.render(model, images, masks, others)
    code = (model.encode(others) - model.encode(images))[:, :8]
    np.testing.assert_allclose(
        rendered, rendered_of(model, code, images, masks), atol=1e-3, rtol=0
    )
    still = script.render(model, images, masks, images)
    assert np.abs(rendered - still).max() > 1e-2


def test_pairs_are_of_people_held_out(tmp_path):
    real = ("001", "005")  # of whom the first was trained on
    rows = [f"london_smiling/{n}_smiling.jpg,london_{n},,1 2,male 24" for n in real]
    names = ("neutral", "happy", "sad")
    acted = [f"P001/emotion_{n}.jpg,P001,35-45,male,type II" for n in names]
    acted += [s.replace("P001", "P002") for s in acted]
    acted.append("P001/view_left.jpg,P001,35-45,male,type II")
    tables = {"portraits": [PORTRAITS, *rows], "synthetic_people": [PEOPLE, *acted]}
    for folder, lines in tables.items():
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "index.csv").write_text("\n".join(lines), encoding="utf-8")
    found = script.pairs(tmp_path)
    named = [
        (str(p.base.relative_to(tmp_path)), p.other.file.name, p.other.person)
        for p in found
    ]
    neutral = "synthetic_people/P001/emotion_neutral.jpg"
    assert named == [
        ("landmarks/london/005_neutral.jpg", "005_smiling.jpg", "london_005"),
        (neutral, "emotion_happy.jpg", "synthetic_P001"),
        (neutral, "emotion_sad.jpg", "synthetic_P001"),
    ]


def test_the_table_counts_people_and_weighs_them_alike():
    def face(person, *groups):
        return script.Face(Path("x"), person, "images", ("colors", *groups))

    faces = [face("a", "women"), face("a", "women"), face("b", "women"), face("c")]
    faces.append(face("d", "glasses"))
    values = np.array([0.0, 1.0, 0.1, 0.4, 0.6])
    ways = {"rendered": {"SSIM": values}, "unchanged": {"SSIM": values / 2}}
    assert script.table(ways, faces) == {
        "another expression from one image, 4 people held out": {
            "rendered": {"SSIM": 0.4},
            "unchanged": {"SSIM": 0.2},
        },
        "women, 2 people": {"rendered": {"SSIM": 0.3}, "unchanged": {"SSIM": 0.15}},
    }


def test_equal_images_have_nothing_left_to_measure(faces, monkeypatch):
    images, masks, others = faces
    # Both need dlib's files; numbers of an image will do.
    monkeypatch.setattr(script, "embeddings", lambda x: x[:, :8, :16, 0].reshape(2, -1))
    monkeypatch.setattr(script, "shapes", lambda x: x[:, :4, :34, 0].reshape(2, 68, 2))
    shown = {"same": others / 255, "first": images / 255}
    found = script.measured(shown, others / 255, masks)
    same, first = (np.array(list(values.values())) for values in found.values())
    np.testing.assert_allclose(same, [[1, 1], [0, 0], [0, 0]], atol=1e-5)
    assert (first[0] < 0.5).all() and (first[1:] > 0.2).all()
