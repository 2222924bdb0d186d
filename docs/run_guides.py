"""Runs the code of the guides on the demo's clips, with short trainings.

    python docs/run_guides.py [two-clips ...] [--work FOLDER]

Prints one line for each page; the output of a failed block follows. Pages build on each
other, in the order of the index, so that all of them take about ten minutes.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import deepface_models

GUIDES = Path(__file__).parent / "guides"
# They install packages, have no code, or need data or machines that do not ship.
NOT_RUN = (
    *("install", "troubleshooting", "index"),
    "cluster",
)
SKIPPED = ("pip install", "pretrain vae_mnist")
SHORT = {
    "--preset swift_128": "--preset swift_128 --minutes 0.2",
    'preset="swift_128")': 'preset="swift_128", minutes=0.2)',
    '"slow",': '"slow", minutes=0.2,',
    "epochs=300": "epochs=1",
    "minutes=5)": "minutes=0.1)",
    "live 0 ": "live ana.mp4 --view none ",
    "batch_size=8, aug": "batch_size=8, steps=5, aug",
}


def prepare(work: Path) -> None:
    """Copies what the guides call ana and ben, and pictures of them."""
    from deepface_models.media import read_video, write_image

    clips = Path(deepface_models.__file__).parent / "demo" / "clips"
    for name, clip in {"ana": "s1/bbaf2n.mpg", "ben": "mb/sbia1a.mpg"}.items():
        shutil.copy(clips / clip, work / f"{name}.mp4")
    for folder in ("pictures_of_ben", "clean_pictures", "noisy_pictures", "clips"):
        (work / folder).mkdir(exist_ok=True)
    shutil.copy(work / "ana.mp4", work / "clips")
    write_image(work / "ana.png", next(iter(read_video(work / "ana.mp4"))).image)
    for number, frame in enumerate(read_video(work / "ben.mp4")):
        if number % 4 == 0:
            for folder in ("pictures_of_ben", "clean_pictures", "noisy_pictures"):
                write_image(work / folder / f"{number:02}.png", frame.image)


def blocks(page: Path) -> list[list[str]]:
    """Returns the command of each block of a page.

    Python blocks are one process, except those whose first line is the name of a file.
    """
    found, python = [], []
    for kind, text in re.findall(
        r"```(sh|bash|python)\n(.*?)```", page.read_text("utf-8"), re.S
    ):
        for old, new in SHORT.items():
            text = text.replace(old, new)
        if any(one in text for one in SKIPPED):
            continue
        if kind == "python" and (file := re.match(r"# (\w+\.py)\n", text)):
            run = f"cat > {file[1]} <<'END'\n{text}END\n{sys.executable} {file[1]}"
            found.append(["bash", "-euc", run])
        elif kind == "python":
            python.append(text)
        else:
            text = text.replace(
                "deepface-models", f"{sys.executable} -m deepface_models"
            )
            found.append(["bash", "-euc", text])
    return [*found, *([[sys.executable, "-c", "\n".join(python)]] if python else [])]


def main() -> int:
    """Runs the pages and returns 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*")
    parser.add_argument("--work", type=Path, default=Path("runs/guides"))
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    prepare(args.work)
    root = str(Path(deepface_models.__file__).parents[1])
    environment = os.environ | {"PYTHONPATH": root, "TF_CPP_MIN_LOG_LEVEL": "3"}
    order = re.findall(r"^([a-z-]+)$", (GUIDES / "index.md").read_text("utf-8"), re.M)
    failed = 0
    for name in args.pages or [one for one in order if one not in NOT_RUN]:
        began = time.monotonic()
        for command in blocks(GUIDES / f"{name}.md"):
            done = subprocess.run(
                command, cwd=args.work, env=environment, capture_output=True, text=True
            )
            if done.returncode:
                failed += 1
                print(f"{name}: FAILED {command[-1]}\n{done.stdout}{done.stderr}")
        print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
