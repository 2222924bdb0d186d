"""The studio in a real browser: the whole job by clicking, and a refresh in between.

Set STUDIO_PICTURES to a folder to keep a picture of each page, as in docs/studio.
"""

from __future__ import annotations

import re
import signal
from pathlib import Path
from typing import Any

import numpy as np
import odd_files
import pytest
from web_helpers import (
    CLIPS,
    PICTURES,
    Served,
    choose,
    drop,
    ends,
    picture,
    press,
    shown,
    turn_to,
    wait_for_file,
)

from deepface_models.faces import FaceTracks
from deepface_models.jobs import Queue
from deepface_models.media import VideoWriter, read_image, read_video
from deepface_models.provenance.verify import verify

expect = pytest.importorskip("playwright.sync_api").expect
CONSENT = "Both speakers are volunteers of the GRID corpus"


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


def convert(page: Any, studio: Served) -> None:
    """Converts a clip, which needs the consent, after a look at a frame."""
    turn_to(page, "Convert")
    choose(page, "Model", "models/ana_ben")
    choose(page, "Whose face to render", "ben")
    choose(page, "Clip or picture", "clips/ana/bbaf2n.mpg")
    page.get_by_label("Frame to stop before (0: the end)").fill("4")
    press(page, "Convert")
    page.get_by_text("No consent was given. Expected who agreed").first.wait_for()
    assert len(Queue(studio.workspace).jobs()) == 3
    page.get_by_label("Consent (required)").locator("visible=true").fill(CONSENT)
    press(page, "Preview this frame")
    page.locator("#before-after img").first.wait_for()
    press(page, "Convert")
    ends(page, "convert")
    picture(page, "convert")


def verify_download(page: Any, path: Path) -> None:
    """Downloads the result, and drops it on the page Verify."""
    with page.expect_download() as download:
        shown(page.get_by_role("link", name=re.compile("Download swaps"))).click()
    download.value.save_as(path)
    found = verify(path)
    assert (found.state, found.consent) == ("valid", CONSENT)
    turn_to(page, "Verify")
    drop(page, path)
    press(page, "Verify")
    page.get_by_text("unchanged since it was signed").first.wait_for()
    picture(page, "verify")


def two_people(path: Path) -> None:
    """Makes a clip of two speakers side by side."""
    clips = [CLIPS / "s1" / "bbaf2n.mpg", CLIPS / "mb" / "sbia1a.mpg"]
    with VideoWriter(path, fps=25) as writer:
        for pair in zip(*(read_video(clip, stop=6) for clip in clips), strict=True):
            writer.write(np.concatenate([frame.image for frame in pair], axis=1))


def choose_tracks(page: Any, studio: Served, clip: Path) -> None:
    """Of two speakers side by side, the one that is chosen gets another face."""
    turn_to(page, "Convert")
    two_people(clip)
    drop(page, clip)
    page.get_by_text("clips/uploads/pair.mp4 is now among the clips").wait_for()
    choose(page, "Clip or picture", "clips/uploads/pair.mp4")
    shown(page.get_by_role("button", name="Several people in the clip")).click()
    press(page, "Find the people of the clip")
    ends(page, "tracks")
    page.get_by_alt_text("The tracks of pair.mp4, one row each").wait_for()
    found = FaceTracks.open(studio.workspace / "previews/uploads/pair.mp4.tracks")
    left, right = sorted(found.tracks, key=lambda n: found.tracks[n].faces[0].box.left)
    text = page.get_by_label("Whose face each track gets")
    choose(page, f"Track {right}: frames 0 to 5", "ana")
    expect(text).to_have_value(f"{right}=ana")
    choose(page, f"Track {left}: frames 0 to 5", "ben")
    names = {left: "ben", right: "ana"}
    expect(text).to_have_value(f"0={names[0]}, 1={names[1]}")
    choose(page, f"Track {left}: frames 0 to 5", "keeps this face")
    expect(text).to_have_value(f"{right}=ana")
    after = studio.workspace / "previews" / "after.png"
    after.unlink()
    press(page, "Preview this frame")
    expect(page.locator("#before-after")).to_be_visible()
    wait_for_file(page, after)
    images = [read_image(after.with_name(f"{n}.png")) for n in ("before", "after")]
    change = np.abs(images[0].astype(int) - images[1])[30:]  # below the captions
    middle = change.shape[1] // 2
    assert change[:, :middle].mean() < 0.1 < 0.5 < change[:, middle:].mean()
    picture(page, "tracks")


def play_with_a_layer(page: Any) -> None:
    """Sees what a layer sees in a portrait, and chooses another one."""
    turn_to(page, "Zoo")
    shown(page.get_by_role("button", name="An image of yours")).click()
    drop(page, odd_files.FACE)
    press(page, "See what this layer sees")
    page.get_by_alt_text("feature maps of encoder/1 of denoiser").wait_for()
    choose(page, "Layer", "encoder/4: 64 maps of 32 x 32")
    press(page, "See what this layer sees")
    page.get_by_alt_text("feature maps of encoder/4 of denoiser").wait_for()
    picture(page, "zoo")


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

    convert(page, studio)
    verify_download(page, tmp_path / "swap.mp4")
    choose_tracks(page, studio, tmp_path / "pair.mp4")
    play_with_a_layer(page)
    turn_to(page, "Jobs")
    picture(page, "jobs")
