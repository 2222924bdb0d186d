from __future__ import annotations

import keras
import numpy as np
import pytest

from deepface_models.metrics import FacePSNR, FaceSSIM, face_psnr, face_ssim

pytestmark = pytest.mark.backend
RNG = np.random.default_rng(0)


def images(channels=3, count=2, size=16):
    return RNG.uniform(0, 1, (count, size, size, channels)).astype("float32")


def as_numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def test_psnr_of_a_known_error():
    true = 0.5 * images()
    values = as_numpy(face_psnr(true, true + 0.1))
    np.testing.assert_allclose(values, [20, 20], atol=1e-3)
    np.testing.assert_allclose(as_numpy(face_psnr(true, true)), 100)


def test_ssim_is_one_for_equal_images_only():
    true = images()
    np.testing.assert_allclose(as_numpy(face_ssim(true, true)), 1, atol=1e-5)
    assert (as_numpy(face_ssim(true, 1 - true)) < 0.1).all()


@pytest.mark.parametrize("channels", [4, 5])
def test_only_the_mask_counts(channels):
    true = images(channels)
    true[..., 3] = 0
    true[:, :8, :, 3] = 1
    pred = true[..., :4].copy()
    pred[:, 8:, :, :3] = 0
    np.testing.assert_allclose(as_numpy(face_psnr(true, pred)), 100)
    # Windows reach four pixels across the mask's edge.
    pred = true[..., :4].copy()
    pred[:, 12:, :, :3] = 0
    np.testing.assert_allclose(as_numpy(face_ssim(true, pred)), 1, atol=1e-5)


@pytest.mark.parametrize("kind", [FacePSNR, FaceSSIM])
def test_metrics_average_over_all_images(kind):
    metric, single = kind(), []
    for count in (1, 3):
        true, pred = images(5, count), images(4, count)
        metric.update_state(true, pred)
        function = face_psnr if kind is FacePSNR else face_ssim
        single.append(as_numpy(function(true, pred)))
    assert float(metric.result()) == pytest.approx(
        float(np.concatenate(single).mean()), rel=1e-4
    )
    metric.reset_state()
    assert float(metric.result()) == 0


@pytest.mark.parametrize("kind", [FacePSNR, FaceSSIM])
def test_metrics_are_registered_and_come_back(kind):
    saved = keras.saving.serialize_keras_object(kind(name="mine"))
    assert saved["registered_name"] == f"deepface_models>{kind.__name__}"
    again = keras.saving.deserialize_keras_object(saved)
    assert type(again) is kind and again.name == "mine"


def test_compile_and_evaluate_with_outputs_by_name():
    image = keras.Input((16, 16, 3), name="ana")
    layer = keras.layers.Conv2D(4, 1, activation="sigmoid")
    model = keras.Model({"ana": image}, {"ana": layer(image)})
    model.compile(
        loss={"ana": lambda true, pred: keras.ops.mean((true[..., :4] - pred) ** 2)},
        metrics={"ana": [FacePSNR(), FaceSSIM()]},
    )
    logs = model.evaluate(
        {"ana": images()}, {"ana": images(5)}, return_dict=True, verbose=0
    )
    found = {key for key in logs if "face" in key}
    assert len(found) == 2 and all(np.isfinite(logs[key]) for key in found)
