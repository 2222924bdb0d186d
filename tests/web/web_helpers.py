"""A studio in a process of its own, and what one does in its pages."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image

import deepface_models
from deepface_models.core.synthetic import synthetic_tags
from deepface_models.jobs import Queue

ROOT = Path(deepface_models.__file__).parent.parent
CLIPS = ROOT / "deepface_models" / "demo" / "clips"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PAGES = (
    *("Start", "Faces", "Train", "Convert", "Measure", "Verify", "Zoo", "Live"),
    "Jobs",
)

PICTURES = os.environ.get("STUDIO_PICTURES")  # a folder to keep pictures in
# Milliseconds until a test gives up, on a computer that does other work as well.
PATIENCE = float(os.environ.get("STUDIO_PATIENCE", "180000"))
WIDE, NARROW = {"width": 1100, "height": 800}, {"width": 375, "height": 800}


class Served:
    """A studio that runs until it is closed or killed."""

    def __init__(self, workspace: Path, *words: str) -> None:
        command = [sys.executable, "-m", "deepface_models", "studio", str(workspace)]
        self.workspace = workspace
        self.process = subprocess.Popen(
            [*command, "--port", "0", *words],
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.match(r"Open (http://\S+) in a browser", line)
        assert found, line
        self.address = found[1]

    def close(self, how: int = signal.SIGINT) -> None:
        if self.process.returncode is None:
            self.process.send_signal(how)
            self.process.communicate(timeout=20)

    def end_jobs(self) -> None:
        """Cancels what still waits or runs, in a worker that outlives the studio."""
        queue = Queue(self.workspace)
        for job in queue.jobs():
            if not job.finished:
                queue.cancel(job.number)
        for _ in range(200):
            if not queue.waiting():
                break
            time.sleep(0.1)


def turn_to(page: Any, name: str) -> None:
    """Opens a page by its tab, which may be in the menu of those that do not fit."""
    page.locator("[role=tab]").first.wait_for()
    tab = page.get_by_role("tab", name=name, exact=True)
    if not tab.is_visible():
        page.get_by_role("button", name="More tabs").click()
        tab = page.locator(".overflow-dropdown button", has_text=name)
    tab.first.click()
    page.wait_for_function(
        "name => document.querySelector('[role=tab][aria-selected=true]')"
        "?.textContent.trim() === name",
        arg=name,
    )


def shown(found: Any) -> Any:
    """Returns the first of some elements that is visible."""
    return next(one for one in found.all() if one.is_visible())


def press(page: Any, name: str) -> None:
    """Presses the visible button with a name."""
    shown(page.get_by_role("button", name=name, exact=True)).click()


def choose(page: Any, label: str, value: str) -> None:
    """Chooses from a dropdown, or types what is not among its choices."""
    box = shown(page.get_by_label(label, exact=True))
    box.click()
    box.fill(value)
    box.press("Enter")


def drop(page: Any, *files: Path) -> None:
    """Gives files to the upload of the page that is shown, and waits for them."""
    panel = page.locator("[role=tabpanel]").locator("visible=true")
    panel.locator("input[type=file]").last.set_input_files(list(files))
    for file in files:
        name = page.locator(f'td[aria-label="{file.name}"]')
        name.locator("visible=true").first.wait_for()


def ends(page: Any, studio: Served, number: int, kind: str) -> None:
    """Waits for a job to be done."""
    queue = Queue(studio.workspace)
    until(page, lambda: any(j.number == number and j.finished for j in queue.jobs()))
    told = page.get_by_text(re.compile(rf"Job {number} \({kind}\) is done"))
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


def until(page: Any, what: Callable[[], Any]) -> None:
    """Waits for the studio's work by its files: to search a page costs much."""
    for _ in range(round(PATIENCE / 100)):
        if what():
            return
        page.wait_for_timeout(100)
    raise AssertionError("It did not come.")
