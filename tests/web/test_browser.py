"""The studio in a real browser: the whole job by clicking, and a refresh in between.

Set STUDIO_PICTURES to a folder to keep a picture of each page, as in docs/studio.
"""

from __future__ import annotations

import io
import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image
from web_helpers import CLIPS, choose, drop, press, shown, turn_to

from deepface_models.core.synthetic import synthetic_tags
from deepface_models.jobs import Queue
from deepface_models.provenance.verify import verify

CONSENT = "Both speakers are volunteers of the GRID corpus"
PICTURES = os.environ.get("STUDIO_PICTURES")


def ends(page: Any, kind: str) -> None:
    """Waits for the newest job of a kind to be done."""
    told = page.get_by_text(re.compile(rf"Job \d+ \({kind}\) is done"))
    told.locator("visible=true").first.wait_for()


def picture(page: Any, name: str) -> None:
    """Keeps a picture, if asked to."""
    if PICTURES:
        page.wait_for_timeout(1000)
        shot = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
        small = shot.resize((820, round(shot.height * 820 / shot.width)))
        tags = synthetic_tags("a page of the studio that shows swapped faces.")
        exif = Image.Exif()
        exif[ExifTags.Base.ImageDescription] = json.dumps(tags)
        small.save(Path(PICTURES) / f"{name}.jpg", quality=70, exif=exif)


def find_faces(page: Any, name: str, clip: Path) -> None:
    turn_to(page, "Faces")
    drop(page, clip)
    choose(page, "Person", name)
    choose(page, "Size of the faces in pixels", "64")
    page.get_by_label("number input for Take every n-th frame").fill("6")
    press(page, "Find faces")
    page.get_by_text(f"are now in clips/{name}").wait_for()
    page.get_by_text("Drop File Here").locator("visible=true").first.wait_for()


def train(page: Any) -> None:
    turn_to(page, "Train")
    for name in ("ana", "ben"):
        page.get_by_label(name, exact=True).check()
    choose(page, "Start from", "swift_64")
    shown(page.get_by_role("button", name="More")).click()
    page.get_by_label("Or end after epochs (0: by minutes)").fill("5000")
    page.get_by_label("Batches in an epoch").fill("2")
    page.get_by_label("Faces in a batch").fill("2")
    press(page, "Train")


@pytest.mark.slow
def test_the_whole_job_by_clicking(serve: Any, browse: Any, tmp_path: Path) -> None:
    studio = serve()
    page = browse(studio.address)
    find_faces(page, "ana", CLIPS / "s1" / "bbaf2n.mpg")
    find_faces(page, "ben", CLIPS / "mb" / "sbia1a.mpg")
    page.get_by_text("Job 2 (extract) is done").first.wait_for()
    page.get_by_alt_text("Contact sheet of ana").wait_for()
    picture(page, "faces")
    train(page)

    # The studio is killed in the middle of the training, which goes on.
    page.get_by_text(re.compile(r"train: \d+ %")).locator("visible=true").wait_for()
    studio.close(signal.SIGKILL)
    studio = serve(studio.workspace)
    page = browse(studio.address)
    turn_to(page, "Train")
    page.get_by_text(re.compile(r"train: \d+ %")).locator("visible=true").wait_for()
    page.reload()
    turn_to(page, "Train")
    page.get_by_text(re.compile(r"train: \d+ %")).locator("visible=true").wait_for()
    page.get_by_alt_text("Held-out faces, their reconstructions, and").wait_for()
    picture(page, "train")
    press(page, "Pause")
    page.get_by_text("Job 3 (train) is paused").first.wait_for()
    press(page, "Resume")
    page.get_by_text(re.compile(r"train: \d+ %")).locator("visible=true").wait_for()
    press(page, "Stop with this result")
    ends(page, "train")
    assert Queue(studio.workspace).job(3).attempt == 2

    turn_to(page, "Convert")
    choose(page, "Model", "models/ana_ben")
    choose(page, "Whose face to render", "ben")
    choose(page, "Clip or picture", "clips/ana/bbaf2n.mpg")
    page.get_by_label("Frame to stop before (0: the end)").fill("8")
    press(page, "Convert")
    page.get_by_text("No consent was given. Expected who agreed").first.wait_for()
    assert len(Queue(studio.workspace).jobs()) == 3
    page.get_by_label("Consent (required)").fill(CONSENT)
    press(page, "Preview this frame")
    page.locator("#before-after img").first.wait_for()
    press(page, "Convert")
    ends(page, "convert")
    picture(page, "convert")
    with page.expect_download() as download:
        shown(page.get_by_role("link", name=re.compile("Download swaps"))).click()
    download.value.save_as(tmp_path / "swap.mp4")
    found = verify(tmp_path / "swap.mp4")
    assert (found.state, found.consent) == ("valid", CONSENT)

    turn_to(page, "Verify")
    drop(page, tmp_path / "swap.mp4")
    press(page, "Verify")
    page.get_by_text("unchanged since it was signed").first.wait_for()
    picture(page, "verify")
    turn_to(page, "Jobs")
    picture(page, "jobs")
