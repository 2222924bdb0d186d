"""The page Live: the browser's camera, swapped, labelled, and shown."""

from __future__ import annotations

import base64
import re
from typing import Any

import cv2
import numpy as np
import pytest
from web_helpers import choose, picture, press, turn_to

from deepface_models.streaming.label import burn_label

pytestmark = pytest.mark.slow
CONSENT = "The speaker is a volunteer of the GRID corpus"
# The image that is shown, as PNG; the next one may be on its way.
_READ = """async (image) => {
  while (!image.naturalWidth) await new Promise((done) => setTimeout(done, 5));
  const canvas = document.createElement("canvas");
  canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;
  canvas.getContext("2d").drawImage(image, 0, 0);
  return canvas.toDataURL("image/png").split(",")[1];
}"""


def test_the_browsers_camera_is_swapped(serve: Any, browse: Any, capfd: Any) -> None:
    studio = serve()
    page = browse(studio.address)
    turn_to(page, "Live")
    choose(page, "Model", "swap_demo")
    told = "No consent was given. Expected who agreed"
    page.get_by_text(f"will be here. {told}").wait_for()  # the person is chosen, too
    press(page, "Start")
    # Only the button's own answer: until it is there, another press does nothing.
    page.get_by_role("alert").get_by_text(told).wait_for()
    assert page.request.get(studio.address + "live/").status == 404
    page.get_by_label("Consent (required)").locator("visible=true").fill(CONSENT)
    press(page, "Start")

    inner = page.frame_locator("iframe")
    inner.get_by_text(re.compile(r" [1-9]\d* swapped, .*; shown: latency")).wait_for()
    inner.get_by_text(f"Consent: {CONSENT}. Source: camera of a browser").wait_for()
    data = base64.b64decode(inner.locator("#image").evaluate(_READ))
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert np.abs(image.astype(int) - burn_label(image)).max() < 60
    fits = "image => image.getBoundingClientRect().bottom <= innerHeight"
    assert inner.locator("#image").evaluate(fits), "the label is out of sight"
    picture(page, "live")

    press(page, "End it")
    page.get_by_text("It has ended.").wait_for()
    assert page.request.get(studio.address + "live/").status == 404

    studio.close()  # by an interrupt, while the page is open
    assert studio.process.returncode in (0, 130)
    assert "Traceback" not in capfd.readouterr().err
