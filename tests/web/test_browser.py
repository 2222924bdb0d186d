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
    until,
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
    page.get_by_text(f"added to clips/{name}").wait_for()
    page.get_by_text("Drop File Here").locator("visible=true").first.wait_for()


def train(page: Any, studio: Served) -> None:
    """Begins a training that would take hours."""
    turn_to(page, "Train")
    for name in ("ana", "ben"):
        page.get_by_label(name, exact=True).check()
    choose(page, "Start from", "swift_64")
    shown(page.get_by_role("button", name="More")).click()
    page.get_by_label("Or end after epochs (0: by minutes)").fill("5000")
    page.get_by_label("Batches in an epoch").fill("1")
    page.get_by_label("Faces in a batch").fill("2")
    press(page, "Train")
    until(page, (studio.workspace / "models/ana_ben/history.csv").is_file)


def progress(page: Any) -> None:
    """Opens the page Train, which shows that the training goes on."""
    turn_to(page, "Train")
    page.get_by_text(re.compile(r"train: \d+ %")).locator("visible=true").wait_for()


def paused_and_resumed(page: Any) -> None:
    """Pauses the training: half a minute more, which only pictures are worth."""
    press(page, "Pause")
    page.get_by_text("Job 3 (train) is paused").first.wait_for()
    press(page, "Resume")
    progress(page)


def consent(page: Any) -> None:
    """Fills in who agreed to a conversion."""
    page.get_by_label("Consent (required)").locator("visible=true").fill(CONSENT)


def preview(page: Any, studio: Served) -> None:
    """Looks at a frame before and after."""
    after = studio.workspace / "previews" / "after.png"
    after.unlink(missing_ok=True)
    press(page, "Preview this frame")
    until(page, after.is_file)
    expect(page.locator("#before-after img").first).to_be_visible()


def convert(page: Any, studio: Served) -> None:
    """Converts a clip, which needs the consent."""
    turn_to(page, "Convert")
    choose(page, "Model", "models/ana_ben")
    choose(page, "Whose face to render", "ben")
    choose(page, "Clip or picture", "clips/ana/bbaf2n.mpg")
    page.get_by_label("Frame to stop before (0: the end)").fill("4")
    press(page, "Convert")
    page.get_by_text("No consent was given. Expected who agreed").first.wait_for()
    assert len(Queue(studio.workspace).jobs()) == 3
    consent(page)
    if PICTURES:
        preview(page, studio)
    press(page, "Convert")
    ends(page, studio, 4, "convert")
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
    choose(page, "Model", "swap_demo")
    two_people(clip)
    drop(page, clip)
    page.get_by_text("clips/uploads/pair.mp4 is now among the clips").wait_for()
    choose(page, "Clip or picture", "clips/uploads/pair.mp4")
    shown(page.get_by_role("button", name="Several people in the clip")).click()
    press(page, "Find the people of the clip")
    ends(page, studio, 1, "tracks")
    page.get_by_alt_text("The tracks of pair.mp4, one row each").wait_for()
    found = FaceTracks.open(studio.workspace / "previews/uploads/pair.mp4.tracks")
    left, right = sorted(found.tracks, key=lambda n: found.tracks[n].faces[0].box.left)
    text = page.get_by_label("Whose face each track gets")
    choose(page, f"Track {right}: frames 0 to 5", "nobody")
    expect(text).to_have_value(f"{right}=nobody")
    choose(page, f"Track {left}: frames 0 to 5", "nobody")
    expect(text).to_have_value("0=nobody, 1=nobody")
    choose(page, f"Track {left}: frames 0 to 5", "keeps this face")
    expect(text).to_have_value(f"{right}=nobody")
    consent(page)
    preview(page, studio)
    places = [studio.workspace / "previews" / f"{n}.png" for n in ("before", "after")]
    images = [read_image(place) for place in places]
    change = np.abs(images[0].astype(int) - images[1])[30:]  # below the captions
    middle = change.shape[1] // 2
    assert change[:, :middle].mean() < 0.1 < 0.5 < change[:, middle:].mean()
    picture(page, "tracks")


def play_with_a_layer(page: Any) -> None:
    """Sees what a layer sees in a portrait, and what excites it."""
    turn_to(page, "Zoo")
    shown(page.get_by_role("button", name="An image of yours")).click()
    drop(page, odd_files.FACE)
    press(page, "See what this layer sees")
    page.get_by_alt_text("feature maps of encoder/1 of denoiser").wait_for()
    choose(page, "Layer", "encoder/4: 64 maps of 32 x 32")
    press(page, "See what this layer sees")
    page.get_by_alt_text("feature maps of encoder/4 of denoiser").wait_for()
    picture(page, "zoo")
    press(page, "See what excites it most")
    page.get_by_alt_text("images that excite the maps of encoder/4 of den").wait_for()
    picture(page, "zoo_layer")


@pytest.mark.by_hand
@pytest.mark.slow
def test_the_whole_job_by_clicking(
    serve: Any, browse: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "1")  # it trains while pages load
    studio = serve()
    page = browse(studio.address)
    find_faces(page, "ana", CLIPS / "s1" / "bbaf2n.mpg")
    find_faces(page, "ben", CLIPS / "mb" / "sbia1a.mpg")
    ends(page, studio, 2, "extract")
    page.get_by_alt_text("Contact sheet of ana").wait_for()
    picture(page, "faces")

    # The studio is killed in the middle of the training, which goes on, as a refresh
    # shows when the studio is back.
    train(page, studio)
    studio.close(signal.SIGKILL)
    port = page.url.split(":")[2].strip("/")
    studio = serve(studio.workspace, "--port", port)
    page.reload()
    progress(page)
    page.get_by_alt_text("Held-out faces, their reconstructions, and").wait_for()
    if PICTURES:
        history = studio.workspace / "models/ana_ben/history.csv"
        until(page, lambda: history.read_text("utf-8").count("\n") > 25)
        picture(page, "train")
        paused_and_resumed(page)
    press(page, "Stop with this result")
    ends(page, studio, 3, "train")
    assert Queue(studio.workspace).job(3).attempt == (2 if PICTURES else 1)

    convert(page, studio)
    verify_download(page, tmp_path / "swap.mp4")
    turn_to(page, "Jobs")
    page.get_by_text("convert").locator("visible=true").first.wait_for()
    picture(page, "jobs")


@pytest.mark.by_hand
@pytest.mark.slow
def test_people_and_layers_to_choose(serve: Any, browse: Any, tmp_path: Path) -> None:
    """What loads models into the studio itself."""
    studio = serve()
    page = browse(studio.address)
    choose_tracks(page, studio, tmp_path / "pair.mp4")
    play_with_a_layer(page)
