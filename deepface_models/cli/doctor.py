"""`doctor`: whether the main job can run here, and what to do if not."""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys

from deepface_models.cli._arguments import Commands, add_command
from deepface_models.cli._console import say
from deepface_models.core.display import message
from deepface_models.core.helpers import helper_command, helper_environment

# Groups of checks, each in a process of its own: a library that was built for another
# processor kills the process, which is a finding and not the end of the examination.
_GROUPS = {
    "computer": "Computer",
    "faces": "Faces (dlib)",
    "media": "Images and videos",
    "provenance": "Content Credentials",
    "training": "Training (Keras)",
}
_PATIENCE = 600  # seconds
_MODULE = "deepface_models.cli._checks"

Check = dict[str, str]


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(
        commands,
        "doctor",
        run,
        "check that everything is installed and works, and time one training step",
        "deepface-models doctor",
    )
    parser.epilog = (
        f"{parser.epilog}\n\nexit status: 0 the main job can run, 1 it cannot"
    )
    parser.add_argument(
        "--json", action="store_true", help="print JSON instead of text"
    )
    parser.add_argument(
        "--no-step", dest="step", action="store_false", help="time no training step"
    )


def run(args: argparse.Namespace) -> int:
    """Runs it."""
    found: dict[str, list[Check]] = {}
    for group, title in _GROUPS.items():
        step = ["step"] if group == "training" and args.step else []
        found[group] = examine(group, *step)
        if not args.json:
            _show(title, found[group])
    bad = sum(check["state"] == "bad" for checks in found.values() for check in checks)
    if args.json:
        say(json.dumps({"ok": not bad, "checks": found}, indent=1))
    elif bad:
        say(f"\n{bad} found bad. The main job cannot run until that is put right.")
    else:
        say("\nThe main job can run here.")
    return 1 if bad else 0


def examine(group: str, *words: str) -> list[Check]:
    """Returns one group's checks, made in a process of its own."""
    environment = {"TF_CPP_MIN_LOG_LEVEL": "2", **helper_environment()}
    command = helper_command(_MODULE, "report", group, *words)
    try:
        done = subprocess.run(
            command, capture_output=True, env=environment, timeout=_PATIENCE
        )
    except subprocess.TimeoutExpired:
        return [_died(f"took more than {_PATIENCE} s", group)]
    try:
        checks: list[Check] = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        last = done.stderr.decode(errors="replace").strip().splitlines()[-3:]
        return [_died(" / ".join([_end(done.returncode), *last]), group)]
    return checks


def _died(how: str, group: str) -> Check:
    fix = (
        "Most often a library was built for another processor, or memory ran out. "
        "Reinstall in a fresh environment with: pip install deepface_models. To see "
        f"more, run: {sys.executable} -P -m {_MODULE} {group}"
    )
    return {"name": "Process", "state": "bad", "value": how, "fix": fix}


def _end(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"


def _show(title: str, checks: list[Check]) -> None:
    say(f"{title}")
    width = max(len(check["name"]) for check in checks)
    for check in checks:
        state, name = check["state"], check["name"]
        value = message(check["value"])
        say(f"  {state:<8}{name:<{width}}  {value}".rstrip())
        if check["fix"]:
            say(f"  {'':<8}{'':<{width}}  -> {check['fix']}")
    sys.stdout.flush()
