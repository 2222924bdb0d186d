"""Does a new user's whole job in the studio by clicking, and times it. Linux.

From an empty environment, into which it installs the package with `[studio]`, to a
converted, downloaded and verified clip; then leaves a form alone and measures what that
costs. Prints both. It needs Chromium, and Playwright in the Python that runs it.

    python benchmarks/studio_clicks.py
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
CONSENT = "Both speakers are volunteers of the GRID corpus"
_PATIENCE = 900_000  # milliseconds
_TICKS = os.sysconf("SC_CLK_TCK")


class Times:
    """Prints what took how long."""

    def __init__(self) -> None:
        self.begun = self.last = time.monotonic()

    def told(self, what: str) -> None:
        """Prints the seconds since the last call."""
        now = time.monotonic()
        print(f"{now - self.last:7.1f} s  {what}", flush=True)
        self.last = now


def installed(folder: Path) -> Path:
    """Makes an environment with the studio; returns its Python."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    words = ["-m", "pip", "install", "--quiet", f"{ROOT}[studio]"]
    subprocess.run([python, *words], check=True, env=clean())
    return python


def clean() -> dict[str, str]:
    """Returns the environment variables without those that add packages."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}


@contextmanager
def served(
    python: Path, place: Path, variables: dict[str, str]
) -> Iterator[tuple[str, int]]:
    """Runs a studio; yields its address and process."""
    command = [python, "-m", "deepface_models", "studio", "film", "--port", "0"]
    environment = {**variables, "DEEPFACE_MODELS_HOME": str(place / "home")}
    with subprocess.Popen(
        command, cwd=place, stdout=subprocess.PIPE, encoding="utf-8", env=environment
    ) as process:
        said = process.stdout.readline() if process.stdout else ""
        found = re.match(r"Open (http://\S+) in a browser", said)
        if found is None:
            raise RuntimeError(f"The studio said {said!r}. Expected its address.")
        try:
            yield found[1], process.pid
        finally:
            process.send_signal(signal.SIGINT)


def visible(found: Any) -> Any:
    """Returns the first of some elements that is visible, as soon as there is one."""
    one = found.locator("visible=true").first
    one.wait_for()
    return one


def press(page: Any, name: str) -> None:
    """Presses a button."""
    visible(page.get_by_role("button", name=name, exact=True)).click()


def turn_to(page: Any, name: str) -> None:
    """Opens a page."""
    page.get_by_role("tab", name=name, exact=True).click()


def choose(page: Any, label: str, value: str) -> None:
    """Chooses from a dropdown."""
    box = visible(page.get_by_label(label, exact=True))
    box.click()
    box.fill(value)
    box.press("Enter")


def ends(page: Any, number: int) -> None:
    """Waits for a job to be done."""
    visible(page.get_by_text(re.compile(rf"Job {number} \(\w+\) is done")))


def work(page: Any, times: Times, minutes: float) -> Path:
    """Does the whole job; returns the downloaded clip."""
    press(page, "Use the demo's clips on the other pages")
    page.get_by_text("The clips of s1 and mb are there").wait_for()
    turn_to(page, "Faces")
    for number, name in enumerate(("s1", "mb"), start=1):
        choose(page, "Person", name)
        press(page, "Find faces")
        ends(page, number)
        times.told(f"faces of {name} found")
    turn_to(page, "Train")
    for name in ("s1", "mb"):
        page.get_by_label(name, exact=True).check()
    page.get_by_label("number input for Minutes").fill(f"{minutes:g}")
    page.get_by_label("Name of the model").fill("s1_mb")
    press(page, "Train")
    ends(page, 3)
    times.told(f"trained for {minutes:g} minutes")
    turn_to(page, "Convert")
    choose(page, "Model", "models/s1_mb")
    choose(page, "Whose face to render", "mb")
    choose(page, "Clip or picture", "clips/s1/bbaf2n.mpg")
    visible(page.get_by_label("Consent (required)")).fill(CONSENT)
    press(page, "Convert")
    ends(page, 4)
    times.told("clip converted")
    link = visible(page.get_by_role("link", name=re.compile("Download swaps")))
    with page.expect_download() as download:
        link.click()
    path = Path(download.value.path()).with_name("swap.mp4")
    download.value.save_as(path)
    return path


def verified(page: Any, path: Path, times: Times) -> None:
    """Drops the clip on the page Verify."""
    turn_to(page, "Verify")
    page.locator("input[type=file]").last.set_input_files(path)
    visible(page.locator(f'td[aria-label="{path.name}"]'))
    press(page, "Verify")
    page.get_by_text("unchanged since it was signed").first.wait_for()
    times.told("downloaded and verified")


def seconds_of(process: int) -> float:
    """Returns the CPU seconds of a process, its threads, and its children."""
    total, place = 0.0, Path(f"/proc/{process}")
    with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
        for line in place.glob("task/*/children"):
            children = line.read_text("utf-8").split()
            total += sum(seconds_of(int(child)) for child in children)
        fields = (place / "stat").read_text("utf-8").rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / _TICKS
    return total


def idle(page: Any, server: int, seconds: float) -> None:
    """Fills a form in, leaves it alone, and prints what server and browser used."""
    turn_to(page, "Convert")
    page.wait_for_timeout(5000)
    before = seconds_of(server), seconds_of(os.getpid())
    page.wait_for_timeout(1000 * seconds)
    used = seconds_of(server) - before[0]
    others = seconds_of(os.getpid()) - before[1] - used  # the server is a child as well
    print(
        f"idle for {seconds:g} s: server {used:.2f}, browser {others:.2f} CPU seconds"
    )


def main() -> int:
    """Runs it."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--idle", type=float, default=60)
    parser.add_argument("--python", help="one that has the studio; skips installing")
    parser.add_argument("--page-only", action="store_true", help="leave out the job")
    args = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as running:
        place, times = Path(folder), Times()
        python = Path(args.python) if args.python else installed(place / "venv")
        times.told("package installed" if not args.python else "nothing installed")
        variables = dict(os.environ) if args.python else clean()
        with served(python, place, variables) as (address, server):
            times.told("studio answers")
            browser = running.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
            )
            page = browser.new_page()
            page.set_default_timeout(_PATIENCE)
            page.goto("about:blank")
            times.told("browser started")
            page.goto(address)
            page.get_by_role("button", name="Run the demo").wait_for()
            times.told("first page")
            if not args.page_only:
                verified(page, work(page, times, args.minutes), times)
                print(f"{times.last - times.begun:7.1f} s  in all", flush=True)
            idle(page, server, args.idle)
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
