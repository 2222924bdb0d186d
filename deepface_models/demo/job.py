"""The demo: extracts, trains, converts, evaluates and verifies, naming each call."""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import deepface_models as dfm
from deepface_models.core.errors import ProvenanceError
from deepface_models.core.files import write_json
from deepface_models.core.locks import hold_folder
from deepface_models.core.version import __version__
from deepface_models.demo.preview import write_frames, write_preview

CLIPS = Path(__file__).parent / "clips"
PEOPLE = ("s1", "mb")
CONSENT = (
    "Demonstration of deepface_models with two speakers of the GRID audiovisual "
    "sentence corpus (CC BY 4.0), research volunteers; shown as synthetic, says "
    "nothing that the recorded speaker did not say."
)


_INTRODUCTION = (
    "An autoencoder compresses a face to a latent vector. One encoder is shared by two "
    "people, and each has their own decoder; decoding one person's latent with the "
    "other's decoder swaps the face."
)


@dataclass(frozen=True)
class _Plan:
    """The size of the demo, which is smaller if `quick`."""

    minutes: float
    every_n: int = 1
    image_size: int = 128
    steps: int = 100
    limit: int | None = None

    @classmethod
    def of(cls, minutes: float, quick: bool) -> _Plan:
        if not quick:
            return cls(minutes)
        return cls(min(minutes, 0.5), every_n=3, image_size=64, steps=20, limit=24)


class _Demo:
    """The steps in order; later ones use the results of earlier ones."""

    def __init__(self, output: Path, plan: _Plan, log: Callable[[str], None]) -> None:
        self.output, self.plan, self.log = output, plan, log
        self.source = sorted((CLIPS / PEOPLE[0]).glob("*.mpg"))[-1]
        self.swap = output / "swap.mp4"
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str, what: str, call: str) -> Iterator[None]:
        number = len(self.seconds) + 1
        self.log(f"\n[{number}/7] {name}: {what}\n      in Python: {call}")
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 1)
        self.log(f"      {self.seconds[name]:.0f} s")

    def nobody(self) -> None:
        what = (
            "without training, swap the face of a person who does not exist into "
            f"{self.source.name}"
        )
        call = (
            'convert(clip, "nobody.mp4", load("swap_demo"), identity="nobody", '
            'consent="who agreed to what")'
        )
        with self.step("nobody", what, call):
            done = dfm.convert(
                self.source,
                self.output / "nobody.mp4",
                dfm.load("swap_demo"),
                identity="nobody",
                consent=CONSENT,
            )
            self.log(f"      {done.summary()}")

    def extract(self) -> None:
        what = "find, align and embed the faces of both people"
        size, every_n = self.plan.image_size, self.plan.every_n
        call = f'FaceAligner(image_size={size}).extract("s1", "faces/s1")'
        aligner = dfm.FaceAligner(image_size=size)
        with self.step("extract", what, call):
            self.faces = {
                name: aligner.extract(
                    sorted((CLIPS / name).glob("*.mpg")),
                    self.output / "faces" / name,
                    every_n=every_n,
                )
                for name in PEOPLE
            }
        splits = {name: faces.split() for name, faces in self.faces.items()}
        self.trained_on = {name: split[0] for name, split in splits.items()}
        self.held_out = {name: split[1] for name, split in splits.items()}

    def train(self) -> None:
        folder = self.output / "training"
        what = (
            f"one encoder, two decoders, {self.plan.minutes:g} min; previews in "
            f"{folder / 'previews'}"
        )
        call = 'train({"s1": faces_s1, "mb": faces_mb}, "training")'
        shown = {name: faces.images for name, faces in self.held_out.items()}
        with self.step("train", what, call):
            self.model = dfm.train(
                self.faces,
                folder,
                image_size=self.plan.image_size,
                minutes=self.plan.minutes,
                steps=self.plan.steps,
                callbacks=[dfm.callbacks.TimeLapse(folder / "timelapse", shown)],
                verbose=1 if sys.stdout.isatty() else 2,
            )

    def convert(self) -> None:
        what = (
            f"render mb with the expressions of s1 in {self.source.name}, which was "
            "not used for training; its sound is kept"
        )
        call = 'convert(clip, "swap.mp4", model, identity="mb", consent="who agreed")'
        with self.step("convert", what, call):
            self.conversion = dfm.convert(
                self.source,
                self.swap,
                self.model,
                identity=PEOPLE[1],
                consent=CONSENT,
                person=self.faces[PEOPLE[0]],
            )
            self.log(f"      {self.conversion.summary()}")

    def evaluate(self) -> None:
        what = "measure both directions on frames that were not used for training"
        call = (
            'evaluate(model, held_out, identity="mb", target_faces=mb, source_faces=s1)'
        )
        self.measures = {}
        with self.step("evaluate", what, call):
            for source, target in (PEOPLE, PEOPLE[::-1]):
                found = dfm.evaluate(
                    self.model,
                    self.held_out[source],
                    identity=target,
                    target_faces=self.trained_on[target],
                    source_faces=self.trained_on[source],
                    converter=dfm.Converter(self.model, target),
                    limit=self.plan.limit,
                )
                self.log(found.table(notes=source == PEOPLE[-1]))
                self.measures[f"{source} as {target}"] = found.to_json()

    def preview(self) -> None:
        what = "show the progress of the training, then source, reconstruction and swap"
        call = 'model.predict(faces, identity="mb", source_identity="s1")'
        with self.step("preview", what, call):
            write_preview(self.output, self.model, self.held_out, CONSENT)
            write_frames(self.output, self.source, self.model, self.swap, CONSENT)

    def verify(self) -> None:
        what = "read the Content Credentials of swap.mp4"
        with self.step("verify", what, 'print(verify("swap.mp4").summary())'):
            found = dfm.verify(self.swap)
            self.log(found.summary())
        if found.state != "valid":
            raise ProvenanceError(
                f"{self.swap} was just written but is {found.state}. Expected valid "
                "Content Credentials. Run `deepface-models doctor` and report its "
                "output."
            )

    def report(self) -> dict[str, Any]:
        return {
            "deepface_models": __version__,
            "machine": {"python": platform.python_version(), "os": platform.platform()},
            "training_minutes": self.plan.minutes,
            "seconds": self.seconds,
            "conversion": self.conversion.to_json(),
            "measures": self.measures,
        }


def run(
    output: str | Path,
    *,
    minutes: float = 3.0,
    quick: bool = False,
    log: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Runs a complete face swap with the package's own clips.

    Writes `nobody.mp4` (the face of a person who does not exist, without training),
    `swap.mp4`, `frames.jpg` (source above swap), `preview.png`, `report.json`, the
    model in `training/model` and the aligned faces in `faces`. After an interruption,
    call it again with the same folder to continue.

    Args:
        output: Folder for the results.
        minutes: Training time in minutes.
        quick: Uses fewer frames, 64 pixels and half a minute of training, to check that
            everything works.
        log: Called with each line of text; prints it by default.

    Returns:
        The content of `report.json`.

    Raises:
        InUseError: Another thread or process runs the demo in that folder.
        ProvenanceError: The new swap has no valid Content Credentials.

    Example:
        >>> report = run("demo", quick=True)  # doctest: +SKIP
        >>> report["measures"]["s1 as mb"]  # doctest: +SKIP
    """
    with hold_folder(output):
        return _run(_Demo(Path(output), _Plan.of(minutes, quick), log))


def _run(demo: _Demo) -> dict[str, Any]:
    output, log = demo.output, demo.log
    log(_INTRODUCTION)
    for step in (
        *(demo.nobody, demo.extract, demo.train, demo.convert),
        *(demo.evaluate, demo.preview, demo.verify),
    ):
        step()
    report = demo.report()
    write_json(output / "report.json", report)
    model = output / "training" / "model"
    log(
        f"\nDone in {sum(demo.seconds.values()) / 60:.1f} min. Look at {demo.swap}, "
        f"{output / 'frames.jpg'} and {output / 'preview.png'}; the measures are in "
        f"{output / 'report.json'}; the model is in {model} "
        f'(deepface_models.load("{model}")).'
    )
    return report
