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

import numpy as np
import pytest
from PIL import ExifTags, Image
from web_helpers import CLIPS, choose, drop, press, shown, turn_to

from deepface_models.core.synthetic import synthetic_tags
from deepface_models.faces import FaceTracks
from deepface_models.jobs import Queue
from deepface_models.media import VideoWriter, read_video
from deepface_models.provenance.verify import verify

expect = pytest.importorskip("playwright.sync_api").expect
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
    page.get_by_label("number input for Take every n-th frame").fill("10")
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


def paused_and_resumed(page: Any) -> None:
    """Pauses the training: half a minute more, which only pictures are worth."""
    press(page, "Pause")
    page.get_by_text("Job 3 (train) is paused").first.wait_for()
    press(page, "Resume")
    page.get_by_text(re.compile(r"train: \d+ %")).locator("visible=true").wait_for()


def two_people(path: Path) -> Path:
    """Makes a clip of two speakers side by side."""
    clips = [CLIPS / "s1" / "bbaf2n.mpg", CLIPS / "mb" / "sbia1a.mpg"]
    path.parent.mkdir(parents=True)
    with VideoWriter(path, fps=25) as writer:
        for pair in zip(*(read_video(clip, stop=6) for clip in clips), strict=True):
            writer.write(np.concatenate([frame.image for frame in pair], axis=1))
    return path


@pytest.mark.slow
def test_tracks_get_faces_by_clicking(serve: Any, browse: Any, tmp_path: Path) -> None:
    """Of two speakers side by side, the one that is chosen gets another face."""
    source = two_people(tmp_path / "studio" / "clips" / "both" / "pair.mp4")
    studio = serve()
    page = browse(studio.address)
    turn_to(page, "Convert")
    choose(page, "Model", "swap_demo")
    choose(page, "Clip or picture", "clips/both/pair.mp4")
    page.get_by_label("Consent (required)").locator("visible=true").fill(CONSENT)
    shown(page.get_by_role("button", name="Several people in the clip")).click()
    press(page, "Find the people of the clip")
    ends(page, "tracks")
    page.get_by_alt_text("The tracks of pair.mp4, one row each").wait_for()
    tracks = FaceTracks.open(studio.workspace / "previews/both/pair.mp4.tracks")
    right = max(tracks.tracks, key=lambda n: tracks.tracks[n].faces[0].box.left)
    choose(page, f"Track {right}: frames 0 to 5", "nobody")
    text = page.get_by_label("Whose face each track gets")
    expect(text).to_have_value(f"{right}=nobody")
    choose(page, f"Track {1 - right}: frames 0 to 5", "nobody")
    expect(text).to_have_value("0=nobody, 1=nobody")
    choose(page, f"Track {1 - right}: frames 0 to 5", "keeps this face")
    expect(text).to_have_value(f"{right}=nobody")
    press(page, "Convert")
    ends(page, "convert")

    result = studio.workspace / "swaps" / "pair_as_nobody.mp4"
    words = Queue(studio.workspace).job(2).words
    assert words[words.index("--people") + 1] == f"{right}=nobody"
    assert verify(result).state == "valid"
    before, after = (next(iter(read_video(one))).image for one in (source, result))
    change = np.abs(before.astype(int) - after).mean(axis=2)
    middle = change.shape[1] // 2
    assert change[:, :middle].mean() < 1.5 < 2.0 < change[:, middle:].mean(), change


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
    if PICTURES:
        paused_and_resumed(page)
    press(page, "Stop with this result")
    ends(page, "train")
    assert Queue(studio.workspace).job(3).attempt == (2 if PICTURES else 1)

    turn_to(page, "Convert")
    choose(page, "Model", "models/ana_ben")
    choose(page, "Whose face to render", "ben")
    choose(page, "Clip or picture", "clips/ana/bbaf2n.mpg")
    page.get_by_label("Frame to stop before (0: the end)").fill("4")
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
