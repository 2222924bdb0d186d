"""The page Zoo: its lines do the same, and a layer shows what it sees."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("gradio")

import deepface_models
from deepface_models.core.errors import MediaError
from deepface_models.web import calls, latents
from deepface_models.web.pages import zoo

pytestmark = pytest.mark.slow  # it loads models
NAME = "vae_mnist"


@pytest.fixture
def digit() -> Any:
    image = np.zeros((28, 28, 3), np.uint8)
    cv2.putText(image, "3", (6, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (255,) * 3, 2)
    return image


def ran(python: str, **known: Any) -> dict[str, Any]:
    names = {"dfm": deepface_models, **known}
    exec(python, names)
    return names


def test_sliders_and_their_lines_agree() -> None:
    amounts = (1.5, 0.0, -2.0, 0.0, 0.0, 0.25)
    walk, sample, blend = zoo._lines(NAME, *amounts)
    image = ran(walk.python)["image"]
    assert np.allclose(image, latents.walked(NAME, amounts), atol=1e-4)
    assert not np.allclose(image, latents.walked(NAME, (0.0,) * 6), atol=0.1)
    assert ran(sample.python)["images"].shape == (24, 28, 28, 1)
    compile(blend.python, "page", "exec")


def test_a_layer_shows_what_it_sees(
    digit: Any, tmp_path: Any, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("28_by_28.png", digit)
    image, what = zoo._seen(NAME, "encoder/2", "28_by_28.png")
    assert what == "feature maps of encoder/2 of vae_mnist, the most varied first."
    rebuild, look, _ = zoo._look_lines(NAME, "encoder/2")
    known = ran(rebuild.python)
    same = deepface_models.autoencoders.layer_maps(
        known["model"], known["image"], "encoder/2"
    )
    assert (image == same).all()
    assert look.python in "dfm.autoencoders.layer_maps(model, image, 'encoder/2')"
    offered = zoo._layers(NAME, "encoder/2")["choices"]
    assert ("encoder/2: 64 maps of 7 x 7", "encoder/2") in offered
    with pytest.raises(ValueError, match="No image was given"):
        zoo._seen(NAME, "encoder/1", None)
    (tmp_path / "text.png").write_text("no image", "utf-8")
    with pytest.raises(MediaError, match=r"text.png cannot be read as an image"):
        zoo._seen(NAME, "encoder/1", "text.png")
    color = zoo._look_lines("denoiser_faces_128", "encoder/1")[0].python
    assert "FaceAligner(128," in color
    compile(color, "page", "exec")


def test_a_layer_shows_what_excites_it(eager: Any) -> None:
    image, what = zoo._favorites(NAME, "encoder/1")
    assert what == "images that excite the maps of encoder/1 of vae_mnist most."
    rebuild, _, like = zoo._look_lines(NAME, "encoder/1")
    known = {"dfm": deepface_models, "model": latents.model_of(NAME)}
    assert (eval(like.python, known) == image).all()
    assert rebuild.python.startswith(f"model = dfm.load({NAME!r})")
    with pytest.raises(ValueError, match="layer='decoder/1' was given"):
        zoo._favorites(NAME, "decoder/1")


def test_two_architectures_are_compared() -> None:
    names = "architecture original", "vae_mnist"
    shown = zoo._compared(*names)
    assert "82,062,470" in shown and "vae_mnist" in shown
    card, preset = calls.compare(*names)
    assert preset.words == ("describe", "vae_mnist") and not card.words
    assert ran(f"card = {card.python[6:-1]}")["card"] in shown.replace("&#x27;", "'")
    assert set(zoo._COMPARED) <= set(zoo._architectures())
