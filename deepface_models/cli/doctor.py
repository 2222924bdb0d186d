"""`doctor`: checks the installation and says how to fix problems."""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from deepface_models.cli._arguments import Commands, add_command
from deepface_models.cli._console import echo
from deepface_models.core.display import message
from deepface_models.core.helpers import helper_command, helper_environment

# Groups of checks. Each runs in its own process: a library that was built for another
# processor kills the process, which must not end the other checks.
_GROUPS = {
    "computer": "Computer",
    "faces": "Faces (dlib)",
    "media": "Images and videos",
    "provenance": "Content Credentials",
    "training": "Training (Keras)",
}
_TIMEOUT = 600  # seconds
_AT_ONCE = 2  # groups examined at the same time
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
    parser.epilog = f"{parser.epilog}\n\nexit status: 0 all checks passed, 1 not"
    parser.add_argument(
        "--json", action="store_true", help="print JSON instead of text"
    )
    parser.add_argument(
        "--no-step",
        dest="step",
        action="store_false",
        help="do not start Keras to time a training step, which takes longest",
    )


def run(args: argparse.Namespace) -> int:
    """Runs it."""
    found: dict[str, list[Check]] = {}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        words = {"training": ["step"]} if args.step else {}
        coming = {g: pool.submit(examine, g, *words.get(g, [])) for g in _GROUPS}
        for group, title in _GROUPS.items():
            found[group] = coming[group].result()
            if not args.json:
                _show(title, found[group])
    bad = sum(check["state"] == "bad" for checks in found.values() for check in checks)
    if args.json:
        echo(json.dumps({"ok": not bad, "checks": found}, indent=1))
    elif bad:
        echo(f"\n{bad} checks failed. Fix them before you extract, train or convert.")
    else:
        echo("\nEverything that is needed works.")
    return 1 if bad else 0


def examine(group: str, *words: str) -> list[Check]:
    """Returns one group's checks, run in their own process."""
    environment = {"TF_CPP_MIN_LOG_LEVEL": "2", **helper_environment()}
    command = helper_command(_MODULE, "report", group, *words)
    try:
        done = subprocess.run(
            command, capture_output=True, env=environment, timeout=_TIMEOUT
        )
    except subprocess.TimeoutExpired:
        return [_died(f"took more than {_TIMEOUT} s", group)]
    try:
        checks: list[Check] = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        last = done.stderr.decode(errors="replace").strip().splitlines()[-3:]
        return [_died(" / ".join([_end(done.returncode), *last]), group)]
    return checks


def _died(how: str, group: str) -> Check:
    fix = (
        "The usual cause is a library built for another processor, or too little "
        "memory. Reinstall in a new environment with: pip install deepface_models. For "
        f"details run: {sys.executable} -P -m {_MODULE} {group}"
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
    echo(f"{title}")
    width = max(len(check["name"]) for check in checks)
    for check in checks:
        state, name = check["state"], check["name"]
        value = message(check["value"])
        echo(f"  {state:<8}{name:<{width}}  {value}".rstrip())
        if check["fix"]:
            echo(f"  {'':<8}{'':<{width}}  -> {check['fix']}")
    sys.stdout.flush()
